"""A minimum stack version only goes up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.model import Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9}))?")


@policy(Level.WARNING, scope=Scope.CHANGE, group="compatibility")
def min_stack_lowered(change: RuleChange, _context: Context, _options: object) -> Iterator[Violation]:
    """`min_stack_version` went down.

    Why: older stacks would get a version of the rule that was written for a newer one, and may lack its fields or
    its query language.

    Fix: put the version back, or say in the pull request on which older stack the rule was tested.
    """
    if change.base is None or change.head is None:
        return
    at = ("metadata", "min_stack_version")
    before, after = change.base.get(*at), change.head.get(*at)
    was, now = _version(before), _version(after)
    if was is not None and now is not None and now < was:
        message = f"`metadata.min_stack_version` went down from {coded(before)} to {coded(after)}"
        yield Violation(message=message, at=at, value=(before, after))


def _version(value: object) -> tuple[int, int, int] | None:
    """Read ``x.y`` or ``x.y.z``."""
    match = _VERSION.fullmatch(value) if isinstance(value, str) else None
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None
