"""Update dates that announce nothing."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import NO_TABLE, Level, Rule, RuleChange, exact
from bot.policy import Context, Scope, Violation, policy

_KEY = ("metadata", "updated_date")


@policy(Level.NOTICE, scope=Scope.CHANGE, group="dates")
def updated_date_without_change(change: RuleChange, _context: Context, _options: None) -> Iterator[Violation]:
    """`updated_date` changed, and no other value did.

    Why: A new date asks users to look at the rule again, and here there is nothing to see: layout, comments and the
    place of the file are not part of what they run. It also resets the clock of reviews for age.

    Fix: Put the old date back, unless the change that belongs to the new one is still to come.
    """
    if [leaf.path for leaf in change.changes] == [_KEY]:
        leaf = change.changes[0]
        beside = _without_date(change.base) != _without_date(change.head)
        yield Violation(
            message="`updated_date` changed, and beside it only how often or where an item stands in a list"
            if beside
            else "`updated_date` is the only value that changed",
            at=_KEY,
            value=(leaf.before, leaf.after),
        )


def _without_date(rule: Rule | None) -> object:
    """Return what a rule holds beside its date, lists in the order in which they stand."""
    data = rule.data if rule else NO_TABLE
    return exact({**data, "metadata": {**(rule.table("metadata") if rule else NO_TABLE), _KEY[1]: ""}})
