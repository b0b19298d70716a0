"""Update dates that have not come yet."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, Rule, format_date
from bot.policy import Context, Scope, Violation, policy


@policy(Level.ERROR, scope=Scope.RULE, group="dates", first_of="dates", rank=1, excusable=False)
def updated_date_in_future(rule: Rule, context: Context, _options: None) -> Iterator[Violation]:
    """`updated_date` lies after tomorrow.

    Why: A date in the future is a typing error, and it makes the rule look fresh until that day has passed; one day
    ahead is left alone, because somewhere on earth it is tomorrow already.

    Fix: Set `updated_date` to the day of this change.
    """
    day = rule.updated_date
    if day is not None and (day - context.today).days > 1:
        yield Violation(
            message=f"`updated_date` is `{format_date(day)}`, {(day - context.today).days} days from now",
            at=("metadata", "updated_date"),
            value=format_date(day),
            fix=format_date(context.today),
        )
