"""A rule does not switch off its own checks."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import NO_TABLE, Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.WARNING, scope=Scope.CHANGE, group="compatibility")
def safeguard_disabled(change: RuleChange, _context: Context, _options: object) -> Iterator[Violation]:
    """A `bypass_*` flag was turned on, or `query_schema_validation` was turned off.

    Why: the flag takes the rule out of a check that all others pass, and nobody looks again.

    Fix: repair what the check objects to; where that cannot be done, say in the pull request why.
    """
    head = change.head
    if head is None:
        return
    before = change.base.table("metadata") if change.base else NO_TABLE
    for key, value in head.table("metadata").items():
        off = key == "query_schema_validation" and value is False
        bypass = key.startswith("bypass_") and value is True
        if (off or bypass) and before.get(key) is not value:
            message = f"`metadata.{key}` is {coded(str(value).lower())} now, which disables a check"
            yield Violation(message=message, at=("metadata", key), value=value)
