"""Folding: what many rules share is one line on every surface for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.model import Category, Finding, Kind, Level, QueryVerdict, Review, RuleChange, RuleReview
from bot.policy import all_policies
from bot.render.queries import explained
from bot.told import Told
from bot.words import Phrase, plain, rule_phrases

T = TypeVar("T")
FOLD_FROM = 3
"""So many rules that share their words become one line."""

_ODD_LINES = 3
_MANY = 8  # lines of one policy that become one
_DETECTS = frozenset({Category.LOGIC, Category.SCOPE})
INTEGRATION = ("metadata", "integration")
"""A key of scope that says where a rule's events come from, and is no part of what it asks."""

SUPPRESSION = ("rule", "alert_suppression")
"""A table of logic that decides which alerts become one, and not what is found."""

_CUT = re.compile(r"…|\b[0-9,]+ more\b|: [0-9]+ (?:changed|added|removed)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table of rules: one rule, or several that changed alike.

    Attributes:
        rules: in the order of the review; one unless they are folded.
        phrases: what happened to each of them.
        told: what became of what each of them asks, a line each; empty where no rules are folded for that.
    """

    rules: tuple[RuleReview, ...]
    phrases: tuple[Phrase, ...]
    told: tuple[str, ...] = ()

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
    def alike(self) -> bool:
        """Whether all of them say the same."""
        return len({each.message for each in self.findings}) == 1

    @property
    def message(self) -> str:
        """What is wrong; of many that differ in the details, what they have in common."""
        known = all_policies().get(self.first.policy)
        if self.alike or known is None:
            return self.first.message
        return f"{known.summary.replace('``', '`')} For the first: {self.first.message}"

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file it is about, each once."""
        return tuple(dict.fromkeys(path for each in self.findings for path in (each.path, *each.paths) if path))


def detects(change: RuleChange) -> bool:
    """Tell whether an edited rule detects something else than before; suppression folds what it detects."""
    if change.kind in {Kind.NEW, Kind.REMOVAL, Kind.UNREADABLE}:
        return False
    asked = (leaf for leaf in change.changes if leaf.path[:2] not in {INTEGRATION, SUPPRESSION})
    return any(leaf.category in _DETECTS and change.means(leaf) for leaf in asked)


def count(number: int, noun: str, several: str = "") -> str:
    """Write ``1 rule``, ``2 rules``, ``1,131 rules``."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def edit_of(change: RuleChange) -> tuple[str, ...]:
    """Return what became of what a rule asks, empty where the words leave something out: equal words, equal edits."""
    told = explained(change)
    return () if any(_CUT.search(line) for line in told) else told


def fold(items: Iterable[T], key: Callable[[T], Hashable], least: int = FOLD_FROM) -> Iterator[tuple[T, ...]]:
    """Yield items one by one, but those of a key that ``least`` or more share together, where the first one stood."""
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    for group in groups.values():
        if len(group) >= least:
            yield tuple(group)
        else:
            yield from ((item,) for item in group)


def rows(review: Review) -> list[Row]:
    """Return the table of rules: those that detect something else first, then what came and went, then the rest.

    Of the rest, what whoever gets the alerts notices comes before tags and texts. Of those that detect something else,
    the odd ones out come before what many have in common, and what loses coverage before what only gains it.
    """
    told = [(rule, rule_phrases(rule.change)) for rule in review.rules]
    ordered = sorted(told, key=lambda each: _weight(each[0].change))

    def alike(each: tuple[RuleReview, tuple[Phrase, ...]]) -> Hashable:
        rule, phrases = each
        change = rule.change
        if change.kind is Kind.UNREADABLE:
            return change.path
        return change.kind, phrases, detects(change) and (edit_of(change) or _whole(phrases) or change.path)

    groups = list(fold(ordered, alike))
    common = [edit_of(group[0][0].change) for group in groups if len(group) > 1 and detects(group[0][0].change)]
    made = [
        Row(
            rules=tuple(rule for rule, _ in group),
            phrases=group[0][1],
            told=tuple(_lines(group[0][0].change, len(group), common)) if common else (),
        )
        for group in groups
    ]
    return sorted(made, key=_place)


_LOSES = (QueryVerdict.NARROWED, QueryVerdict.CHANGED, QueryVerdict.UNKNOWN, QueryVerdict.NARROWED_OR_EQUAL)


def _place(row: Row) -> tuple[int, int, int]:
    if not detects(row.change):
        return _weight(row.change), 0, 0
    verdict = row.change.query.verdict if row.change.query else QueryVerdict.UNKNOWN  # another filter may lose as well
    return 0, len(row.rules), _LOSES.index(verdict) if verdict in _LOSES else len(_LOSES)


def _lines(change: RuleChange, number: int, common: list[tuple[str, ...]]) -> Iterator[str]:
    """What many rules have in common; of an odd one out, what it has beside that, or all where that names nothing."""
    if number > 1:
        yield from edit_of(change) if detects(change) else ()
    elif detects(change):
        told = explained(change)
        own = [line for line in told if not any(line in each for each in common)]
        own = own if any(isinstance(line, Told) and line.values for line in own) else list(told)
        yield from own[:_ODD_LINES]
        yield from [f"and {len(own) - _ODD_LINES} more"] if len(own) > _ODD_LINES else []


def _whole(phrases: tuple[Phrase, ...]) -> bool:
    """Tell whether phrases about something else than a query leave nothing out."""
    return not any(_CUT.search(plain(phrase)) or plain(phrase).startswith("query ") for phrase in phrases)


_SHOWN_FIRST = (
    Kind.UNREADABLE,
    Kind.REMOVAL,
    Kind.DEPRECATION,
    Kind.DEMOTION,
    Kind.NEW,
    Kind.RESTORATION,
    Kind.PROMOTION,
)

_FELT = frozenset({Category.SEVERITY, Category.SCHEDULE, Category.RESPONSE, Category.LOGIC})
"""What whoever gets the alerts notices, though the rule detects the same; of logic that is suppression.

Of scope that would be the integration alone, which nobody notices.
"""


def _weight(change: RuleChange) -> int:
    if detects(change):
        return 0
    if change.kind in _SHOWN_FIRST:
        return 1 + _SHOWN_FIRST.index(change.kind)
    return 1 + len(_SHOWN_FIRST) + change.effects.isdisjoint(_FELT)


def objections(findings: Iterable[Finding]) -> list[Objection]:
    """Return findings, the most severe first; what is the same for many rules is one, and so is much of one policy."""
    ordered = sorted(findings, key=lambda each: (each.severity.rank, each.preexisting))
    same = fold(ordered, lambda each: (each.policy, each.severity, each.message, each.preexisting))

    def kind(group: tuple[Finding, ...]) -> Hashable:
        first = group[0]  # each fault of a config is its own: its place says nothing of the others
        return first.policy, first.severity, first.preexisting, first.message if first.located else ""

    groups = fold(same, kind, least=_MANY)
    return [Objection(findings=tuple(each for group in several for each in group)) for several in groups]


def problems(review: Review) -> list[Objection]:
    """Return what stands between the pull request and its merge: errors and warnings that nobody waived."""
    loud = (Level.ERROR, Level.WARNING)
    return objections(each for each in review.all_findings() if each.waived is None and each.severity in loud)


def places(findings: Iterable[Finding]) -> list[str]:
    """Return where findings stand, the first of each file."""
    first: dict[str, str] = {}
    for each in findings:
        path = each.path or ", ".join(each.paths)
        first.setdefault(path, f"{path}:{each.line}" if each.line else path)
    return list(first.values())


def asides(review: Review) -> list[Objection]:
    """Return notices, and what stood in the base already."""
    return objections(each for each in review.all_findings() if each.waived is None and each.severity is Level.NOTICE)


def waived(review: Review) -> list[Finding]:
    """Return the findings that do not count."""
    return [each for each in review.all_findings() if each.waived is not None]
