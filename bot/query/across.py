"""Words for two queries that are not of one kind: in two languages, or one event here and a sequence there.

Only words: what a language makes of missing fields, of several values and of letters differs too much for a verdict. So
conditions are laid side by side by field and value, and no direction is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.query import eql, esql, glob, kql, lucene_words, pipeline
from bot.query.align import likeness
from bot.query.explain import SAME, explain, span
from bot.query.formula import And, Atom, Block, Constant, Exists, Formula, Glob, Not, Or, Range, Truth, atoms
from bot.query.meter import Meter
from bot.query.term import Call, Name
from bot.query.text import QueryError, UnsupportedError
from bot.query.truth import Reading
from bot.query.wording import Style, field_name, named, show_term, shown
from bot.told import marked

_STYLES = {"kuery": Style.KQL, "lucene": Style.KQL, "eql": Style.EQL, "esql": Style.ESQL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a query asks.

    Attributes:
        events: the conditions of each event that it looks for, one after the other.
        together: what it asks of several events, as a phrase: ``groups by host.id``; empty for one event alone.
        strict: whether an exclusion drops events that lack its field, as in ES|QL, and not in KQL; None where unsure.
    """

    events: tuple[Formula, ...]
    together: tuple[str, ...] = ()
    strict: bool | None = None


def across(old: tuple[str, str], new: tuple[str, str]) -> Iterator[str]:
    """Tell what came and what went between two queries, each given as its language and its text.

    Nothing is told where either is not understood.
    """
    try:
        one, two = _asked(*old), _asked(*new)
    except (QueryError, UnsupportedError, RecursionError):
        return
    if one is not None and two is not None and new[0] in _STYLES:
        one, two = _without_implied(one, two), _without_implied(two, one)
        yield from side_by_side(one, two, _STYLES[new[0]])
        yield from _missing(one, two)


def side_by_side(old: Asked, new: Asked, style: Style) -> Iterator[str]:
    """Tell what came and what went, in the words of the new query's language."""
    yield from (f"no longer {phrase}" for phrase in old.together if phrase not in new.together)
    yield from (f"now {phrase}" for phrase in new.together if phrase not in old.together)
    if len(old.events) == len(new.events) == 1:
        yield from _event(old.events[0], new.events[0], style)
    elif len(old.events) == 1:
        yield from _steps(old.events[0], new.events, style, added=True)
    elif len(new.events) == 1:
        yield from _steps(new.events[0], old.events, style, added=False)


def _conjuncts(formula: Formula) -> tuple[Formula, ...]:
    return formula.parts if isinstance(formula, And) else (formula,)


def _excluded(asked: Asked) -> Iterator[Atom]:
    """Tests of one field each that every event has to fail."""
    for part in (part for event in asked.events for part in _conjuncts(event) if isinstance(part, Not)):
        for inner in part.part.parts if isinstance(part.part, Or) else (part.part,):
            if isinstance(inner, Atom) and inner.term is None and not isinstance(inner.test, Exists):
                yield inner


def _needed(asked: Asked) -> frozenset[str]:
    """Fields that an event surely has, for something is asked of their values."""
    found = {atom.subject for atom in _excluded(asked)} if asked.strict else set[str]()
    for part in (part for event in asked.events for part in _conjuncts(event)):
        tests = part.parts if isinstance(part, Or) else (part,)
        names = {each.subject if isinstance(each, Atom) and not isinstance(each.test, Exists) else "" for each in tests}
        found |= names if len(names) == 1 else set()
    return frozenset(found) - {""}


def _without_implied(asked: Asked, other: Asked) -> Asked:
    """Leave out that a field is there where the other side asks for it in another way."""
    needed = _needed(other)

    def kept(event: Formula) -> Formula:
        return And(
            tuple(
                part
                for part in _conjuncts(event)
                if not (isinstance(part, Atom) and isinstance(part.test, Exists) and part.subject in needed)
            )
        )

    return replace(asked, events=tuple(map(kept, asked.events)))


def _missing(old: Asked, new: Asked) -> Iterator[str]:
    """Say what becomes of events that lack a field of which both sides exclude values."""
    if {old.strict, new.strict} != {True, False}:
        return
    both = {atom.subject for atom in _excluded(old)} & {atom.subject for atom in _excluded(new)}
    lenient = old if new.strict else new
    names = sorted(
        both
        - _needed(lenient)
        - {part.subject for event in lenient.events for part in _conjuncts(event) if isinstance(part, Atom)}
    )
    if names:
        word = "no longer pass: ES|QL drops" if new.strict else "pass now: it was ES|QL that dropped"
        yield f"events without {' or '.join(map(marked, names))} {word} what it cannot compare"


