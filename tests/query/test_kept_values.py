"""What an index makes of the values of some fields decides what a test of them matches, and what is no proof of it."""

from __future__ import annotations

import pytest

from bot.model import QueryChange
from bot.query import conditions, dead, syntax_error
from bot.query.address import network
from tests.query.rules import MIRROR, change, verdict

EQL, ESQL = "any where ", "from i metadata _id | where "
SMALL = [
    ("kuery", 'a.caseless: "x.exe"', 'a.caseless: "X.exe"', "equivalent"),
    ("kuery", 'b: 1 and not a.caseless: "x"', 'b: 1 and not a.caseless: ("x" or "X")', "equivalent"),
    ("kuery", "a.caseless: X*", "a.caseless: x*", "equivalent"),
    ("kuery", "a.caseless: X*", "a.caseless: (x* or y*)", "broadened"),
    ("kuery", 'a.caseless: "ΑΣ"', 'a.caseless: "ασ"', "equivalent"),
    ("kuery", 'a.caseless: "ΑΣ"', 'a.caseless: "ας"', "changed"),
    ("kuery", 'a: "x.exe"', 'a: "X.exe"', "changed"),
    ("eql", f'{EQL}a.caseless == "x"', f'{EQL}a.caseless : "X"', "equivalent"),
    ("eql", f'{EQL}a.caseless in ("x", "y")', f'{EQL}a.caseless in ("X")', "narrowed"),
    ("eql", f'{EQL}a.caseless like "X*"', f'{EQL}a.caseless like~ "x*"', "equivalent"),
    ("eql", f'{EQL}endsWith(a.caseless, "x")', f'{EQL}endsWith~(a.caseless, "x")', "equivalent"),
    ("eql", f'{EQL}endsWith(a.caseless, "x")', f'{EQL}endsWith(a.caseless, "X")', "unknown"),
    ("esql", f'{ESQL}a.caseless == "x"', f'{ESQL}a.caseless in ("x", "y")', "broadened"),
    ("esql", f'{ESQL}a.caseless == "x"', f'{ESQL}a.caseless in ("x", "X")', "broadened-or-equal"),
    ("esql", f'{ESQL}a.caseless like "x*"', f'{ESQL}starts_with(a.caseless, "x")', "equivalent"),
]
ADDRESSES = [
    ("kuery", 'source.ip: "::/0"', 'source.ip: ("::/0" or 10.0.0.0/8)', "equivalent"),
    ("kuery", 'source.ip: "10.0.0.0/8"', 'source.ip: "::/0"', "broadened"),
    ("kuery", "source.ip: *", 'source.ip: "::/0"', "narrowed-or-equal"),
    ("kuery", 'source.ip: "::ffff:10.0.0.1"', 'source.ip: "10.0.0.1"', "unknown"),
    ("esql", f'{ESQL}source.ip == "::ffff:10.0.0.1"', f'{ESQL}source.ip == "10.0.0.1"', "unknown"),
    ("eql", f'{EQL}cidrMatch(source.ip, "::/0")', f'{EQL}cidrMatch(source.ip, "::/0", "10.0.0.0/8")', "equivalent"),
    ("eql", f'{EQL}cidrMatch(source.ip, "10.0.0.0/8")', f'{EQL}cidrMatch(source.ip, "::ffff:0:0/96")', "unknown"),
    ("kuery", "source.ip: 10.0.0.1", 'source.ip: "fe80::/10"', "changed"),
]
WORDS = [
    ("not a: *foo bar* and b: 1", "not a: (*foo bar* or bar1) and b: 1", "narrowed-or-equal"),
    ("a: * curl*", "a: (* curl* or wget)", "broadened-or-equal"),
    ("a: * curl*", "a: wget", "unknown"),
    ('a: "* curl*"', 'a: ("* curl*" or wget)', "broadened"),
    ("a: foo bar", "a: (foo bar or wget)", "broadened"),
]
NUMBERS = [
    ("destination.port: 88.0", "destination.port: 88", "unknown"),
    ("destination.port: 88", "destination.port: 088", "unknown"),
    ("destination.port: 88", "destination.port: (88 or 89)", "broadened"),
    ("a: 1e2", "a: 100", "unknown"),
    ("a: +1", "a: 1", "unknown"),
    ("a: 1", "a: .5", "changed"),
    ("a: 1234567890123456", "a: 1234567890123457", "changed"),
    ("a: 9007199254740993", "a: 9007199254740993.0", "unknown"),
    ("a: 0.10", "a: 0.1", "unknown"),
    ("not a: 1e0", "not a: 1", "unknown"),
    ("a: (1.0 or 1)", "a: 1", "narrowed-or-equal"),
    ("a: x and not b: (1.0 or 1)", "a: x and not b: (1.0 or 1) and not c: y", "narrowed"),
    ("a: 1.0 or b: x", "a: 1 or b: y", "changed"),
    ("a: 1.0 and b: x", "a: 1 and b: x and c: y", "unknown"),
]
EVERYTHING = [
    ("a: 1", "a: 1 or *", "broadened-or-equal"),
    ("a: 1", "a: 1 or *:*", "broadened"),
    ("*", "*:*", "broadened-or-equal"),
]


