"""Kibana's filters in words: what ``[[rule.filters]]`` asks beside the query."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from bot.model import NO_TABLE, Table, is_list, is_table, items
from bot.told import marked

_DEEPEST = 12
_LONGEST = 200
_SHOWN = 8
_BOUNDS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<", "from": ">=", "to": "<="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One filter.

    Attributes:
        field: the field it asks about, empty where it asks about several or none.
        asks: what it asks of that field, or the whole in words where there is no field.
        negated: it leaves out what it finds.
        enabled: it counts.
    """

    field: str
    asks: str
    negated: bool
    enabled: bool

    @property
    def shown(self) -> str:
        """What it finds, in KQL's manner."""
        return f"{self.field}{self.asks}"


def read(value: object) -> list[Filter]:
    """Read a list of filters."""
    return [_read(each) for each in items(value) if is_table(each)]


def tell(old: object, new: object, noun: str = "filter") -> Iterator[str]:
    """Tell what became of a list of filters, a line each; their order means nothing."""
    before, after = read(old), read(new)
    stay = set(before) & set(after)
    gone = [each for each in dict.fromkeys(before) if each not in stay]
    come = [each for each in dict.fromkeys(after) if each not in stay]
    for one, two in _matched(gone, come, lambda each: each.shown):
        if one.negated != two.negated:
            yield f"turns {noun} round, it {'excludes' if two.negated else 'requires'} now: {marked(two.shown)}"
        if one.enabled != two.enabled:
            yield f"switches {noun} {'on' if two.enabled else 'off'}: {marked(two.shown)}"
    for one, two in _matched(gone, come, _alike):
        yield f"changes {_name(two, noun)}: {marked(one.shown)} to {marked(two.shown)}"
    for verb, several in (("removes", gone), ("adds", come)):
        yield from _listed(verb, several, noun)


def _alike(each: Filter) -> Hashable:
    """What two filters have in common that ask something else of one field; None for those of no one field."""
    return (each.field, each.negated, each.enabled) if each.field else None


def _matched(
    gone: list[Filter], come: list[Filter], key: Callable[[Filter], Hashable]
) -> Iterator[tuple[Filter, Filter]]:
    """Take out of both lists the filters that stand for each other by a key, where there is no doubt which."""
    sides = _by(gone, key), _by(come, key)
    pairs = [
        (one[0], sides[1][each][0]) for each, one in sides[0].items() if len(one) == len(sides[1].get(each, ())) == 1
    ]
    for side, paired in zip((gone, come), zip(*pairs, strict=True), strict=False):
        taken = set(paired)
        side[:] = [each for each in side if each not in taken]
    yield from pairs


def _by(filters: Iterable[Filter], key: Callable[[Filter], Hashable]) -> dict[Hashable, list[Filter]]:
    found: dict[Hashable, list[Filter]] = {}
    for each in filters:
        if (own := key(each)) is not None:
            found.setdefault(own, []).append(each)
    return found


def _listed(verb: str, filters: Sequence[Filter], noun: str) -> Iterator[str]:
    """One line for each filter; exclusions on one field share a line, for each of them leaves out its own."""
    shared: dict[tuple[str, str], list[Filter]] = {}
    for each in filters:
        key = each.field if each.negated and each.asks.startswith(": ") else ""
        shared.setdefault((_name(each, noun), key or each.shown), []).append(each)
    for (name, key), group in shared.items():
        if len(group) == 1:
            yield f"{verb} {name}: {marked(group[0].shown)}"
        else:
            asked = _list([each.asks.removeprefix(": ") for each in group])
            yield f"{verb} {name}: {marked(f'{key}: {asked}')}"


def _name(each: Filter, noun: str) -> str:
    return f"{'' if each.enabled else 'switched-off '}{noun}{' that excludes' if each.negated else ''}"


def _read(entry: Table) -> Filter:
    meta = entry.get("meta")
    meta = meta if is_table(meta) else NO_TABLE
    negated = meta.get("negate") is True
    inside = _refused(entry.get("query"))
    if inside is not None:
        entry, negated = {**entry, "query": inside}, not negated
    field, asks = _asks(entry, meta)
    return Filter(field=field, asks=asks, negated=negated, enabled=meta.get("disabled") is not True)


def _refused(body: object) -> Table | None:
    """The one query that a compound query refuses and is about alone."""
    compound = body.get("bool") if is_table(body) and len(body) == 1 else None
    if not is_table(compound):
        return None
    clauses = {key: value for key, value in compound.items() if value not in ([], {}) and key != "minimum_should_match"}
    if clauses.keys() != {"must_not"}:
        return None
    refused = clauses["must_not"]
    only = refused[0] if is_list(refused) and len(refused) == 1 else refused
    return only if is_table(only) else None


