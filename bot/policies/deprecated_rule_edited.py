"""A deprecated rule is a record and stays as it is."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.settings import DEPRECATED
from bot.told import coded

_NAMED = 3


@policy(Level.ERROR, scope=Scope.CHANGE, group="maturity")
def deprecated_rule_edited(change: RuleChange, _context: Context, _options: object) -> Iterator[Violation]:
    """A rule that was deprecated, and still is, was edited.

    Why: nothing of a deprecated rule ships any more, so that an edit reaches nobody and only blurs what the rule
    was when it ended.

    Fix: take the edit back; if the rule is needed again, restore it under the transitions that the repository
    allows, or write a new one.
    """
    base, head = change.base, change.head
    if base is None or head is None or not change.changes or {base.maturity, head.maturity} != {DEPRECATED}:
        return
    keys = [coded(each.key) for each in change.changes]
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    message = f"the rule is deprecated, yet {', '.join(keys[:_NAMED])}{more} changed"
    value = tuple((each.key, each.after) for each in change.changes)
    yield Violation(message=message, at=change.changes[0].path, value=value)
