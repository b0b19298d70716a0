"""A name belongs to one live rule."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_NAMED = 3


@policy(Level.WARNING, scope=Scope.TREE, group="identity")
def duplicate_rule_name(change: RuleChange, context: Context, _options: object) -> Iterator[Violation]:
    """A new or changed name is held by another rule that is not deprecated.

    Why: alerts carry the name, not the id; an analyst cannot tell which of two rules spoke.

    Fix: choose a name that says in what the two rules differ.
    """
    head = change.head
    name = head.name if head else None
    if head is None or name is None or (change.base is not None and change.base.name == name):
        return
    if context.settings.is_deprecated(head.path, head.maturity):
        return
    refs = [ref for ref in context.names.get(name, ()) if ref.path != change.path and not ref.deprecated]
    others = [coded(ref.path) for ref in refs]
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        message = f"the name {coded(name)} is held by {', '.join(others[:_NAMED])}{more} too"
        yield Violation(message=message, at=("rule", "name"), value=name)
