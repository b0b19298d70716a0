"""Where the repository asks for it, a rule declares its ECS version."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.settings import EcsMode


@policy(Level.ERROR, scope=Scope.RULE, group="ecs")
def ecs_version_missing(rule: Rule, context: Context, _options: object) -> Iterator[Violation]:
    """`ecs_version` is missing in a repository that requires it.

    Why: without it nobody can tell against which schema the fields of the query were written.

    Fix: add `ecs_version` to `[metadata]` with the versions that the query was written for.
    """
    if context.settings.ecs.mode is EcsMode.REQUIRE and rule.get("metadata", "ecs_version") is None:
        yield Violation(message="`metadata.ecs_version` is missing", at=("metadata", "ecs_version"))
