"""The conditions of a query one by one, whatever its language: what policies look at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

from bot.query import eql, esql, esql_formula, glob, kql
from bot.query.formula import (
    FALSE,
    KQL,
    And,
    Atom,
    Block,
    Constant,
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
from bot.query.meter import ExhaustedError, Meter
from bot.query.prove import impossible
from bot.query.subsume import implies
from bot.query.text import QueryError, UnsupportedError
from bot.query.truth import Reading
from bot.query.wording import Style, show

Value: TypeAlias = "str | int | float | bool | None"

_STEPS = 300_000
_READINGS = {"kuery": Reading.TWO, "eql": Reading.MIXED, "esql": Reading.KLEENE}
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
        at: where in the query it stands, as near as can be told.
    """

    field: str
    operator: str
    values: tuple[Value, ...]
    folds: bool
    negated: bool
    joined: bool
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A piece of a query that no event passes.

    Attributes:
        shown: the piece as its language writes it; empty for the whole query (or a whole step).
        at: where in the query it stands, as near as can be told.
        alone: it needs no neighbour to be ruled out.
        single: it is ruled out because its language compares single values alone.
    """

    shown: str
    at: int
    alone: bool = False
    single: bool = False


@lru_cache(maxsize=8)  # several policies ask about one query, one after the other
def conditions(language: str, query: str) -> tuple[Condition, ...]:
    """Every condition of a query, from left to right; none where the query is not understood."""
    places = _Places(query)
    return tuple(each for formula in _formulas(language, query) for each in _walk(formula, places))


def dead(language: str, query: str) -> list[Dead]:
    """Pieces that can never hold: the query itself, or alternatives that the conditions beside them rule out."""
    reading, style = _READINGS.get(language, Reading.TWO), Style(language) if language in _READINGS else Style.KQL
    single = reading is Reading.KLEENE
    meter = Meter(_STEPS)
    places = _Places(query)
    found: list[Dead] = []
    try:
        for formula in _formulas(language, query):
            if formula == FALSE:
                continue
            sides = _Sides.of((formula,))
            if not single and not sides.contradict(sides):
                continue
            never = impossible(formula, reading, meter)
            if (single or not _holds(formula, sides.asked)) and never(formula):
                found.append(Dead(shown="", at=places.of(_first(formula))))
                continue
            found.extend(
                Dead(shown=show(part, style), at=places.of(_first(part)), alone=never(part), single=crowded)
                for part, crowded in _ruled_out(formula, (), never, single=single)
            )
    except (ExhaustedError, UnsupportedError, RecursionError):
        return found  # a piece that is too large to judge is not called dead
    return found


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


def _formulas(language: str, query: str) -> Iterator[Formula]:
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


class _Places:
    """Finds tests in a query's text, in the order in which they come."""

    def __init__(self, query: str) -> None:
        """Begin at the start of the query."""
        self.query = query
        self._folded = glob.fold(query)
        self._last = 0
        self._asked: Atom | None = None

    def of(self, atom: Atom | None) -> int:
        """The offset of a test: its value where it is found, else its field, else the last one that was found."""
        if atom is None or atom is self._asked:
            return self._last
        after = self._last + (self._asked is not None)  # two tests of one value stand in two places
        self._asked = atom
        wanted = [str(value) for value in _values(atom) if value is not None]
        for text in (*wanted, *(value.replace("\\", "\\\\") for value in wanted), atom.subject):
            for start in (after, 0):
                at = self._folded.find(glob.fold(text), start) if text else -1
                if at >= 0:
                    self._last = at
                    return at
        return self._last


def _first(formula: Formula) -> Atom | None:
    while not isinstance(formula, Atom):
        if isinstance(formula, Constant):
            return None
        parts = (formula.part,) if isinstance(formula, Not) else formula.parts
        if not parts:
            return None
        formula = parts[0]
    return formula


def _walk(formula: Formula, places: _Places, *, negated: bool = False, joined: bool = False) -> Iterator[Condition]:
    if isinstance(formula, Atom):
        yield _condition([formula], places, negated=negated, joined=joined)
    elif isinstance(formula, Not):
        yield from _walk(formula.part, places, negated=not negated)
    elif isinstance(formula, And):
        for part in formula.parts:
            yield from _walk(part, places, negated=negated, joined=joined or negated)
    elif isinstance(formula, Or):
        for listed, group in groupby(formula.parts, _listed):
            parts = list(group)
            if listed is not None:
                tests = [part for part in parts if isinstance(part, Atom)]
                yield _condition(tests, places, negated=negated, joined=joined)
            else:
                for part in parts:
                    yield from _walk(part, places, negated=negated, joined=joined)


def _listed(part: Formula) -> tuple[str, str, bool] | None:
    """What tests must share to stand in one list."""
    if isinstance(part, Atom) and not isinstance(part.test, Exists | Opaque | Range):
        return part.subject, _operator(part), isinstance(part.test, Glob) and part.test.folds
    return None


