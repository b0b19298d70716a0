"""The declared ECS version is not older than the repository supports."""

from __future__ import annotations

from collections.abc import Iterator

from bot.ecs import newest, parse_version, written
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy


@policy(Level.WARNING, scope=Scope.RULE, group="ecs", stale=True)
def ecs_version_outdated(rule: Rule, context: Context, _options: object) -> Iterator[Violation]:
    """The newest declared ECS version is older than `ecs.minimum`.

    Why: the stacks that the repository still supports have moved on, and the rule's fields were never checked
    against them.

    Fix: test the query against a supported schema and add that version to `ecs_version`.
    """
    least = parse_version(context.settings.ecs.minimum)
    latest = newest(rule.get("metadata", "ecs_version"))
    if least is not None and latest is not None and latest < least:
        message = f"the newest ECS version declared is `{written(latest)}`, older than `{written(least)}`"
        yield Violation(message=message, at=("metadata", "ecs_version"), value=written(latest))
