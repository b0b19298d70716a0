"""Many reviews → what each policy would have said, month by month and folder by folder: a fold, without effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.model import Finding, Level, Review, Verdict

EXAMPLES = 3
"""How many findings of each policy are shown in full, the newest of different changes."""

_LOUD = (Level.ERROR, Level.WARNING, Level.NOTICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One finding of one change, as far as a replay needs it.

    Attributes:
        silent: it stood in the base already, or is excepted: it makes no noise.
    """

    policy: str
    severity: Level
    path: str
    line: int | None
    message: str
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change of the history and what a review says of it: plain, so that it can be kept in a file.

    Attributes:
        day: of its commit, which is the day it is judged on.
        title: the subject of its commit.
        rules: how many rules it changes.
        folders: folder to how many of them.
        unevaluated: path and reason of what could not be judged.
    """

    base: str
    head: str
    day: date
    title: str
    verdict: Verdict
    rules: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])
    categories: Mapping[str, int] = field(default_factory=dict[str, int])
    queries: Mapping[str, int] = field(default_factory=dict[str, int])
    folders: Mapping[str, int] = field(default_factory=dict[str, int])
    hits: tuple[Hit, ...] = ()
    unevaluated: tuple[tuple[str, str], ...] = ()

    @property
    def loud(self) -> tuple[Hit, ...]:
        """The findings that this change would have been told of."""
        return tuple(hit for hit in self.hits if not hit.silent)

    def blockers(self) -> frozenset[str]:
        """Return the policies with an error that stands."""
        return frozenset(hit.policy for hit in self.loud if hit.severity is Level.ERROR)


def entry_of(review: Review, *, title: str) -> Entry:
    """Keep of a review what a replay needs."""
    changes = [rule.change for rule in review.rules]
    return Entry(
        base=review.base.merge_base or review.base.sha or "",
        head=review.head.sha or "",
        day=review.today,
        title=title,
        verdict=review.verdict,
        rules=len(changes),
        kinds=Counter(change.kind.value for change in changes),
        categories=Counter(category.value for change in changes for category in change.categories),
        queries=Counter(change.query.verdict.value for change in changes if change.query is not None),
        folders=Counter(folder_of(change.path) for change in changes),
        hits=tuple(map(_hit, review.all_findings())),
        unevaluated=tuple((each.path, each.reason) for each in review.unevaluated),
    )


def folder_of(path: str) -> str:
    """Return the folder of a file, ``.`` for one at the top."""
    return path.rpartition("/")[0] or "."


def _hit(finding: Finding) -> Hit:
    return Hit(
        policy=finding.policy,
        severity=finding.severity,
        path=finding.path,
        line=finding.line,
        message=finding.message,
        silent=finding.preexisting or finding.waived is not None,
    )


def kept(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain data, for a file."""
    return {
        "base": entry.base,
        "head": entry.head,
        "day": entry.day.isoformat(),
        "title": entry.title,
        "verdict": entry.verdict.value,
        "rules": entry.rules,
        "kinds": dict(entry.kinds),
        "categories": dict(entry.categories),
        "queries": dict(entry.queries),
        "folders": dict(entry.folders),
        "hits": [[hit.policy, hit.severity.value, hit.path, hit.line, hit.message, hit.silent] for hit in entry.hits],
        "unevaluated": [list(each) for each in entry.unevaluated],
    }