def _asks(entry: Table, meta: Table) -> tuple[str, str]:
    """The field and what is asked of it."""
    if meta.get("type") == "combined":
        inner = [_text(each) for each in read(meta.get("params"))]
        parts = map(_grouped, inner) if len(inner) > 1 else inner
        return "", (" or " if meta.get("relation") == "OR" else " and ").join(parts)
    body = entry.get("query")
    if is_table(body) and body:
        return _query(body, 0)
    plain = {key: value for key, value in entry.items() if key not in {"meta", "$state", "query"}}
    if plain:
        return _query(plain, 0)
    key, params = meta.get("key"), meta.get("params")
    if isinstance(key, str):  # an old export, which has it in its description alone
        values = items(params) or [params.get("query", "") if is_table(params) else meta.get("value", "")]
        return key, f": {_list([_value(each) for each in values])}"
    return "", _value(entry)


def _text(each: Filter) -> str:
    return f"not {_grouped(each.shown)}" if each.negated else each.shown


def _query(body: Table, depth: int) -> tuple[str, str]:  # noqa: C901, PLR0911 - one branch a kind of query
    if len(body) != 1 or depth > _DEEPEST:
        return "", _value(body)
    kind, inside = next(iter(body.items()))
    if kind == "match_all":
        return "", "everything"
    if not is_table(inside):
        return "", _value(body)
    if kind == "exists" and isinstance(inside.get("field"), str):
        return str(inside["field"]), ": *"
    if kind == "bool":
        return _bool(inside, depth)
    if kind == "query_string":
        return "", f"Lucene {_value(inside.get('query', ''))}"
    fields = [key for key in inside if key not in {"boost", "_name"}]
    if len(fields) != 1:
        return "", _value(body)
    field, asked = fields[0], inside[fields[0]]
    options = asked if is_table(asked) else NO_TABLE
    folds = " (in any case)" if options.get("case_insensitive") is True else ""
    if kind in {"match_phrase", "match", "term", "wildcard", "prefix"}:
        value = options.get("query", options.get("value", options.get("wildcard"))) if options else asked
        star = "*" if kind == "prefix" else ""
        return (field, f": {_value(value)}{star}{folds}") if value is not None else ("", _value(body))
    if kind == "terms" and is_list(asked):
        return field, f": {_list([_value(each) for each in asked])}"
    if kind == "regexp":
        return field, f": /{_value(options.get('value', asked))}/{folds}"
    if kind == "range":
        bounds = [f"{_BOUNDS[key]} {_value(value)}" for key, value in options.items() if key in _BOUNDS]
        return (field, f" {' and '.join(bounds)}") if bounds else ("", _value(body))
    return "", _value(body)


def _bool(inside: Table, depth: int) -> tuple[str, str]:
    """A compound query; one that only lists values of one field is told as that."""
    parts: list[str] = []
    for key, value in inside.items():
        clauses = value if is_list(value) else [value]
        if key == "minimum_should_match" or not clauses:
            continue
        if key not in {"must", "filter", "should", "must_not"} or not all(map(is_table, clauses)):
            return "", _value({"bool": inside})
        told = [_query(cast("Table", each), depth + 1) for each in clauses]
        if key == "should":
            if len(inside.keys() - {"minimum_should_match"}) == 1 and inside.get("minimum_should_match", 1) == 1:
                return _either(told)
            return "", _value({"bool": inside})
        shown = [f"{field}{asks}" for field, asks in told]
        parts += [f"not {_grouped(each)}" for each in shown] if key == "must_not" else shown
    if len(parts) == 1:
        return "", parts[0]
    return "", " and ".join(map(_grouped, parts)) if parts else "everything"


def _either(told: Sequence[tuple[str, str]]) -> tuple[str, str]:
    fields = {field for field, _ in told}
    if len(told) > 1 and len(fields) == 1 and fields != {""} and all(asks.startswith(": ") for _, asks in told):
        return told[0][0], f": {_list([asks.removeprefix(': ') for _, asks in told])}"
    if len(told) == 1:
        return told[0]
    return "", " or ".join(_grouped(f"{field}{asks}") for field, asks in told)


def _grouped(text: str) -> str:
    return f"({text})" if " or " in text or " and " in text else text


def _list(values: Sequence[str]) -> str:
    if len(values) == 1:
        return values[0]
    more = [f"{len(values) - _SHOWN} more"] if len(values) > _SHOWN else []
    return f"({' or '.join([*values[:_SHOWN], *more])})"


def _value(value: object) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, Mapping | list):
        text = json.dumps(value, default=str, ensure_ascii=False)
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


__all__ = ["Filter", "read", "tell"]
