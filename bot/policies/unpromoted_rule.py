"""Rules that never left development."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audited import Aged
from bot.model import Level
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.WARNING, scope=Scope.AUDIT, group="stale")
def unpromoted_rule(aged: Aged, context: Context, _options: None) -> Iterator[Violation]:
    """The rule has been in a state before shipping for more than `audit.promote_days`.

    Why: a rule that does not ship protects nobody, and one that waits for long is seldom picked up again by itself.

    Fix: promote the rule, or remove it and keep it in the history of the repository.
    """
    rule, history, states = aged.rule, aged.history, context.settings.maturity
    if not states.before_shipping(rule.maturity):
        return
    since = (history.matured if history else None) or rule.creation_date
    days = (context.today - since).days if since else 0
    if since is not None and days > context.settings.audit.promote_days:
        yield Violation(
            message=f"{coded(rule.maturity)} since `{since.isoformat()}`, {days:,} days ago",
            at=("metadata", "maturity"),
            value=days,
        )
