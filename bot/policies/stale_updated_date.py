"""Rules that nobody has touched for long."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audited import Aged
from bot.model import Level, format_date
from bot.policy import Context, Scope, Violation, policy


@policy(Level.WARNING, scope=Scope.AUDIT, group="stale")
def stale_updated_date(aged: Aged, context: Context, _options: None) -> Iterator[Violation]:
    """The rule was last updated more than `audit.stale_days` ago.

    Why: what attackers do and what sensors log goes on changing; a rule that nobody has looked at since may have
    fallen silent, and silence looks like safety.

    Fix: test the rule against today's data. Tune it and set `updated_date`, deprecate it, or put an exception with a
    last day into the config.
    """
    updated = aged.rule.updated_date
    days = (context.today - updated).days if updated else 0
    if updated is not None and days > context.settings.audit.stale_days:
        yield Violation(
            message=f"last updated on `{format_date(updated)}`, {days:,} days ago",
            at=("metadata", "updated_date"),
            value=days,
        )
