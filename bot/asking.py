"""What the review and the audit share: which policies are on, an objection made a finding, and standing exceptions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date

from bot.layout import layout_of
from bot.model import Finding, Level, Rule, Waived, quieter
from bot.policy import Policy, Scope, Violation, all_policies
from bot.settings import Settings

EXCEPTION_EXPIRED = "exception-expired"
NO_RULE_FILES = "no-rule-files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A policy as a repository has set it."""

    policy: Policy
    level: Level
    options: object


def active(settings: Settings, scopes: Collection[Scope]) -> tuple[Asked, ...]:
    """Return the policies of some scopes that are not off, in their order."""
    found = (_asked(policy, settings) for policy in all_policies().values() if policy.scope in scopes)
    return tuple(each for each in found if each.level is not Level.OFF)


def _asked(policy: Policy, settings: Settings) -> Asked:
    chosen = settings.policies.get(policy.id)
    if chosen is None:
        return Asked(policy=policy, level=policy.level, options=policy.defaults())
    options = chosen.options if chosen.options is not None else policy.defaults()
    return Asked(policy=policy, level=chosen.level or policy.level, options=options)


def finding_of(
    asked: Asked,
    violation: Violation,
    *,
    path: str,
    subject: Rule | None,
    head: Rule | None,
    preexisting: bool = False,
) -> Finding:
    """Give an objection its level, its line and its fix.

    Args:
        asked: the policy that objects.
        violation: its objection.
        path: the file that it is about.
        subject: the rule whose lines are meant, the head's or that of a removed one.
        head: the rule that a fix would be made in, None where there is none.
        preexisting: whether it stood in the base; then it is never above a notice.
    """
    severity = quieter(asked.level, violation.cap) if violation.cap else asked.level
    if preexisting:
        severity = quieter(severity, Level.NOTICE)
    fixed = layout_of(head.text).set(violation.at, violation.fix) if head and violation.fix is not None else None
    line = violation.line
    if line is None and fixed is not None:
        line = fixed.start_line
    elif line is None and subject is not None and violation.at:
        lines = layout_of(subject.text).lines(violation.at)
        line = lines[0] if lines else None
    return Finding(
        policy=asked.policy.id,
        severity=severity,
        message=violation.message,
        path=path,
        line=line,
        at=violation.at,
        value=violation.value,
        preexisting=preexisting,
        fix=fixed,
    )


def loudest_first(finding: Finding) -> tuple[int, int, str, str]:
    """Return what the findings of one rule are sorted by."""
    return finding.severity.rank, finding.line or 0, finding.policy, finding.message


def excuse(finding: Finding, rule: Rule | None, settings: Settings, today: date) -> Finding:
    """Mark a finding that a standing exception of the config covers."""
    if not settings.exceptions:
        return finding
    policy = all_policies().get(finding.policy)
    if policy is None or not policy.waivable:
        return finding
    for exception in settings.exceptions:
        rule_id = rule.rule_id if rule is not None else None
        if exception.holds(today) and exception.covers(finding.policy, path=finding.path, rule_id=rule_id):
            return replace(finding, waived=Waived(exception=exception.reason, expires=exception.expires))
    return finding


def expired(settings: Settings, today: date, path: str) -> Iterator[Finding]:
    """Yield a notice for every standing exception whose last day has passed."""
    for exception in settings.exceptions:
        if not exception.holds(today):
            subject = exception.rule_id or exception.path
            yield Finding(
                policy=EXCEPTION_EXPIRED,
                severity=Level.NOTICE,
                message=f"the exception of `{exception.policy}` for `{subject}` expired on {exception.expires}",
                path=path,
                line=exception.line,
            )


def no_rule_files(settings: Settings, path: str, *, coming: Settings | None = None) -> Finding:
    """Say that a tree holds no rule file: a review of nothing must not look like one that found nothing.

    Args:
        settings: what was judged by.
        path: of the config.
        coming: the config that the change itself brings, where there are rules by that one.
    """
    if coming is None:
        finds = "name the folders of your rules there (`ruleward init` finds them)"
        say = f"by `rules.include` ({_include(settings)}): {finds}"
    else:
        say = (
            f"by `rules.include` of the base branch ({_include(settings)}): that of this change ({_include(coming)}) "
            f"counts once it is merged; until then try it with `ruleward review --config {path}`"
        )
    return Finding(policy=NO_RULE_FILES, severity=Level.NOTICE, message=f"no file here is a rule {say}", path=path)


def _include(settings: Settings) -> str:
    return ", ".join(f"`{pattern}`" for pattern in settings.rules.include)


__all__ = [
    "EXCEPTION_EXPIRED",
    "NO_RULE_FILES",
    "Asked",
    "active",
    "excuse",
    "expired",
    "finding_of",
    "loudest_first",
    "no_rule_files",
]
