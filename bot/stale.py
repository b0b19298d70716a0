"""A tree of rules and their ages to an audit: asks every policy that needs no change to look at, and sorts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from bot.asking import Asked, active, excuse, finding_of, loudest_first
from bot.audited import Advice, Aged, AuditedRule, RuleHistory, attention
from bot.model import Finding, Kind, Rule, RuleChange, RuleRef, Status, Unreadable, is_table, items
from bot.policy import Context, Scope, all_policies
from bot.settings import Settings

UNREADABLE = "unreadable-rule"

Advise = Callable[[Aged, Sequence[str], Sequence[Finding]], Iterable[Advice]]
"""``advise(aged, reasons, findings)``"""

Shared = tuple[Mapping[str, tuple[RuleRef, ...]], Mapping[str, tuple[RuleRef, ...]]]
"""Rule id, and name, to the rules that hold it."""


def references(rules: Iterable[Rule], settings: Settings) -> tuple[RuleRef, ...]:
    """Return what other rules have to know of some: their ids and names."""
    return tuple(
        RuleRef(
            path=rule.path,
            rule_id=rule.rule_id,
            name=rule.name,
            deprecated=settings.is_deprecated(rule.path, rule.maturity),
        )
        for rule in rules
    )


def shared(references: Iterable[RuleRef]) -> Shared:
    """Return the ids and the names that several rules hold, each with those rules."""
    ids: dict[str, list[RuleRef]] = defaultdict(list)
    names: dict[str, list[RuleRef]] = defaultdict(list)
    for reference in references:
        if reference.rule_id is not None:
            ids[reference.rule_id].append(reference)
        if reference.name is not None:
            names[reference.name].append(reference)
    return _several(ids), _several(names)


def _several(holders: Mapping[str, Sequence[RuleRef]]) -> dict[str, tuple[RuleRef, ...]]:
    return {value: tuple(held) for value, held in holders.items() if len(held) > 1}


def audit_rules(
    rules: Iterable[Rule | Unreadable],
    histories: Mapping[str, RuleHistory],
    settings: Settings,
    *,
    today: date,
    owners: Callable[[str], tuple[str, ...]],
    advise: Advise,
    repository: str = "",
    held: Shared | None = None,
) -> tuple[AuditedRule, ...]:
    """Judge rules of a tree as they stand, what deserves attention first at the top.

    Args:
        rules: the rule files to judge.
        histories: path to what git says; a rule may be missing.
        settings: the config of the repository.
        today: the day of the audit.
        owners: tells whose a path is.
        advise: tells the next step in a rule's life.
        repository: where the rules stand.
        held: the ids and names that several rules of the tree hold; None where ``rules`` are all of it.
    """
    files = tuple(rules)
    if held is None:
        held = shared(references((rule for rule in files if isinstance(rule, Rule)), settings))
    context = Context(today=today, settings=settings, ids=held[0], names=held[1])
    asked = active(settings, {Scope.RULE, Scope.AUDIT, Scope.TREE})
    stale = {policy.id for policy in all_policies().values() if policy.stale}

    def audited(rule: Rule | Unreadable) -> AuditedRule:
        owned = owners(rule.path)
        if isinstance(rule, Unreadable):
            return _unreadable(rule, context, owned, repository)
        return _audited(rule, histories.get(rule.path), asked, stale, context, owned, advise, repository)

    return tuple(sorted(map(audited, files), key=attention))


def _audited(  # noqa: PLR0917 - what one rule is judged by
    rule: Rule,
    history: RuleHistory | None,
    asked: Sequence[Asked],
    stale: Collection[str],
    context: Context,
    owners: tuple[str, ...],
    advise: Advise,
    repository: str,
) -> AuditedRule:
    aged = Aged(rule=rule, history=history)
    deprecated = context.settings.is_deprecated(rule.path, rule.maturity)
    findings = tuple(sorted(_findings(aged, asked, context, deprecated=deprecated), key=loudest_first))
    old = [each for each in findings if each.policy in stale]
    reasons = {each.policy: each.value if isinstance(each.value, int) else None for each in old if each.waived is None}
    updated, changed = rule.updated_date, history.changed if history else None
    return AuditedRule(
        path=rule.path,
        repository=repository,
        rule_id=rule.rule_id,
        name=rule.name,
        type=rule.type,
        maturity=rule.maturity,
        severity=rule.string("rule", "severity"),
        updated_date=rule.string("metadata", "updated_date"),
        age_days=_days(updated, context.today),
        logic_changed=changed,
        unchanged_since=history.unchanged_since if history else None,
        logic_age_days=_days(changed, context.today),
        mass_edits=history.mass_edits if history else None,
        owners=owners,
        tactics=_tactics(rule),
        deprecated=deprecated,
        reasons=dict(sorted(reasons.items())),
        postponed=tuple(sorted({each.policy for each in old if each.waived is not None})),
        findings=findings,
        advice=tuple(advise(aged, tuple(reasons), findings)),
    )


def _days(day: date | None, today: date) -> int | None:
    """Count the days since a day; one that is yet to come is today."""
    return None if day is None else max(0, (today - day).days)


def _tactics(rule: Rule) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for threat in items(rule.get("rule", "threat")):
        tactic = threat.get("tactic") if is_table(threat) else None
        name = tactic.get("name") if is_table(tactic) else None
        if isinstance(name, str):
            names[name] = None
    return tuple(names)


def _findings(aged: Aged, asked: Sequence[Asked], context: Context, *, deprecated: bool) -> Iterator[Finding]:
    """Ask every policy about one rule; a deprecated one cannot be stale, it is over."""
    rule = aged.rule
    spoken: set[str] = set()
    for each in asked:
        policy = each.policy
        if policy.first_of in spoken or (deprecated and policy.stale):
            continue
        subject: object = rule
        if policy.scope is Scope.AUDIT:
            subject = aged
        elif policy.scope is Scope.TREE:
            if rule.rule_id not in context.ids and rule.name not in context.names:
                continue
            subject = _as_new(rule)
        for violation in policy.check(subject, context, each.options):
            spoken |= {policy.first_of} - {""}
            found = finding_of(each, violation, path=rule.path, subject=rule, head=rule)
            yield excuse(found, rule, context.settings, context.today)


def _as_new(after: Rule | Unreadable) -> RuleChange:
    """Show a rule to a policy that looks at changes as one that has just come."""
    kind = Kind.NEW if isinstance(after, Rule) else Kind.UNREADABLE
    return RuleChange(path=after.path, previous_path=None, status=Status.ADDED, kind=kind, before=None, after=after)


def _unreadable(file: Unreadable, context: Context, owners: tuple[str, ...], repository: str) -> AuditedRule:
    findings = [
        finding_of(asked, violation, path=file.path, subject=None, head=None)
        for asked in active(context.settings, {Scope.CHANGE})
        if asked.policy.id == UNREADABLE
        for violation in asked.policy.check(_as_new(file), context, asked.options)
    ]
    return AuditedRule(
        path=file.path,
        repository=repository,
        owners=owners,
        deprecated=file.path in context.settings.rules.retired,
        unreadable=True,
        findings=tuple(findings),
    )


__all__ = ["Advise", "Shared", "audit_rules", "references", "shared"]
