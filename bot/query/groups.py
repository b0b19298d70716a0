"""Witnesses for pipelines with one STATS: a handful of events, run through both pipelines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

from bot.query import glob
from bot.query.formula import KQL, And, Atom, Formula, Not, Or, Range, atoms
from bot.query.functions import UNSURE, compute
from bot.query.meter import ExhaustedError, Meter
from bot.query.prove import relate
from bot.query.term import Call, Name, Term, Value, names, show
from bot.query.truth import Reading, T, judge
from bot.query.witness import plain

Event: TypeAlias = "Mapping[str, tuple[object, ...]]"

_MOST = 128
"""The most events of a group: a report shows what they share, and has each of them."""
_PLANS = 60
_STEPS = 150_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A pipeline whose only command that changes rows is one STATS.

    Attributes:
        before: the filter on events.
        keys: what the groups share.
        after: the filter on groups.
    """

    before: Formula
    keys: tuple[Term, ...]
    after: Formula


def witness(inner: Stage, outer: Stage, meter: Meter) -> tuple[Event, ...] | None:
    """Events from which the one pipeline surely makes a row and the other surely none."""
    part = meter.part(_STEPS)
    size = sum(1 for stage in (inner, outer) for formula in (stage.before, stage.after) for _ in atoms(formula))
    runs, waits = _Run(inner), _Run(outer)
    try:
        for events in islice(_plans(inner, outer, part), _PLANS):
            part.spend(len(events) * (size + 10))
            if runs.fires(events) and waits.silent(events):
                return events
    except ExhaustedError:
        return None
    finally:
        meter.back(part)
    return None


class _Run:
    """A pipeline run over handfuls of events; events that are equal in what its filter asks about are judged once."""

    def __init__(self, stage: Stage) -> None:
        """Note what the filter on events asks about."""
        self.stage = stage
        asked = [name for atom in atoms(stage.before) for name in (names(atom.term) if atom.term else (atom.subject,))]
        self._asked = sorted({name.removeprefix(KQL) for name in asked})
        self._any = any(name == "*" or not glob.clean(name) for name in self._asked)
        self._known: dict[tuple[object, ...], int] = {}

    def _outcome(self, event: Event) -> int:
        if self._any:
            return judge(self.stage.before, event, Reading.KLEENE)
        key = tuple([event.get(name) for name in self._asked])
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = judge(self.stage.before, event, Reading.KLEENE)
        return found

    def fires(self, events: Sequence[Event]) -> bool:
        """Tell whether a row surely comes out; all events must be of one group for all that is known."""
        outcomes = [self._outcome(event) for event in events]
        kept = [event for event, outcome in zip(events, outcomes, strict=True) if outcome == T]
        if not kept or any(outcome & T and outcome != T for outcome in outcomes) or not _one_group(self.stage, kept):
            return False
        return judge(_settled(self.stage.after, kept), kept[0], Reading.KLEENE) == T

    def silent(self, events: Sequence[Event]) -> bool:
        """Tell whether surely no row comes out."""
        outcomes = [self._outcome(event) for event in events]
        if not any(outcome & T for outcome in outcomes):
            return bool(self.stage.keys)
        if any(outcome & T and outcome != T for outcome in outcomes):
            return False
        kept = [event for event, outcome in zip(events, outcomes, strict=True) if outcome == T]
        return _one_group(self.stage, kept) and not judge(_settled(self.stage.after, kept), kept[0], Reading.KLEENE) & T


def _one_group(stage: Stage, events: Sequence[Event]) -> bool:
    """Events that agree on every field of every key are of one group; several values would be several groups."""
    for name in {name for key in stage.keys for name in names(key)}:
        values = {event.get(name, ()) for event in events}
        if len(values) > 1 or any(len(value) > 1 for value in values):
            return False
    return True


def _settled(part: Formula, events: Sequence[Event]) -> Formula:
    """A filter on groups with its aggregates computed."""
    if isinstance(part, Atom):
        if part.term is None:
            return part
        return replace(part, term=_computed(part.term, events))
    if isinstance(part, Not):
        return Not(_settled(part.part, events))
    if isinstance(part, And | Or):
        return replace(part, parts=tuple([_settled(inner, events) for inner in part.parts]))
    return part


def _computed(term: Term, events: Sequence[Event]) -> Term:
    if not isinstance(term, Call):
        return term
    if term.name == "of1" and isinstance(term.args[0], Call):
        found = _aggregate(term.args[0], events)
        return term if found is None else found
    return Call(term.name, tuple([_computed(arg, events) for arg in term.args]))