def _steps(alone: Formula, steps: tuple[Formula, ...], style: Style, *, added: bool) -> Iterator[str]:
    """One event beside several: the step that is most like it is its successor, or was its predecessor."""
    like = max(range(len(steps)), key=lambda number: (likeness(alone, steps[number]), -number))
    for number, step in enumerate(steps):
        place = f"step {number + 1}"
        if number == like:
            pair = (alone, step) if added else (step, alone)
            yield from (f"{place if added else f'what was {place}'}: {line}" for line in _event(*pair, style))
        else:
            yield f"{'adds' if added else 'removes'} {place}: {shown(step, style)}"


def _event(old: Formula, new: Formula, style: Style) -> Iterator[str]:
    known = {_key(atom): atom for atom in atoms(new)}
    minding: dict[bool, dict[str, None]] = {True: {}, False: {}}

    def spelt(atom: Atom) -> Atom:
        """The test as the new query writes it, if it asks for the same."""
        other = known.get(_key(atom), atom)
        if isinstance(atom.test, Glob) and isinstance(other.test, Glob) and atom.test.folds != other.test.folds:
            minding[atom.test.folds][field_name(atom.subject)] = None
        return other

    moved = _mapped(old, spelt)
    told = [line for line in explain(moved, new, Reading.TWO, style, Meter(0)) if not line.endswith(SAME)]
    yield from told or ["asks for the same conditions"]
    for folded, word in ((False, "no longer minds the case of"), (True, "minds the case now of")):
        if minding[folded]:
            yield f"{word} {named(minding[folded])}"


_Key: TypeAlias = "tuple[str, object]"


def _key(atom: Atom) -> _Key:
    """What a test asks, whichever operator, function or spelling asks for it."""
    test = atom.test
    value: object = test
    if isinstance(test, Glob):
        value = glob.fold(test.text)
    elif isinstance(test, Range):
        value = str(test.low) if test.low == test.high and test.low is not None else replace(test, loose=False)
    elif isinstance(test, Truth):
        value = str(test.value).lower()
    elif isinstance(test, Block | Exists):
        value = test
    return atom.subject, value


def _mapped(formula: Formula, change: Callable[[Atom], Formula]) -> Formula:
    if isinstance(formula, Atom):
        return change(formula)
    if isinstance(formula, Not):
        return Not(_mapped(formula.part, change))
    if isinstance(formula, Constant):
        return formula
    return (And if isinstance(formula, And) else Or)(tuple(_mapped(part, change) for part in formula.parts))


def _asked(language: str, query: str) -> Asked | None:
    if language == "kuery":
        return Asked(events=(kql.parse(query),), strict=False)
    if language == "eql":
        return of_eql(eql.parse(query))
    if language == "esql":
        return _of_esql(pipeline.spine(esql.parse(query)))
    return Asked(events=(lucene_words.formula(query),), strict=False) if language == "lucene" else None


def of_eql(query: eql.Query) -> Asked:
    """What an EQL query asks; its pipes and until are left out."""
    if query.kind == "event":
        return Asked(events=(query.steps[0].formula,))
    first, number = query.steps[0], len(query.steps)
    runs = f"{first.runs} such events in a row" if first.runs > 1 else "such an event"
    phrase = f"looks for {f'a {query.kind} of {number} steps' if number > 1 else runs}"
    joined = " = ".join(dict.fromkeys(named(step.by) for step in query.steps if step.by))
    if query.by:
        joined = named(query.by) + f", and {joined}" * bool(joined)
    phrase += f" by {joined}" * bool(joined) + f" within {span(query.span)}" * (query.span is not None)
    repeated = [
        f"wants step {place} {step.runs} times"
        for place, step in enumerate(query.steps, start=1)
        if step.runs > 1 and number > 1
    ]
    return Asked(events=tuple(step.formula for step in query.steps), together=(phrase, *repeated))


def _of_esql(spine: pipeline.Spine) -> Asked:
    filters = [list(spine.filters[:1])]
    together: list[str] = []
    for barrier, after in zip(spine.barriers, spine.filters[1:], strict=True):
        if barrier.kind != "mv_expand":
            filters.append([])
            together.append(
                f"groups by {named(map(show_term, barrier.keys))}"
                if barrier.kind == "stats"
                else f"runs {marked(barrier.shown)}"
            )
        filters[-1].append(after)
        if len(filters) > 1 and after != Constant(value=True):
            what = (
                "asks of each group:" if any(each.kind == "stats" for each in spine.barriers) else "asks of each row:"
            )
            together.append(f"{what} {shown(after, Style.ESQL)}")
    return Asked(events=(_mapped(_all(filters[0]), _whole),), together=tuple(together), strict=True)


def _all(parts: list[Formula]) -> Formula:
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))]
    return And(tuple(part for part in flat if part != Constant(value=True)))


def _whole(atom: Atom) -> Atom:
    """A test of one value of an expanded field, as a test of the field."""
    term = atom.term
    if isinstance(term, Call) and term.name.startswith("expanded") and isinstance(term.args[0], Name):
        return replace(atom, subject=term.args[0].name, term=None)
    return atom


__all__ = ["Asked", "across", "of_eql", "side_by_side"]
