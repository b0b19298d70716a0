"""A rule moves from state to state along the repository's graph."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.ERROR, scope=Scope.CHANGE, group="maturity")
def maturity_transition(change: RuleChange, context: Context, _options: object) -> Iterator[Violation]:
    """The maturity took a step that the configured graph does not have.

    Why: each state is a promise to the people who run the rule; skipping or undoing one breaks it without a word,
    and a rule that starts its life as deprecated never had one.

    Fix: put `metadata.maturity` back to its state before, or take the steps of `maturity.edges` one at a time; a
    new rule begins in a state of `maturity.entry`.
    """
    states = context.settings.maturity
    head = change.head
    now = head.maturity if head else None
    if now is None or now not in states.states:
        return
    if change.before is None:
        if now not in states.entry:
            message = f"a new rule starts as {coded(now)}, which is no state to start in"
            yield Violation(message=message, at=("metadata", "maturity"), value=now)
        return
    was = change.base.maturity if change.base else None
    if was is None or was not in states.states or was == now or now in states.edges.get(was, ()):
        return
    message = f"the maturity went from {coded(was)} to {coded(now)}, a step that is not allowed"
    yield Violation(message=message, at=("metadata", "maturity"), value=(was, now))
