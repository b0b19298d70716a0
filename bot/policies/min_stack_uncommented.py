"""A minimum stack version says why."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.WARNING, scope=Scope.RULE, group="compatibility")
def min_stack_uncommented(rule: Rule, _context: Context, _options: object) -> Iterator[Violation]:
    """`min_stack_version` is set without `min_stack_comments`.

    Why: once the reason is forgotten nobody dares to lift the limit, and users of older stacks miss the rule for
    nothing.

    Fix: say in `metadata.min_stack_comments` which feature or field of that version the rule needs.
    """
    value = rule.get("metadata", "min_stack_version")
    comments = rule.get("metadata", "min_stack_comments")
    silent = not comments.strip() if isinstance(comments, str) else not comments
    if value is not None and silent:
        message = f"`metadata.min_stack_version` is {coded(value)} without `metadata.min_stack_comments`"
        yield Violation(message=message, at=("metadata", "min_stack_version"), value=value)
