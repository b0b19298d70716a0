"""EQL sequences: compared step by step, and claimed only where every step, key and span points one way.

The claim is about existence: if the one fires for some join key, the other fires as well, not
always on the same events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat

from bot.query.eql import Query, Step
from bot.query.formula import FALSE, Formula
from bot.query.meter import Meter
from bot.query.prove import Relation, relate
from bot.query.truth import Reading, T, judge
from bot.query.witness import Event, plain

_EPOCH = 1_767_225_600_000  # 2026-01-01
_MANY = 100
_FARTHEST = 10 * 365 * 86_400_000  # milliseconds from the first event of a witness: a date can hold no more than years


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequels:
    """What is proven between two sequences; the witnesses are events in order."""

    narrower: bool
    wider: bool
    lost: tuple[Event, ...] | None = None
    gained: tuple[Event, ...] | None = None
    blocked: str = ""


class Sequencer:
    """Compares two sequences or samples within a budget."""

    def __init__(self, old: Query, new: Query, meter: Meter, time_field: str = "@timestamp") -> None:
        """Keep the two queries."""
        self.old = old
        self.new = new
        self.meter = meter
        self.time_field = time_field
        self.blocked = ""
        self._known: dict[tuple[int, int], Relation] = {}

    def run(self) -> Sequels:
        """Prove what can be proven, then look for what only one side matches."""
        narrower = self.contained(self.new, self.old)
        wider = self.contained(self.old, self.new)
        lost = None if wider else self.witness(self.old, self.new)
        gained = None if narrower else self.witness(self.new, self.old)
        return Sequels(narrower=narrower, wider=wider, lost=lost, gained=gained, blocked=self.blocked)

    def contained(self, inner: Query, outer: Query) -> bool:  # noqa: PLR0911 - one branch a case
        """Prove that the outer sequence fires for a key wherever the inner one does."""
        if inner.kind != outer.kind or inner.pipes or outer.pipes:
            return False
        missing = any(step.missing for step in (*inner.steps, *outer.steps))
        if missing and inner.span != outer.span:
            return False  # a longer span gives the missing event more time to turn up
        if not _span_within(inner.span, outer.span) and not dense(inner, outer):
            return False
        if outer.until is not None and (
            inner.until is None
            or not self.implied(outer.until.formula, inner.until.formula)
            or _keys(inner, inner.until) != _keys(outer, outer.until)
        ):
            return False
        if missing and not self.beside_missing(inner, outer):
            return False
        if len(inner.steps) == len(outer.steps):
            if not all(
                self.step_contained(inner, one, outer, two) for one, two in zip(inner.steps, outer.steps, strict=True)
            ):
                return False
            return self.keys_contained(inner, outer, list(range(len(inner.steps))))
        return not missing and self.embedded(inner, outer)

    @staticmethod
    def beside_missing(inner: Query, outer: Query) -> bool:
        """Tell whether only conditions of missing events differ, of one step.

        An event that a step takes is not there for a later match, and the missing events are looked for afterwards: if
        the steps that do happen change, other matches are kept, and a kept one may be the one that is spoiled.
        """
        if len(inner.steps) != len(outer.steps):
            return False
        apart = [(one, two) for one, two in zip(inner.steps, outer.steps, strict=True) if one != two]
        return (
            len(apart) <= 1
            and all(one.missing and two.missing for one, two in apart)
            and (inner.by, inner.span, inner.until) == (outer.by, outer.span, outer.until)
        )

    def embedded(self, inner: Query, outer: Query) -> bool:
        """Find the outer sequence's steps among the inner one's, in order; the first fit for each will do."""
        taken: list[int] = []
        for step in outer.steps:
            start = taken[-1] + 1 if taken else 0
            for position in range(start, len(inner.steps)):
                if self.step_contained(inner, inner.steps[position], outer, step):
                    taken.append(position)
                    break
            else:
                return False
        return self.keys_contained(inner, outer, taken)

    def step_contained(self, inner: Query, one: Step, outer: Query, two: Step) -> bool:
        """Prove that one step asks for no less than the other."""
        if one.missing != two.missing:
            return False
        if one.missing:
            return (
                _keys(inner, one) == _keys(outer, two)
                and one.runs == two.runs
                and self.implied(two.formula, one.formula)
            )
        return one.runs >= two.runs and self.implied(one.formula, two.formula)

    @staticmethod
    def keys_contained(inner: Query, outer: Query, taken: Sequence[int]) -> bool:
        """Tell whether events that agree on the inner keys agree on the outer ones."""
        ours = [_keys(inner, inner.steps[position]) for position in taken]
        theirs = [_keys(outer, step) for step in outer.steps]
        if len({len(keys) for keys in ours}) != 1 or len({len(keys) for keys in theirs}) != 1:
            return False
        columns = list(zip(*ours, strict=True))
        return all(
            any(all(name in {key, f"?{key}"} for key, name in zip(column, wanted, strict=True)) for column in columns)
            for wanted in zip(*theirs, strict=True)
        )

    def implied(self, inner: Formula, outer: Formula) -> bool:
        """Prove that one event formula lies in another."""
        if inner == outer:
            return True
        return self.relation(inner, outer).wider

    def relation(self, old: Formula, new: Formula) -> Relation:
        """Compare two event formulas once."""
        key = (id(old), id(new))
        if key not in self._known:
            self._known[key] = relate(old, new, Reading.MIXED, self.meter)
        return self._known[key]

    # witnesses

    def witness(self, inner: Query, outer: Query) -> tuple[Event, ...] | None:
        """Look for events on which the one sequence surely fires and the other surely does not."""
        if inner.pipes or outer.pipes:
            return None
        plans: list[tuple[int, Event | None]] = []
        if len(inner.steps) == len(outer.steps):
            for position, (one, two) in enumerate(zip(inner.steps, outer.steps, strict=True)):
                if not one.missing and not two.missing and one.formula != two.formula:
                    relation = self.relation(one.formula, two.formula)
                    self.blocked = self.blocked or relation.blocked
                    if relation.lost is not None:
                        plans.append((position, relation.lost))
        plans.append((-1, None))
        for position, event in plans[:_MANY]:
            steps = self.positive(inner, position, event, self._beside(inner, outer))
            if steps is None:
                continue
            for moments in _timings(inner, outer, len(steps)):
                events = self.arrange(inner, outer, steps, moments)
                if events is not None and self.fires(inner, events) and self.silent(outer, events):
                    return tuple(events)
        return None

    @staticmethod
    def _beside(inner: Query, outer: Query) -> Formula:
        """What the inner side's events must not match: the outer side, if one event is all that it asks for."""
        return outer.steps[0].formula if len(outer.steps) == 1 < len(inner.steps) else FALSE

    def positive(
        self, query: Query, position: int, given: Event | None, beside: Formula
    ) -> list[tuple[Step, Event]] | None:
        """An event for every step, as often as it has to run."""
        found: list[tuple[Step, Event]] = []
        for index, step in enumerate(query.steps):
            if step.missing:
                continue
            event = given if index == position and given is not None else self.relation(step.formula, beside).lost
            if event is None or step.runs > _MANY:
                return None
            found.extend([(step, event)] * step.runs)
        return found

    def arrange(
        self, inner: Query, outer: Query, steps: list[tuple[Step, Event]], moments: Sequence[int]
    ) -> list[Event] | None:
        """Give the events common join keys, keys of the other side that differ, and their times, if there are any."""
        events = [dict(event) for _, event in steps]
        for optional in zip(*(_keys(inner, step) for step, _ in steps), strict=False):
            column = [name.removeprefix("?") for name in optional]
            set_values = {event[name] for event, name in zip(events, column, strict=True) if name in event}
            if len(set_values) > 1 or not all(name.replace(".", "").replace("_", "").isalnum() for name in column):
                return None
            value = next(iter(set_values), (next(iter(plain(column[0])), "k1"),))
            for event, name in zip(events, column, strict=True):
                event[name] = value
        ours = {name.removeprefix("?") for step, _ in steps for name in _keys(inner, step)}
        positive = _wanted(outer, len(events))
        if len(positive) == len(events):
            for number, (event, step) in enumerate(zip(events, positive, strict=True)):
                for key in _keys(outer, step):
                    name = key.removeprefix("?")
                    if name not in ours and name not in event:
                        usual = plain(name)
                        if usual and len(usual) <= number:
                            return None
                        event[name] = (usual[number] if usual else f"other{number + 1}",)
        for event, moment in zip(events, moments, strict=False):
            event[self.time_field] = (_moment(moment),)
        return list(events)

    def fires(self, query: Query, events: Sequence[Event]) -> bool:
        """Tell whether a sequence surely fires on its own events."""
        positive = _wanted(query, len(events))
        if len(positive) != len(events):
            return False
        for step, event in zip(positive, events, strict=True):
            if judge(step.formula, event, Reading.MIXED) != T:
                return False
        if self.too_slow(query, events):
            return False
        against = [step for step in query.steps if step.missing]
        if query.until is not None:
            against.append(query.until)
        return not any(judge(step.formula, event, Reading.MIXED) & T for step in against for event in events)

    def silent(self, query: Query, events: Sequence[Event]) -> bool:
        """Tell whether a sequence surely does not fire on these events and no others."""
        positive = _wanted(query, len(events))
        if len(positive) > len(events):
            return True
        if self.too_slow(query, events):
            return True
        if len(positive) < len(events) or query.kind == "sample":
            return all(
                not any(judge(step.formula, event, Reading.MIXED) & T for event in events) for step in positive[:1]
            )
        if any(not judge(step.formula, event, Reading.MIXED) & T for step, event in zip(positive, events, strict=True)):
            return True
        for column in zip(*(_keys(query, step) for step in positive), strict=False):
            values = {event.get(name.removeprefix("?"), ()) for event, name in zip(events, column, strict=True)}
            if len(values) > 1 and all(len(value) <= 1 for value in values):
                return True
        return False

    def too_slow(self, query: Query, events: Sequence[Event]) -> bool:
        """Tell whether so many events as the steps want never come within the span, as far as the times say."""
        number = sum(step.runs for step in query.steps if not step.missing)
        if query.span is None or not (len(events) == number or _repeated(query)):
            return False
        if not all(self.time_field in event for event in events):
            return False
        moments = [_read(event[self.time_field]) for event in events]
        known = [moment for moment in moments if moment is not None]
        if len(known) < len(moments):  # a condition of the query's own asks for what is no time
            return False
        return all(last - first > query.span for first, last in zip(known, known[number - 1 :], strict=False))


