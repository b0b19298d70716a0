"""Where the tests of a query stand in its text, as near as can be told."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TypeAlias

from bot.query import glob
from bot.query.formula import Atom, Block, Constant, Formula, Glob, Not, Opaque, Range, Truth

Value: TypeAlias = "str | int | float | bool | None"

_WORD = re.compile(r"""[^\s"'()\[\],:=<>!]+""")
"""A value is made of whole words: the end of another one is not where it stands."""

_TRIES = 100  # of places where the rarest word of a value stands
_READ = 500_000_000  # characters that are looked through for values that are not made of whole words


class _Text:
    """A query in small letters, and where each of its words stands."""

    def __init__(self, query: str) -> None:
        """Write the words down."""
        self.folded = glob.fold(query)
        self._words: dict[str, list[int]] = {}
        for match in _WORD.finditer(self.folded):
            self._words.setdefault(match[0], []).append(match.start())

    def whole(self, text: str, start: int) -> int:
        """Where a text, its letters small, stands from there on with no more of a word at either end, else -1."""
        words = [(self._words.get(match[0], []), match.start()) for match in _WORD.finditer(text)]
        if not words:
            return self.folded.find(text, start)
        places, offset = min(words, key=lambda word: len(word[0]))
        first = bisect_left(places, start + offset)
        for place in places[first : first + _TRIES]:
            at = place - offset
            if self.folded.startswith(text, at) and not (self._inside(at) or self._inside(at + len(text))):
                return at
        return -1

    def _inside(self, at: int) -> bool:
        """Whether a word goes on over an offset."""
        return 0 < at < len(self.folded) and _WORD.fullmatch(self.folded, at - 1, at + 1) is not None


_text = lru_cache(maxsize=2)(_Text)  # several findings are about one query, one after the other


class Places:
    """Finds tests in a query's text, in the order in which they come."""

    def __init__(self, query: str) -> None:
        """Begin at the start of the query."""
        self._query = query
        self._last = 0
        self._asked: Atom | None = None
        self._read = 0

    def of(self, atom: Atom | None) -> int:
        """The offset of a test: its value where it is found, else its field, else the last one that was found."""
        if atom is None or atom is self._asked:
            return self._last
        after = self._last + (self._asked is not None)  # two tests of one value stand in two places
        self._asked = atom
        query = _text(self._query)
        wanted = [written for value in values_of(atom) if value is not None for written in _written(value)]
        for text in filter(None, (*wanted, glob.fold(atom.subject))):
            for start in (after, 0):
                if (at := query.whole(text, start)) >= 0:
                    self._last = at
                    return at
        for text in filter(None, wanted):
            self._read += len(query.folded)
            if self._read <= _READ and (at := query.folded.find(text)) >= 0:
                self._last = at
                return at
        return self._last


def standing(query: str, text: str) -> int:
    """The offset where a field or a value stands first, 0 where it is not found as it is written."""
    at = _text(query).whole(glob.fold(text), 0)
    return at if at >= 0 else max(query.find(text), 0)


def again(query: str, value: object, start: int) -> int:
    """The offset where a value that is listed twice from ``start`` on stands for the second time, else ``start``."""
    for written in _written(value):
        first = _text(query).whole(written, start)
        second = _text(query).whole(written, first + 1) if first >= 0 else -1
        if second >= 0:
            return second
    return start


def _written(value: object) -> tuple[str, str]:
    """A value in small letters, as it is and as a string with escapes has it."""
    text = glob.fold(str(value))
    return text, text.replace("\\", "\\\\")


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
    if isinstance(test, Opaque) and test.text.startswith("~"):  # words of KQL
        return (glob.to_wildcards(test.text[1:]),)
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
