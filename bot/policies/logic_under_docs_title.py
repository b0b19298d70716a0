"""A title that promises less than the change does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.model import SAME_MATCHES, Category, Level, RuleChange, dotted
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_HARMLESS = re.compile(r"\b(?:docs?|documentation|guides?|prep|preparations?|tags?)\b", re.IGNORECASE)


@policy(Level.NOTICE, scope=Scope.CHANGE, group="values")
def logic_under_docs_title(change: RuleChange, context: Context, _options: object) -> Iterator[Violation]:
    """The title speaks of docs, guides, tags or a release, and the rule finds something else now.

    Why: reviewers read by the title; a query that changes on the side of a hundred edited guides is merged unseen. A
    query that matches what it matched is no change here.

    Fix: see whether the change is meant; if so, say it in the title, or make it a pull request of its own.
    """
    said = _HARMLESS.search(context.title)
    if said is None or change.base is None or change.head is None or Category.LOGIC not in change.effects:
        return
    same = change.query is not None and change.query.verdict in SAME_MATCHES
    leaves = [leaf.path for leaf in change.changes if leaf.category is Category.LOGIC and not leaf.rewritten]
    keys = [path for path in leaves if not (same and path == ("rule", "query"))]
    what = ", ".join(coded(dotted(key)) for key in keys)
    yield Violation(message=f"the title says {coded(said[0])}, but {what} changed", at=keys[0], value=tuple(keys))
