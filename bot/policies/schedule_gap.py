"""A rule looks back at least as far as the time between its runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_SPAN = r"([0-9]{1,9})([smhdw])"
_FROM = re.compile(rf"now(?:-{_SPAN})?")
_INTERVAL = re.compile(_SPAN)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


@policy(Level.WARNING, scope=Scope.RULE, group="schedule")
def schedule_gap(rule: Rule, _context: Context, _options: object) -> Iterator[Violation]:
    """The rule looks back over less time than passes between two runs.

    Why: events that fall between two runs are seen by neither, so that the rule misses them without an error.

    Fix: set `from` at least one `interval` back, better a little more, since events arrive late.
    """
    start, interval = rule.table("rule").get("from", "now-6m"), rule.table("rule").get("interval", "5m")
    back, every = _seconds(_FROM, start), _seconds(_INTERVAL, interval)
    if back is None or every is None or back >= every:
        return
    message = f"the rule looks back to {coded(start)} but runs every {coded(interval)}"
    key = "from" if "from" in rule.table("rule") else "interval"
    yield Violation(message=message, at=("rule", key), value=(start, interval))


def _seconds(pattern: re.Pattern[str], value: object) -> int | None:
    """Return a span in seconds, None where it is written in a way that is not read here."""
    match = pattern.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    return int(match[1]) * _UNITS[match[2]] if match[1] else 0
