"""A deprecation says when, and where asked for why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.model import Level, RuleChange, format_date
from bot.policy import Context, Scope, Violation, policy
from bot.settings import DEPRECATED


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the config may say.

    Attributes:
        require_reason: ask for ``metadata.deprecated_reason`` too.
    """

    require_reason: bool = False


@policy(Level.ERROR, scope=Scope.CHANGE, group="maturity", options=Options)
def deprecation_incomplete(change: RuleChange, context: Context, options: Options) -> Iterator[Violation]:
    """A rule became deprecated without a deprecation date that equals its updated date.

    Why: the deprecation date is what tells users since when the rule is over; release notes are built from it, and
    it is the day of this very edit.

    Fix: set `metadata.deprecation_date` to the new `updated_date`; where the repository asks for one, give
    `metadata.deprecated_reason` too.
    """
    base, head = change.base, change.head
    if base is None or head is None or head.maturity != DEPRECATED or base.maturity == DEPRECATED:
        return
    when, updated = head.get("metadata", "deprecation_date"), head.get("metadata", "updated_date")
    if when is None or when != updated:
        if when is None:
            message = "the rule became deprecated without `metadata.deprecation_date`"
        else:
            message = f"`metadata.deprecation_date` is `{when}`, but `metadata.updated_date` is `{updated}`"
        day = head.updated_date
        # an updated date that has yet to be raised is not the one to copy
        raised = day is not None and (day != base.updated_date or (day - context.today).days >= -1)
        fix = format_date(day) if day is not None and raised else None
        yield Violation(message=message, at=("metadata", "deprecation_date"), value=when, fix=fix)
    if options.require_reason and not (head.string("metadata", "deprecated_reason") or "").strip():
        message = "the rule became deprecated without `metadata.deprecated_reason`"
        yield Violation(message=message, at=("metadata", "deprecated_reason"))
