"""A rule looks back at least as far as the time between its runs."""

from __future__ import annotations

from collections.abc import Iterator

from bot import span
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded


@policy(Level.WARNING, scope=Scope.RULE, group="schedule")
def schedule_gap(rule: Rule, _context: Context, _options: object) -> Iterator[Violation]:
    """The rule looks back over less time than passes between two runs.

    Why: events that fall between two runs are seen by neither, so that the rule misses them without an error.

    Fix: set `from` at least one `interval` before `to` (`now`, where there is none), better a little more, since
    events arrive late.
    """
    table = rule.table("rule")
    start, end, interval = table.get("from", "now-6m"), table.get("to", "now"), table.get("interval", "5m")
    back, until, every = span.back(start), span.back(end), span.seconds(interval)
    if back is None or until is None or every is None or back - until >= every:
        return
    yield Violation(
        message=f"the rule looks {f'from {coded(start)} to {coded(end)}' if until else f'back to {coded(start)}'} "
        f"but runs every {coded(interval)}",
        at=("rule", "to" if until else "from" if "from" in table else "interval"),
        value=(start, end, interval) if until else (start, interval),
    )
