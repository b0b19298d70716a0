"""Update dates that were fresh when the branch was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.model import Level, RuleChange, format_date
from bot.policy import Context, Scope, Violation, policy


@dataclass(frozen=True, kw_only=True)
class Options:
    """How far behind is too far.

    Attributes:
        window_days: how many days a new date may lie back.
    """

    window_days: int = 30


@policy(Level.NOTICE, scope=Scope.CHANGE, group="dates", options=Options)
def updated_date_lagging(change: RuleChange, context: Context, options: Options) -> Iterator[Violation]:
    """`updated_date` was raised, but to a day that is long past.

    Why: The date was right when the branch was started. After a long review it tells users that the change is older
    than it is.

    Fix: Set `updated_date` to the day on which this is merged.
    """
    before = change.base.updated_date if change.base else None
    after = change.head.updated_date if change.head else None
    if before is None or after is None or after <= before:
        return
    age = (context.today - after).days
    if age > options.window_days:
        yield Violation(
            message=f"`updated_date` was raised to `{format_date(after)}`, which is {age} days ago",
            at=("metadata", "updated_date"),
            value=format_date(after),
            fix=format_date(context.today),
        )
