"""The next step in a rule's life: what is due, for how long, and what stands in its way."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from bot.audited import Advice, Aged
from bot.model import Finding, Level, parse_date
from bot.policy import all_policies
from bot.settings import DEPRECATED, Settings

LIMBO, UNPROMOTED, ECS = "deprecation-limbo", "unpromoted-rule", "ecs-version-outdated"
_STALE = ("stale-logic", "stale-updated-date")


def advise(
    aged: Aged, reasons: Collection[str], findings: Collection[Finding], settings: Settings, today: date
) -> Iterator[Advice]:
    """Yield what to do about a rule, one step at a time, the most final first.

    Args:
        aged: the rule and its history.
        reasons: the policies that call it stale, to the days for which that has been so.
        findings: everything that policies say of it.
        settings: the config.
        today: the day of the audit.
    """
    if settings.is_deprecated(aged.rule.path, aged.rule.maturity):
        yield from _delete(aged, settings, today)
        return
    days = {each.policy: each.value if isinstance(each.value, int) else None for each in findings}
    if LIMBO in reasons:
        blocked = _no_edge(aged, DEPRECATED, settings)
        yield Advice(step="deprecate", words="finish the deprecation", days=days[LIMBO], blocked=blocked)
    elif UNPROMOTED in reasons:
        yield _promote(aged, days[UNPROMOTED], findings, settings, today)
    elif any(reason in reasons for reason in _STALE):
        longest = max(days[reason] or 0 for reason in _STALE if reason in reasons)
        yield Advice(step="review", words="test it against today's data", days=longest)
    if ECS in reasons:
        words = f"declare ECS `{settings.ecs.minimum}` or newer"
        yield Advice(step="raise-ecs", words=words, blocked=_broken(findings))


def _delete(aged: Aged, settings: Settings, today: date) -> Iterator[Advice]:
    rule = aged.rule
    written = rule.get("metadata", "deprecation_date")
    since = parse_date(written)
    days = (today - (since or rule.updated_date or today)).days
    if days <= settings.audit.delete_days:
        return
    blocked = None
    if since is None:
        lack = "it has no `deprecation_date`" if written is None else "`deprecation_date` is no day"
        blocked = f"{lack}, so nobody knows how long users were told"
    elif rule.maturity in settings.maturity.shipping:
        blocked = f"its maturity is still `{rule.maturity}`"
    yield Advice(step="delete", words="delete it", days=days, blocked=blocked)


def _promote(aged: Aged, days: int | None, findings: Collection[Finding], settings: Settings, today: date) -> Advice:
    """Say promote, or retire where nobody has touched the rule for as long as makes another one stale."""
    updated = aged.rule.updated_date
    if updated is None or (today - updated).days > settings.audit.stale_days:
        return Advice(step="retire", words="remove it, or take it up again", days=days)
    target = next(state for state in settings.maturity.states if state in settings.maturity.shipping)
    after = settings.maturity.edges.get(aged.rule.maturity or "", ())
    step = target if target in after else next((each for each in after if each != DEPRECATED), target)
    blocked = _no_edge(aged, step, settings) or _broken(findings)
    return Advice(step="promote", words=f"promote it to `{step}`", days=days, blocked=blocked)


def _no_edge(aged: Aged, state: str, settings: Settings) -> str | None:
    """Say that the config lets no such step be taken, None where it does."""
    now = aged.rule.maturity or ""
    if state in settings.maturity.edges.get(now, ()):
        return None
    return f"`maturity.edges` has no step from `{now or 'nothing'}` to `{state}`"


def _broken(findings: Collection[Finding]) -> str | None:
    """Name the errors that a pull request for the step would be blocked by; what is excused where it stood is none."""
    known = all_policies()
    errors = sorted(
        {
            each.policy
            for each in findings
            if each.severity is Level.ERROR and each.waived is None and not known[each.policy].excusable
        }
    )
    return f"{', '.join(f'`{each}`' for each in errors)} would block the pull request" if errors else None


__all__ = ["advise"]
