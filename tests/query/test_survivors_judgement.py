"""What is made of one event, one value or one pattern never goes against what is documented or counted out."""

# ruff: noqa: FBT003 - the booleans here are truth values, not switches

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.query import address, eql, esql, glob, kql, pipeline, regex
from bot.query.formula import Block, Exists, Glob, Opaque, Range, Test, Truth
from bot.query.meter import Meter
from bot.query.subsume import implications, implies, within
from bot.query.text import UnsupportedError
from bot.query.truth import Event, F, N, Reading, T, judge, passes
from tests.oracle.test_eql import CASES as EQL
from tests.oracle.test_esql import CONDITIONS as ESQL
from tests.query.rules import change


def eql_mask(condition: str, event: Event) -> int:
    return judge(eql.parse(f"any where {condition}").steps[0].formula, event, Reading.MIXED)


def esql_mask(condition: str, event: Event) -> int:
    (formula,) = pipeline.spine(esql.parse(f"from x | where {condition}")).filters
    return judge(formula, event, Reading.KLEENE)


def kql_mask(query: str, event: Event) -> int:
    return judge(kql.parse(query), event, Reading.TWO)


@pytest.mark.parametrize(("condition", "event", "passing"), EQL)
def test_no_eql_event_is_judged_against_the_documentation(condition: str, event: Event, passing: bool) -> None:  # noqa: FBT001
    try:
        mask = eql_mask(condition, event)
    except UnsupportedError:
        pytest.skip("not understood, so nothing is said")
    if "::1" not in condition:  # an address in two spellings is refused where queries are compared
        assert mask & (T if passing else F | N)


@pytest.mark.parametrize(("condition", "event", "passing"), ESQL)
def test_no_esql_event_is_judged_against_the_documentation(condition: str, event: Event, passing: bool) -> None:  # noqa: FBT001
    try:
        mask = esql_mask(condition, event)
    except UnsupportedError:
        pytest.skip("not understood, so nothing is said")
    assert mask & (T if passing else F | N)


