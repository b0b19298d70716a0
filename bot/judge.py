"""A change set to findings, labels and a verdict: asks every policy, tells what stood in the base, sorts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.asking import Asked, active, excuse, expired, finding_of, loudest_first
from bot.fields import FieldSets
from bot.model import (
    Category,
    ChangeSet,
    Finding,
    Kind,
    Level,
    QueryVerdict,
    Review,
    RuleChange,
    RuleRef,
    RuleReview,
    Verdict,
    exact,
)
from bot.policy import REVIEWED, Context, Policy, Scope, Violation, all_policies
from bot.settings import PolicySetting, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the policies say of a whole pull request.

    Attributes:
        rules: every change with its findings, in the order of the change set.
        findings: of no single rule.
        labels: the label ids that the pull request should carry, sorted.
    """

    rules: tuple[RuleReview, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict
    labels: tuple[str, ...]


def judge(
    changes: ChangeSet,
    settings: Settings,
    *,
    today: date,
    ids: Mapping[str, tuple[RuleRef, ...]] | None = None,
    names: Mapping[str, tuple[RuleRef, ...]] | None = None,
    title: str = "",
    findings: Iterable[Finding] = (),
    fields: FieldSets | None = None,
) -> Judgement:
    """Ask every policy about every changed rule.

    Args:
        changes: what the pull request did.
        settings: the base branch's config.
        today: the day of the review.
        ids: rule id to the rules of the head that hold it, at least for every new or changed id.
        names: the same by name.
        title: of the pull request.
        findings: what is known already about no single rule (a bad config).
        fields: the field sets of ECS with what the repository adds; None for those that Ruleward brings.
    """
    context = Context(today=today, settings=settings, ids=ids or {}, names=names or {}, title=title, fields=fields)
    asked = active(settings, REVIEWED)
    reviews = tuple(_review(change, asked, context) for change in changes.rules)
    general = tuple(excuse(finding, None, settings, today) for finding in findings)
    everything = [*general, *(finding for review in reviews for finding in review.findings)]
    verdict = verdict_of(everything, complete=not changes.unevaluated)
    return Judgement(
        rules=reviews, findings=general, verdict=verdict, labels=labels_of(changes, everything, verdict, settings)
    )


def levels_of(settings: Settings) -> dict[str, Level]:
    """Return the policies that a review asks, and the level of each."""
    return {each.policy.id: each.level for each in active(settings, REVIEWED)}


def is_on(identity: str, settings: Settings) -> bool:
    """Tell whether a policy is asked at all."""
    return identity in levels_of(settings)


def _review(change: RuleChange, asked: Sequence[Asked], context: Context) -> RuleReview:
    """Collect the findings of one rule; of policies that share a ``first_of`` the first alone speaks."""
    findings: list[Finding] = []
    spoken: set[str] = set()
    subject = change.subject
    context = replace(context, base=change.base)
    for each in asked:
        policy = each.policy
        if policy.first_of in spoken:
            continue
        found = [
            finding_of(each, violation, path=change.path, subject=subject, head=change.head, preexisting=preexisting)
            for violation, preexisting in _violations(change, policy, context, each.options)
        ]
        if found and policy.first_of:
            spoken.add(policy.first_of)
        findings += found
    excused = [excuse(finding, subject, context.settings, context.today) for finding in findings]
    return RuleReview(change=change, findings=tuple(sorted(excused, key=loudest_first)))


def _violations(
    change: RuleChange, policy: Policy, context: Context, options: object
) -> Iterator[tuple[Violation, bool]]:
    """Run one policy on one rule; the flag tells whether the objection stood in the base."""
    if policy.scope is not Scope.RULE:
        for violation in policy.check(change, context, options):
            yield violation, False
        return
    if change.head is None:
        return
    stood: set[object] | None = None
    for violation in policy.check(change.head, context, options):
        if stood is None:
            base = change.base if policy.excusable else None
            stood = {_mark(each) for each in policy.check(base, context, options)} if base is not None else set()
        yield violation, _mark(violation) in stood


def _mark(violation: Violation) -> object:
    return violation.at, exact(violation.value)


def without_dates(settings: Settings) -> Settings:
    """Return settings under which no date is judged: a merge queue asks again days after the review."""
    dates = (policy for policy in all_policies().values() if policy.group == "dates")
    off = {policy.id: PolicySetting(level=Level.OFF, options=policy.defaults()) for policy in dates}
    return replace(settings, policies={**settings.policies, **off})


def judged_again(review: Review, settings: Settings) -> Review:
    """Draw verdict and labels anew, after some findings were waived."""
    changes = ChangeSet(rules=tuple(rule.change for rule in review.rules), unevaluated=review.unevaluated)
    findings = list(review.all_findings())
    verdict = verdict_of(findings, complete=not review.unevaluated)
    labels = labels_of(changes, findings, verdict, settings)
    names = {label: style.name for label, style in settings.labels.items() if style.name is not None}
    return replace(review, verdict=verdict, labels=labels, names=names)


def exit_status(review: Review, fail_on: str) -> int:
    """Return the exit status of a review: what could not be completed never looks like a pass.

    Args:
        review: the finished review.
        fail_on: ``error``, ``warning`` or ``never``: the least severe finding that makes it 1.
    """
    if review.verdict is Verdict.INCOMPLETE:
        return INCOMPLETE
    if fail_on == "never":
        return 0
    worst = Level(fail_on).rank
    standing = (finding.severity.rank for finding in review.all_findings() if finding.waived is None)
    return BLOCKED if any(rank <= worst for rank in standing) else 0


BLOCKED, INCOMPLETE = 1, 3

CONFIG_INVALID = "config-invalid"


def verdict_of(findings: Iterable[Finding], *, complete: bool) -> Verdict:
    """Return the verdict: incomplete beats block beats warn beats pass; what is waived counts for nothing."""
    if not complete:
        return Verdict.INCOMPLETE
    levels = {finding.severity for finding in findings if finding.waived is None}
    if Level.ERROR in levels:
        return Verdict.BLOCK
    return Verdict.WARN if Level.WARNING in levels else Verdict.PASS


_LABELLED = frozenset(
    {
        Kind.NEW,
        Kind.TUNING,
        Kind.DEPRECATION,
        Kind.PROMOTION,
        Kind.DEMOTION,
        Kind.RESTORATION,
        Kind.REMOVAL,
        Kind.METADATA,
    }
)
_IMPACTS = frozenset(
    {
        Category.LOGIC,
        Category.SCOPE,
        Category.SCHEDULE,
        Category.SEVERITY,
        Category.THREAT,
        Category.RESPONSE,
    }
)
_DIRECTIONS = frozenset({QueryVerdict.NARROWED, QueryVerdict.BROADENED})


def labels_of(changes: ChangeSet, findings: Iterable[Finding], verdict: Verdict, settings: Settings) -> tuple[str, ...]:
    """Return the ids of the labels that a pull request should carry, sorted."""
    labels = {f"rule: {change.kind}" for change in changes.rules if change.kind in _LABELLED}
    labels |= {f"impact: {category}" for change in changes.rules for category in change.categories & _IMPACTS}
    labels |= {
        f"impact: {change.query.verdict}"
        for change in changes.rules
        if change.query is not None and change.query.verdict in _DIRECTIONS
    }
    if verdict is Verdict.BLOCK:
        labels.add("governance: blocked")
    if any(finding.waived is not None and finding.waived.by is not None for finding in findings):
        labels.add("governance: waived")
    if len(changes.rules) >= settings.comment.bulk_threshold:
        labels.add("governance: bulk")
    return tuple(sorted(labels))


__all__ = [
    "BLOCKED",
    "CONFIG_INVALID",
    "INCOMPLETE",
    "Judgement",
    "exit_status",
    "expired",
    "is_on",
    "judge",
    "judged_again",
    "labels_of",
    "levels_of",
    "verdict_of",
    "without_dates",
]
