"""Sequences that the engine can keep in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import maxspan, queries_of
from bot.told import coded


@dataclass(frozen=True, kw_only=True)
class Options:
    """The longest span that passes."""

    minutes: int = 5


@policy(Level.OFF, scope=Scope.RULE, group="query", options=Options)
def long_maxspan(rule: Rule, _context: Context, options: Options) -> Iterator[Violation]:
    """The `maxspan` of an EQL sequence is long.

    Why: the engine keeps every first event for so long, and the longer it waits, the more events that have nothing to
    do with each other become a sequence.

    Fix: choose the time that the behaviour takes, or say in a standing exception why this one needs longer.
    """
    for at, language, query in queries_of(rule):
        span = maxspan(query) if language == "eql" else None
        if span is not None and span > options.minutes * 60_000:
            found = re.search(r"maxspan\s*=\s*([0-9]+\s*[a-z]+)", query)
            yield Violation(
                message=f"maxspan is {coded(found[1] if found else span)}, longer than {options.minutes}m",
                at=at,
                value=span,
                line=line_within(rule.text, at, found.start() if found else 0),
            )
