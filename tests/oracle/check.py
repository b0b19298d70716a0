"""Holds the prover's claims against what the evaluators say of events."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, cast

from bot.model import QueryChange, QueryVerdict, Rule

from . import eql, esql, kql
from .events import Event, Maker
from .logic import Doc, Node, Or, UnsupportedError, address_of, is_address_field

Compare: TypeAlias = "Callable[[Rule, Rule], QueryChange | None]"
Stream: TypeAlias = "list[tuple[int, Doc]]"
Outcome: TypeAlias = "tuple[str, bool, bool, bool]"
"""A reading; whether under it something is lost by the edit; whether something is gained; whether anything matches."""

_TYPES = {"kuery": "query", "eql": "eql", "esql": "esql"}
MAX_STEPS = 30
NAMES = ("kuery", "eql", "eql sequence", "esql")
"""What pairs are made of; the first word is the language."""


def rule(language: str, query: str) -> Rule:
    """A rule that has nothing but a query."""
    return Rule(
        path="rules/x.toml",
        text="",
        data={"rule": {"type": _TYPES.get(language, "query"), "language": language, "query": query}},
    )


class ImpossibleError(Exception):
    """A witness that no index could hold."""


class Subject:
    """A pair of queries that can be tried on events."""

    def stimulus(self, rng: random.Random) -> object:
        """Make an event (or a list of them) worth trying."""
        raise NotImplementedError

    def outcomes(self, stimulus: object) -> Iterator[Outcome]:
        """Say under every reading what the edit does to these events."""
        raise NotImplementedError

    def witness(self, raw: object) -> object:
        """Turn the prover's witness into a stimulus."""
        raise NotImplementedError


def _document(raw: object) -> Event:
    if not isinstance(raw, Mapping):
        raise TypeError("a witness is an event")
    event = {str(name): tuple(values) for name, values in raw.items()}
    for name, values in event.items():
        if is_address_field(name) and not all(isinstance(v, str) and address_of(v) is not None for v in values):
            raise ImpossibleError(f"{name} is an address, and {values} is none")
        if len({type(value) for value in values} - {int, float}) > 1:
            raise ImpossibleError(f"{name} has values of different types: {values}")
    return event


