"""Pieces of a query that can never hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
            sides = _Sides(formula)
            if not sides.contradict(sides) and not (single and (sides.crowd() or sides.fail())):
                continue
            never = impossible(formula, reading, meter)
            if (single or not _holds(formula)) and never(formula):
                found.append(Dead(shown="", at=places.of(first_of(formula))))
                continue
            found.extend(
                Dead(shown=show(part, style), at=places.of(first_of(part)), alone=never(part), single=crowded)
                for part, crowded in _ruled_out(formula, (), sides, never, single=single)
            )
    except (ExhaustedError, UnsupportedError, RecursionError):
        return found  # a piece that is too large to judge is not called dead
    return found


class _Tests:
    """Tests of one field, those of one string to be looked up by it, case apart."""

    __slots__ = ("_literals", "_wide")

    def __init__(self, tests: Iterable[Test]) -> None:
        """Sort them."""
        self._literals: dict[str, list[Test]] = {}
        self._wide: list[Test] = []
        for test in tests:
            if isinstance(test, Glob) and test.literal:
                self._literals.setdefault(glob.fold(test.text), []).append(test)
            else:
                self._wide.append(test)

    def follow(self, one: Test) -> bool:
        """Tell whether a value that passes a test passes one of these."""
        same = self._literals.get(glob.fold(one.text), ()) if self._literals and isinstance(one, Glob) else ()
        return any(implies(one, other) or _any(other) for other in (*same, *self._wide))

    def entail(self, other: Test) -> bool:
        """Tell whether a value that passes one of these passes a test."""
        same = self._literals.get(glob.fold(other.text), ()) if isinstance(other, Glob) else ()
        if isinstance(other, Glob) and other.literal:
            return any(implies(one, other) for one in same)
        every = chain(self._wide, *self._literals.values())
        return any(implies(one, other) or _any(other) for one in every)


def _any(test: Test) -> bool:
    return isinstance(test, Glob) and test.text == glob.ANY


class _Sides:
    """What a formula asks for and what it refuses, a field (or term) at a time, negations resolved."""

    __slots__ = ("_asked", "_false", "_refused", "asked", "refused")

    def __init__(self, *formulas: Formula) -> None:
        """Sort the tests of some formulas."""
        self.asked: dict[str, list[Test]] = {}
        self.refused: dict[str, list[Test]] = {}
        self._asked: dict[str, _Tests] = {}
        self._refused: dict[str, _Tests] = {}
        self._false = False
        todo = [(formulas, False)]
        while todo:
            parts, negated = todo.pop()
            side = self.refused if negated else self.asked
            for part in parts:
                if isinstance(part, Atom):
                    side.setdefault(part.subject, []).append(part.test)
                elif isinstance(part, Not):
                    todo.append(((part.part,), not negated))
                elif isinstance(part, Constant):
                    self._false |= part.value is negated
                else:
                    todo.append((part.parts, negated))

    def fail(self) -> bool:
        """Tell whether a piece of this holds for no value that a field may have, whatever stands beside it."""
        return self._false or any(_any(test) for tests in self.refused.values() for test in tests)

    def contradict(self, other: _Sides) -> bool:
        """Tell whether something asked for on the one side implies something refused on the other.

        Where nothing does, the two sides can hold together if each can: a field holds many values, so that whatever is
        asked for may be there, and what that implies, and nothing else.
        """
        return other.refuses(self) or (other is not self and self.refuses(other))

    def contradicts(self, part: Formula) -> bool:
        """Tell the same of this and a piece, or of the piece and itself; most pieces are one test."""
        if isinstance(part, Atom):
            return part.subject in self.refused and self.refuse(part.subject, (part.test,))
        if isinstance(part, Not) and isinstance(part.part, Atom):
            return self.entail(part.part)
        mine = _Sides(part)
        return mine.contradict(self) or mine.contradict(mine)

    def refuses(self, other: _Sides) -> bool:
        """Tell whether something that the other side asks for implies something refused here."""
        return any(self.refuse(subject, other.asked[subject]) for subject in other.asked.keys() & self.refused.keys())

    def refuse(self, subject: str, asked: Iterable[Test]) -> bool:
        """Tell whether a test that is asked for implies one that is refused here."""
        if subject not in self._refused:
            self._refused[subject] = _Tests(self.refused[subject])
        return any(map(self._refused[subject].follow, asked))

    def entail(self, atom: Atom) -> bool:
        """Tell whether something that is asked for implies a test."""
        if atom.subject not in self._asked:
            self._asked[atom.subject] = _Tests(self.asked.get(atom.subject, ()))
        return self._asked[atom.subject].entail(atom.test)

    def crowd(self, *others: _Sides) -> bool:
        """Tell whether a field has two tests here, or one here and one there: too much, perhaps, for one value."""
        names = self.asked.keys() | self.refused.keys()
        if any(not names.isdisjoint(other.asked) or not names.isdisjoint(other.refused) for other in others):
            return True
        return any(len({*self.asked.get(name, ()), *self.refused.get(name, ())}) > 1 for name in names)


def _holds(formula: Formula) -> bool:
    """Tell whether an event passes that has whatever is asked for, and nothing else: a field holds many values."""
    return _passes(formula, _Sides(formula), negated=False)


def _passes(formula: Formula, sides: _Sides, *, negated: bool) -> bool:
    """Tell whether a piece of a formula is true of that event."""
    if isinstance(formula, Atom):
        return not negated or sides.entail(formula)
    if isinstance(formula, Constant):
        return formula.value
    if isinstance(formula, Not):
        return not _passes(formula.part, sides, negated=not negated)
    return (all if isinstance(formula, And) else any)(_passes(part, sides, negated=negated) for part in formula.parts)


def _ruled_out(
    formula: Formula, beside: tuple[Formula, ...], whole: _Sides, never: Callable[[Formula], bool], *, single: bool
) -> Iterator[tuple[Formula, bool]]:
    """Alternatives that no event passes together with what stands beside them.

    ``whole`` is all of it. ``single`` says that a comparison takes single values alone; what comes with an alternative,
    that it rests on that.
    """
    if isinstance(formula, And):
        for number, part in enumerate(formula.parts):
            if isinstance(part, And | Or):
                others = (*formula.parts[:number], *formula.parts[number + 1 :])
                yield from _ruled_out(part, (*beside, *others), whole, never, single=single)
    elif isinstance(formula, Or):
        if not single and not _Sides(formula).contradict(whole):
            return
        around = _Sides(*beside)
        for part in formula.parts:
            refused = around.contradicts(part)
            together = And((part, *beside))
            doubtful = refused or (single and _Sides(part).crowd(around))
            if doubtful and not single:
                doubtful = not _holds(together)
            if doubtful and never(together):
                yield part, not refused
            else:
                yield from _ruled_out(part, beside, whole, never, single=single)


__all__ = ["Dead", "dead"]
