"""A rule that people run is deprecated, not deleted."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Kind, Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.ERROR, scope=Scope.CHANGE, group="maturity")
def rule_removed(change: RuleChange, context: Context, _options: object) -> Iterator[Violation]:
    """A rule in a shipping state was deleted.

    Why: everyone who installed the rule keeps it with no word that it is over, and its id may be given away again;
    deprecating it tells them.

    Fix: restore the file, set `metadata.maturity` to `deprecated` with a `deprecation_date`, and move it to the
    deprecated folder.
    """
    base = change.base
    if change.kind is not Kind.REMOVAL or base is None or base.maturity not in context.settings.maturity.shipping:
        return
    created = base.creation_date
    age = (context.today - created).days if created else None
    young = age is not None and -1 <= age < context.settings.removal.grace_days  # -1: elsewhere it is tomorrow
    message = f"a rule in the state {coded(base.maturity)} was removed"
    if young:
        message += f"; it was created on {coded(base.get('metadata', 'creation_date'))}, which is still recent"
    yield Violation(message=message, value=base.maturity, cap=Level.WARNING if young else None)