class KqlSubject(Subject):
    """Two KQL queries."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = kql.parse(old), kql.parse(new)
        self._maker: Maker | None = None

    def stimulus(self, rng: random.Random) -> object:
        maker = self._maker = self._maker or Maker([self.old, self.new], rng, arrays=0.15, loose=True)
        return maker.some()

    def outcomes(self, stimulus: object) -> Iterator[Outcome]:
        doc = cast("Doc", stimulus)
        one, two = kql.match(self.old, doc), kql.match(self.new, doc)
        yield "two-valued", one and not two, two and not one, one or two

    def witness(self, raw: object) -> object:
        return _document(raw)


class EqlEventSubject(Subject):
    """Two EQL event queries."""

    def __init__(self, old: eql.Query, new: eql.Query) -> None:
        self.old, self.new = old, new
        self._maker: Maker | None = None

    def stimulus(self, rng: random.Random) -> object:
        maker = self._maker = self._maker or Maker([self.old.node, self.new.node], rng, arrays=0.08)
        return maker.some(rng.choice(eql.READINGS))

    def outcomes(self, stimulus: object) -> Iterator[Outcome]:
        doc = cast("Doc", stimulus)
        plain = eql.indifferent(self.old, doc) and eql.indifferent(self.new, doc)
        for reading in eql.READINGS[:1] if plain else eql.READINGS:
            one, two = eql.match(self.old, doc, reading), eql.match(self.new, doc, reading)
            yield reading.name, one and not two, two and not one, one or two

    def witness(self, raw: object) -> object:
        return _document(raw)


def _moment(doc: Event, position: int) -> int:
    values = doc.get("@timestamp", ())
    if not values:
        return position
    value = values[0]
    if isinstance(value, (int, float)):
        return int(value)
    return int(datetime.fromisoformat(str(value)).timestamp() * 1000)


class SequenceSubject(Subject):
    """Two EQL sequences (or samples), compared by the join keys for which they fire."""

    def __init__(self, old: eql.Query, new: eql.Query) -> None:
        if max(len(old.steps), len(new.steps)) > MAX_STEPS:
            raise UnsupportedError("a very long sequence")
        self.old, self.new = old, new
        steps = [step.node for query in (old, new) for step in (*query.steps, *([query.until] if query.until else []))]
        self.steps = steps
        self.nodes = [Or(tuple(step.node for step in old.steps)), Or(tuple(step.node for step in new.steps))]
        self._maker: Maker | None = None
        one, two = set(old.key_names), set(new.key_names)
        self.common: tuple[str, ...] | None
        if old.key_names == new.key_names:
            self.common = None
        elif len(one) == len(two) == 1:
            mine, other = one.pop(), two.pop()
            self.common = tuple(name for name in mine if name in other)
        else:
            self.common = ()

    def stimulus(self, rng: random.Random) -> object:  # noqa: C901 - one branch a case
        maker = self._maker = self._maker or Maker(self.nodes, rng, arrays=0.05)
        query, other = (self.old, self.new) if rng.random() < 0.5 else (self.new, self.old)
        reading = rng.choice(eql.READINGS)
        span = min((q.span for q in (self.old, self.new) if q.span is not None), default=1000)
        names = sorted({name for q in (self.old, self.new) for step in q.key_names for name in step})
        pool = {name: rng.choice((("k1", "k1", "k2"), ("k1",), ("k1", "K1"))) for name in names}
        links = [{name: rng.choice(pool[name]) for name in names} for _ in range(2)]
        items: list[tuple[Node, tuple[Node, ...]]] = []
        for number, step in enumerate(query.steps):
            if step.missing and rng.random() < 0.8:
                continue
            extra: list[Node] = []
            if number < len(other.steps) and rng.random() < 0.3:
                extra.append(other.steps[number].node)
            items.append((step.node, tuple(extra)))
        for _ in range(rng.choice((0, 0, 1, 2, 3))):
            items.insert(rng.randint(0, len(items)), (rng.choice(self.steps), ()))
        if rng.random() < 0.15 and len(items) > 1:
            at = rng.randrange(len(items) - 1)
            items[at], items[at + 1] = items[at + 1], items[at]
        total = rng.choice((span // 2, span, span, span + 1, span * 2))
        time, stream, link = 0, [], links[0]
        for place, (node, misses) in enumerate(items):
            event = maker.event(node, misses=misses, reading=reading)
            if rng.random() < 0.3:
                maker.mutate(event)
            if rng.random() < 0.2:
                link = rng.choice(links)
            for name in names:
                if rng.random() < 0.97 and (name not in maker.by_field or name not in event):
                    event[name] = (link[name],)
            time = total * place // max(1, len(items) - 1) if rng.random() < 0.8 else time + 1
            stream.append((time, event))
        stream.sort(key=lambda item: item[0])
        return stream

    def _project(self, query: eql.Query, keys: set[eql.KeyValue]) -> set[eql.KeyValue]:
        if self.common is None:
            return keys
        names = query.key_names[0]
        return {tuple(key[names.index(name)] for name in self.common) for key in keys}

    def outcomes(self, stimulus: object) -> Iterator[Outcome]:
        stream = cast("Stream", stimulus)
        for reading in eql.READINGS:
            if self.old.kind == "sample":
                docs = [doc for _, doc in stream]
                one, two = (eql.sample_keys(query, docs, reading) for query in (self.old, self.new))
            else:
                one, two = (eql.sequence_keys(query, stream, reading) for query in (self.old, self.new))
            one, two = self._project(self.old, one), self._project(self.new, two)
            yield reading.name, bool(one - two), bool(two - one), bool(one or two)

    def witness(self, raw: object) -> object:
        items = raw if isinstance(raw, (tuple, list)) else (raw,)
        docs = [_document(item) for item in items]
        return [(_moment(doc, position), doc) for position, doc in enumerate(docs)]


class EsqlSubject(Subject):
    """Two ES|QL pipelines, tried on tables of events."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = esql.parse(old), esql.parse(new)
        nodes = [Or(tuple(query.conditions())) for query in (self.old, self.new)]
        self.wants = [tuple(query.early()) for query in (self.old, self.new)]
        self.nodes = nodes
        self._maker: Maker | None = None
        for query in (self.old, self.new):
            query.indices = query.indices or ("*",)
        self.measured = {**self.old.measured, **self.new.measured}
        self.groups = sorted({name for query in (self.old, self.new) for name in query.group_fields()})

    def stimulus(self, rng: random.Random) -> object:
        if self._maker is None:
            self._maker = Maker(self.nodes, rng, arrays=0.1)
            # an index gives a column one type: what is summed up or compared as a number holds no text in any event
            self._maker.numeric |= {name for name, number in self.measured.items() if number}
        maker = self._maker
        aggregated = self.old.aggregates or self.new.aggregates
        size = rng.choice((1, 2, 3, 5, 8, 12, 30)) if aggregated else rng.choice((1, 1, 1, 2, 4))
        links = [{name: rng.choice(("g1", "g1", "g2")) for name in self.groups} for _ in range(2)]
        if aggregated and rng.random() < 0.6:
            bases = [self._event(rng, maker) for _ in range(rng.choice((1, 2)))]
            table = [dict(rng.choice(bases)) for _ in range(size)]
            for event in table:
                if rng.random() < 0.1:
                    maker.mutate(event)
        else:
            table = [self._event(rng, maker) for _ in range(size)]
        spread = rng.choice((2, 2, 40))
        for event in table:
            self._fill(rng, maker, event, rng.choice(links), spread)
        return table

    def _event(self, rng: random.Random, maker: Maker) -> Event:
        want, miss = (0, 1) if rng.random() < 0.5 else (1, 0)
        event = maker.event(*self.wants[want], misses=self.wants[miss] if rng.random() < 0.3 else ())
        if rng.random() < 0.3:
            maker.mutate(event)
        return event

    def _fill(self, rng: random.Random, maker: Maker, event: Event, link: Mapping[str, str], spread: int) -> None:
        """Give an event what groups and aggregations look at."""
        for name in self.groups:
            if name not in event and rng.random() < 0.95:
                event[name] = (link[name],)
        for name, number in sorted(self.measured.items()):
            if name not in event and rng.random() < 0.9:
                value = rng.randint(0, 6 if spread < 3 else spread)
                event[name] = (value if number or name in maker.numeric else f"v{value % spread}",)
        if self.old.indices != self.new.indices and rng.random() < 0.5:
            pattern = rng.choice([*self.old.indices, *self.new.indices])
            event["_index"] = (pattern.lstrip("-").replace("*", rng.choice(("", "x", "-b"))),)
        event.setdefault("@timestamp", (rng.choice((0, 1000, 60_000, 3_600_000)),))

    def outcomes(self, stimulus: object) -> Iterator[Outcome]:
        table = cast("list[Event]", stimulus)
        one, two = self.old.run(table), self.new.run(table)
        if self.old.aggregates != self.new.aggregates or (
            self.old.aggregates and self.old.group_signature() != self.new.group_signature()
        ):
            one, two = {("any",)} if one else set(), {("any",)} if two else set()
        yield "three-valued", bool(one - two), bool(two - one), bool(one or two)

    def witness(self, raw: object) -> object:
        items = raw if isinstance(raw, (tuple, list)) else (raw,)
        return [_document(item) for item in items]


