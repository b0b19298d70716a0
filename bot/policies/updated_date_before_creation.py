"""Rules that were updated before they existed."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, Rule, format_date
from bot.policy import Context, Scope, Violation, policy


@policy(Level.ERROR, scope=Scope.RULE, group="dates", excusable=False)
def updated_date_before_creation(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    """`updated_date` is earlier than `creation_date`.

    Why: No rule changes before it exists, so one of the two dates is wrong, most often in its year, and every figure
    about the rule's age is wrong with it.

    Fix: Correct whichever of the two dates is wrong: a rule that is new has the same day in both.
    """
    created, updated = rule.creation_date, rule.updated_date
    if created is not None and updated is not None and updated < created:
        yield Violation(
            message=f"`updated_date` is `{format_date(updated)}`, before `creation_date`, `{format_date(created)}`",
            at=("metadata", "updated_date"),
            value=(format_date(created), format_date(updated)),
        )
