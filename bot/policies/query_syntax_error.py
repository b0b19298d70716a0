"""Queries that no engine would run."""

from __future__ import annotations

from collections.abc import Iterator

from bot.layout import layout_of
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import queries_of, syntax_error

_NAMES = {"kuery": "KQL", "eql": "EQL", "esql": "ES|QL", "lucene": "Lucene"}


@policy(Level.ERROR, scope=Scope.RULE, group="query")
def query_syntax_error(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    """The query does not parse.

    Why: the engine refuses such a query when the rule runs, so that the rule fails on every run and alerts on nothing.
    ES|QL and Lucene gain syntax faster than Ruleward learns it: for those it is a notice.

    Fix: put right what stands at the line and column that the finding names.
    """
    if "query" in rule.table("rule") and rule.string("rule", "query") is None:
        yield Violation(
            message="the query is no text", at=("rule", "query"), value=type(rule.get("rule", "query")).__name__
        )
    for at, language, query in queries_of(rule):
        fault = syntax_error(language, query)
        if fault is None:
            continue
        place = layout_of(rule.text).place(at, fault.at)
        where = f" at line {place[0]}, column {place[1]}" if place else ""
        yield Violation(
            message=f"the {_NAMES.get(language, language)} query does not parse: {fault.message}{where}",
            at=at,
            value=query,
            line=place[0] if place else None,
            cap=None if fault.complete else Level.NOTICE,
        )
