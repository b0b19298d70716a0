"""Rules whose detection logic has stood still, whatever their dates say."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audited import Aged
from bot.model import Level
from bot.policy import Context, Scope, Violation, policy


@policy(Level.WARNING, scope=Scope.AUDIT, group="stale")
def stale_logic(aged: Aged, context: Context, _options: None) -> Iterator[Violation]:
    """What the rule detects was last changed more than `audit.stale_logic_days` ago.

    Why: a mass edit of tags or guides gives hundreds of rules a fresh date and none of them a fresh look. Git knows
    when the query or the indices last changed.

    Fix: test the query against today's data and tune it, deprecate the rule, or put an exception with a last day into
    the config.
    """
    history = aged.history
    if history is None:
        return
    last = history.changed or history.unchanged_since
    if last is None:
        return
    days = (context.today - last).days
    if days > context.settings.audit.stale_logic_days:
        known = "last changed on" if history.changed else "not changed since at least"
        edits = f"; edited {history.mass_edits:,} times since, along with many others" if history.mass_edits > 1 else ""
        edits = "; edited once since, along with many others" if history.mass_edits == 1 else edits
        yield Violation(
            message=f"the detection logic was {known} `{last.isoformat()}`, {days:,} days ago{edits}",
            at=("rule", "query") if aged.rule.string("rule", "query") is not None else ("rule", "type"),
            value=days,
        )
