"""What changed around a query, in words: filters, indices, thresholds, new terms, indicator matches.

None of it is part of the query's verdict, and none says what becomes of the alerts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot import span
from bot.model import Rule, Table, is_table, items, same
from bot.query import filters, index, kql, threshold
from bot.query.compare import indices_of, language_of
from bot.query.explain import explain
from bot.query.languages import tokens
from bot.query.meter import ExhaustedError, Meter
from bot.query.text import QueryError, UnsupportedError
from bot.query.truth import Reading
from bot.query.wording import Style, named
from bot.told import finished, marked

_STEPS = 200_000
_START = re.compile(r"now-([0-9]{1,9})([smhdwMy])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "M": 28 * 86_400, "y": 365 * 86_400}
_AT_MOST = {**_SECONDS, "M": 31 * 86_400, "y": 366 * 86_400}


def around(old: Rule, new: Rule) -> tuple[str, ...]:
    """Tell what changed around a query, a line each."""
    return tuple(map(finished, _around(old, new)))


def _around(old: Rule, new: Rule) -> Iterator[str]:
    yield from (
        *_indices(old, new),
        *_replaced("data view", old.string("rule", "data_view_id"), new.string("rule", "data_view_id")),
        *_category(old, new),
        *filters.tell(old.get("rule", "filters"), new.get("rule", "filters")),
        *_threshold(old, new),
        *_new_terms(old, new),
        *_threat_match(old, new),
    )


def _indices(old: Rule, new: Rule) -> Iterator[str]:
    """What a rule reads; what an ES|QL query names itself is part of the query, and told there."""
    if data_views(old, new):
        return
    if language_of(old) == language_of(new) == "esql":
        before, after = (index.names(rule.get("rule", "index")) for rule in (old, new))
        yield from index.tell(before, after, "index pattern")
        return
    reads, will_read = indices_of(old), indices_of(new)
    if reads is not None and will_read is not None:
        yield from index.tell(reads, will_read, "index pattern")


def data_views(old: Rule, new: Rule) -> bool:
    """Tell whether a rule reads a data view before and after: then it reads no list of index patterns beside it."""
    return all(rule.string("rule", "data_view_id") for rule in (old, new))


def moved_whole(old: Rule, new: Rule) -> bool:
    """Tell whether index patterns went between a list and an ES|QL query, and are the same ones still."""
    if (language_of(old) == "esql") is (language_of(new) == "esql"):
        return False
    if any(rule.get("rule", "data_view_id") is not None for rule in (old, new)):
        return False
    before, after = indices_of(old), indices_of(new)
    return before is not None and after is not None and not index.reordered(before, after)


def indicators_reformatted(old: Rule, new: Rule) -> bool:
    """Tell whether the query for indicators is the same but for its layout."""
    languages = {rule.string("rule", "threat_language") or "kuery" for rule in (old, new)}
    before, after = (rule.string("rule", "threat_query") for rule in (old, new))
    if before is None or after is None or languages != {"kuery"}:
        return False
    return tokens("kuery", before) == tokens("kuery", after) is not None


def _of(kind: str, rule: Rule, key: str) -> object:
    """The value of a key that only rules of one type know; in others it does nothing."""
    return rule.get("rule", key) if rule.type in {None, kind} else None


def _replaced(noun: str, before: object, after: object, more: str = "") -> Iterator[str]:
    """Tell a value that came, went or changed."""
    if same(before, after) or before == after:
        return
    if before is None:
        yield f"adds {noun}: {marked(after)}"
    elif after is None:
        yield f"removes {noun}: {marked(before)}"
    else:
        yield f"changes {noun}: {marked(before)} to {marked(after)}{more}"


def _category(old: Rule, new: Rule) -> Iterator[str]:
    """Where EQL looks the category of an event up; with a query that changed, the comparison tells it."""
    if language_of(old) == language_of(new) == "eql" and old.string("rule", "query") == new.string("rule", "query"):
        before, after = (rule.string("rule", "event_category_override") or "event.category" for rule in (old, new))
        yield from _replaced("field that holds the category of an event", before, after)


# thresholds


def _threshold(old: Rule, new: Rule) -> Iterator[str]:
    before, after = (_of("threshold", rule, "threshold") for rule in (old, new))
    if not is_table(before) or not is_table(after):
        yield from _replaced("threshold", threshold.words(before), threshold.words(after))
        return
    yield from _replaced("threshold", before.get("value"), after.get("value"), _higher(before, after))
    ours, theirs = index.names(before.get("field")), index.names(after.get("field"))
    if set(ours) != set(theirs):
        yield f"counts {_counted(theirs)} instead of {_counted(ours)}"
    yield from _replaced("least number of values", threshold.distinct(before), threshold.distinct(after))


def _counted(fields: Sequence[str]) -> str:
    return f"per {named(fields)}" if fields else "all events together"


def _higher(before: Table, after: Table) -> str:
    one, two = before.get("value"), after.get("value")
    if isinstance(one, int) and isinstance(two, int):
        return " (higher)" if two > one else " (lower)"
    return ""


# new terms


def _new_terms(old: Rule, new: Rule) -> Iterator[str]:
    before, after = (_of("new_terms", rule, "new_terms") for rule in (old, new))
    ours, theirs = _terms(before), _terms(after)
    one, two = _window(before), _window(after)
    if not ours and not theirs:
        return
    if not ours:
        yield f"alerts only on a {_values(theirs)} not seen {_since(two)}"
    elif not theirs:
        yield f"no longer asks for a {_values(ours)} not seen {_since(one)}"
    else:
        if set(ours) != set(theirs):
            finer = " (finer: more can be new)" if set(theirs) > set(ours) else ""
            coarser = " (coarser: less can be new)" if set(theirs) < set(ours) else ""
            yield f"alerts on a new {_values(theirs)} instead of a new {_values(ours)}{finer}{coarser}"
        yield from _replaced("start of the history that a value is new to", one, two, _longer(one, two))


def _values(fields: Sequence[str]) -> str:
    """Name what must be new: one field's value, or several fields' together."""
    *others, last = fields
    return f"combination of {named(others)} and {marked(last)}" if others else f"value of {marked(last)}"


def _since(start: str | None) -> str:
    return f"since {marked(start)}" if start else "before"


def _terms(value: object) -> list[str]:
    return index.names(value.get("value")) if is_table(value) else []


def _window(value: object) -> str | None:
    starts = items(value.get("history_window_start")) if is_table(value) else []
    return next((str(each.get("value")) for each in starts if is_table(each) and each.get("value") is not None), None)


def _longer(one: str | None, two: str | None) -> str:
    if span.back(one) is not None and span.back(one) == span.back(two):
        return " (the same span)"
    before, after = (_START.fullmatch(each or "") for each in (one, two))
    if before is None or after is None:
        return ""
    if _surely_longer(after, before):
        return " (longer: a value seen back to then is no longer new)"
    if _surely_longer(before, after):
        return " (shorter: a value last seen before that is new again)"
    return ""


def _surely_longer(one: re.Match[str], other: re.Match[str]) -> bool:
    """Tell whether one span is longer than another in any month and year."""
    if one[2] == other[2]:
        return int(one[1]) > int(other[1])
    return int(one[1]) * _SECONDS[one[2]] > int(other[1]) * _AT_MOST[other[2]]


# indicator matches


def _threat_match(old: Rule, new: Rule) -> Iterator[str]:
    before, after = (index.names(_of("threat_match", rule, "threat_index")) for rule in (old, new))
    yield from index.tell(before, after, "indicator index")
    yield from _indicators(old, new)
    ours, theirs = (_of("threat_match", rule, "threat_filters") for rule in (old, new))
    yield from filters.tell(ours, theirs, "indicator filter")
    held, holds = _mappings(old), _mappings(new)
    for verb, ours, theirs in (("removes", held, holds), ("adds", holds, held)):
        yield from (f"{verb} indicator match: {marked(told)}" for each, told in ours.items() if each not in theirs)


def _indicators(old: Rule, new: Rule) -> Iterator[str]:
    before, after = (_of("threat_match", rule, "threat_query") for rule in (old, new))
    if not (isinstance(before, str) and isinstance(after, str)) or before == after:
        yield from _replaced("indicator query", before, after)
        return
    languages = {rule.string("rule", "threat_language") or "kuery" for rule in (old, new)}
    told = _explained(before, after) if languages == {"kuery"} else None
    if told is None:
        yield from _replaced("indicator query", before, after)
    else:
        yield from (f"indicator query: {each}" for each in told)


def _explained(before: str, after: str) -> list[str] | None:
    """The edit of a KQL query in words, None where it is not understood."""
    try:
        one, two = kql.parse(before), kql.parse(after)
        return [] if one == two else list(explain(one, two, Reading.TWO, Style.KQL, Meter(_STEPS)))
    except (QueryError, UnsupportedError, ExhaustedError, RecursionError):
        return None


def _mappings(rule: Rule) -> dict[frozenset[str], str]:
    """Every way in which an event may match an indicator: entries of one item hold together, in any order."""
    found: dict[frozenset[str], str] = {}
    for item in items(_of("threat_match", rule, "threat_mapping")):
        entries = items(item.get("entries")) if is_table(item) else []
        told = [
            f"{each.get('field')} {'is not' if each.get('negate') is True else 'is'} {each.get('value')}"
            for each in entries
            if is_table(each)
        ]
        if told:
            found.setdefault(frozenset(told), " and ".join(told))
    return found


__all__ = ["around", "data_views", "indicators_reformatted", "moved_whole"]
