"""A rule keeps its type."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.WARNING, scope=Scope.CHANGE, group="identity")
def rule_type_changed(change: RuleChange, _context: Context, _options: object) -> Iterator[Violation]:
    """The type of a rule changed.

    Why: exceptions, actions and suppression that users added were made for the old type and may stop working after
    the update.

    Fix: add a rule of the new type beside the old one and deprecate that, or say in the pull request what users
    have to check.
    """
    old, new = (change.base.type, change.head.type) if change.base and change.head else (None, None)
    if old is not None and new is not None and old != new:
        message = f"the rule type changed from {coded(old)} to {coded(new)}"
        yield Violation(message=message, at=("rule", "type"), value=(old, new))
