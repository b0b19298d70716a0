"""A rule keeps its id for life."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.ERROR, scope=Scope.CHANGE, group="identity")
def rule_id_changed(change: RuleChange, _context: Context, _options: object) -> Iterator[Violation]:
    """The id of a rule changed.

    Why: a rule with another id is another rule to everyone who installed it: they keep the old one without updates,
    with its exceptions.

    Fix: put the old id back; if it really is a new rule, add it as a new file and deprecate the old one.
    """
    old, new = (change.base.rule_id, change.head.rule_id) if change.base and change.head else (None, None)
    if old is not None and new is not None and old != new:
        message = f"the rule id changed from {coded(old)} to {coded(new)}"
        yield Violation(message=message, at=("rule", "rule_id"), value=(old, new))