def subject(language: str, old: str, new: str, categories: tuple[str, str] = ("event.category",) * 2) -> Subject:
    """Prepare a pair of queries; raises `UnsupportedError` for what the oracle leaves alone."""
    if language == "kuery":
        return KqlSubject(old, new)
    if language == "esql":
        return EsqlSubject(old, new)
    if language != "eql":
        raise UnsupportedError(language)
    one, two = eql.parse(old, categories[0]), eql.parse(new, categories[1])
    if one.kind == two.kind == "event":
        return EqlEventSubject(one, two)
    if "sample" in (one.kind, two.kind) and one.kind != two.kind:
        raise UnsupportedError("a sample beside something else")
    return SequenceSubject(one, two)


_FORBIDS_GAIN = frozenset(
    {QueryVerdict.NARROWED, QueryVerdict.NARROWED_OR_EQUAL, QueryVerdict.EQUIVALENT, QueryVerdict.COSMETIC}
)
_FORBIDS_LOSS = frozenset(
    {QueryVerdict.BROADENED, QueryVerdict.BROADENED_OR_EQUAL, QueryVerdict.EQUIVALENT, QueryVerdict.COSMETIC}
)
_NEEDS_LOST = frozenset({QueryVerdict.NARROWED, QueryVerdict.CHANGED})
_NEEDS_GAINED = frozenset({QueryVerdict.BROADENED, QueryVerdict.CHANGED})


