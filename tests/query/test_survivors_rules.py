"""What the rule around a query decides, pipelines of several commands, and events that have to be found for them."""

from __future__ import annotations

from itertools import product

import pytest

from bot.model import QueryChange, Rule
from bot.query import Budget, compare, conditions, dead, queries_of
from bot.query.compare import language_of
from tests.query.rules import MIRROR, change, rule, verdict


def of(keys: dict[str, object]) -> Rule:
    return Rule(path="rules/a.toml", text="", data={"rule": keys})


def edited(old: str | None, new: str | None, **keys: object) -> QueryChange:
    sides = (of({**keys, **({} if query is None else {"query": query})}) for query in (old, new))
    found = compare(*sides)
    assert found is not None
    return found


def test_a_rule_without_a_language_has_that_of_its_type() -> None:
    assert [language_of(of({"type": kind})) for kind in ("eql", "esql", "query", "threshold")] == [
        "eql",
        "esql",
        "kuery",
        "kuery",
    ]
    assert language_of(of({})) == "kuery"
    assert language_of(of({"type": "query", "language": "lucene"})) == "lucene"


def test_an_indicator_query_is_read_in_its_own_language() -> None:
    keys: dict[str, object] = {"type": "threat_match", "query": "a: b", "threat_query": "c:d"}
    assert [language for _, language, _ in queries_of(of(keys))] == ["kuery", "kuery"]
    assert [language for _, language, _ in queries_of(of({**keys, "threat_language": "lucene"}))] == ["kuery", "lucene"]


def test_a_query_that_came_or_went_is_said_to_have() -> None:
    assert edited(None, "a: b").reason == "the query was added"
    assert edited("a: b", None).reason == "the query was removed"


@pytest.mark.parametrize(("old", "new"), [("a: b", "a: c" + "d" * 90), ("a: c" + "d" * 90, "a: b")])
def test_one_query_that_is_too_long_is_enough_to_say_nothing(old: str, new: str) -> None:
    found = compare(rule("kuery", old), rule("kuery", new), budget=Budget(max_characters=80))
    assert found is not None
    assert (found.verdict.value, found.reason) == ("unknown", "too large")


def test_a_category_stands_in_the_field_that_the_rule_names() -> None:
    old, new = "process where a == 1", "any where a == 1"
    for keys, field in (({}, "event.category"), ({"event_category_override": "kind"}, "kind")):
        found = edited(new, old, type="eql", language="eql", **keys)
        assert found.verdict.value == "narrowed"
        same = edited(old, f'any where {field} == "process" and a == 1', type="eql", language="eql", **keys)
        assert same.verdict.value == "equivalent"


def test_the_times_of_a_sequence_stand_in_the_field_that_the_rule_names() -> None:
    steps = "[any where a == 1] [any where b == 2]"
    spans = [f"sequence by k with maxspan={span} {steps}" for span in ("1m", "2m")]
    for keys, field in (({}, "@timestamp"), ({"timestamp_field": "event.ingested"}, "event.ingested")):
        found = edited(spans[0], spans[1], type="eql", language="eql", **keys)
        assert found.witness is not None
        assert isinstance(found.witness.gained, tuple)
        assert all(field in event for event in found.witness.gained)


# pipelines of several commands: an edit in every filter, and what follows from all of them

FILTERS = ("a == 1", "a in (1, 2)")
STAGES = [
    f"from x | where {one} | mv_expand b | where b {two} | mv_expand c | where c {three}"
    for one, two, three in product(FILTERS, ("== 2", "in (2, 3)"), ("== 3", "in (3, 4)"))
]


@pytest.mark.parametrize("old", range(len(STAGES)))
def test_every_filter_of_a_pipeline_has_its_say(old: int) -> None:
    for new in range(len(STAGES)):
        gains, losses = new & ~old, old & ~new  # each bit is a filter that lets more through
        found = verdict("esql", STAGES[old], STAGES[new])
        if gains and losses:
            assert found in {"unknown", "changed"}
        elif gains or losses:
            assert found.removesuffix("-or-equal") == ("broadened" if gains else "narrowed")


