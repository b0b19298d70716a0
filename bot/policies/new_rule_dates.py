"""A new rule begins with one date."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange, format_date
from bot.policy import Context, Scope, Violation, policy


@policy(Level.OFF, scope=Scope.CHANGE, group="dates")
def new_rule_dates(change: RuleChange, _context: Context, _options: object) -> Iterator[Violation]:
    """The dates of a new rule differ.

    Why: a rule that arrives today was created and updated today; other dates mostly come from the file it was
    copied from. After a long review they differ for good reasons, so that this is off by default.

    Fix: set `creation_date` and `updated_date` to the day on which the rule is merged.
    """
    head = change.head
    if change.before is not None or head is None:
        return
    created, updated = head.creation_date, head.updated_date
    if created is not None and updated is not None and created != updated:
        message = f"the new rule was created on `{format_date(created)}` but updated on `{format_date(updated)}`"
        yield Violation(message=message, at=("metadata", "creation_date"), value=(str(created), str(updated)))
