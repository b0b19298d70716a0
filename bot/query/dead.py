"""Pieces of a query that can never hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from bot.query import glob
from bot.query.conditions import formulas
from bot.query.formula import FALSE, And, Atom, Constant, Formula, Glob, Not, Or, Test
from bot.query.meter import ExhaustedError, Meter
from bot.query.places import Places, first_of
from bot.query.prove import impossible
from bot.query.subsume import implies
from bot.query.text import UnsupportedError
from bot.query.truth import Reading
from bot.query.wording import Style, show

_STEPS = 300_000
_READINGS = {"kuery": Reading.TWO, "eql": Reading.MIXED, "esql": Reading.KLEENE}


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


def dead(language: str, query: str) -> list[Dead]:
    """Pieces that can never hold: the query itself, or alternatives that the conditions beside them rule out."""
    reading, style = _READINGS.get(language, Reading.TWO), Style(language) if language in _READINGS else Style.KQL
    single = reading is Reading.KLEENE
    meter = Meter(_STEPS)
    places = Places(query)
    found: list[Dead] = []
    try:
        for formula in formulas(language, query):
            if formula == FALSE:
                continue
            sides = _Sides.of((formula,))
            if not single and not sides.contradict(sides):
                continue
            never = impossible(formula, reading, meter)
            if (single or not _holds(formula)) and never(formula):
                found.append(Dead(shown="", at=places.of(first_of(formula))))
                continue
            found.extend(
                Dead(shown=show(part, style), at=places.of(first_of(part)), alone=never(part), single=crowded)
                for part, crowded in _ruled_out(formula, (), never, single=single)
            )
    except (ExhaustedError, UnsupportedError, RecursionError):
        return found  # a piece that is too large to judge is not called dead
    return found


@dataclass(slots=True)
class _Sides:
    """What a formula asks for and what it refuses, a field (or term) at a time, negations resolved."""

    asked: dict[str, list[Test]] = field(default_factory=dict[str, list[Test]])
    refused: dict[str, list[Test]] = field(default_factory=dict[str, list[Test]])
    _judges: dict[str, Callable[[Test], bool]] = field(default_factory=dict[str, Callable[[Test], bool]])

    @classmethod
    def of(cls, formulas: Iterable[Formula]) -> _Sides:
        """Sort the tests of some formulas."""
        sides = cls()
        todo = [(formula, False) for formula in formulas]
        while todo:
            formula, negated = todo.pop()
            if isinstance(formula, Atom):
                (sides.refused if negated else sides.asked).setdefault(formula.subject, []).append(formula.test)
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
        return other.refuses(self.asked) or (other is not self and self.refuses(other.asked))

    def refuses(self, asked: Mapping[str, Sequence[Test]]) -> bool:
        """Tell whether something that is asked for implies something refused here."""
        for subject in asked.keys() & self.refused.keys():
            judge = self._judges.get(subject)
            if judge is None:
                judge = self._judges[subject] = _implied(self.refused[subject])
            if any(map(judge, asked[subject])):
                return True
        return False

    def crowd(self, other: _Sides) -> bool:
        """Tell whether a field has two tests here, or one here and one there: too much, perhaps, for one value."""
        return any(
            name in other.asked
            or name in other.refused
            or len({*self.asked.get(name, ()), *self.refused.get(name, ())}) > 1
            for name in self.asked.keys() | self.refused.keys()
        )


def _implied(tests: Sequence[Test]) -> Callable[[Test], bool]:
    """Return a question: does a test imply one of these? Those of one string are looked up by it, case apart."""
    literals: dict[str, list[Test]] = {}
    wide: list[Test] = []
    for test in tests:
        if isinstance(test, Glob) and test.literal:
            literals.setdefault(glob.fold(test.text), []).append(test)
        else:
            wide.append(test)
    anything = any(isinstance(test, Glob) and test.text == glob.ANY for test in wide)

    def question(one: Test) -> bool:
        same = literals.get(glob.fold(one.text), ()) if literals and isinstance(one, Glob) else ()
        return anything or any(implies(one, other) for other in chain(same, wide))

    return question


def _holds(formula: Formula) -> bool:
    """Tell whether an event passes that has whatever is asked for, and nothing else: a field holds many values."""
    return _passes(formula, _Sides.of((formula,)).asked, negated=False)


def _passes(formula: Formula, asked: Mapping[str, Sequence[Test]], *, negated: bool) -> bool:
    """Tell whether a piece of a formula is true of that event."""
    if isinstance(formula, Atom):
        return not negated or any(map(_implied([formula.test]), asked.get(formula.subject, ())))
    if isinstance(formula, Constant):
        return formula.value
    if isinstance(formula, Not):
        return not _passes(formula.part, asked, negated=not negated)
    return (all if isinstance(formula, And) else any)(_passes(part, asked, negated=negated) for part in formula.parts)


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
                doubtful = not _holds(together)
            if doubtful and never(together):
                yield part, not refused
            else:
                yield from _ruled_out(part, beside, never, single=single)


__all__ = ["Dead", "dead"]
