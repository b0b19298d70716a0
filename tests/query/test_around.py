"""What stands around a query is told in words: filters, indices, thresholds, new terms, indicator matches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import Pair, Pairing, diff
from bot.model import QueryVerdict, Rule, RuleChange
from bot.query import around
from bot.settings import Settings


def rule(**keys: object) -> Rule:
    return Rule(path="rules/a.toml", text=repr(keys), data={"metadata": {}, "rule": keys})


def told(key: str, old: object, new: object) -> list[str]:
    return list(around(*(rule(**{key: value}) if value is not None else rule() for value in (old, new))))


def wildcard(field: str, value: str, **meta: object) -> dict[str, Any]:
    return {"meta": meta, "query": {"wildcard": {field: {"value": value, "case_insensitive": True}}}}


def query(body: dict[str, Any], **meta: object) -> dict[str, Any]:
    return {"meta": meta, "query": body}


A = wildcard("file.path", "?:\\A\\*", negate=True)
B = wildcard("file.path", "?:\\B\\*", negate=True)


def combined(relation: str, *params: dict[str, Any]) -> dict[str, Any]:
    return {"meta": {"type": "combined", "relation": relation, "params": list(params)}}


EITHER = combined("OR", query({"term": {"a": "x"}}), query({"term": {"a": "z"}}))
SHAPES = [
    (query({"match_phrase": {"event.code": "4624"}}), "filter: event.code: 4624"),
    (query({"match_phrase": {"event.code": {"query": "4624"}}}), "filter: event.code: 4624"),
    (query({"exists": {"field": "user.name"}}, negate=True), "filter that excludes: user.name: *"),
    ({"meta": {"negate": True}, "exists": {"field": "user.name"}}, "filter that excludes: user.name: *"),
    (query({"range": {"a.b": {"gte": 5, "lt": 9}}}), "filter: a.b >= 5 and < 9"),
    (A, "filter that excludes: file.path: ?:\\A\\* (in any case)"),
    (query({"wildcard": {"a.b": "x*"}}), "filter: a.b: x*"),
    (query({"prefix": {"a.b": "x"}}), "filter: a.b: x*"),
    (query({"terms": {"a.b": ["x", "y"]}}), "filter: a.b: (x or y)"),
    (
        query({"bool": {"should": [{"match_phrase": {"a": "x"}}, {"match_phrase": {"a": "y"}}]}}, type="phrases"),
        "filter: a: (x or y)",
    ),
    (
        query({"bool": {"minimum_should_match": 1, "should": [{"term": {"a": "x"}}, {"exists": {"field": "b"}}]}}),
        "filter: a: x or b: *",
    ),
    (query({"bool": {"must": [{"term": {"a": "x"}}, {"term": {"b": "y"}}]}}), "filter: a: x and b: y"),
    (query({"bool": {"must_not": [{"term": {"a": "x"}}]}}), "filter that excludes: a: x"),
    (query({"bool": {"must_not": [{"term": {"a": "x"}}]}}, negate=True), "filter: a: x"),
    (query({"match_all": {}}), "filter: everything"),
    (query({"query_string": {"query": "a:b"}}), "filter: Lucene a:b"),
    (query({"script": {"script": "true"}}), 'filter: {"script": {"script": "true"}}'),
    ({"meta": {"type": "phrase", "key": "a.b", "params": {"query": "x"}}}, "filter: a.b: x"),
    ({"meta": {"type": "phrases", "key": "a.b", "params": ["x", "y"]}}, "filter: a.b: (x or y)"),
    (
        {"meta": {"type": "combined", "relation": "OR", "params": [A, query({"term": {"a": "x"}})]}},
        "filter: not file.path: ?:\\A\\* (in any case) or a: x",
    ),
    (combined("AND", query({"term": {"b": "y"}}), EITHER), "filter: b: y and (a: x or a: z)"),
    (combined("OR", {**EITHER, "meta": {**EITHER["meta"], "negate": True}}), "filter: not (a: x or a: z)"),
    (query({"term": {"a": "x"}}, disabled=True), "switched-off filter: a: x"),
]


@pytest.mark.parametrize(("entry", "words"), SHAPES)
def test_a_filter_is_told_as_it_came_and_as_it_went(entry: dict[str, Any], words: str) -> None:
    assert told("filters", None, [entry]) == [f"adds {words}"]
    assert told("filters", [entry], []) == [f"removes {words}"]


def test_several_exclusions_on_one_field_share_a_line() -> None:
    assert told("filters", [], [A, B]) == [
        "adds filter that excludes: file.path: (?:\\A\\* (in any case) or ?:\\B\\* (in any case))"
    ]


def test_an_index_pattern_that_moved_into_the_query_is_not_removed() -> None:
    kql = rule(type="query", language="kuery", query="a: 1", index=["a-*", "b-*"])
    esql = rule(type="esql", language="esql", query="from a-*, c-* | where a == 1")
    assert list(around(kql, esql)) == ["removes index pattern: b-*", "adds index pattern: c-*"]
    assert list(around(esql, kql)) == ["removes index pattern: c-*", "adds index pattern: b-*"]


def test_a_list_of_index_patterns_beside_a_data_view_is_not_told() -> None:
    old, new = (rule(index=[name], data_view_id="v") for name in ("a-*", "b-*"))
    assert list(around(old, new)) == []
    assert list(around(rule(index=["a-*"]), new)) == [
        "removes index pattern: a-*",
        "adds index pattern: b-*",
        "adds data view: v",
    ]


def test_what_an_esql_query_reads_is_told_with_the_query() -> None:
    old, new = (rule(type="esql", language="esql", query=f"from {name} | where a == 1") for name in ("a-*", "b-*"))
    assert list(around(old, new)) == []


def test_a_value_that_changed_is_told_as_that() -> None:
    assert told("filters", [A], [B]) == [
        "changes filter that excludes: file.path: ?:\\A\\* (in any case) to file.path: ?:\\B\\* (in any case)"
    ]


def test_a_filter_that_turned_round_is_told_as_that() -> None:
    plain = wildcard("file.path", "?:\\A\\*")
    assert told("filters", [plain], [A]) == ["turns filter round, it excludes now: file.path: ?:\\A\\* (in any case)"]


def test_a_filter_that_was_switched_off_is_told_as_that() -> None:
    on, off = query({"term": {"a": "x"}}), query({"term": {"a": "x"}}, disabled=True)
    assert told("filters", [on], [off]) == ["switches filter off: a: x"]


def test_the_order_of_filters_and_what_kibana_notes_beside_mean_nothing() -> None:
    noted = {**A, "$state": {"store": "appState"}}
    assert told("filters", [A, B], [B, noted]) == []


@pytest.mark.parametrize(
    ("key", "old", "new", "words"),
    [
        ("index", ["a-*", "b-*"], ["b-*", "c-*"], ["removes index pattern: a-*", "adds index pattern: c-*"]),
        (
            "index",
            ["a.*", "b-*"],
            ["a.x-*", "b-*", "a.y", "c"],
            ["narrows index pattern: a.* to a.x-*, a.y", "adds index pattern: c"],
        ),
        ("index", ["a.x-*", "a.y"], ["a.*"], ["widens index pattern: a.x-*, a.y to a.*"]),
        (
            "index",
            ["a-*", "a-x-*", "b"],
            ["a-*"],
            ["removes index pattern: a-x-* (still within a-*)", "removes index pattern: b"],
        ),
        (
            "index",
            ["a-*"],
            ["a-*", "b", "a-x"],
            ["adds index pattern: b", "adds index pattern: a-x (already within a-*)"],
        ),
        ("index", ["a-*", "b-*"], ["b-*", "a-*"], []),
        ("index", ["a-*"], ["a-*", "-a-x*"], ["adds excluded index pattern: a-x*"]),
        ("index", ["a-*", "-a-x*"], ["a-*"], ["removes excluded index pattern: a-x*"]),
        ("index", ["a-*"], ["a-*", "-b*"], ["adds excluded index pattern: b* (nothing of it is read)"]),
        ("index", ["a-*", "-a-x*"], ["a-*", "-a-xy"], ["narrows excluded index pattern: a-x* to a-xy"]),
        ("index", ["a-*", "-a-x*"], ["*", "-a-x*"], ["widens index pattern: a-* to *"]),
        ("index", ["a-*", "-a-x*", "a-xy"], ["a-*", "-a-x*"], ["removes index pattern: a-xy"]),
        (
            "index",
            ["a-*", "-a-x*"],
            ["-a-x*", "a-*"],
            [
                "adds index pattern: -a-x* (excludes nothing: no wildcard stands before it)",
                "removes excluded index pattern: a-x*",
            ],
        ),
        (
            "index",
            ["a-*", "-a-x*", "a-xy"],
            ["a-*", "a-xy", "-a-x*"],
            ["reorders exclusions: each counts only for what stands before it"],
        ),
        ("index", ["a-*", "b-*", "-a-x*"], ["b-*", "a-*", "-a-x*"], []),
        ("index", ["*:a-*"], ["*:a-*", "-eu:*", "us:-a-x"], ["adds excluded index pattern: us:a-x, eu:*"]),
        ("index", ["*:a-*", "-eu:*"], ["-eu:*", "*:a-*"], []),
        ("index", ["a-*"], ["a-*:*"], ["removes index pattern: a-*", "adds index pattern: a-*:*"]),
        ("index", ["*"], ["*:a-*"], ["removes index pattern: *", "adds index pattern: *:a-*"]),
        ("index", ["eu:a-*"], ["*"], ["removes index pattern: eu:a-*", "adds index pattern: *"]),
        ("index", ["eu:a-*"], ["*:a-*"], ["widens index pattern: eu:a-* to *:a-*"]),
        ("index", ["*:a-*"], ["*:a-x", "eu:a-y"], ["narrows index pattern: *:a-* to *:a-x, eu:a-y"]),
        ("index", ["*"], [".a-*"], ["removes index pattern: *", "adds index pattern: .a-*"]),
        ("index", ["*-x"], [".a-x"], ["removes index pattern: *-x", "adds index pattern: .a-x"]),
        ("index", [".a-*"], [".a-x-*"], ["narrows index pattern: .a-* to .a-x-*"]),
        ("index", ["eu:*"], ["eu:.a-*"], ["removes index pattern: eu:*", "adds index pattern: eu:.a-*"]),
        ("index", ["a-*"], ["a-x::failures"], ["removes index pattern: a-*", "adds index pattern: a-x::failures"]),
        ("index", ["a-*"], ["a-x,b"], ["removes index pattern: a-*", "adds index pattern: a-x,b"]),
        (
            "index",
            ["<a-{now/d{yyyy|+01:00}}>"],
            ["*"],
            ["removes index pattern: <a-{now/d{yyyy|+01:00}}>", "adds index pattern: *"],
        ),
        ("data_view_id", "one", "two", ["changes data view: one to two"]),
        (
            "threshold",
            {"field": ["a"], "value": 5},
            {"field": ["a"], "value": 9},
            ["changes threshold: 5 to 9 (higher)"],
        ),
        ("threshold", {"field": "a", "value": 5}, {"field": ["a"], "value": 4}, ["changes threshold: 5 to 4 (lower)"]),
        (
            "threshold",
            {"field": ["a"], "value": 5},
            {"field": ["a", "b"], "value": 5, "cardinality": [{"field": "c", "value": 3}]},
            ["counts per a, b instead of per a", "adds least number of values: 3 different c"],
        ),
        (
            "threshold",
            {"field": ["a"], "value": 3},
            {"field": [], "value": 3},
            ["counts all events together instead of per a"],
        ),
        ("threshold", None, {"field": [], "value": 5}, ["adds threshold: at least 5 events"]),
        (
            "new_terms",
            {"value": ["a"], "history_window_start": [{"field": "history_window_start", "value": "now-7d"}]},
            {"value": ["a", "b"], "history_window_start": [{"field": "history_window_start", "value": "now-2w"}]},
            [
                "alerts on a new combination of a and b instead of a new value of a (finer: more can be new)",
                (
                    "changes start of the history that a value is new to: now-7d to now-2w"
                    " (longer: a value seen back to then is no longer new)"
                ),
            ],
        ),
        (
            "new_terms",
            {"value": ["a"], "history_window_start": [{"value": "now-7d"}]},
            {"value": ["a"], "history_window_start": [{"value": "now-168h"}]},
            ["changes start of the history that a value is new to: now-7d to now-168h (the same span)"],
        ),
        *(
            (
                "new_terms",
                {"value": ["a"], "history_window_start": [{"value": one}]},
                {"value": ["a"], "history_window_start": [{"value": two}]},
                [f"changes start of the history that a value is new to: {one} to {two}{how}"],
            )
            for one, two, how in (
                ("now-31d", "now-1M", ""),
                ("now-32d", "now-1M", " (shorter: a value last seen before that is new again)"),
                ("now-27d", "now-1M", " (longer: a value seen back to then is no longer new)"),
                ("now-28d", "now-1M", ""),
                ("now-11M", "now-12M", " (longer: a value seen back to then is no longer new)"),
                ("now-12M", "now-1y", ""),
            )
        ),
        ("new_terms", None, {"value": ["a"]}, ["alerts only on a value of a not seen before"]),
        (
            "new_terms",
            {"value": ["a", "b"], "history_window_start": [{"field": "history_window_start", "value": "now-7d"}]},
            None,
            ["no longer asks for a combination of a and b not seen since now-7d"],
        ),
        (
            "threshold",
            {"field": ["a"], "value": 1, "cardinality": [{"field": "c", "value": 3}]},
            None,
            ["removes threshold: at least 3 different c per a"],
        ),
        ("threat_index", ["t-*"], ["u-*"], ["removes indicator index: t-*", "adds indicator index: u-*"]),
        ("threat_query", "a: x", "a: x and not b: y", ["indicator query: adds exclusion: b: y"]),
        ("threat_query", "a: x", "a: (", ["changes indicator query: a: x to a: ("]),
        ("threat_query", "a: x", "a:x", []),
        ("threat_filters", None, [query({"term": {"a": "x"}})], ["adds indicator filter: a: x"]),
        (
            "threat_mapping",
            [{"entries": [{"field": "a", "type": "mapping", "value": "t.a"}]}],
            [{"entries": [{"field": "a", "value": "t.a"}, {"field": "b", "value": "t.b", "negate": True}]}],
            ["removes indicator match: a is t.a", "adds indicator match: a is t.a and b is not t.b"],
        ),
        (
            "threat_mapping",
            [{"entries": [{"field": "a", "value": "t.a"}, {"field": "b", "value": "t.b"}]}],
            [{"entries": [{"field": "b", "value": "t.b"}, {"field": "a", "value": "t.a"}]}],
            [],
        ),
    ],
)
def test_what_stands_around_a_query_is_told(key: str, old: object, new: object, words: list[str]) -> None:
    assert told(key, old, new) == words


@pytest.mark.parametrize(
    ("key", "value", "kind", "words"),
    [
        ("threshold", {"field": ["a"], "value": 3}, "threshold", "threshold: at least 3 events per a"),
        ("new_terms", {"value": ["a"]}, "new_terms", "a value of a not seen before"),
        ("threat_index", ["t-*"], "threat_match", "indicator index: t-*"),
        ("threat_query", "a: x", "threat_match", "indicator query: a: x"),
        ("threat_filters", [query({"term": {"a": "x"}})], "threat_match", "indicator filter: a: x"),
        (
            "threat_mapping",
            [{"entries": [{"field": "a", "value": "t.a"}]}],
            "threat_match",
            "indicator match: a is t.a",
        ),
    ],
)
def test_what_a_rule_of_another_type_ignores_is_told_as_gone(key: str, value: object, kind: str, words: str) -> None:
    other = rule(type="query", **{key: value})
    assert list(around(rule(type="query"), other)) == []
    (line,) = around(rule(type=kind, **{key: value}), other)
    assert line.endswith(words)


def changed(old: dict[str, object], new: dict[str, object]) -> RuleChange:
    return diff(Pairing(pairs=(Pair(before=rule(**old), after=rule(**new)),)), Settings()).rules[0]


def test_what_stands_around_is_told_with_the_query_and_never_in_its_verdict() -> None:
    base: dict[str, object] = {"type": "query", "query": "a: (x or y)", "filters": []}
    head: dict[str, object] = {"type": "query", "query": "a: x", "filters": [query({"term": {"b": "z"}})]}
    found = changed(base, head)
    assert found.query is not None
    assert found.query.verdict is QueryVerdict.NARROWED
    assert found.query.explanation == ("removes value: a: y", "adds filter: b: z")
    alone = changed({**base}, {**base, "filters": head["filters"]})
    assert alone.query is None
    assert alone.around == ("adds filter: b: z",)


def test_a_narrower_query_about_new_terms_promises_nothing_about_alerts() -> None:
    keys = {"type": "new_terms", "new_terms": {"value": ["a"]}}
    found = changed({**keys, "query": "a: (x or y)"}, {**keys, "query": "a: x"})
    assert found.query is not None
    assert found.query.explanation == (
        "removes value: a: y",
        "the same query decides which values count as already known, so alerts may come as well as go",
    )
    same = changed({**keys, "query": "a: (x or y)"}, {**keys, "query": "a: (y or x)"})
    assert same.query is not None
    assert not any("alerts" in line for line in same.query.explanation)


JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["meta", "query", "bool", "should", "must", "range", "term", "value", "field", "entries", "gte"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(st.sampled_from(["filters", "threshold", "new_terms", "threat_mapping", "threat_query", "index"]), JSON, JSON)
def test_nothing_that_toml_can_hold_breaks_the_words(key: str, old: object, new: object) -> None:
    assert all(isinstance(line, str) for line in told(key, old, new))
    assert told(key, old, old) == []


def test_nothing_is_said_of_indices_that_a_broken_query_hides() -> None:
    old = rule(type="query", index=["logs-*"], query="a: 1")
    new = rule(type="esql", language="esql", query="from logs-* | where a >")
    assert not list(around(old, new))


def test_the_field_that_a_category_is_looked_up_in_is_told_where_the_query_is_the_same() -> None:
    text = 'info where process.name == "a"'
    old = rule(type="eql", language="eql", query=text, event_category_override="event.type")
    new = rule(type="eql", language="eql", query=text)
    line = "changes field that holds the category of an event: event.type to event.category"
    assert list(around(old, new)) == [line]
    kql = rule(type="query", language="kuery", query="a: 1", event_category_override="event.type")
    assert not list(around(kql, rule(type="query", language="kuery", query="a: 1")))
