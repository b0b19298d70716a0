"""Changes that left the update date behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.model import SAME_MATCHES, Category, Level, QueryVerdict, RuleChange, format_date
from bot.policy import Context, Scope, Violation, policy
from bot.settings import DEPRECATED
from bot.told import coded


@policy(Level.ERROR, scope=Scope.CHANGE, group="dates", first_of="dates", rank=3)
def updated_date_not_bumped(change: RuleChange, context: Context, _options: None) -> Iterator[Violation]:
    """A rule changed, but its `updated_date` did not.

    Why: Whoever runs the rule learns from `updated_date` that there is something new to look at, and reviews for age
    are planned by it; a silent edit escapes both.

    Fix: Set `updated_date` to the day of this change. An edit of a deprecated rule is better taken back; it needs the
    date only if it stays.
    """
    base, head = change.base, change.head
    before = base.updated_date if base else None
    after = head.updated_date if head else None
    asking = sorted(change.asked & context.settings.bump.requires)
    if before is None or before != after or not asking or (before - context.today).days >= -1:
        return
    taken_back = _taken_back(change, context)
    condition = "; if that edit of a deprecated rule is to stay, it needs a new date" if taken_back else ""
    yield Violation(
        message=f"`updated_date` is still `{format_date(before)}`, though {_what(change, asking)}{condition}",
        at=("metadata", "updated_date"),
        value=format_date(before),
        fix=None if taken_back else format_date(context.today),
    )


def _what(change: RuleChange, asking: Sequence[Category]) -> str:
    """Say what changed; a query or a value that means the same is not said to change what it is about."""
    told: list[str] = []
    if areas := [category for category in asking if category in change.effects]:
        *most, last = areas
        told.append(f"the rule changed in {', '.join(most)} and {last}" if most else f"the rule changed in {last}")
    left = frozenset(asking).difference(areas)
    if change.query is not None and change.query.verdict in SAME_MATCHES and Category.LOGIC in left:
        how = "reformatted" if change.query.verdict is QueryVerdict.COSMETIC else "rewritten"
        told.append(f"{'its' if told else 'the'} query was {how}")
    if rewritten := [coded(leaf.key) for leaf in change.changes if leaf.rewritten and leaf.category in left]:
        told.append(f"{', '.join(rewritten)} {'was' if len(rewritten) == 1 else 'were'} rewritten")
    return " and ".join(told)


def _taken_back(change: RuleChange, context: Context) -> bool:
    """Tell whether the edit is one that deprecated-rule-edited asks to take back: then no date is set for it."""
    base, head = change.base, change.head
    if base is None or head is None or not base.maturity == head.maturity == DEPRECATED:
        return False
    return context.settings.asks("deprecated-rule-edited", path=change.path, rule_id=head.rule_id, today=context.today)
