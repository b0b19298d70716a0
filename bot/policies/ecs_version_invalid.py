"""A declared ECS version is a list of versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from bot.ecs import parse_version
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.ERROR, scope=Scope.RULE, group="ecs")
def ecs_version_invalid(rule: Rule, _context: Context, _options: object) -> Iterator[Violation]:
    """`ecs_version` is not a non-empty list of version strings.

    Why: tooling compares these versions to find out which fields a query may use; what is no version is skipped or
    stops a build.

    Fix: write a list of full versions, for example `ecs_version = ["8.11.0"]`, or take the key out.
    """
    value = rule.get("metadata", "ecs_version")
    at = ("metadata", "ecs_version")
    if value is None:
        return
    if not isinstance(value, list):
        yield Violation(message=f"`metadata.ecs_version` is {coded(value)}, not a list of versions", at=at, value=value)
        return
    items = cast("list[object]", value)
    bad = [coded(each) for each in items if parse_version(each) is None]
    if bad or not items:
        what = f"holds {', '.join(bad)}, not written like `8.11.0`" if bad else "is an empty list"
        yield Violation(message=f"`metadata.ecs_version` {what}", at=at, value=items)
