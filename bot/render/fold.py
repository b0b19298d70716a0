"""What every surface for people says alike: the headline, the verdict in a line, and folding of what many rules share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.model import Category, Finding, Kind, Level, QueryVerdict, Review, RuleChange, RuleReview, Verdict
from bot.report import finding_counts
from bot.words import Phrase, rule_phrases

T = TypeVar("T")
FOLD_FROM = 3
"""So many rules that share their words become one line."""

_DETECTS = frozenset({Category.LOGIC, Category.SCOPE})
_WHOLE = {
    Kind.NEW: ("is new", "are new"),
    Kind.REMOVAL: ("is removed", "are removed"),
    Kind.DEPRECATION: ("is deprecated", "are deprecated"),
    Kind.RESTORATION: ("is restored", "are restored"),
    Kind.PROMOTION: ("is promoted", "are promoted"),
    Kind.DEMOTION: ("is demoted", "are demoted"),
    Kind.UNREADABLE: ("cannot be read", "cannot be read"),
}
_OTHER = {
    Category.SCHEDULE: "schedule",
    Category.SEVERITY: "severity",
    Category.THREAT: "threat mapping",
    Category.RESPONSE: "response actions",
    Category.LIFECYCLE: "lifecycle",
    Category.COMPATIBILITY: "compatibility",
    Category.IDENTITY: "identity",
    Category.TAXONOMY: "tags",
    Category.DOCS: "docs",
    Category.BOOKKEEPING: "bookkeeping",
}
_CLAIMS = {
    QueryVerdict.NARROWED: "narrowed",
    QueryVerdict.BROADENED: "broadened",
    QueryVerdict.NARROWED_OR_EQUAL: "narrowed or equal",
    QueryVerdict.BROADENED_OR_EQUAL: "broadened or equal",
    QueryVerdict.CHANGED: "changed both ways",
    QueryVerdict.UNKNOWN: "effect unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table of rules: one rule, or several that changed alike.

    Attributes:
        rules: in the order of the review; one unless they are folded.
        phrases: what happened to each of them.
    """

    rules: tuple[RuleReview, ...]
    phrases: tuple[Phrase, ...]

    @property
    def change(self) -> RuleChange:
        """The first rule's change."""
        return self.rules[0].change


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One line of findings: one finding, or what several rules have in common."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding to show."""
        return self.findings[0]

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file it is about, each once."""
        return tuple(dict.fromkeys(path for each in self.findings for path in (each.path, *each.paths) if path))


def detects(change: RuleChange) -> bool:
    """Tell whether an edited rule detects something else than before."""
    return change.kind not in {Kind.NEW, Kind.REMOVAL, Kind.UNREADABLE} and bool(change.categories & _DETECTS)


def count(number: int, noun: str, several: str = "") -> str:
    """Write ``1 rule``, ``2 rules``, ``1,131 rules``."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def first_line(review: Review) -> tuple[str, str]:
    """Return what changes in what is detected, and what changes beside."""
    changes = [rule.change for rule in review.rules]
    if not changes:
        return "No rule changes", ""
    changed = [change for change in changes if detects(change)]
    claims = Counter(_CLAIMS[each.query.verdict] for each in changed if each.query and each.query.verdict in _CLAIMS)
    told = [claim if len(changed) == 1 else f"{number} {claim}" for claim, number in claims.items()]
    scoped = sum(1 for each in changed if not (each.query and each.query.verdict in _CLAIMS))
    if scoped and claims:
        told.append(f"{scoped} in its scope or settings" if scoped == 1 else f"{scoped} in their scope or settings")
    if not changed:
        lead = "Nothing changes in what existing rules detect"
    elif len(changed) == 1 == len(changes):
        lead = "1 rule changes what it detects"
    elif len(changed) == len(changes):
        lead = f"{len(changes):,} rules change what they detect"
    elif len(changed) == 1:
        lead = f"1 of {len(changes):,} rules changes what it detects"
    else:
        lead = f"{len(changed):,} of {len(changes):,} rules change what they detect"
    return lead + (f": {', '.join(told)}" if told else ""), "; ".join(_beside(changes))


