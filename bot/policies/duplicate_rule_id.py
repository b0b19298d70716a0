"""An id belongs to one rule."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_NAMED = 3


@policy(Level.ERROR, scope=Scope.TREE, group="identity", waivable=False)
def duplicate_rule_id(change: RuleChange, context: Context, _options: object) -> Iterator[Violation]:
    """A new or changed id is held by another file too.

    Why: installing one of the two rules overwrites the other, and which one wins depends on the order of files.

    Fix: give the new rule a fresh UUID; an id of a deprecated rule is taken for ever.
    """
    identity = change.head.rule_id if change.head else None
    if identity is None or (change.base is not None and change.base.rule_id == identity):
        return
    others = [coded(ref.path) for ref in context.ids.get(identity, ()) if ref.path != change.path]
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        message = f"the rule id {coded(identity)} is held by {', '.join(others[:_NAMED])}{more} too"
        yield Violation(message=message, at=("rule", "rule_id"), value=identity)
