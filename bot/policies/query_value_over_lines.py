"""Values of a KQL query that end on the line on which they begin."""

from __future__ import annotations

from collections.abc import Iterator

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import queries_of, values_over_lines
from bot.told import coded


@policy(Level.WARNING, scope=Scope.RULE, group="query")
def query_value_over_lines(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    """A value in a KQL query goes on over the end of its line.

    Why: without quotes, KQL takes what stands on two lines for one value, line break and all. Most often an `or` is
    missing between two values, and neither of them is found.

    Fix: put `or` between the two values, or quotes around the one.
    """
    for at, language, query in queries_of(rule):
        for value, place in values_over_lines(language, query):
            shown = " ".join(value.split())
            yield Violation(
                message=f"{coded(shown)} is one value for KQL, though it stands on several lines; is an `or` missing?",
                at=at,
                value=value,
                line=line_within(rule.text, at, place),
            )