def _beside(changes: list[RuleChange]) -> Iterator[str]:
    kinds = Counter(change.kind for change in changes)
    for kind, (one, several) in _WHOLE.items():
        if kinds[kind]:
            yield f"{count(kinds[kind], 'rule')} {one if kinds[kind] == 1 else several}"
    rest = [change for change in changes if change.kind in {Kind.TUNING, Kind.METADATA} and not detects(change)]
    groups: dict[str, int] = {}
    for change in rest:
        topic = next((word for category, word in _OTHER.items() if category in change.categories), "the query's layout")
        groups[topic] = groups.get(topic, 0) + 1
    for topic, number in groups.items():
        yield f"{count(number, 'rule')} {'changes' if number == 1 else 'change'} {topic}"
    if kinds[Kind.RENAME]:
        yield f"{count(kinds[Kind.RENAME], 'rule')} only {'moves' if kinds[Kind.RENAME] == 1 else 'move'}"
    if kinds[Kind.COSMETIC]:
        yield f"{count(kinds[Kind.COSMETIC], 'rule')} {'changes' if kinds[Kind.COSMETIC] == 1 else 'change'} layout only"


_VERDICTS = {
    Verdict.INCOMPLETE: "Incomplete",
    Verdict.BLOCK: "Blocked",
    Verdict.WARN: "Passed with warnings",
    Verdict.PASS: "Passed",
}


def verdict_line(review: Review) -> tuple[str, str]:
    """Return the verdict in a word or two, and its counts."""
    numbers = finding_counts(review.all_findings())
    parts = [count(len(review.unevaluated), "file") + " could not be judged"] if review.unevaluated else []
    parts += [count(numbers[level], level) for level in ("error", "warning", "notice") if numbers[level]]
    parts += [f"{numbers['waived']:,} waived"] if numbers["waived"] else []
    parts += [f"{count(review.skipped, 'TOML file')} skipped: no rule"] if review.skipped else []
    return _VERDICTS[review.verdict], ", ".join(parts)


def fold(items: Iterable[T], key: Callable[[T], Hashable], least: int = FOLD_FROM) -> Iterator[tuple[T, ...]]:
    """Yield items one by one, but those of a key that ``least`` or more share together, where the first one stood."""
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    seen: set[Hashable] = set()
    for group_key, group in groups.items():
        if len(group) >= least and group_key not in seen:
            yield tuple(group)
        else:
            yield from ((item,) for item in group)
        seen.add(group_key)


def rows(review: Review) -> list[Row]:
    """Return the table of rules: those that detect something else first, then what came and went, then the rest."""
    told = [(rule, rule_phrases(rule.change)) for rule in review.rules]
    ordered = sorted(told, key=lambda each: _weight(each[0].change))

    def alike(each: tuple[RuleReview, tuple[Phrase, ...]]) -> Hashable:
        rule, phrases = each
        change = rule.change
        own = change.path if detects(change) or change.kind is Kind.UNREADABLE else ""
        return change.kind, phrases, own

    return [
        Row(rules=tuple(rule for rule, _ in group), phrases=group[0][1]) for group in fold(ordered, alike)
    ]


_SHOWN_FIRST = (Kind.UNREADABLE, Kind.REMOVAL, Kind.DEPRECATION, Kind.DEMOTION, Kind.NEW, Kind.RESTORATION, Kind.PROMOTION)


def _weight(change: RuleChange) -> int:
    if detects(change):
        return 0
    return 1 + (_SHOWN_FIRST.index(change.kind) if change.kind in _SHOWN_FIRST else len(_SHOWN_FIRST))


def objections(findings: Iterable[Finding]) -> list[Objection]:
    """Return findings, the most severe first, those that say the same of many rules as one."""
    ordered = sorted(findings, key=lambda each: (each.severity.rank, each.preexisting))
    groups = fold(ordered, lambda each: (each.policy, each.severity, each.message, each.preexisting))
    return [Objection(findings=group) for group in groups]


def problems(review: Review) -> list[Objection]:
    """Return what stands between the pull request and its merge: errors and warnings that nobody waived."""
    loud = (Level.ERROR, Level.WARNING)
    return objections(each for each in review.all_findings() if each.waived is None and each.severity in loud)


def asides(review: Review) -> list[Objection]:
    """Return notices, and what stood in the base already."""
    return objections(each for each in review.all_findings() if each.waived is None and each.severity is Level.NOTICE)


def waived(review: Review) -> list[Finding]:
    """Return the findings that do not count."""
    return [each for each in review.all_findings() if each.waived is not None]
