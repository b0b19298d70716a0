"""The state of a rule's life is one that the repository knows."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.ERROR, scope=Scope.RULE, group="maturity")
def unknown_maturity(rule: Rule, context: Context, _options: object) -> Iterator[Violation]:
    """The maturity is missing or is no configured state.

    Why: what is built and shipped is chosen by maturity; a rule in a state that nobody knows is quietly left out,
    or shipped too early.

    Fix: set `metadata.maturity` to one of the states in `maturity.states`, or add the new state to the config.
    """
    value = rule.get("metadata", "maturity")
    states = context.settings.maturity.states
    if value is None:
        yield Violation(message="`metadata.maturity` is missing", at=("metadata", "maturity"))
    elif value not in states:
        known = ", ".join(f"`{state}`" for state in states)
        message = f"`metadata.maturity` is {coded(value)}, which is none of {known}"
        yield Violation(message=message, at=("metadata", "maturity"), value=value)