SURE: list[tuple[str, str, Event, int]] = [
    ("eql", "a + 2 == 5", {"a": (3,)}, T),
    ("eql", "a - 2 == 1", {"a": (3,)}, T),
    ("eql", "a * 2 == 6", {"a": (3,)}, T),
    ("eql", "a / 2 == 3", {"a": (6,)}, T),
    ("eql", "a / 2 == 3", {"a": (7,)}, T | F | N),  # whole or not: it depends on the field
    ("eql", "a / 0 == 3", {"a": (7,)}, T | F | N),
    ("eql", "a + 1 == 9007199254740993", {"a": (9007199254740992,)}, T | F | N),
    ("eql", "a + 0.5 == 1.5", {"a": (1,)}, T | F | N),
    ("eql", "a + 1 > b", {"a": (3,), "b": (4,)}, F),
    ("eql", "a + 1 >= b", {"a": (3,), "b": (4,)}, T),
    ("eql", "a + 1 < b", {"a": (3,), "b": (4,)}, F),
    ("eql", "a + 1 <= b", {"a": (3,), "b": (4,)}, T),
    ("eql", "a == b", {"a": ("x",), "b": ("X",)}, F),
    ("eql", "a : b", {"a": ("x",), "b": ("X",)}, T),
    ("eql", "a == b", {"a": (True,), "b": (1,)}, T | F | N),
    ("eql", "length(a) == 3", {"a": ("abc",)}, T),
    ("eql", "length(a) == 3", {"a": ("äbc",)}, T | F | N),  # bytes or characters
    ("eql", "length(a) == 3", {"a": (5,)}, T | F | N),
    ("eql", 'indexof(a, "b") == 1', {"a": ("abab",)}, T),
    ("eql", 'indexof(a, "b", 2) == 3', {"a": ("abab",)}, T),
    ("eql", 'indexof(a, "a") == 0', {"a": ("abab",)}, T),
    ("eql", 'indexof(a, "x") == 0', {"a": ("abab",)}, T | F | N),
    ("eql", 'substring(a, 1) == "bc"', {"a": ("abc",)}, T),
    ("eql", 'substring(a, 0, 2) == "ab"', {"a": ("abc",)}, T),
    ("eql", 'substring(a, -1) == "c"', {"a": ("abc",)}, T | F | N),
    ("eql", 'startswith(a, "b") == false', {"a": ("abc",)}, T),
    ("eql", 'cidrmatch(a, "10.0.0.0/8")', {"a": ("10.1.1.1",)}, T),
    ("eql", 'cidrmatch(concat(a, ""), "10.0.0.0/8")', {"a": ("11.1.1.1",)}, F),
    ("eql", "b == true", {"b": (True,)}, T),
    ("eql", "b == false", {"b": (True,)}, F),
    ("eql", "b == true", {"b": ("true",)}, T | F),
    ("eql", 'a == "x"', {}, F | N),
    ("eql", "a == null", {}, T),
    ("eql", "length(a) == null", {}, T),
    ("eql", "length(a) == null", {"a": ("x",)}, F),
    ("eql", 'a regex "x+"', {"a": ("xx",)}, T),
    ("eql", 'a regex "x+"', {"a": ("Xx",)}, F),
    ("eql", 'a regex~ "x+"', {"a": ("Xx",)}, T),
    ("eql", 'wildcard(a, "x*")', {"a": ("xy",)}, T),
    ("eql", 'wildcard(a, "x*")', {"a": ("Xy",)}, T | F),
    ("eql", 'wildcard(a, "x*")', {"a": ("y",)}, F),
    ("esql", 'substring(a, 2) == "bc"', {"a": ("abc",)}, T),
    ("esql", 'substring(a, 1, 2) == "ab"', {"a": ("abc",)}, T),
    ("esql", 'substring(a, 0, 2) == "ab"', {"a": ("abc",)}, T | F | N),
    ("esql", "b", {"b": (True,)}, T),
    ("esql", "not b", {"b": (True,)}, F),
    ("esql", "b == false", {"b": (False,)}, T),
    ("esql", 'to_lower(a) == "x"', {"a": ("X",)}, T),
    ("esql", 'to_lower(a) == "X"', {"a": ("X",)}, F),
    ("esql", 'to_upper(a) == "X"', {"a": ("x",)}, T),
    ("esql", 'to_upper(a) like "X*"', {"a": ("xy",)}, T),
    ("esql", "a > 5", {"a": (6, 7)}, N),
    ("esql", 'kql("a: x")', {"a": ("x", "y")}, T),
    ("esql", 'kql("a: x or b: y")', {"b": ("y",)}, T),
    ("esql", 'kql("a: x and b: y")', {"b": ("y",)}, F),
    ("esql", 'kql("not a: x")', {}, T),
    ("kuery", "a*: x", {"ab": ("x",)}, T | F),
    ("kuery", "a*: x", {"b": ("x",)}, F),
    ("kuery", "*: x", {"b": ("x",)}, T | F),
    ("kuery", "*: x", {}, F),
    ("kuery", "message: quick", {"message": ("quick",)}, T),
    ("kuery", "message: quick", {"message": ("the Quick fox",)}, T | F),
    ("kuery", "message: quick", {"message": ("slow",)}, F),
    ("kuery", "message: quick fox", {"message": ("the fox",)}, T | F),
    ("kuery", "message: quick fox", {"message": ("slow",)}, F),
    ("kuery", 'message: "quick fox"', {"message": ("the fox",)}, F),
    ("kuery", 'message: "quick fox"', {"message": ("quick fox",)}, T),
    ("kuery", 'message: "quick fox"', {"message": ("fox quick",)}, T | F),
    ("kuery", 'message: "quick fox"', {"message": ("grün",)}, T | F),
    ("kuery", "message: qu*", {"message": ("slow",)}, F),
    ("kuery", "a >= 9", {"a": (10,)}, T | F),  # as text "10" comes before "9"
    ("kuery", "a >= 9", {"a": (9,)}, T),
    ("kuery", "a > 9", {"a": (9,)}, F),
    ("kuery", "a <= 9", {"a": (10,)}, T | F),
    ("kuery", "a < 9", {"a": (9,)}, F),
    ("kuery", "a < 9", {"a": (8,)}, T),
    ("kuery", "a >= 9", {"a": ("9",)}, T | F),
    ("kuery", "message: qu*", {"message": ("qu",)}, T),
    ("kuery", "message: qu*", {"message": ("quick",)}, T | F),
    ("eql", 'a : "é"', {"a": ("É",)}, T | F),
    ("eql", 'a : "é"', {"a": ("é",)}, T),
    ("eql", 'a : "x"', {"a": ("é",)}, F),
    ("eql", "a == b", {"a": ("é",), "b": ("é",)}, T | F | N),
    ("eql", "a == b", {"a": (2,), "b": (2,)}, T),
    ("eql", "a == b", {"a": (True,), "b": (True,)}, T | F | N),
    ("eql", 'startswith~(a, "X", "B")', {"a": ("bcd",)}, T),
    ("eql", 'startswith(a, "X", "B")', {"a": ("bcd",)}, F),
    ("eql", 'endswith~(a, "B")', {"a": ("bcd",)}, F),
    ("eql", 'cidrmatch(concat(a, ""), "10.0.0.0/8", "11.0.0.0/8")', {"a": ("11.1.1.1",)}, T),
    ("eql", 'cidrmatch(concat(a, ""), "10.0.0.0/8")', {"a": ("host",)}, F),
    ("eql", 'concat(a, "x") == "x"', {}, T | F | N),
    ("eql", 'startswith(concat(a, ""), b)', {"a": ("x",)}, F | N),
    ("eql", 'substring(a, 0, 0) == ""', {"a": ("abc",)}, T),
]


