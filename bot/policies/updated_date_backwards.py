"""Update dates that went back in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.model import Level, Past, RuleChange, format_date
from bot.policy import Context, Scope, Violation, policy

_CAPS: Mapping[Past, Level] = {Past.HELD: Level.NOTICE, Past.OUT_OF_REACH: Level.WARNING}
_NOTES: Mapping[Past, str] = {
    Past.HELD: ": the file is again what it once was, a revert",
    Past.OUT_OF_REACH: "; whether that is a revert cannot be told, for the history is out of reach",
}


@policy(Level.ERROR, scope=Scope.CHANGE, group="dates", first_of="dates", rank=2)
def updated_date_backwards(change: RuleChange, context: Context, _options: None) -> Iterator[Violation]:
    """`updated_date` is earlier than it was.

    Why: A date that goes back mostly comes from an old copy of the file, and an old copy undoes what others changed in
    between. A plain revert is told apart, and so is the repair of a date that was in the future or was none.

    Fix: Bring the branch up to date, see that nothing of the newer rule was lost, and set `updated_date` to the day of
    this change, or put the old date back where nothing else changed.
    """
    before = change.base.updated_date if change.base else None
    after = change.head.updated_date if change.head else None
    if before is None or after is None or not change.went_back(context.today):
        return
    alone = len(change.changes) == 1  # with the old date back nothing is left to announce
    yield Violation(
        message=f"`updated_date` went back from `{format_date(before)}` to `{format_date(after)}`"
        + _NOTES.get(change.past, ""),
        at=("metadata", "updated_date"),
        value=(format_date(before), format_date(after)),
        fix=None if change.past is Past.HELD else format_date(before if alone else max(before, context.today)),
        cap=_CAPS.get(change.past),
    )