def _operator(atom: Atom) -> str:
    if isinstance(atom.test, Glob):
        return "is" if atom.test.literal else "like"
    if isinstance(atom.test, Range) and atom.test.low is not None and atom.test.low == atom.test.high:
        return "is"
    return _OPERATORS[type(atom.test)]


def _values(atom: Atom) -> tuple[Value, ...]:
    test = atom.test
    if isinstance(test, Glob):
        return (glob.to_wildcards(test.shown or test.text),)
    if isinstance(test, Range):
        return (test.low,) if test.low == test.high else (test.low, test.high)
    if isinstance(test, Block):
        return (test.network,)
    if isinstance(test, Truth):
        return (test.value,)
    return (test.text.partition(":")[2],) if isinstance(test, Opaque) else ()


def _condition(tests: list[Atom], places: _Places, *, negated: bool, joined: bool) -> Condition:
    first = tests[0]
    return Condition(
        field=first.subject.removeprefix(KQL),
        operator=_operator(first),
        values=tuple(value for atom in tests for value in _values(atom)),
        folds=isinstance(first.test, Glob) and first.test.folds,
        negated=negated,
        joined=joined,
        at=places.of(first),
    )


# pieces that never hold


@dataclass(frozen=True, slots=True)
class _Sides:
    """What a formula asks for and what it refuses, a field (or term) at a time, negations resolved."""

    asked: dict[str, set[Test]]
    refused: dict[str, set[Test]]

    @classmethod
    def of(cls, formulas: Iterable[Formula]) -> _Sides:
        """Sort the tests of some formulas."""
        sides = cls({}, {})
        todo = [(formula, False) for formula in formulas]
        while todo:
            formula, negated = todo.pop()
            if isinstance(formula, Atom):
                (sides.refused if negated else sides.asked).setdefault(formula.subject, set()).add(formula.test)
            elif isinstance(formula, Not):
                todo.append((formula.part, not negated))
            elif isinstance(formula, And | Or):
                todo += [(part, negated) for part in formula.parts]
        return sides

    def contradict(self, other: _Sides) -> bool:
        """Tell whether something asked for on the one side implies something refused on the other.

        Where nothing does, the two sides can hold together if each can: a field holds many values, so that whatever is
        asked for may be there, and what that implies, and nothing else.
        """
        return _meet(self.asked, other.refused) or _meet(other.asked, self.refused)

    def crowd(self, other: _Sides) -> bool:
        """Tell whether a field has two tests here, or one here and one there: too much, perhaps, for one value."""
        return any(
            len(self.asked.get(name, ())) + len(self.refused.get(name, ())) > 1
            or name in other.asked
            or name in other.refused
            for name in self.asked.keys() | self.refused.keys()
        )


def _meet(asked: Mapping[str, Collection[Test]], refused: Mapping[str, Collection[Test]]) -> bool:
    return any(
        implies(one, two) or (isinstance(two, Glob) and two.text == glob.ANY)
        for subject in asked.keys() & refused.keys()
        for two in refused[subject]
        for one in asked[subject]
    )


def _holds(formula: Formula, asked: Mapping[str, Collection[Test]]) -> bool:
    """Tell whether an event passes that has whatever is asked for, and nothing else: a field holds many values."""
    if isinstance(formula, Atom):
        return _meet({formula.subject: asked.get(formula.subject, ())}, {formula.subject: (formula.test,)})
    if isinstance(formula, Constant):
        return formula.value
    if isinstance(formula, Not):
        return not _holds(formula.part, asked)
    return (all if isinstance(formula, And) else any)(_holds(part, asked) for part in formula.parts)


def _ruled_out(
    formula: Formula, beside: tuple[Formula, ...], never: Callable[[Formula], bool], *, single: bool
) -> Iterator[tuple[Formula, bool]]:
    """Alternatives that no event passes together with what stands beside them.

    ``single`` says that a comparison takes single values alone; what comes with an alternative, that it rests on that.
    """
    if isinstance(formula, And):
        for number, part in enumerate(formula.parts):
            others = (*formula.parts[:number], *formula.parts[number + 1 :])
            yield from _ruled_out(part, (*beside, *others), never, single=single)
    elif isinstance(formula, Or):
        around = _Sides.of(beside)
        for part in formula.parts:
            mine = _Sides.of((part,))
            refused = mine.contradict(around) or mine.contradict(mine)
            together = And((part, *beside))
            doubtful = refused or (single and mine.crowd(around))
            if doubtful and not single:
                doubtful = not _holds(together, _Sides.of((together,)).asked)
            if doubtful and never(together):
                yield part, not refused
            else:
                yield from _ruled_out(part, beside, never, single=single)


__all__ = ["Condition", "Dead", "conditions", "dead", "maxspan", "missing_metadata"]