def _aggregate(call: Call, events: Sequence[Event]) -> Value | None:  # noqa: PLR0911 - one branch a case
    """The value of an aggregate, None where it is not known."""
    if not call.args:
        return None
    if call.name == "count" and call.args[0] == Name("*"):
        return Value(len(events))
    values = [compute(call.args[0], event, esql=True) for event in events]
    if any(value is UNSURE for value in values):
        return None
    present = [value for value in values if isinstance(value, str | int | float)]
    distinct = list(dict.fromkeys(present))
    if call.name == "count":
        return Value(len(present))
    if call.name == "count_distinct":
        return Value(len(distinct))
    if call.name == "values":
        return Value(distinct[0] if len(distinct) == 1 else None)
    numbers = [value for value in present if isinstance(value, int) and not isinstance(value, bool)]
    if len(numbers) == len(present) and numbers and call.name in {"min", "max", "sum"}:
        return Value(sum(numbers) if call.name == "sum" else min(numbers) if call.name == "min" else max(numbers))
    return None


def _plans(inner: Stage, outer: Stage, meter: Meter) -> Iterator[tuple[Event, ...]]:
    """Groups worth running: events of the inner side alone, of both, and both with some of the outer side."""
    alone = relate(inner.before, outer.before, Reading.KLEENE, meter).lost if inner.before != outer.before else None
    both = relate(And((inner.before, outer.before)), Not(And(())), Reading.KLEENE, meter).lost
    beside = relate(outer.before, inner.before, Reading.KLEENE, meter).lost if inner.before != outer.before else None
    keys = sorted({name for stage in (inner, outer) for key in stage.keys for name in names(key)})
    shapes = list(islice(_shapes(inner, outer), 13))
    for seed in (alone, both):
        if seed is None:
            continue
        for shape in shapes:
            yield tuple(_copies(seed, shape, keys))
        large = {name: (99,) for name in _summed(inner) if name in seed and name not in keys}
        if large:
            for shape in shapes:
                yield tuple(_copies({**seed, **large}, shape, keys))
    if both is not None and beside is not None:
        for shape in shapes:
            group = _copies(both, shape, keys)
            shared = {name: group[0][name] for name in keys if name in group[0]}
            other = {name: values for name, values in beside.items() if name not in keys} | shared
            for extra in shapes[:3]:
                yield (*group, *_copies(other, {name: count + 1 for name, count in extra.items()}, keys))


def _summed(stage: Stage) -> Iterator[str]:
    """Fields that are summed up."""
    for atom in atoms(stage.after):
        stack: list[Term] = [atom.term] if atom.term is not None else []
        while stack:
            node = stack.pop()
            if isinstance(node, Call):
                if node.name in {"sum", "max", "avg"}:
                    yield from names(node)
                stack.extend(node.args)


def _shapes(inner: Stage, outer: Stage) -> Iterator[dict[str, int]]:
    """How many events, under ``*``, and how many values of each field that is counted."""
    wanted: dict[str, set[int]] = {"*": {1}}
    least: dict[str, int] = {}
    for atom in (*atoms(inner.after), *atoms(outer.after)):
        call = atom.term.args[0] if isinstance(atom.term, Call) and atom.term.name == "of1" else None
        if not isinstance(call, Call) or not isinstance(atom.test, Range) or not call.args:
            continue
        name = show(call.args[0]) if call.name == "count_distinct" else "*" if call.name == "count" else ""
        if name and atom.test.low is not None and 0 <= atom.test.low < _MOST:
            least[name] = max(least.get(name, 1), int(atom.test.low) + 1)
        for bound in (atom.test.low, atom.test.high):
            if name and bound is not None and 0 <= bound < _MOST:
                wanted.setdefault(name, {1}).update((int(bound), int(bound) + 1))
    high = {name: max(counts) for name, counts in wanted.items()}
    yield high
    yield dict.fromkeys(wanted, 1) | least  # enough for every lower bound, and no more where upper ones are about
    for name, counts in sorted(wanted.items()):
        for count in sorted(counts):
            if count > 0:
                yield high | {name: count}
    yield dict.fromkeys(wanted, 1)


def _another(name: str, usual: tuple[object, ...], index: int) -> object:
    """Another value of a field: a number beside a number, an address where the name is one's, else any string."""
    if usual and isinstance(usual[0], int) and not isinstance(usual[0], bool):
        return usual[0] + index - 1
    kind = next(iter(plain(name)), "v")
    return index if kind == 1 else f"192.0.2.{index}" if kind == "192.0.2.7" else f"v{index}"


def _copies(seed: Event, shape: Mapping[str, int], keys: Sequence[str]) -> list[Event]:
    """Copies of an event that differ in the fields that are counted."""
    found: list[Event] = []
    for number in range(min(_MOST, max(shape.values()))):
        event = dict(seed)
        for name in keys:
            event.setdefault(name, (next(iter(plain(name)), "k1"),))
        for name, count in shape.items():
            if name != "*" and name not in keys and (name not in seed or count > 1):
                index = number % max(count, 1) + 1
                event[name] = (_another(name, seed.get(name, ()), index),)
        found.append(event)
    return found
