"""Keys that nobody here has heard of."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.NOTICE, scope=Scope.CHANGE, group="values")
def unknown_rule_key(change: RuleChange, _context: Context, _options: None) -> Iterator[Violation]:
    """A key under `[rule]` changed that this bot has no category for.

    Why: what is unknown may well be detection logic, so it is counted as such; it is also how a misspelt key looks,
    which no engine reads.

    Fix: correct the spelling; if the key is real, report it so that it gets its category.
    """
    for each in change.changes:
        if not each.known:
            yield Violation(
                message=f"{coded(each.key)} is no key known here, so its change counts as logic",
                at=each.path,
                value=each.key,
            )
