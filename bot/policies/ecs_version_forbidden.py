"""Where the repository has given it up, no rule declares an ECS version."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.settings import EcsMode


@policy(Level.ERROR, scope=Scope.RULE, group="ecs")
def ecs_version_forbidden(rule: Rule, context: Context, _options: object) -> Iterator[Violation]:
    """`ecs_version` is declared in a repository that forbids it.

    Why: the repository tells the schema by other means, and a second statement of it only goes stale.

    Fix: take `ecs_version` out of `[metadata]`.
    """
    value = rule.get("metadata", "ecs_version")
    if context.settings.ecs.mode is EcsMode.FORBID and value is not None:
        message = "`metadata.ecs_version` is declared, which this repository forbids"
        yield Violation(message=message, at=("metadata", "ecs_version"), value=value)