def lost(found: QueryChange) -> object:
    return found.witness.lost if found.witness else None


@pytest.mark.parametrize("text", ["10.0.0.0/255.0.0.0", "fe80::1%1/64", "fe80::1%1", "10.0.0.0/8 ", "10.0.0.0/", "x"])
def test_what_an_index_does_not_read_as_an_address_is_none(text: str) -> None:
    assert network(text) is None


@pytest.mark.parametrize(("language", "old", "new", "expected"), SMALL)
def test_fields_kept_in_small_letters_are_read_so(language: str, old: str, new: str, expected: str) -> None:
    assert verdict(language, old, new) == expected
    assert verdict(language, new, old) == MIRROR.get(expected, expected)


def test_a_field_kept_in_small_letters_is_shown_as_the_query_tests_it() -> None:
    for language, query in (("eql", f'{EQL}a.caseless == "x"'), ("esql", f'{ESQL}a.caseless == "x"')):
        assert change(language, f"{query} and b == 1", query).explanation[0] == "removes condition: b == 1"
        added = change(language, f"{EQL if language == 'eql' else ESQL}b == 1", f"{query} and b == 1")
        assert added.explanation[0] == 'adds condition: a.caseless == "x"'


@pytest.mark.parametrize(("language", "old", "new", "expected"), ADDRESSES)
def test_an_address_of_ipv4_is_one_of_ipv6_as_well(language: str, old: str, new: str, expected: str) -> None:
    assert verdict(language, old, new) == expected
    assert verdict(language, new, old) == MIRROR.get(expected, expected)


@pytest.mark.parametrize(("old", "new", "expected"), [*WORDS, *NUMBERS, *EVERYTHING])
def test_what_kql_asks_for_depends_on_how_a_field_is_kept(old: str, new: str, expected: str) -> None:
    assert verdict("kuery", old, new) == expected
    assert verdict("kuery", new, old) == MIRROR.get(expected, expected)


def test_the_reason_that_nothing_is_proven_is_the_one_that_holds() -> None:
    types = "a is compared with values of two types, and an index keeps one of them"
    assert change("eql", f'{EQL}a == "x"', f"{EQL}a == 5").reason == types
    assert change("eql", f"{EQL}a == true", f'{EQL}a == "true"').reason == types
    assert change("esql", f'{ESQL}a == "x"', f"{ESQL}a == 5").reason == types
    nulls = "the difference depends on null semantics"
    assert change("eql", f'{EQL}not a == "x"', f"{EQL}a != null").reason == nulls
    spelt = "one number in two spellings, for a, cannot be followed here"
    assert change("kuery", "a: 1.0", "a: 1").reason == spelt


def test_a_number_in_two_spellings_is_one_in_the_kql_of_a_pipeline_too() -> None:
    for number in ("88.0", "088"):
        assert verdict("esql", f'{ESQL}kql("a: {number}")', f'{ESQL}kql("a: 88")') == "unknown"
    assert verdict("esql", f'{ESQL}kql("a: 89")', f'{ESQL}kql("a: 88")') == "changed"


def test_a_witness_is_no_number_that_the_other_side_writes_otherwise() -> None:
    for number in ("7.0", "07", "7"):
        assert lost(change("kuery", "destination.port: *", f"destination.port: {number}")) == {
            "destination.port": ("1",)
        }


@pytest.mark.parametrize(
    ("language", "block", "one", "missing"),
    [
        ("kuery", 'source.ip: "2001:db8::/126"', 'source.ip: "2001:db8:0:0:0:0:0:1"', "2001:db8::"),
        ("eql", f'{EQL}cidrMatch(source.ip, "10.0.0.0/30")', f'{EQL}source.ip == "::ffff:10.0.0.1"', "10.0.0.0"),
        ("esql", f'{ESQL}cidr_match(source.ip, "10.0.0.1/32")', f'{ESQL}source.ip == "::ffff:a00:1"', None),
    ],
)
def test_a_witness_is_no_address_that_the_other_side_writes_otherwise(
    language: str, block: str, one: str, missing: str | None
) -> None:
    found = change(language, block, one)
    assert found.verdict.value == ("narrowed" if missing else "narrowed-or-equal")
    assert lost(found) == ({"source.ip": (missing,)} if missing else None)