EDITS = [
    # EQL: what a missing field makes of an exclusion is not known, and the exclusions are compared all the same
    ("eql", 'any where a == 1 and not b : "p*"', 'any where a == 1 and not b : "pq"', "broadened"),
    ("eql", 'any where a == 1 and not b like "p*"', 'any where a == 1 and not b like ("p*", "q*")', "narrowed"),
    ("eql", 'any where not cidrmatch(a, "10.0.0.0/8")', 'any where not cidrmatch(a, "10.1.0.0/16")', "broadened"),
    ("eql", "any where not a > 5", "any where not a > 7", "broadened"),
    ("kuery", "a: * and not b: p*", "a: * and not b: pq", "broadened"),
    ("esql", 'from x | where not b like "p*"', 'from x | where not b like "pq"', "broadened"),
    ("esql", 'from x | where not kql("b: p*")', 'from x | where not kql("b: pq")', "broadened"),
    ("esql", 'from x | where kql("a: p") and a == "p"', 'from x | where a == "p"', "broadened-or-equal"),
    ("esql", 'from x | where kql("a: p")', 'from x | where a == "p"', "unknown"),
    # sequences: the event that tells is looked for in each step, beside an UNTIL and beside a missing event
    *[
        (
            "eql",
            f"sequence by k [any where a == 1] [any where b in (2, 3, 4)]{more}",
            f"sequence by k [any where a == 1] [any where b in ({left})]{more}",
            "narrowed",
        )
        for left in ("2, 3", "2, 4", "3, 4")
        for more in ("", " until [any where c == 5]")
    ],
    (
        "eql",
        "sequence by k [any where a in (1, 2)] [any where b == 1] [any where c in (1, 2, 3)]",
        "sequence by k [any where a in (2, 1)] [any where b == 1] [any where c in (1, 3)]",
        "narrowed",
    ),
    (
        "eql",
        "sequence by a_b.c [any where a == 1] [any where b in (1, 2)]",
        "sequence by a_b.c [any where a == 1] [any where b == 1]",
        "narrowed",
    ),
    # groups
    ("esql", "from x | stats c = count(*) by h", "from x | where a == 1 | stats c = count(*) by h", "narrowed"),
    (
        "esql",
        "from x | stats c = count(*) by h | where length(h) > 3",
        "from x | where a == 1 | stats c = count(*) by h | where length(h) > 3",
        "narrowed-or-equal",
    ),
    (
        "esql",
        "from x | stats c = count(*), d = count(u) by h | where c - d > 3",
        "from x | where a == 1 | stats c = count(*), d = count(u) by h | where c - d > 3",
        "unknown",
    ),
    *[
        (
            "esql",
            f"from x | where u >= 5 | stats c = {how}(u) by h | where c {test}",
            f"from x | where u >= 7 | stats c = {how}(u) by h | where c {test}",
            word,
        )
        for how, test, word in (
            ("min", "< 9", "narrowed"),
            ("min", "> 6", "unknown"),
            ("max", "> 4", "narrowed"),
            ("max", "< 9", "unknown"),
            ("sum", "> 4", "unknown"),
        )
    ],
]


@pytest.mark.parametrize(("language", "old", "new", "expected"), EDITS)
def test_an_edit_gets_the_verdict_that_follows_from_its_parts(language: str, old: str, new: str, expected: str) -> None:
    assert (verdict(language, old, new), verdict(language, new, old)) == (expected, MIRROR.get(expected, expected))


def test_a_lowest_value_is_the_lowest() -> None:
    found = change(
        "esql",
        "from x | where u >= 5 | stats c = min(u) by h | where c < 9",
        "from x | where u >= 7 | stats c = min(u) by h | where c < 9",
    )
    assert found.witness is not None
    lost = found.witness.lost
    assert lost is not None
    events = lost if isinstance(lost, tuple) else (lost,)
    assert {value for event in events for value in event["u"] if isinstance(value, int)} <= {5, 6}


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ('sequence [any where a == 1] [any where b : "x" and not b : "x*"] [any where c == 2]', ["b"]),
        ('sequence [any where false] [any where b : "x" and not b : "x*"]', ["b"]),
        ('sequence [any where b : "x" and not b : "x*"] [any where d : "yes" and not d : "*"]', ["b", "d"]),
    ],
)
def test_every_step_of_a_sequence_is_asked_whether_it_is_dead(query: str, places: list[str]) -> None:
    value = {"b": query.find('"x"') + 1, "d": query.find('"yes"') + 1}
    assert [piece.at for piece in dead("eql", query)] == [value[place] for place in places]


MANY = [f"v{number:02}" for number in range(30)]


@pytest.mark.parametrize("gone", range(0, 30, 29))
@pytest.mark.parametrize("template", ["a: ({})", "b: * and not a: ({})"])
def test_of_a_long_list_the_first_value_and_the_last_count(template: str, gone: int) -> None:
    fewer = [value for number, value in enumerate(MANY) if number != gone]
    long, short = (template.format(" or ".join(values)) for values in (MANY, fewer))
    assert verdict("kuery", long, short) == ("broadened" if "not" in template else "narrowed")
    assert verdict("kuery", short, long) == ("narrowed" if "not" in template else "broadened")


def test_each_filter_after_stats_has_to_let_a_larger_group_pass() -> None:
    more = "stats c = count(*) by h | where c {} | mv_expand h | where c {}"
    for tests, expected in (
        (("> 3", "> 1"), "narrowed-or-equal"),
        (("< 3", "> 1"), "unknown"),
        (("> 3", "< 9"), "unknown"),
    ):
        rest = more.format(*tests)
        assert verdict("esql", f"from x | {rest}", f"from x | where a == 1 | {rest}") == expected


def test_values_are_looked_for_after_the_condition_before() -> None:
    query = 'any where a == "same" and b == "same" and c == "same"'
    assert [query[each.at :].count("same") for each in conditions("eql", query)] == [3, 2, 1]
