"""What every surface of the audit tells alike: counts by age, folder, tactic and owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.audited import Audit, AuditedRule
from bot.model import Finding

REASONS = {
    "deprecation-limbo": "announced as deprecated, and still shipping",
    "unpromoted-rule": "waiting to be promoted",
    "stale-logic": "detection logic not changed for long",
    "stale-updated-date": "not updated for long",
    "ecs-version-outdated": "ECS version behind the minimum",
}
"""The reasons in a reader's words."""

AGES = (30, 90, 180, 365, 730, 1095, 1825)
"""Where the bars of the histogram end, in days."""

TACTICS = (
    "Reconnaissance",
    "Resource Development",
    "Initial Access",
    "Execution",
    "Persistence",
    "Privilege Escalation",
    "Defense Evasion",
    "Credential Access",
    "Discovery",
    "Lateral Movement",
    "Collection",
    "Command and Control",
    "Exfiltration",
    "Impact",
)
"""The tactics of ATT&CK for enterprises in the order of an attack, so that one that nothing covers is seen."""

NOBODY = "no owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of the histogram: how many rules have an age in a span, by either date."""

    label: str
    updated: int
    logic: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of the rules, and how many of it are stale."""

    name: str
    rules: int
    stale: int


def verb_for(audit: Audit) -> str:
    """Return the verb of ``1 of 300 rules is stale`` and ``0 of 1 rule is stale``."""
    return "is" if len(audit.stale) == 1 or len(audit.rules) == 1 else "are"


def words_for(reason: str) -> str:
    """Return a reason in a reader's words."""
    return REASONS.get(reason, reason)


def live(audit: Audit) -> list[AuditedRule]:
    """Return the rules that can be read and are not deprecated."""
    return [rule for rule in audit.rules if not rule.deprecated and not rule.unreadable]


def histogram(rules: Sequence[AuditedRule]) -> list[Bar]:
    """Count rules by both ages; one whose age is not known is in no bar."""
    edges = (-1, *AGES, 10**9)
    labels = ("≤ 30 d", "≤ 90 d", "≤ 180 d", "≤ 1 y", "≤ 2 y", "≤ 3 y", "≤ 5 y", "> 5 y")
    return [
        Bar(
            label=label,
            updated=sum(rule.age_days is not None and low < rule.age_days <= high for rule in rules),
            logic=sum(rule.logic_age_days is not None and low < rule.logic_age_days <= high for rule in rules),
        )
        for label, (low, high) in zip(labels, pairwise(edges), strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """How many rules are older than so many days, by either date; ``known`` is for how many git tells the second."""

    days: int
    updated: int
    logic: int
    known: int


def older_than(rules: Sequence[AuditedRule], days: int) -> Older:
    """Count the rules that are older than so many days."""
    logic = [rule.logic_age_days for rule in rules if rule.logic_age_days is not None]
    return Older(
        days=days,
        updated=sum(rule.age_days is not None and rule.age_days > days for rule in rules),
        logic=sum(age > days for age in logic),
        known=len(logic),
    )


def shares(rules: Iterable[AuditedRule], keys: Callable[[AuditedRule], Iterable[str]]) -> list[Share]:
    """Count rules and stale ones by some keys; a rule counts once for each of its own. The largest first."""
    total: Counter[str] = Counter()
    stale: Counter[str] = Counter()
    for rule in rules:
        for key in dict.fromkeys(keys(rule)):
            total[key] += 1
            stale[key] += rule.stale
    return [
        Share(name=name, rules=number, stale=stale[name])
        for name, number in sorted(total.items(), key=lambda item: (-item[1], item[0]))
    ]


def by_folder(audit: Audit) -> list[Share]:
    """Count by the first folders of the path, after the repository where there are several."""

    def place(rule: AuditedRule) -> tuple[str]:
        return (f"{rule.repository}: {rule.folder}" if audit.several else rule.folder,)

    return shares(audit.rules, place)


def by_tactic(audit: Audit) -> list[Share]:
    """Count the rules that are not deprecated by the tactics that they cover."""
    return shares(live(audit), lambda rule: rule.tactics or ("no tactic",))


def by_owner(rules: Iterable[AuditedRule]) -> dict[tuple[str, ...], list[AuditedRule]]:
    """Group rules by who owns them, the groups with the most rules first, those of nobody last."""
    groups: dict[tuple[str, ...], list[AuditedRule]] = {}
    for rule in rules:
        groups.setdefault(rule.owners, []).append(rule)
    return dict(sorted(groups.items(), key=lambda item: (not item[0], -len(item[1]), item[0])))


def place_of(rule: AuditedRule, audit: Audit) -> str:
    """Return where a rule stands, after its repository where there are several."""
    return f"{rule.repository}: {rule.path}" if audit.several else rule.path


def others(audit: Audit) -> Iterator[Finding]:
    """Yield what stands and makes no rule stale, each where it is, after its repository where there are several."""
    found = [
        (rule.repository, each) for rule in audit.rules for each in rule.findings if each.policy not in rule.reasons
    ]
    found += [(source.repository, each) for source in audit.sources for each in source.findings]
    for repository, each in found:
        if each.waived is None:
            yield replace(each, path=f"{repository}: {each.path}") if audit.several else each