def dense(inner: Query, outer: Query) -> bool:
    """Tell whether so many events in a row, all of one step, hold fewer of them within a shorter span.

    If no k of n events came within a span, each (k - 1)th would come later than a span after the one before: of sixty
    events within thirty seconds, ten come within five.
    """
    if inner.span is None or outer.span is None or not _repeated(inner, outer):
        return False
    number, wanted = inner.steps[0].runs, outer.steps[0].runs
    return wanted == 1 or inner.span <= outer.span * ((number - 1) // (wanted - 1))


def _wanted(query: Query, most: int) -> list[Step]:
    """The steps that want an event, each as often as it runs; one more than ``most`` stands for all beyond."""
    runs = (repeat(step, min(step.runs, most + 1)) for step in query.steps if not step.missing)
    return list(islice(chain.from_iterable(runs), most + 1))


def _repeated(*queries: Query) -> bool:
    return all(query.kind == "sequence" and len(query.steps) == 1 for query in queries)


def _keys(query: Query, step: Step) -> tuple[str, ...]:
    return query.by + step.by


def _span_within(inner: int | None, outer: int | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def _timings(inner: Query, outer: Query, number: int) -> Iterator[list[int]]:
    """When so many events may come: at no time that is told, for where the span does not decide, or late, or apart."""
    yield []
    for pace in (_late, _apart):
        moments = pace(inner, outer, number)
        if moments is not None and max(moments) <= _FARTHEST:
            yield moments


def _late(inner: Query, outer: Query, number: int) -> list[int] | None:
    """Milliseconds from the first event at which so many come, the last after the outer span and within the inner."""
    if outer.span is None or not _span_within(outer.span, inner.span) or number <= 1:
        return None
    longest = outer.span * 2 if inner.span is None else inner.span
    gap = (outer.span + min(longest, outer.span * 2)) // 2
    return [*range(number - 1), gap] if gap > outer.span else None


def _apart(inner: Query, outer: Query, number: int) -> list[int] | None:
    """Milliseconds at which so many events come within the inner span, so that as few as can be come close together.

    One less than the outer side waits for at a time: then all that it could wait for take as long.
    """
    group = outer.steps[0].runs - 1
    if outer.span is None or not _repeated(inner, outer) or not 0 < group < number:
        return None
    gap = outer.span * 2 if inner.span is None else (inner.span - group) // ((number - 1) // group)
    return [place // group * gap + place % group for place in range(number)]


def _moment(offset: int) -> str:
    from datetime import UTC, datetime, timedelta

    moment = datetime.fromtimestamp(_EPOCH / 1000, UTC) + timedelta(milliseconds=offset)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _read(values: tuple[object, ...]) -> int | None:
    """A time in milliseconds, None where it is none, or one of several."""
    from datetime import UTC, datetime

    try:
        (value,) = values
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
