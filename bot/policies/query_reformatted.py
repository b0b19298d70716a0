"""Queries that only look different."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import SHIPPED, Level, QueryVerdict, RuleChange
from bot.policy import Context, Scope, Violation, policy

_KEY = ("rule", "query")


@policy(Level.NOTICE, scope=Scope.CHANGE, group="values")
def query_reformatted(change: RuleChange, _context: Context, _options: None) -> Iterator[Violation]:
    """The layout of a query changed, and nothing else about it.

    Why: The text of the query is part of what ships, so its layout alone gives the rule a new version, and everyone
    who runs it is asked to update for nothing.

    Fix: Put the old layout back, or keep it for a change of the rule that has more to say.
    """
    if change.query is None or change.query.verdict is not QueryVerdict.COSMETIC:
        return
    alone = all(leaf.path == _KEY or leaf.path[0] not in SHIPPED for leaf in change.changes)
    yield Violation(
        message="`rule.query` differs in layout or comments only"
        + (", so the shipped version will be bumped for nothing" if alone else ""),
        at=_KEY,
        value=tuple((leaf.before, leaf.after) for leaf in change.changes if leaf.path == _KEY),
    )
