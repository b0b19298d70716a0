"""The history that a term is new to begins before the lookback."""

from __future__ import annotations

from collections.abc import Iterator

from bot import span
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_BEGINS = ("rule", "new_terms", "history_window_start", 0, "value")


@policy(Level.WARNING, scope=Scope.RULE, group="schedule")
def short_history_window(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    """The history of a `new_terms` rule is no longer than its lookback.

    Why: a term is new if the history before the lookback does not hold it; where there is no time before it, the stack
    refuses to run the rule.

    Fix: set `history_window_start` further back than `from`, by days rather than by minutes.
    """
    history, start = rule.get(*_BEGINS), rule.table("rule").get("from", "now-6m")
    window, lookback = span.back(history), span.back(start)
    if rule.type == "new_terms" and window is not None and lookback is not None and window <= lookback:
        yield Violation(
            message=f"the history begins at {coded(history)}, no earlier than the lookback at {coded(start)}",
            at=_BEGINS,
            value=(history, start),
        )