@pytest.mark.parametrize(("language", "condition", "event", "mask"), SURE)
def test_what_is_sure_is_sure_and_nothing_else(language: str, condition: str, event: Event, mask: int) -> None:
    judged = {"eql": eql_mask, "esql": esql_mask, "kuery": kql_mask}[language]
    assert judged(condition, event) == mask


# one test and another, held against every value that tells them apart

WORDS = ["".join(word) for size in range(5) for word in product("abB", repeat=size)]
PATTERNS = st.text("aB*?", max_size=4).map(glob.from_wildcards)


@given(PATTERNS, st.booleans(), PATTERNS, st.booleans())
def test_a_pattern_inside_another_matches_nothing_that_the_other_does_not(
    one: str,
    one_folds: bool,  # noqa: FBT001
    other: str,
    other_folds: bool,  # noqa: FBT001
) -> None:
    inner = Glob(glob.fold(one) if one_folds else one, one_folds, one)
    outer = Glob(glob.fold(other) if other_folds else other, other_folds, other)
    claimed = implies(inner, outer)
    assert ((0, 1) in set(implications([inner, outer], Meter(10**6)))) is claimed
    if claimed:
        assert all(passes(outer, word) == T for word in WORDS if passes(inner, word) == T)
    elif glob.is_literal(one):
        assert any(passes(inner, word) == T and passes(outer, word) != T for word in WORDS)


@given(PATTERNS, st.text("aB", max_size=6))
def test_a_pattern_matches_as_a_search_of_all_splits_says(pattern: str, text: str) -> None:
    def plain(rest: str, left: str) -> bool:
        if not rest:
            return not left
        if rest[0] == glob.ANY:
            return any(plain(rest[1:], left[at:]) for at in range(len(left) + 1))
        return bool(left) and rest[0] in {glob.ONE, left[0]} and plain(rest[1:], left[1:])

    assert glob.matches(pattern, text) is plain(pattern, text)


NUMBERS = [None, 3, 5, 9, 10]
RANGES = [
    Range(low, low_open, high, high_open, loose=loose)
    for low, low_open, high, high_open, loose in product(NUMBERS, (False, True), NUMBERS, (False, True), (False, True))
    if (low is not None or not low_open) and (high is not None or not high_open) and (low, high) != (None, None)
]
VALUES = [2, 3, 3.5, 4, 5, 6, 9, 9.5, 10, 11, 100]


@pytest.mark.parametrize("one", RANGES, ids=str)
def test_a_range_inside_another_holds_nothing_that_the_other_does_not(one: Range) -> None:
    for other in (each for each in RANGES if each.loose is one.loose):
        if implies(one, other):
            for value in VALUES:
                assert passes(one, value) != T or passes(other, value) == T, (other, value)
        elif not one.loose and any(within(value, one) for value in VALUES):
            assert any(within(value, one) and not within(value, other) for value in VALUES), other


TESTS: list[tuple[Test, Test, bool]] = [
    (Glob("x", False, "x"), Exists(), True),
    (Glob("10.0.0.1", False, ""), Block("10.0.0.0/8"), True),
    (Glob("11.0.0.1", False, ""), Block("10.0.0.0/8"), False),
    (Glob("10." + glob.ANY, False, ""), Block("10.0.0.0/8"), False),
    (Block("10.1.0.0/16"), Block("10.0.0.0/8"), True),
    (Block("10.0.0.0/8"), Block("10.0.0.0/8"), True),
    (Block("10.0.0.0/8"), Block("10.1.0.0/16"), False),
    (Block("fe80::/64"), Block("fe80::/10"), True),
    (Block("::/8"), Block("0.0.0.0/8"), False),
    (Glob("5", False, ""), Range(3, loose=True), True),
    (Glob("5", False, ""), Range(3), False),
    (Glob("x", False, ""), Range(3, loose=True), False),
    (Glob("10", False, ""), Range(9, loose=True), False),
    (Truth(True), Truth(False), False),
    (Opaque("a"), Opaque("a"), True),
    (Opaque("a"), Opaque("b"), False),
]


@pytest.mark.parametrize(("one", "other", "inside"), TESTS)
def test_one_test_implies_another(one: Test, other: Test, inside: bool) -> None:  # noqa: FBT001
    assert implies(one, other) is inside


