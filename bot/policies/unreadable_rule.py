"""Files that should be rules and cannot be read as one."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, RuleChange, Unreadable
from bot.policy import Context, Scope, Violation, policy


@policy(Level.ERROR, scope=Scope.CHANGE, group="files", excusable=False, waivable=False)
def unreadable_rule(change: RuleChange, _context: Context, _options: None) -> Iterator[Violation]:
    """A rule file cannot be read as a rule.

    Why: A file that does not parse is missing from every release and every search, and nothing else can be said about
    it; a link, a pointer or a submodule keeps its content where no review sees it.

    Fix: Correct the file at the place that is named. One that is no rule at all belongs outside the rule folders, or
    in `rules.exclude`.
    """
    file = change.after
    if isinstance(file, Unreadable):
        place = "" if file.line is None else f" (line {file.line}, column {file.column or 1})"
        yield Violation(
            message=f"cannot be read as a rule: {file.reason}{place}",
            value=file.reason,
            line=file.line,
        )
