"""A rule does not go back to an older schema."""

from __future__ import annotations

from collections.abc import Iterator

from bot.ecs import newest, written
from bot.model import Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.settings import EcsMode


@policy(Level.ERROR, scope=Scope.CHANGE, group="ecs")
def ecs_version_lowered(change: RuleChange, context: Context, _options: object) -> Iterator[Violation]:
    """The newest declared ECS version went down, or the declaration was dropped.

    Why: fields that the query may use by now are unknown in an older schema; mostly it is an old copy of the file
    that came back.

    Fix: declare the version of before again, or a newer one.
    """
    base, head = change.base, change.head
    if base is None or head is None:
        return
    at = ("metadata", "ecs_version")
    before, after = base.get(*at), head.get(*at)
    if before is not None and after is None:
        if context.settings.ecs.mode is EcsMode.OPTIONAL:
            yield Violation(message="`metadata.ecs_version` was dropped", at=at, value=before, cap=Level.NOTICE)
        return
    was, now = newest(before), newest(after)
    if was is not None and now is not None and now < was:
        message = f"the newest ECS version went down from `{written(was)}` to `{written(now)}`"
        yield Violation(message=message, at=at, value=(before, after))
