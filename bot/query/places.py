"""Where the tests of a query stand in its text, as near as can be told."""

from __future__ import annotations

from typing import TypeAlias

from bot.query import glob
from bot.query.formula import Atom, Block, Constant, Formula, Glob, Not, Opaque, Range, Truth

Value: TypeAlias = "str | int | float | bool | None"

_BESIDE = frozenset("\"'()[],:=<>!")
_TRIES = 1_000  # a query may hold one letter a million times over


class Places:
    """Finds tests in a query's text, in the order in which they come."""

    def __init__(self, query: str) -> None:
        """Begin at the start of the query."""
        self.query = query
        self._folded: str | None = None
        self._last = 0
        self._asked: Atom | None = None

    def of(self, atom: Atom | None) -> int:
        """The offset of a test: its value where it is found, else its field, else the last one that was found."""
        if atom is None or atom is self._asked:
            return self._last
        after = self._last + (self._asked is not None)  # two tests of one value stand in two places
        self._asked = atom
        folded = self._folded = self._folded or glob.fold(self.query)
        wanted = [glob.fold(str(value)) for value in values_of(atom) if value is not None]
        wanted += [value.replace("\\", "\\\\") for value in wanted]
        for text in filter(None, (*wanted, glob.fold(atom.subject))):
            for start in (after, 0):
                if (at := _whole(folded, text, start)) >= 0:
                    self._last = at
                    return at
        for text in filter(None, wanted):
            if (at := folded.find(text)) >= 0:
                self._last = at
                return at
        return self._last


def standing(query: str, text: str) -> int:
    """The offset where a field or a value stands first, 0 where it is not found as it is written."""
    at = _whole(query, text, 0)
    return at if at >= 0 else max(query.find(text), 0)


def again(query: str, value: object, start: int) -> int:
    """The offset where a value that is listed twice from ``start`` on stands for the second time, else ``start``."""
    folded, text = glob.fold(query), glob.fold(str(value))
    for written in (text, text.replace("\\", "\\\\")):
        first = _whole(folded, written, start)
        second = _whole(folded, written, first + 1) if first >= 0 else -1
        if second >= 0:
            return second
    return start


def _whole(query: str, text: str, start: int) -> int:
    """The offset of a text that is a word or a string of its own, not a part of another one; -1 where none is found."""
    at = start - 1
    for _ in range(_TRIES):
        at = query.find(text, at + 1)
        if at < 0:
            break
        before, behind = query[max(0, at - 1) : at], query[at + len(text) : at + len(text) + 1]
        if all(not char or char in _BESIDE or char.isspace() for char in (before, behind)):
            return at
    return -1


def values_of(atom: Atom) -> tuple[Value, ...]:
    """What a test compares with, as the query writes it; the bounds of a range, None where it has none."""
    test = atom.test
    if isinstance(test, Glob):
        return (glob.to_wildcards(test.shown or test.text),)
    if isinstance(test, Range):
        return (test.low,) if test.low == test.high else (test.low, test.high)
    if isinstance(test, Block):
        return (test.network,)
    if isinstance(test, Truth):
        return (test.value,)
    return (test.shown or test.text.partition(":")[2],) if isinstance(test, Opaque) else ()


def first_of(formula: Formula) -> Atom | None:
    """The test of a formula that stands first, None where there is none."""
    while not isinstance(formula, Atom):
        if isinstance(formula, Constant):
            return None
        parts = (formula.part,) if isinstance(formula, Not) else formula.parts
        if not parts:
            return None
        formula = parts[0]
    return formula


__all__ = ["Places", "Value", "again", "first_of", "standing", "values_of"]
