"""The edit that announces a deprecation does nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Change, Level, RuleChange
from bot.policy import Context, Scope, Violation, policy
from bot.settings import NOTICE_PREFIX
from bot.told import coded

_NAMED = 3


@policy(Level.WARNING, scope=Scope.CHANGE, group="maturity")
def deprecation_notice_mixed(change: RuleChange, _context: Context, _options: object) -> Iterator[Violation]:
    """The name gained `Deprecated - ` together with other edits.

    Why: the notice is for people who still run the rule; a change of what it does, hidden in the same edit, reaches
    them at the moment they stop reading.

    Fix: keep the new name, the new `updated_date` and the note's heading here, and move everything else to a pull
    request of its own.
    """
    base, head = change.base, change.head
    old, new = (base.name, head.name) if base and head else (None, None)
    if old is None or new is None or old.startswith(NOTICE_PREFIX) or not new.startswith(NOTICE_PREFIX):
        return
    mixed = [each for each in change.changes if not _belongs(each, old, new)]
    if not mixed:
        return
    keys = [coded(each.key) for each in mixed]
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    message = f"the name gained `{NOTICE_PREFIX}` together with changes of {', '.join(keys[:_NAMED])}{more}"
    value = tuple((each.key, each.after) for each in mixed)
    yield Violation(message=message, at=("rule", "name"), value=value)


def _belongs(change: Change, old: str, new: str) -> bool:
    """Whether a change is part of the notice: the name's prefix, the date, a heading that repeats the name."""
    if change.path == ("rule", "name"):
        return new == NOTICE_PREFIX + old
    if change.path == ("rule", "note"):
        return _renamed(change.before, old, new) == change.after
    return change.path == ("metadata", "updated_date")


def _renamed(note: object, old: str, new: str) -> str | None:
    """Write a note again with the new name in its headings."""
    if not isinstance(note, str):
        return None
    lines = note.split("\n")
    return "\n".join(line.replace(old, new) if line.lstrip().startswith("#") else line for line in lines)
