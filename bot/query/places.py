"""Where the tests of a query stand in its text, as near as can be told."""

from __future__ import annotations

import re
from typing import TypeAlias

from bot.query import glob
from bot.query.formula import Atom, Block, Constant, Formula, Glob, Not, Opaque, Range, Truth

Value: TypeAlias = "str | int | float | bool | None"

_BEFORE = r"""(?<![^\s"'()\[\],:=<>!])"""
_BEHIND = r"""(?![^\s"'()\[\],:=<>!])"""
"""A value is a word or a string of its own: the end of another one is not where it stands."""


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
            whole = re.compile(f"{_BEFORE}{re.escape(text)}{_BEHIND}")
            for start in (after, 0):
                if match := whole.search(folded, start):
                    self._last = match.start()
                    return self._last
        for text in filter(None, wanted):
            if (at := folded.find(text)) >= 0:
                self._last = at
                return at
        return self._last


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


__all__ = ["Places", "Value", "first_of", "values_of"]
