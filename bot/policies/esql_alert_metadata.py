"""ES|QL whose alerts know which document they are about."""

from __future__ import annotations

from collections.abc import Iterator

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import missing_metadata, queries_of
from bot.told import coded


@policy(Level.WARNING, scope=Scope.RULE, group="query")
def esql_alert_metadata(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    """An ES|QL query that does not aggregate hands no `_id` to its alerts.

    Why: without `metadata _id, _index, _version`, or where KEEP or DROP takes them away, the engine cannot tell that it
    has seen a document, and alerts on it again on every run.

    Fix: write `from … metadata _id, _index, _version`, and keep the three.
    """
    for at, language, query in queries_of(rule):
        missing = missing_metadata(query) if language == "esql" else ()
        if missing:
            yield Violation(
                message=f"the alerts lack {', '.join(map(coded, missing))} of the documents they are about",
                at=at,
                value=missing,
                line=line_within(rule.text, at, 0),
            )
