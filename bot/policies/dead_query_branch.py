"""Every part of a query can hold."""

from __future__ import annotations

from collections.abc import Iterator

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import dead, queries_of
from bot.told import coded


@policy(Level.WARNING, scope=Scope.RULE, group="query")
def dead_query_branch(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    """A part of the query can never hold.

    Why: the conditions beside it rule it out, most often an exclusion that covers an alternative. It looks like
    coverage and finds nothing.

    Fix: take the part out, or make the exclusion smaller.
    """
    for at, language, query in queries_of(rule):
        for each in dead(language, query):
            why = "" if each.alone else " beside the other conditions"
            if each.single:
                why += ": a field with several values passes no comparison in ES|QL"
            what = f"{coded(each.shown)} can never hold{why}" if each.shown else "no event passes this"
            yield Violation(message=what, at=at, value=each.shown, line=line_within(rule.text, at, each.at))
