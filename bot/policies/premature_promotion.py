"""A rule has stood in a state before it moves on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.model import Kind, Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@dataclass(frozen=True, kw_only=True)
class Options:
    """How long is long enough.

    Attributes:
        min_days: how many days a rule stays in a state before it is promoted.
    """

    min_days: int = 14


@policy(Level.OFF, scope=Scope.CHANGE, group="maturity", options=Options)
def premature_promotion(change: RuleChange, context: Context, options: Options) -> Iterator[Violation]:
    """A rule was promoted before it had stood long enough in the state before.

    Why: a state before `production` is there to see what the rule finds and what it costs; a few days show neither.
    Since when the rule stood there is read from the history of its file on the base branch. Where that is out of reach,
    as in a shallow clone, nothing is said. How long is right differs from team to team, so that this is off by default.

    Fix: wait for the days that the message names, or set `min_days` to what fits the repository.
    """
    base, head = change.base, change.head
    if change.kind is not Kind.PROMOTION or base is None or head is None or change.state_since is None:
        return
    days = (context.today - change.state_since).days
    if days < options.min_days:
        message = (
            f"the rule was promoted from {coded(base.maturity)} to {coded(head.maturity)} after {days} "
            f"day{'' if days == 1 else 's'}, and {options.min_days} are asked for"
        )
        yield Violation(message=message, at=("metadata", "maturity"), value=(base.maturity, head.maturity))
