"""A count is a whole number; of a field nobody here knows it, and nothing is said that rests on a fraction."""

from __future__ import annotations

import pytest

from bot.model import QueryVerdict
from tests.query.rules import MIRROR, change, verdict

STATS = "from i | stats c = count(*), d = count_distinct(x), e = count(*) where z == 1, s = sum(x), a = avg(x) by k"
COUNTS = [
    ("c > 50", "c >= 51", "equivalent"),
    ("c < 50", "c <= 49", "equivalent"),
    ("c > 50 and d > 1", "d >= 2 and c >= 51", "equivalent"),
    ("e > 50.5", "e > 50", "equivalent"),
    ("e <= 50.5", "e < 51", "equivalent"),
    ("not c > 50", "not c >= 51", "equivalent"),
    ("c > 5", "c >= 7", "narrowed"),
    ("c == 6", "c > 5", "broadened"),
    ("c > 1e300", "c >= 1e300", "broadened-or-equal"),
    ("c > 1e999", "c >= 1e999", "broadened-or-equal"),
    ("s > 1", "s >= 2", "narrowed-or-equal"),
    ("a > 1", "a >= 2", "narrowed-or-equal"),
]


@pytest.mark.parametrize(("old", "new", "expected"), COUNTS)
def test_a_count_is_a_whole_number_and_a_sum_need_not_be(old: str, new: str, expected: str) -> None:
    before, after = (f"{STATS} | where {condition}" for condition in (old, new))
    assert verdict("esql", before, after) == expected
    assert verdict("esql", after, before) == MIRROR.get(expected, expected)


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("eql", "any where length(a) > 1", "any where length(a) >= 2"),
        ("esql", "from i | where length(a) < 5", "from i | where length(a) <= 4"),
        ("esql", "from i | where mv_count(a) > 1", "from i | where mv_count(a) >= 2"),
    ],
)
def test_so_is_a_length(language: str, old: str, new: str) -> None:
    assert verdict(language, old, new) == verdict(language, new, old) == "equivalent"


@pytest.mark.parametrize(
    ("language", "query", "field"),
    [
        ("kuery", "{} {}", "process.args_count"),
        ("eql", "any where {} {}", "destination.port"),
        ("esql", "from i | where {} {}", "destination.port"),
    ],
)
def test_whether_a_field_holds_fractions_is_left_open(language: str, query: str, field: str) -> None:
    found = change(language, query.format(field, "> 1"), query.format(field, ">= 2"))
    assert found.verdict is QueryVerdict.NARROWED_OR_EQUAL
    assert found.witness is None
    assert found.explanation[0] == (
        f"changes condition: {field} > 1 to {field} >= 2 (the same where the values are whole numbers)"
    )


def test_a_field_of_whole_numbers_is_shown_with_no_fraction() -> None:
    for field, expected in (("process.args_count", "narrowed-or-equal"), ("event.risk_score", "narrowed")):
        assert verdict("eql", f"any where {field} >= 1.5", f"any where {field} > 1.5") == expected


@pytest.mark.parametrize(("low", "events"), [(20, 21), (50, 51), (100, 101), (127, 128), (128, 0)])
def test_a_threshold_is_shown_by_a_group_of_as_many_events(low: int, events: int) -> None:
    query = "from i | stats c = count(*), d = count_distinct(source.ip) by k | where c > {} and d > 2"
    found = change("esql", query.format(low), query.format(low * 2))
    shown = found.witness.lost if found.witness is not None else ()
    assert isinstance(shown, tuple)
    assert len(shown) == events
    assert found.verdict is (QueryVerdict.NARROWED if events else QueryVerdict.NARROWED_OR_EQUAL)
