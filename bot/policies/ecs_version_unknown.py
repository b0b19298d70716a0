"""A declared ECS version was released."""

from __future__ import annotations

from collections.abc import Iterator

from bot.ecs import RELEASED, declared, written
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.ERROR, scope=Scope.RULE, group="ecs")
def ecs_version_unknown(rule: Rule, context: Context, _options: object) -> Iterator[Violation]:
    """`ecs_version` names a version that ECS never released.

    Why: there is no schema to check the rule's fields against, and a typing error in a version reads like a
    promise.

    Fix: use a released version; if it is newer than this bot knows, add it to `ecs.versions` in the config.
    """
    named = declared(rule.get("metadata", "ecs_version"))
    if not named:
        return
    known = declared([*RELEASED, *context.settings.ecs.versions])
    latest = max(known)
    for version in named:
        if version in known:
            continue
        text = written(version)
        newer = version > latest
        if newer:
            message = f"ECS {coded(text)} is newer than `{written(latest)}`, the newest known here"
        else:
            message = f"ECS {coded(text)} was never released"
        yield Violation(
            message=message, at=("metadata", "ecs_version"), value=text, cap=Level.NOTICE if newer else None
        )
