"""What every surface for people says alike: the headline, the verdict, and folding of what many rules share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.asking import NO_RULE_FILES
from bot.model import Category, Finding, Kind, Level, QueryVerdict, Review, RuleChange, RuleReview, Verdict
from bot.policy import all_policies
from bot.render.queries import explained
from bot.report import finding_counts
from bot.told import again, finished
from bot.words import Phrase, Piece, plain, rule_phrases

T = TypeVar("T")
FOLD_FROM = 3
"""So many rules that share their words become one line."""

_ODD_LINES = 3
_MANY = 8  # lines of one policy that become one
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
_GOING = frozenset({Kind.REMOVAL, Kind.DEPRECATION, Kind.DEMOTION})
"""What takes coverage away without an edit of what is detected: nobody may read first that nothing changes."""

_EDITED = frozenset({Kind.TUNING, Kind.METADATA})
_CUT = re.compile(r"…|\b[0-9,]+ more\b|: [0-9]+ (?:changed|added|removed)\b")
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
    """Tell whether an edited rule detects something else than before."""
    return change.kind not in {Kind.NEW, Kind.REMOVAL, Kind.UNREADABLE} and bool(change.categories & _DETECTS)


def count(number: int, noun: str, several: str = "") -> str:
    """Write ``1 rule``, ``2 rules``, ``1,131 rules``."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def first_line(review: Review) -> tuple[str, tuple[Phrase, ...]]:
    """Return what changes in what is detected, and what changes beside."""
    changes = [rule.change for rule in review.rules]
    if not changes:
        if review.unevaluated:
            return "No change could be judged", ()
        nothing = any(each.policy == NO_RULE_FILES for each in review.findings)
        return "Nothing is reviewed, for no file here is a rule" if nothing else "No rule changes", ()
    changed = [change for change in changes if detects(change)]
    number, total = len(changed), len(changes)
    if not changed:
        existing = all(change.kind not in _GOING for change in changes) and any(
            change.kind is not Kind.NEW for change in changes
        )
        lead = f"Nothing changes in what {'existing ' if total > 1 else ''}rules detect" if existing else ""
    else:
        lead = count(number, "rule") if number == total else f"{number:,} of {count(total, 'rule')}"
        lead += " changes what it detects" if number == 1 else " change what they detect"
    claims = ", ".join(_alike(changed) or _claimed(changed))
    beside = tuple(_beside(changes))
    if not lead and beside:
        return plain(beside[0]), beside[1:]
    return finished(lead + (f": {claims}" if claims else "")), beside


def _claimed(changed: list[RuleChange]) -> Iterator[str]:
    """Say in which direction, with how many where several changed."""
    claims = Counter(_claim(change) for change in changed)
    for claim, number in claims.items():
        yield claim if len(changed) == 1 else f"{number:,} {claim}"


def _alike(changed: list[RuleChange]) -> list[str]:
    """Say what most of them have in common, and how many differ; nothing where no edit is that of the most."""
    groups = Counter(told for told in map(_edit, changed) if told)
    (told, number), *_ = groups.most_common(1) or [((), 0)]
    if number < FOLD_FROM or number * 2 < len(changed):
        return []
    how = "all" if number == len(changed) else f"{number:,}"
    words = f"{how} alike ({', '.join(map(again, told))})"
    left = len(changed) - number
    return [words, *([f"{left:,} {'differs' if left == 1 else 'differ'}"] if left else [])]


def _edit(change: RuleChange) -> tuple[str, ...]:
    """What became of what a rule asks, empty where the words leave something out: equal words are equal edits."""
    told = explained(change)
    return () if any(_CUT.search(line) for line in told) else told


def _claim(change: RuleChange) -> str:
    if change.query is not None and change.query.apart:
        return f"another {change.query.apart}"
    if change.query is not None and change.query.verdict in _CLAIMS:
        return _CLAIMS[change.query.verdict]
    return "another rule type, filter or setting" if Category.LOGIC in change.categories else "other indices"


def _beside(changes: list[RuleChange]) -> Iterator[Phrase]:
    """Say what else happens: what comes and goes, what most rules share, then what the others are about."""
    kinds = Counter(change.kind for change in changes)
    for kind, (one, several) in _WHOLE.items():
        if kinds[kind]:
            yield _plainly(kinds[kind], one, several)
    told = [(change, rule_phrases(change), detects(change)) for change in changes if change.kind in _EDITED]
    shared = Counter(
        phrase
        for _, phrases, detecting in told
        for phrase in phrases
        if not (detecting and plain(phrase).startswith("query "))  # counted by its edits already
    )
    common, number = shared.most_common(1)[0] if shared else ((), 0)
    if number >= FOLD_FROM and number * 2 >= len(changes):
        yield (Piece(f"{count(number, 'rule')}: "), *common)
    else:
        common = ()
    topics = Counter(_topic(change) for change, phrases, detecting in told if not detecting and phrases != (common,))
    topics[_OTHER[Category.SEVERITY]] += sum(
        detecting and Category.SEVERITY in change.categories and common not in phrases
        for change, phrases, detecting in told
    )
    for topic, each in (+topics).items():
        yield _plainly(each, f"changes {topic}", f"change {topic}")
    if kinds[Kind.RENAME]:
        yield _plainly(kinds[Kind.RENAME], "only moves", "only move")
    if kinds[Kind.COSMETIC]:
        yield _plainly(kinds[Kind.COSMETIC], "changes layout only", "change layout only")


def _plainly(number: int, one: str, several: str) -> Phrase:
    return (Piece(f"{count(number, 'rule')} {one if number == 1 else several}"),)


def _topic(change: RuleChange) -> str:
    return next((word for category, word in _OTHER.items() if category in change.categories), "the query's text only")


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
    for group in groups.values():
        if len(group) >= least:
            yield tuple(group)
        else:
            yield from ((item,) for item in group)


def rows(review: Review) -> list[Row]:
    """Return the table of rules: those that detect something else first, then what came and went, then the rest.

    Of those that detect something else, the odd ones out come before what many have in common, and what loses
    coverage before what only gains it.
    """
    told = [(rule, rule_phrases(rule.change)) for rule in review.rules]
    ordered = sorted(told, key=lambda each: _weight(each[0].change))

    def alike(each: tuple[RuleReview, tuple[Phrase, ...]]) -> Hashable:
        rule, phrases = each
        change = rule.change
        if change.kind is Kind.UNREADABLE:
            return change.path
        return change.kind, phrases, detects(change) and (_edit(change) or _whole(phrases) or change.path)

    groups = list(fold(ordered, alike))
    common = [_edit(group[0][0].change) for group in groups if len(group) > 1 and detects(group[0][0].change)]
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
    """What many rules have in common; of an odd one out, what it has beside that."""
    if number > 1:
        yield from _edit(change) if detects(change) else ()
    elif detects(change):
        own = [line for line in explained(change) if not any(line in each for each in common)]
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


def _weight(change: RuleChange) -> int:
    if detects(change):
        return 0
    return 1 + (_SHOWN_FIRST.index(change.kind) if change.kind in _SHOWN_FIRST else len(_SHOWN_FIRST))


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
