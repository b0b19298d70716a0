"""A query taken apart into conditions, the same way in every language."""

from __future__ import annotations

from fnmatch import fnmatchcase as fnmatch
from itertools import combinations

import pytest
from hypothesis import assume, given

from bot.query import conditions, dead, maxspan, missing_metadata
from bot.query.formula import And, Or
from bot.query.kql import parse
from bot.query.truth import Reading, T, judge
from bot.query.wording import Style, show
from tests.query.rules import PATTERNS, QUERIES, STRINGS, TESTS

Told = list[tuple[str, str, tuple[object, ...], bool, bool]]

CASES: list[tuple[str, str, Told]] = [
    (
        "kuery",
        "a: (x or y*) and not b: (z and w) and c >= 5 and d: *",
        [
            ("a", "is", ("x",), False, False),
            ("a", "like", ("y*",), False, False),
            ("b", "is", ("z",), True, True),
            ("b", "is", ("w",), True, True),
            ("c", "range", (5, None), False, False),
            ("d", "exists", (), False, False),
        ],
    ),
    (
        "eql",
        'any where not (a : ("X", "y") or cidrmatch(source.ip, "10.0.0.0/8", "::1")) and b == 3 and c regex "x.*"',
        [
            ("a", "is", ("X", "y"), True, False),
            ("source.ip", "block", ("10.0.0.0/8", "::1"), True, False),
            ("b", "is", (3,), False, False),
            ("c", "other", ("x.*",), False, False),
        ],
    ),
    (
        "esql",
        'from x | where a in ("1", "2") and not b like "z*" | stats c = count(*) by d | where c > 2',
        [
            ("a", "is", ("1", "2"), False, False),
            ("b", "like", ("z*",), True, False),
            ("c", "range", (2, None), False, False),
        ],
    ),
]


@pytest.mark.parametrize(("language", "query", "told"), CASES)
def test_conditions_are_told_from_left_to_right(language: str, query: str, told: Told) -> None:
    found = conditions(language, query)
    assert [(each.field, each.operator, each.values, each.negated, each.joined) for each in found] == told
    assert [each.at for each in found] == sorted(each.at for each in found)


def test_every_step_of_a_sequence_is_looked_at() -> None:
    query = 'sequence [process where a == "1"] [any where b == "2"] until [any where c == "3"]'
    assert [each.field for each in conditions("eql", query)] == ["event.category", "a", "b", "c"]


def test_a_place_is_where_the_value_stands() -> None:
    query = 'any where a == "b" and\n  p : "C:\\\\Users\\\\*"'
    found = conditions("eql", query)
    assert query[found[0].at :].startswith("b")
    assert query[found[1].at :].startswith("C:")


@pytest.mark.parametrize(("language", "query"), [("kuery", "a: ("), ("lucene", "a:b"), ("esql", "row a = 1"), ("", "")])
def test_what_is_not_understood_has_no_conditions(language: str, query: str) -> None:
    assert conditions(language, query) == ()
    assert dead(language, query) == []


@pytest.mark.parametrize(
    ("language", "query", "pieces"),
    [
        ("kuery", "a: (x or y) and not a: x", ["a: x"]),
        ("kuery", "(a: x and not a: *) or b: y", ["a: x and not a: *"]),
        ("kuery", "a: (x or y) and not (a: x and b: z)", []),
        ("eql", 'any where a : ("x.exe", "y") and not a : "*.exe"', ['a : "x.exe"']),
        ("eql", "any where false", []),
        ("kuery", "not a: * and a: y", [""]),
        ("kuery", "a: (x or y) and (b: z or not (a: x or a: y))", ["not a: (x or y)"]),
        ("esql", "from x | where a > 5 and not a > 3", [""]),
        ("esql", 'from x | where (a == "1" and a in ("2", "3")) or b == "4"', ['a == "1" and a in ("2", "3")']),
        ("esql", 'from x | where a == "1" and (a in ("1", "2") or b == "3")', ['a == "2"']),
    ],
)
def test_only_what_is_proven_to_be_dead_is_called_so(language: str, query: str, pieces: list[str]) -> None:
    assert [each.shown for each in dead(language, query)] == pieces


VALUES = [values for size in range(len(STRINGS) + 1) for values in combinations(STRINGS, size)]
TOLD_APART = {tuple(any(fnmatch(one, test) for one in values) for test in PATTERNS): values for values in VALUES}
EVENTS: list[dict[str, tuple[object, ...]]] = [
    {"a": a, "b": b} for a in TOLD_APART.values() for b in TOLD_APART.values()
]


@given(QUERIES)
def test_a_query_is_dead_exactly_when_no_event_passes(query: str) -> None:
    formula = parse(query)
    alive = any(judge(formula, event, Reading.TWO) == T for event in EVENTS)
    assert any(not piece.shown for piece in dead("kuery", query)) is not alive


@given(TESTS | QUERIES, QUERIES, QUERIES)
def test_an_alternative_is_dead_exactly_when_no_event_passes_it_with_its_neighbours(
    one: str, two: str, beside: str
) -> None:
    whole = parse(f"({one} or {two}) and {beside}")
    assume(any(judge(whole, event, Reading.TWO) == T for event in EVENTS))
    shown = {piece.shown for piece in dead("kuery", f"({one} or {two}) and {beside}")}
    for alternative in (one, two):
        part = parse(alternative)
        if isinstance(part, Or) or not isinstance(whole, And):
            continue  # its own alternatives are judged one by one
        alive = any(judge(parse(f"({alternative}) and {beside}"), event, Reading.TWO) == T for event in EVENTS)
        assert (show(part, Style.KQL) in shown) is not alive or show(part, Style.KQL) in beside


def test_a_query_too_large_to_judge_is_not_called_dead() -> None:
    values = " or ".join(f"v{number}*w{number}*" for number in range(4000))
    assert dead("kuery", f"a: ({values}) and not a: ({values}) and not b: ({values})") == []


def test_the_span_of_a_sequence_is_read() -> None:
    assert maxspan("sequence with maxspan=2m [any where true] [any where true]") == 120_000
    assert maxspan("any where true") is None
    assert maxspan("sequence [") is None


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        ("from x", ("_id", "_index", "_version")),
        ("from x metadata _id, _index, _version", ()),
        ("from x metadata _id, _index, _version | drop _index", ("_index",)),
        ("from x metadata _id | keep *", ("_index", "_version")),
        ("from x | stats c = count(*)", ()),
        ("from x | completion a = b", ()),
        ("from (", ()),
    ],
)
def test_what_an_alert_lacks_of_its_document_is_told(query: str, missing: tuple[str, ...]) -> None:
    assert missing_metadata(query) == missing
