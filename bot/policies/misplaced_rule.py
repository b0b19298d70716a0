"""Deprecated rules, and only those, stand in the deprecated folder."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.settings import DEPRECATED
from bot.told import coded


@policy(Level.ERROR, scope=Scope.RULE, group="maturity")
def misplaced_rule(rule: Rule, context: Context, _options: object) -> Iterator[Violation]:
    """A deprecated rule stands outside the deprecated folder, or another rule inside it.

    Why: release tooling and reviewers go by the folder; a rule in the wrong one is shipped although it is over, or
    is never shipped at all.

    Fix: move the file to where its maturity belongs, or set the maturity that its folder stands for.
    """
    folder = context.settings.rules.retired
    if not folder.patterns:
        return
    over, inside = rule.maturity == DEPRECATED, rule.path in folder
    if over and not inside:
        message = "the rule is `deprecated` but stands outside the deprecated folder"
    elif inside and not over:
        state = coded(rule.maturity) if rule.maturity else "without a maturity"
        message = f"the rule stands in the deprecated folder but is {state}"
    else:
        return
    yield Violation(message=message, at=("metadata", "maturity"), value="inside" if inside else "outside")
