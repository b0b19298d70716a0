"""What is said of index patterns holds of the indices that they name, by a reading of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import leaf_changes
from bot.query.around import around, moved_whole
from bot.query.index import inside, lost, names, reordered, tell, within
from tests.query.rules import rule, verdict

INDICES = [(cluster, name) for cluster in ("", "e", "eu") for name in ("a", "b", "ab", "bb", "aab", ".a", ".ab")]
"""A local cluster and two others, each with the same indices; what begins with a dot is hidden."""

NAMES = st.sampled_from(["*", "a*", "*b", "a*b", "ab", "a", ".a", ".a*", ".*"])
LOCAL = st.one_of(NAMES, NAMES.map("-{}".format))
REMOTE = st.builds("{}:{}".format, st.sampled_from(["e", "e*", "*"]), LOCAL)
LISTS = st.lists(st.one_of(LOCAL, LOCAL, REMOTE, st.sampled_from(["-e:*", "-e*:*"])), max_size=4)


def found(pattern: str) -> set[tuple[str, str]]:
    """The indices that one pattern names."""
    cluster, colon, name = pattern.rpartition(":")
    return {
        index
        for index in INDICES
        if bool(colon) == bool(index[0])
        and fits(cluster, index[0])
        and fits(name, index[1])
        and not ("*" in name and index[1].startswith(".") and not name.startswith("."))
    }


def fits(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def read(patterns: Sequence[str]) -> set[tuple[str, str]]:
    """The indices that a list reads, in the order of Elasticsearch: clusters that are taken out are so at the end."""
    reads: set[tuple[str, str]] = set()
    wide: set[bool] = set()
    for pattern in patterns:
        cluster, _, name = pattern.rpartition(":")
        if cluster.startswith("-"):
            continue
        if name.startswith("-") and bool(cluster) in wide:
            reads -= found(f"{cluster}:{name[1:]}" if cluster else name[1:])
        elif not name.startswith("-"):
            reads |= found(pattern)
        wide |= {bool(cluster)} if "*" in name else set()
    return reads.difference(*(found(each[1:]) for each in patterns if each.startswith("-") and ":" in each))


def test_a_pattern_inside_another_names_nothing_more() -> None:
    patterns = [
        f"{cluster}{name}"
        for cluster, name in product(("", "e:", "e*:", "*:"), ("*", "a*", "*b", "a*b", "ab", "a", ".a", ".a*", ".*"))
    ]
    for one, other in product(patterns, patterns):
        assert not inside(one, other) or found(one) <= found(other), (one, other)
    assert sum(inside(one, other) for one, other in product(patterns, patterns)) > 3 * len(patterns)


@given(LISTS, LISTS)
def test_where_nothing_is_said_to_be_lost_nothing_is(before: list[str], after: list[str]) -> None:
    gone, excluded = lost(before, after)
    assert gone or excluded or read(before) <= read(after)
    assert not within(before, after) or read(before) <= read(after)
    assert lost(before, before) == ([], [])


@given(LISTS)
def test_an_exclusion_that_is_taken_away_loses_nothing(patterns: list[str]) -> None:
    for at, each in enumerate(patterns):
        if each.startswith("-") and ":" not in each:
            without = [*patterns[:at], *patterns[at + 1 :]]
            assert lost(patterns, without) == ([], [])


@given(LISTS.flatmap(lambda patterns: st.tuples(st.just(patterns), st.permutations(patterns))))
def test_an_order_that_makes_no_difference_reads_the_same(sides: tuple[list[str], list[str]]) -> None:
    before, after = sides
    assert reordered(before, after) or read(before) == read(after)
    assert reordered(before, after) == any(tell(before, after, "index pattern"))


MORE = ("adds index", "widens index", "removes excluded", "narrows excluded")
LESS = ("removes index", "narrows index", "adds excluded", "widens excluded")
SAME = re.compile(r" \((?:still within .*|already within .*|nothing of it is read|excludes nothing: .*)\)$")


@given(LISTS, LISTS)
def test_the_words_lead_where_the_indices_do(before: list[str], after: list[str]) -> None:
    if set(before) == set(after):
        return
    told = [line for line in tell(before, after, "index pattern") if not SAME.search(line)]
    assert not all(line.startswith(MORE) for line in told) or read(before) <= read(after)
    assert not all(line.startswith(LESS) for line in told) or read(after) <= read(before)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("*", ".alerts-security.*", "unknown"),
        (".alerts-security.*", "*", "unknown"),
        (".alerts-*", ".alerts-security.*", "narrowed-or-equal"),
        ("logs-*", "*:logs-*", "unknown"),
        ("*", "*:logs-*", "unknown"),
        ("eu:logs-*", "*:logs-*", "unknown"),
        ("logs-*", "logs-a*", "narrowed-or-equal"),
        ("logs-*, -logs-a*", "-logs-a*, logs-*", "unknown"),
        ("b*, a*", "a*, b*", "equivalent"),
        ("logs-*, -logs-a*", "logs-*, -logs-a*, logs-*", "unknown"),
        ("-x*, a*", "-x*, a*, -x*", "unknown"),
    ],
)
def test_a_verdict_of_esql_heeds_clusters_hidden_indices_and_exclusions(before: str, after: str, said: str) -> None:
    query = 'from {} metadata _id | where x == "a"'
    assert verdict("esql", query.format(before), query.format(after)) == said


def test_a_great_many_patterns_are_compared_by_name() -> None:
    many = [f"a-{number}-*" for number in range(20_000)]
    assert lost([*many, "b"], ["a-*", "-c", *many]) == (["b"], ["c"])
    assert not within(many, ["a-*", "c"])
    assert list(tell([*many, "b"], many, "index pattern")) == ["removes index pattern: \ue010b\ue011"]
    assert names(["a", "b", "a", 1]) == ["a", "b"]


def test_a_pattern_that_stands_again_behind_an_exclusion_counts() -> None:
    before, after = (rule("kuery", "a: 1", index=each) for each in (["a*", "-ab*", "a*"], ["a*", "-ab*"]))
    assert [change.path for change in leaf_changes(before.data, after.data)] == [("rule", "index")]
    assert lost(names(before.get("rule", "index")), names(after.get("rule", "index"))) == ([], ["ab*"])
    assert list(around(before, after)) == ["reorders exclusions: each counts only for what stands before it"]


def test_a_pattern_that_is_longer_than_any_name_costs_no_time() -> None:
    one, other = (["*a" * 3_000 + f"{letter}{number}" for number in range(99)] for letter in "bc")
    assert lost(one, other) == (one, [])
    assert len(list(tell(one, other, "index pattern"))) == 2


def test_a_list_beside_a_data_view_was_not_read_and_did_not_move() -> None:
    new = rule("esql", "from a* | where x == 1")
    assert moved_whole(rule("kuery", "x: 1", index=["a*"]), new)
    assert not moved_whole(rule("kuery", "x: 1", index=["a*"], data_view_id="b"), new)


@pytest.mark.parametrize(
    ("excluded", "read", "lost_some"),
    [
        ("logs-a*", "logs-*", True),
        ("logs-*", "logs-a", True),
        ("logs-a", "logs-b", False),
        ("logs-*-x", "logs-a*", True),
        ("*-x", "logs-*-y", False),
        ("*-xy", "*y", True),
        ("*y", "*-xy", True),
        ("*-xy", "*-y", False),
        ("logs-*", "metrics-*", False),
    ],
)
def test_an_exclusion_is_told_where_some_name_may_fit_both(excluded: str, read: str, lost_some: bool) -> None:  # noqa: FBT001 - an outcome
    reads = [read] if "*" in read else ["qq*", read]  # only behind a wildcard is it an exclusion
    assert lost(reads, [*reads, f"-{excluded}"])[1] == ([excluded] if lost_some else [])


def test_one_pattern_that_lies_outside_is_enough_to_prove_nothing() -> None:
    assert within(["logs-a*", "logs-b*"], ["logs-*"])
    assert not within(["logs-a*", "metrics-*"], ["logs-*"])
    assert not within(["metrics-*", "logs-a*"], ["logs-*"])