def read(data: Mapping[str, Any]) -> Entry:
    """Make an entry of what ``kept`` returned.

    Raises:
        ValueError: it is something else.
    """
    try:
        hits = tuple(
            Hit(policy=policy, severity=Level(severity), path=path, line=line, message=message, silent=silent)
            for policy, severity, path, line, message, silent in data["hits"]
        )
        return Entry(
            **{key: data[key] for key in _PLAIN},
            day=date.fromisoformat(data["day"]),
            verdict=Verdict(data["verdict"]),
            hits=hits,
            unevaluated=tuple((path, reason) for path, reason in data["unevaluated"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"no entry of a replay: {error}") from error


_PLAIN = ("base", "head", "title", "rules", "kinds", "categories", "queries", "folders")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A month, or a folder: what changed in it and what was said of that.

    Attributes:
        changes: how many changes touched it; ``blocked`` and ``warned`` of them were.
        rules: how many rules they changed there.
        findings: level to count.
    """

    name: str
    changes: int
    rules: int
    blocked: int
    warned: int
    findings: Mapping[Level, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One finding, in the change it was found in."""

    entry: Entry
    hit: Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one policy would have done.

    Attributes:
        level: that the config gives it.
        findings: level to count; what stood in a base already, or is excepted, counts in ``silent`` alone.
        changes: how many changes it spoke of.
        blocks: how many it would have blocked; ``alone`` of them no other policy would have.
        months: month to findings.
        folders: folder to findings.
    """

    policy: str
    level: Level
    findings: Mapping[Level, int]
    silent: int
    changes: int
    blocks: int
    alone: int
    months: Mapping[str, int]
    folders: Mapping[str, int]
    examples: tuple[Example, ...]

    @property
    def total(self) -> int:
        """All findings that make noise."""
        return sum(self.findings.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A whole history under today's policies and one config.

    Attributes:
        entries: every change, in the order of time.
        policies: those that are on, the loudest first.
        months: in order. ``folders`` likewise by name.
        kinds, categories, queries: word to how many rules, as in a review.
    """

    entries: tuple[Entry, ...]
    policies: tuple[Tally, ...]
    months: tuple[Part, ...]
    folders: tuple[Part, ...]
    kinds: Mapping[str, int]
    categories: Mapping[str, int]
    queries: Mapping[str, int]

    @property
    def rules(self) -> int:
        """How many times a rule was changed."""
        return sum(entry.rules for entry in self.entries)

    @property
    def findings(self) -> int:
        """All findings that make noise."""
        return sum(len(entry.loud) for entry in self.entries)

    def count(self, verdict: Verdict) -> int:
        """Count the changes with a verdict."""
        return sum(entry.verdict is verdict for entry in self.entries)


def fold(entries: Iterable[Entry], levels: Mapping[str, Level]) -> Replay:
    """Sum up a history.

    Args:
        entries: each change once, those of one day in their order.
        levels: policy to the level that the config gives it, in the order of the manual; without those that are off.
    """
    ordered = tuple(sorted(entries, key=lambda entry: entry.day))
    named = dict.fromkeys((*levels, *(hit.policy for entry in ordered for hit in entry.hits)))
    loudest = {hit.policy: hit.severity for entry in ordered for hit in entry.hits}
    tallies = [_tally(policy, levels.get(policy) or loudest[policy], ordered) for policy in named]
    tallies.sort(key=lambda each: (-each.total, each.level.rank))
    return Replay(
        entries=ordered,
        policies=tuple(tallies),
        months=_parts(ordered, lambda entry: {_month(entry): entry.rules}, lambda entry, _: _month(entry)),
        folders=_parts(ordered, lambda entry: entry.folders, lambda _, hit: folder_of(hit.path)),
        kinds=_sum(entry.kinds for entry in ordered),
        categories=_sum(entry.categories for entry in ordered),
        queries=_sum(entry.queries for entry in ordered),
    )


def _month(entry: Entry) -> str:
    return f"{entry.day:%Y-%m}"


def _sum(counts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def _by_level(hits: Iterable[Hit]) -> Mapping[Level, int]:
    counts = Counter(hit.severity for hit in hits)
    return {level: counts[level] for level in _LOUD}


def _tally(policy: str, level: Level, entries: Sequence[Entry]) -> Tally:
    hits = [(entry, hit) for entry in entries for hit in entry.hits if hit.policy == policy]
    loud = [(entry, hit) for entry, hit in hits if not hit.silent]
    touched = list({id(entry): entry for entry, _ in loud}.values())
    blocked = [entry for entry in touched if policy in entry.blockers()]
    shown = {id(entry): Example(entry=entry, hit=hit) for entry, hit in reversed(loud)}
    return Tally(
        policy=policy,
        level=level,
        findings=_by_level(hit for _, hit in loud),
        silent=len(hits) - len(loud),
        changes=len(touched),
        blocks=len(blocked),
        alone=sum(entry.blockers() == frozenset({policy}) for entry in blocked),
        months=dict(sorted(Counter(_month(entry) for entry, _ in loud).items())),
        folders=_sum([Counter(folder_of(hit.path) for _, hit in loud)]),
        examples=tuple(shown.values())[:EXAMPLES],
    )


def _parts(
    entries: Sequence[Entry], rules: Callable[[Entry], Mapping[str, int]], place: Callable[[Entry, Hit], str]
) -> tuple[Part, ...]:
    """Part a history: ``rules`` counts what an entry changes in each part, ``place`` sorts a finding."""
    changed: Counter[str] = Counter()
    touching: dict[str, list[Entry]] = {}
    hits: dict[str, list[Hit]] = {}
    for entry in entries:
        counts = rules(entry)
        changed.update(counts)
        for name in counts:
            touching.setdefault(name, []).append(entry)
        for hit in entry.loud:
            hits.setdefault(place(entry, hit), []).append(hit)
    return tuple(
        Part(
            name=name,
            changes=len(touching.get(name, ())),
            rules=changed[name],
            blocked=sum(entry.verdict is Verdict.BLOCK for entry in touching.get(name, ())),
            warned=sum(entry.verdict is Verdict.WARN for entry in touching.get(name, ())),
            findings=_by_level(hits.get(name, ())),
        )
        for name in sorted(touching.keys() | hits.keys())
    )


__all__ = ["Entry", "Example", "Hit", "Part", "Replay", "Tally", "entry_of", "fold", "folder_of", "kept", "read"]