@dataclass(frozen=True, slots=True)
class Fault:
    """A claim that does not hold.

    Attributes:
        what: contradiction, witness, promise (a witness that the verdict owes is not there), label or crash.
    """

    what: str
    language: str
    old: str
    new: str
    claim: str
    detail: str
    stimulus: object = None


@dataclass(slots=True)
class Count:
    """What was checked in one language."""

    pairs: int = 0
    skipped: int = 0
    events: int = 0
    matched: int = 0
    apart: int = 0
    claims: int = 0
    contradictions: int = 0
    confirmed: int = 0
    rejected: int = 0
    mislabelled: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Tally:
    """What a run found."""

    counts: dict[str, Count] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def of(self, language: str) -> Count:
        """The counts of a language."""
        return self.counts.setdefault(language, Count())

    @property
    def clean(self) -> bool:
        """Whether nothing contradicts a claim."""
        return not self.faults

    def table(self) -> str:
        """The counts as text."""
        head = (
            "language", "pairs", "skipped", "events", "matched", "apart",
            "claims", "contradictions", "confirmed", "rejected", "mislabelled",
        )  # fmt: skip
        rows = [(name, *[str(getattr(c, column)) for column in head[1:]]) for name, c in sorted(self.counts.items())]
        widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)
        )


def judge(  # noqa: C901 - one branch a case
    tally: Tally,
    compare: Compare,
    language: str,
    old: str,
    new: str,
    *,
    events: int,
    rng: random.Random,
    label: str = "",
    rules: tuple[Rule, Rule] | None = None,
) -> QueryChange | None:
    """Check one pair: its label, its witnesses, and its claim against events.

    Args:
        tally: what is found is written here.
        compare: the prover.
        language: of both queries; a second word keeps the count apart.
        old: the query before.
        new: the query after.
        events: how many events to try.
        rng: where chance comes from.
        label: narrower, wider or same where the truth is known by construction, else empty.
        rules: the rules that hold the queries, where they are more than their text.
    """
    count = tally.of(language)
    language = language.split(maxsplit=1)[0]
    count.pairs += 1
    one, two = rules or (rule(language, old), rule(language, new))
    try:
        change = compare(one, two)
    except Exception as error:  # noqa: BLE001 - whatever it is, the prover may not raise it
        tally.faults.append(Fault("crash", language, old, new, "", repr(error)))
        return None
    if change is None:
        return None
    verdict = change.verdict
    count.verdicts[verdict.value] += 1
    if verdict is not QueryVerdict.UNKNOWN:
        count.claims += 1

    def fault(what: str, detail: str, stimulus: object = None) -> None:
        tally.faults.append(Fault(what, language, old, new, verdict.value, detail, stimulus))

    if _against(label, verdict):
        count.mislabelled += 1
        fault("label", f"the edit is {label} by construction")
    if verdict is QueryVerdict.UNKNOWN:
        return change
    try:
        pair = subject(language, old, new, (_category(one), _category(two)))
    except UnsupportedError:
        count.skipped += 1
        return change
    _check_witnesses(count, fault, change, pair)
    forbid_gain, forbid_loss = verdict in _FORBIDS_GAIN, verdict in _FORBIDS_LOSS
    if not forbid_gain and not forbid_loss:
        return change
    found = False
    for _ in range(events):
        stimulus = pair.stimulus(rng)
        try:
            outcomes = list(pair.outcomes(stimulus))
        except UnsupportedError:
            continue
        count.events += 1
        count.matched += any(fired for _, _, _, fired in outcomes)
        count.apart += any(lost or gained for _, lost, gained, _ in outcomes)
        for reading, lost, gained, _ in outcomes:
            if not found and ((gained and forbid_gain) or (lost and forbid_loss)):
                found = True
                count.contradictions += 1
                fault("contradiction", f"{'gained' if gained and forbid_gain else 'lost'} where {reading}", stimulus)
    return change


