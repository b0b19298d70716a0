"""Lists that name a value once."""

from __future__ import annotations

from collections.abc import Iterator

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import again, conditions, queries_of
from bot.told import coded

_TWICE = 2
_LISTED = frozenset({"is", "like", "block"})


@policy(Level.NOTICE, scope=Scope.RULE, group="query")
def duplicate_query_value(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    """A list of values in the query names one of them twice.

    Why: the second one changes nothing, and is often a slip: another value was meant.

    Fix: take one of them out, or write the value that was meant.
    """
    for at, language, query in queries_of(rule):
        for each in conditions(language, query, least=2):
            keys = [value.lower() if each.folds and isinstance(value, str) else value for value in each.values]
            if each.operator not in _LISTED or len(set(keys)) == len(keys):
                continue
            alike: dict[object, list[object]] = {}
            for key, value in zip(keys, each.values, strict=True):
                alike.setdefault(key, []).append(value)
            for values in alike.values():
                if len(values) > 1:
                    times = "twice" if len(values) == _TWICE else f"{len(values)} times"
                    how = ", the case of letters apart" if len(set(values)) > 1 else ""
                    yield Violation(
                        message=f"{coded(values[1])} stands {times} in the list for {coded(each.field)}{how}",
                        at=at,
                        value=(each.field, values[1]),
                        line=line_within(rule.text, at, again(query, values[1], each.at)),
                    )
