"""Creation dates that moved."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange, format_date, same
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_KEY = ("metadata", "creation_date")


@policy(Level.WARNING, scope=Scope.CHANGE, group="dates")
def creation_date_changed(change: RuleChange, _context: Context, _options: None) -> Iterator[Violation]:
    """`creation_date` is not what it was.

    Why: A rule is created once. When the date moves, it was usually copied along from a template or taken for
    `updated_date`. The repair of a date that was missing or no day is told apart.

    Fix: Put the old `creation_date` back; the day of this change belongs in `updated_date`.
    """
    base, head = change.base, change.head
    created = base.creation_date if base else None
    if base is None or head is None or created is None or same(base.get(*_KEY), head.get(*_KEY)):
        return
    after = head.get(*_KEY)
    became = "was removed" if after is None else f"became {coded(after)}"
    yield Violation(
        message=f"`creation_date` was `{format_date(created)}` and {became}",
        at=_KEY,
        value=(format_date(created), after),
        fix=format_date(created),
    )
