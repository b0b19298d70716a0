"""The conditions of a query one by one, whatever its language: what policies look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as field_of
from functools import cached_property, lru_cache
from itertools import groupby

from bot.query import eql, esql, esql_formula, glob, kql
from bot.query.formula import (
    KQL,
    And,
    Atom,
    Block,
    Exists,
    Formula,
    Glob,
    Not,
    Opaque,
    Or,
    Range,
    Test,
    Truth,
)
from bot.query.places import Places, Value, values_of
from bot.query.text import QueryError, UnsupportedError

_LISTED = (Glob, Block, Truth)
_OPERATORS = {Exists: "exists", Range: "range", Block: "block", Truth: "is", Opaque: "other"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Tests of one field that stand side by side: a list of values, or one.

    Attributes:
        operator: ``is``, ``like`` (a wildcard), ``range``, ``block`` (of addresses), ``exists`` or ``other``.
        values: as the query writes them; the bounds of a range, None where it has none.
        folds: the case of letters does not count.
        negated: what it finds is left out.
        joined: inside what is left out, another condition stands beside it.
    """

    field: str
    operator: str
    values: tuple[Value, ...]
    folds: bool
    negated: bool
    joined: bool
    _order: _Order = field_of(repr=False, compare=False)
    _number: int = field_of(compare=False)

    @property
    def at(self) -> int:
        """Where in the query it stands, as near as can be told."""
        return self._order.places[self._number]


class _Order:
    """The first test of each condition of a query, from left to right; they are looked for when one is asked for."""

    def __init__(self, query: str) -> None:
        """Begin with none."""
        self._query = query
        self._tests: list[Atom] = []

    def add(self, test: Atom) -> int:
        """Take the next one, and return its number."""
        self._tests.append(test)
        return len(self._tests) - 1

    @cached_property
    def places(self) -> list[int]:
        """The offset of each."""
        places = Places(self._query)
        return [places.of(test) for test in self._tests]


@lru_cache(maxsize=8)  # several policies ask about one query, one after the other
def conditions(language: str, query: str, *, least: int = 1) -> tuple[Condition, ...]:
    """The conditions of a query from left to right, none where it is not understood.

    Args:
        language: of the query.
        query: its text.
        least: how many tests a condition has at least; with two, those that stand alone are left out.
    """
    found: list[Condition] = []
    order = _Order(query)
    for formula in formulas(language, query):
        _walk(formula, order, least, found, negated=False, joined=False)
    return tuple(found)


def maxspan(query: str) -> int | None:
    """The span of an EQL sequence in milliseconds, None for what has none."""
    try:
        return eql.parse(query).span
    except (QueryError, UnsupportedError, RecursionError):
        return None


_METADATA = ("_id", "_index", "_version")


def missing_metadata(query: str) -> tuple[str, ...]:
    """What an ES|QL query does not hand on of the documents it is about; nothing where it aggregates, or may."""
    try:
        source, *commands = esql.parse(query)
    except (QueryError, UnsupportedError, RecursionError):
        return ()
    if not isinstance(source, esql.Source) or any(isinstance(each, esql.Stats | esql.Other) for each in commands):
        return ()
    left = [name for name in _METADATA if name in source.metadata]
    for each in commands:
        if isinstance(each, esql.Columns):
            patterns = [glob.from_wildcards(pattern) for pattern in each.patterns]
            left = [name for name in left if each.keep is any(glob.matches(one, name) for one in patterns)]
    return tuple(name for name in _METADATA if name not in left)


def formulas(language: str, query: str) -> Iterator[Formula]:
    """What a query asks of one event each: the query, the steps of a sequence, the filters of a pipeline."""
    try:
        if language == "kuery":
            yield kql.parse(query)
        elif language == "eql":
            parsed = eql.parse(query)
            yield from (step.formula for step in (*parsed.steps, *([parsed.until] if parsed.until else [])))
        elif language == "esql":
            for command in esql.parse(query):
                if isinstance(command, esql.Where):
                    yield esql_formula.formula(command.condition)
    except (QueryError, UnsupportedError, RecursionError):
        return


def _walk(formula: Formula, order: _Order, least: int, found: list[Condition], *, negated: bool, joined: bool) -> None:
    if isinstance(formula, Atom):
        _add([formula], order, least, found, negated=negated, joined=joined)
    elif isinstance(formula, Not):
        _walk(formula.part, order, least, found, negated=not negated, joined=False)
    elif isinstance(formula, And):
        for part in formula.parts:
            _walk(part, order, least, found, negated=negated, joined=joined or negated)
    elif isinstance(formula, Or):
        for subject, group in groupby(formula.parts, _listed):
            if subject is None:
                for part in group:
                    _walk(part, order, least, found, negated=negated, joined=joined)
            else:
                for tests in _by_operator(group):
                    _add(tests, order, least, found, negated=negated, joined=joined)


def _by_operator(parts: Iterable[Formula]) -> Iterable[list[Atom]]:
    """The tests of a list, those with wildcards and those without apart."""
    lists: dict[object, list[Atom]] = {}
    for part in parts:
        if isinstance(part, Atom):
            test = part.test
            key = (test.literal, test.folds) if isinstance(test, Glob) else type(test)
            lists.setdefault(key, []).append(part)
    return lists.values()


def _listed(part: Formula) -> str | None:
    """What tests that stand side by side must share to be of one list."""
    if isinstance(part, Atom) and (isinstance(part.test, _LISTED) or _operator(part.test) == "like"):
        return part.subject
    return None


def _operator(test: Test) -> str:
    if isinstance(test, Glob):
        return "is" if test.literal else "like"
    if isinstance(test, Opaque) and test.text.startswith("~") and not glob.clean(test.text):
        return "like"  # of several words
    if isinstance(test, Range) and test.low is not None and test.low == test.high:
        return "is"
    return _OPERATORS[type(test)]


def _add(tests: list[Atom], order: _Order, least: int, found: list[Condition], *, negated: bool, joined: bool) -> None:
    first = tests[0]
    number = order.add(first)
    if len(tests) < least:
        return
    found.append(
        Condition(
            field=first.subject.removeprefix(KQL),
            operator=_operator(first.test),
            values=tuple([value for atom in tests for value in values_of(atom)]),
            folds=isinstance(first.test, Glob) and first.test.folds,
            negated=negated,
            joined=joined,
            _order=order,
            _number=number,
        )
    )


__all__ = ["Condition", "conditions", "formulas", "maxspan", "missing_metadata"]