@pytest.mark.parametrize(
    ("block", "value", "inside"),
    [
        ("10.0.0.0/8", "10.255.255.255", True),
        ("10.0.0.0/8", "11.0.0.0", False),
        ("10.0.0.0/8", "9.255.255.255", False),
        ("10.0.0.5/8", "10.0.0.1", True),
        ("::1", "0:0:0:0:0:0:0:1", True),
        ("10.0.0.0/8", "a.b", False),
    ],
)
def test_an_address_lies_in_a_block(block: str, value: str, inside: bool) -> None:  # noqa: FBT001
    assert address.contains(block, value) is inside


SHAPES = ["x", "x+", "x*y", "(x|y)z", "a{3}b", "[b-d]x?", r"a\.b", r"[\.]q", "a.c", "(ab)+c", "x|yy", "[A-Z]{2}", ""]


@pytest.mark.parametrize("pattern", SHAPES)
def test_a_sample_of_a_regular_expression_matches_it(pattern: str) -> None:
    assert regex.matches(pattern, False, regex.sample(pattern)) is True


def test_a_regular_expression_folds_ascii_letters_alone() -> None:
    assert regex.matches("k.", True, "K\n") is True
    assert regex.matches("k", False, "K") is False
    assert regex.matches("k", True, "\u212a") is None
    assert regex.matches("(a+)+b", False, "aaab") is None
    assert regex.matches("(", False, "a") is None


# an event that shows the difference is found, whatever kind of test stands in the way

SHOWN: list[tuple[str, str, str]] = [
    ("kuery", "a: x*y", "a: x*y and not a: *z*"),
    ("kuery", "a: (x* and *y)", "a: (x* and *y and *z*)"),
    ("kuery", "a: x* and b: *", "a: x* and b: y"),
    ("kuery", "source.ip: 10.0.0.0/8", "source.ip: 10.1.0.0/16"),
    ("kuery", "not source.ip: 10.0.0.0/8", "not source.ip: (10.0.0.0/8 or 8.8.8.0/24)"),
    ("kuery", "source.ip: *", "source.ip: * and not source.ip: (10.0.0.0/8 or 192.168.0.0/16)"),
    ("kuery", "source.ip: *", 'source.ip: * and not source.ip: "::1"'),
    ("eql", "any where a > 3", "any where a > 3 and a != 4"),
    ("eql", "any where a >= 3 and a < 9", "any where a > 3 and a < 9"),
    ("eql", "any where a >= 3 and a <= 9", "any where a >= 3 and a < 9"),
    ("eql", "any where a < 9", "any where a < 9 and a != 8"),
    ("eql", "any where a > 1 and a < 2", "any where a > 1 and a < 2 and b == 1"),
    ("eql", "any where length(a) > 3", "any where length(a) > 4"),
    ("eql", "any where length(a) < 3", "any where length(a) < 2"),
    ("eql", 'any where a : "?x"', 'any where a : "?x" and not a : "yx"'),
    ("eql", 'any where a like "A*"', 'any where a like "A*" and not a like "Ab*"'),
    ("eql", 'any where a : "x*"', 'any where a like "x*"'),
    ("eql", 'any where a regex "x[0-9]+"', 'any where a regex "x[0-9]+" and a != "x0"'),
    ("eql", 'any where wildcard(a, "x*")', 'any where wildcard(a, "x*") and b == 1'),
    ("eql", "any where a + b > 5", "any where a + b > 5 and c == 1"),
    ("eql", "any where a == true", "any where a == true and b == false"),
    ("eql", 'any where a : ("x*", "*y")', 'any where a : ("x*z", "*y")'),
    ("eql", 'any where a like "x*" and a like "*y"', 'any where a like "x*" and a like "*y" and not a like "*xy*"'),
    (
        "eql",
        'any where cidrmatch(a, "10.0.0.0/8")',
        'any where cidrmatch(a, "10.0.0.0/8") and not cidrmatch(a, "10.0.0.0/9")',
    ),
    ("esql", "from x | where a > 3 and a < 6", "from x | where a > 3 and a < 6 and a != 4"),
    ("esql", 'from x | where a like "p*q"', 'from x | where a like "p*q" and not a like "*z*"'),
    ("esql", 'from x | where a rlike "p+"', 'from x | where a rlike "p+" and b == 1'),
    ("esql", 'from x | where to_lower(a) == "p"', 'from x | where to_lower(a) == "p" and a != "P"'),
    ("esql", "from x | where length(a) >= 3", "from x | where length(a) > 3"),
    ("esql", "from x | where a is not null", "from x | where a is not null and a > 3"),
]


@pytest.mark.parametrize(("language", "wide", "narrow"), SHOWN)
def test_a_narrower_query_is_shown_by_an_event(language: str, wide: str, narrow: str) -> None:
    found = change(language, wide, narrow)
    assert found.verdict.value == "narrowed"
    assert found.witness is not None
    assert found.witness.lost is not None