def test_a_query_that_every_event_passes_now_is_said_to_be_one() -> None:
    assert change("kuery", "a: 1", "a: 1 or *:*").explanation == ("every event passes now", "adds alternative: *:*")
    assert change("kuery", "a: 1", "a: 1 or *").explanation[:2] == (
        "as good as every event passes now: a * alone asks for any value in any default field",
        "adds alternative: *",
    )
    assert "passes now" not in " ".join(change("kuery", "*:* or a: 1", "*:* or a: 2").explanation)


def test_a_witness_for_an_address_is_one() -> None:
    found = change("kuery", "source.ip: *", "source.ip: 10.0.0.0/8")
    assert lost(found) == {"source.ip": ("192.0.2.7",)}


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        (f'{EQL}a : "?:\\\\x\\\\*"', f'{EQL}a : "C:\\\\x\\\\*"', "D:\\x\\x"),
        (f'{EQL}a : "b?"', f'{EQL}a : "bx"', "by"),
    ],
)
def test_one_character_is_filled_in_more_ways_than_one(old: str, new: str, missing: str) -> None:
    assert lost(change("eql", old, new)) == {"a": (missing,)}


@pytest.mark.parametrize(
    ("language", "new", "told"),
    [
        ("kuery", "a: 1 and not file.path: C\\:\\\\Program?Files*", True),
        ("kuery", "a: 1 and not url.query: *?id=*", False),
        ("eql", f'{EQL}a == 1 and not file.path : "C:\\\\Program?Files"', False),
    ],
)
def test_a_question_mark_is_no_wildcard_in_kql(language: str, new: str, told: bool) -> None:  # noqa: FBT001 - an outcome
    old = "a: 1" if language == "kuery" else f"{EQL}a == 1"
    lines = change(language, old, new).explanation
    assert ("no wildcard in KQL" in " ".join(lines)) is told


def test_a_question_mark_that_stood_there_before_is_not_told_again() -> None:
    lines = change("kuery", "file.path: (a?b or c)", "file.path: (a?b or d)").explanation
    assert "no wildcard in KQL" not in " ".join(lines)


# --- where tests stand ------------------------------------------------------------------------------------------------


def test_a_value_does_not_stand_where_another_one_ends() -> None:
    query = 'from i | where a in ("-base64", "x")\n| where a == "base64" and a in ("-d", "-u")'
    assert [query[each.at :][:6] for each in dead("esql", query)] == ["base64"]
    query = "process.name: (dash or sh) and not process.name: sh"
    assert [query[each.at :][:3] for each in dead("kuery", query)] == ["sh)"]


def test_a_great_many_values_that_are_written_otherwise_are_looked_for_once() -> None:
    query = " and ".join(f"f{number}: a\\:b{number}" for number in range(8_000))
    places = [each.at for each in conditions("kuery", query)]
    assert [query[at:].partition(":")[0] for at in places[:3]] == ["f0", "f1", "f2"]
    assert places == sorted(places)


def test_a_list_of_values_and_wildcards_is_told_in_two() -> None:
    found = conditions("eql", f'{EQL}a : ("b*", "c", "d*", "c") and e : ("c", "d")')
    assert [(each.field, each.operator, each.values) for each in found] == [
        ("a", "like", ("b*", "d*")),
        ("a", "is", ("c", "c")),
        ("e", "is", ("c", "d")),
    ]


def test_a_value_of_kql_with_blanks_and_wildcards_is_a_condition_like_any_other() -> None:
    found = conditions("kuery", "b: 1 and not file.path: (C\\:\\\\Program Files\\\\* or x or * y or * y)")
    assert [(each.field, each.operator, each.values, each.negated) for each in found[1:]] == [
        ("file.path", "like", ("C:\\Program Files\\*", "* y", "* y"), True),
        ("file.path", "is", ("x",), True),
    ]


@pytest.mark.parametrize(
    ("language", "query", "end"),
    [
        ("eql", "any where a == 1 and // b\n\n", 20),
        ("eql", "  // nothing\n", 0),
        ("esql", "from i | where a == 1 and /* b */ ", 25),
    ],
)
def test_a_query_ends_where_its_last_token_does(language: str, query: str, end: int) -> None:
    fault = syntax_error(language, query)
    assert fault is not None
    assert (fault.message.split(",")[0], fault.at) == ("the query ends too early", end)


def test_columns_that_a_pattern_takes_apart_are_told_with_the_pattern() -> None:
    queries = [f'from i | dissect m "{pattern}" | where b == "x"' for pattern in ("%{a} %{b}", "%{a}-%{b}")]
    assert change("esql", *queries).explanation == (
        'removes condition: dissect(m, "%{1} %{2}", part 2) == "x"',
        'adds condition: dissect(m, "%{1}-%{2}", part 2) == "x"',
    )
