"""The nouns of an audit: what is known of every rule of a tree, as values that a report holds and gives back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.model import Finding, Rule, Unevaluated

SEVERITIES = ("critical", "high", "medium", "low")
"""How severe a rule's alerts are, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """What a commit did to one file; the blob ids are empty on a side where it is absent."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit, as far as rule files go.

    Attributes:
        sha: empty for what the working tree changes.
        first: whether history begins here: what it holds may have come from elsewhere, with its maturity and notices.
        cut: whether it begins here only because this clone is shallow, so that nothing tells what was before.
    """

    sha: str
    day: date
    first: bool
    cut: bool = False
    edits: tuple[FileEdit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHistory:
    """What git says of one rule; a day is None where history does not reach back to the change.

    Attributes:
        changed: when the logic or the scope last changed.
        unchanged_since: the oldest day on which it is known to have been as it is, where ``changed`` is not known.
        noticed: when the name gained, or lost, its notice of deprecation.
        matured: when the maturity became what it is.
        mass_edits: how many commits that touched very many rules have edited this one since its logic changed.
    """

    changed: date | None = None
    unchanged_since: date | None = None
    noticed: date | None = None
    matured: date | None = None
    mass_edits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """One rule and its history: what the policies of the audit are asked about.

    Attributes:
        history: None where there is none to be had.
    """

    rule: Rule
    history: RuleHistory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The next step in a rule's life, and what stands in its way.

    Attributes:
        step: ``promote``, ``retire``, ``deprecate``, ``delete``, ``raise-ecs`` or ``review``.
        words: the step in a few words.
        days: for how long it has been due, or the rule has waited; None where no date tells.
        blocked: why it cannot be done as things are, None where nothing stands in the way.
    """

    step: str
    words: str
    days: int | None = None
    blocked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedRule:
    """One rule of the tree, and what the audit says of it.

    Attributes:
        repository: where it stands, as ``owner/name`` where that is known.
        updated_date: as the rule writes it, None where it writes no text.
        age_days: since ``updated_date``; None where that is no day.
        logic_changed: as in `RuleHistory`.
        unchanged_since: as in `RuleHistory`.
        logic_age_days: since ``logic_changed``; None where that is not known.
        mass_edits: as in `RuleHistory`; None where there is no history.
        owners: as CODEOWNERS names them.
        tactics: the names of the tactics that it covers, each once.
        deprecated: whether it is kept for the record only.
        unreadable: whether the file cannot be read as a rule.
        reasons: the policies that call it stale, to the days for which that has been so (None: no day is known).
        postponed: the policies that would call it stale, but for an exception of the config.
        findings: what every policy says, the reasons among them.
    """

    path: str
    repository: str = ""
    rule_id: str | None = None
    name: str | None = None
    type: str | None = None
    maturity: str | None = None
    severity: str | None = None
    updated_date: str | None = None
    age_days: int | None = None
    logic_changed: date | None = None
    unchanged_since: date | None = None
    logic_age_days: int | None = None
    mass_edits: int | None = None
    owners: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    deprecated: bool = False
    unreadable: bool = False
    reasons: Mapping[str, int | None] = field(default_factory=dict[str, "int | None"])
    postponed: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    advice: tuple[Advice, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether any reason stands."""
        return bool(self.reasons)

    @property
    def folder(self) -> str:
        """The first two folders of its path, or the first."""
        parts = self.path.split("/")[:-1]
        return "/".join(parts[:2]) or "."

    @property
    def title(self) -> str:
        """What to call it: its name, or its path where it has none."""
        return self.name or self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One repository that was audited.

    Attributes:
        sha: the commit, None for a working tree.
        note: what could not be learnt from its history, empty where all of it could.
        findings: of no single rule, such as an exception that has expired.
    """

    repository: str
    ref: str
    sha: str | None
    note: str = ""
    findings: tuple[Finding, ...] = ()
    unevaluated: tuple[Unevaluated, ...] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The finished audit: all that any renderer needs.

    Attributes:
        sources: the repositories, sorted by name.
        rules: every rule of their trees, what deserves attention first at the top.
    """

    today: date
    sources: tuple[Source, ...]
    rules: tuple[AuditedRule, ...] = ()

    @property
    def stale(self) -> tuple[AuditedRule, ...]:
        """The rules with a reason, in order."""
        return tuple(rule for rule in self.rules if rule.stale)

    @property
    def complete(self) -> bool:
        """Whether every file could be judged."""
        return not any(source.unevaluated for source in self.sources)

    @property
    def several(self) -> bool:
        """Whether it is about more than one repository."""
        return len(self.sources) > 1

    def reasons(self) -> dict[str, int]:
        """Return how many rules each reason holds for, by the reason's name."""
        counts = Counter(reason for rule in self.rules for reason in rule.reasons)
        return {reason: counts[reason] for reason in sorted(counts)}

    def all_findings(self) -> Iterator[Finding]:
        """Every finding, those of single rules first."""
        for rule in self.rules:
            yield from rule.findings
        for source in self.sources:
            yield from source.findings


def attention(rule: AuditedRule) -> tuple[object, ...]:
    """Return what to sort by: stale rules first; then the severest, the loudest finding, the reason and the oldest."""
    severity = SEVERITIES.index(rule.severity) if rule.severity in SEVERITIES else len(SEVERITIES)
    standing = [finding.severity.rank for finding in rule.findings if finding.waived is None]
    days = max((each for each in rule.reasons.values() if each is not None), default=rule.age_days or 0)
    first = min(map(_rank, rule.reasons), default=len(_ORDER))
    return (not rule.stale, severity, first, min(standing, default=9), -days, rule.repository, rule.path)


_ORDER = ("deprecation-limbo", "unpromoted-rule", "stale-logic", "stale-updated-date", "ecs-version-outdated")
"""A decision that was begun and left lying comes before mere age."""


def _rank(reason: str) -> int:
    return _ORDER.index(reason) if reason in _ORDER else len(_ORDER)


__all__ = [
    "SEVERITIES",
    "Advice",
    "Aged",
    "Audit",
    "AuditedRule",
    "Commit",
    "FileEdit",
    "RuleHistory",
    "Source",
    "attention",
]