def _category(of: Rule) -> str:
    return of.string("rule", "event_category_override") or "event.category"


def _against(label: str, verdict: QueryVerdict) -> bool:
    loss = verdict in (QueryVerdict.NARROWED, QueryVerdict.CHANGED)
    gain = verdict in (QueryVerdict.BROADENED, QueryVerdict.CHANGED)
    return {"narrower": gain, "wider": loss, "same": gain or loss}.get(label, False)


def _check_witnesses(count: Count, fault: Callable[..., None], change: QueryChange, pair: Subject) -> None:
    lost = change.witness.lost if change.witness else None
    gained = change.witness.gained if change.witness else None
    if lost is None and change.verdict in _NEEDS_LOST:
        fault("promise", "no witness of a loss")
    if gained is None and change.verdict in _NEEDS_GAINED:
        fault("promise", "no witness of a gain")
    for side, raw, index in (("lost", lost, 1), ("gained", gained, 2)):
        if raw is None:
            continue
        try:
            stimulus = pair.witness(raw)
            wrong = [outcome[0] for outcome in pair.outcomes(stimulus) if not outcome[index]]
        except UnsupportedError:
            continue
        except ImpossibleError as error:
            stimulus, wrong = raw, [str(error)]
        if wrong:
            count.rejected += 1
            fault("witness", f"{side}: not so where {', '.join(wrong)}", stimulus)
        else:
            count.confirmed += 1


def run_pairs(
    pairs: Iterable[tuple[str, str, str, str]],
    *,
    events_per_pair: int,
    seed: int,
    compare: Compare,
    all_faults: bool = True,
) -> Tally:
    """Check pairs of (language, old, new, label); only up to the first fault, where not all faults are asked for."""
    tally = Tally()
    for number, (language, old, new, label) in enumerate(pairs):
        rng = random.Random(f"{seed}/{number}")
        judge(tally, compare, language, old, new, events=events_per_pair, rng=rng, label=label)
        if not all_faults and not tally.clean:
            break
    return tally


def run(
    n_pairs: int,
    events_per_pair: int,
    seed: int,
    languages: Sequence[str] = NAMES,
    compare: Compare | None = None,
    *,
    all_faults: bool = True,
) -> Tally:
    """Check generated pairs, an equal share for each language."""
    from bot.query import compare as prover

    from .generate import pairs

    return run_pairs(
        pairs(n_pairs, seed, languages),
        events_per_pair=events_per_pair,
        seed=seed,
        compare=compare or prover,
        all_faults=all_faults,
    )
