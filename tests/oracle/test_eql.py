"""The judge of EQL, against cases taken from Elasticsearch's documentation."""

from __future__ import annotations

import pytest

from tests.oracle import eql
from tests.oracle.logic import Doc, Reading, UnsupportedError

FALSE, NULL = eql.READINGS[:2]
LATE = next(reading for reading in eql.READINGS if reading.late_missing)

CASES: list[tuple[str, Doc, bool]] = [
    # == is exact, ``:`` folds case and has wildcards
    ('f == "a"', {"f": ("a",)}, True),
    ('f == "a"', {"f": ("A",)}, False),
    ('f == "a*"', {"f": ("ab",)}, False),
    ('f : "a"', {"f": ("A",)}, True),
    ('f : "doc*"', {"f": ("DOCument",)}, True),
    ('f : "d?c"', {"f": ("doc",)}, True),
    ('f : "doc?"', {"f": ("doc",)}, False),
    ('f : ("x", "d*")', {"f": ("doc",)}, True),
    ('f != "a"', {"f": ("b",)}, True),
    # like, in, regex and their forms that fold case
    ('f like "DOC*"', {"f": ("DOCs",)}, True),
    ('f like "DOC*"', {"f": ("docs",)}, False),
    ('f like~ ("x", "DOC*")', {"f": ("docs",)}, True),
    ('f in ("a", "b")', {"f": ("b",)}, True),
    ('f in ("a", "b")', {"f": ("B",)}, False),
    ('f in~ ("a", "b")', {"f": ("B",)}, True),
    ('f not in ("a")', {"f": ("b",)}, True),
    ('f in ("a*")', {"f": ("ab",)}, False),
    ('f regex "VALUE[^Z].?"', {"f": ("VALUE12",)}, True),
    ('f regex "VALUE[^Z].?"', {"f": ("xVALUE1",)}, False),
    ('f regex~ "value[^z].?"', {"f": ("VALUE1",)}, True),
    ('f regex """a$"""', {"f": ("a",)}, False),
    # precedence, nesting, comments
    ('f == "a" or f == "b" and g == "c"', {"f": ("a",)}, True),
    ('not f == "a" and g == "c"', {"f": ("b",), "g": ("d",)}, False),
    ('not (f == "a" and g == "c")', {"f": ("b",), "g": ("d",)}, True),
    ('not f in ("a", "b")', {"f": ("c",)}, True),
    ('f == "a" /* and g == "x" */ // or\n', {"f": ("a",)}, True),
    # numbers, order, arithmetic
    ("n > 5", {"n": (6,)}, True),
    ("5 < n", {"n": (6,)}, True),
    ("n == 1.0", {"n": (1,)}, True),
    ('f >= "b"', {"f": ("a",)}, False),
    ("n % 2 == 1", {"n": (5,)}, True),
    ("4 / n == 1", {"n": (3,)}, True),
    ("n in (1, 2)", {"n": (2,)}, True),
    ("b == true", {"b": (True,)}, True),
    ("not b", {"b": (False,)}, True),
    # null
    ("f != null", {"f": ("",)}, True),
    ("f == null", {}, True),
    ("f == null", {"f": ("x",)}, False),
    # functions
    ('startsWith(f, "ab")', {"f": ("abc",)}, True),
    ('startsWith(f, "AB")', {"f": ("abc",)}, False),
    ('startsWith~(f, "AB")', {"f": ("abc",)}, True),
    ('endsWith(f, "bc")', {"f": ("abc",)}, True),
    ('stringContains~(f, "B")', {"f": ("abc",)}, True),
    ("stringContains(f, g)", {"f": ("abc",), "g": ("b",)}, True),
    ('wildcard(f, "x", "a*")', {"f": ("abc",)}, True),
    ("length(f) > 2", {"f": ("abc",)}, True),
    ('substring(f, 1, 2) == "b"', {"f": ("abc",)}, True),
    ('substring(f, -2) == "bc"', {"f": ("abc",)}, True),
    ('indexOf(f, "c") == 2', {"f": ("abc",)}, True),
    ('concat(f, ":", n) == "abc:1"', {"f": ("abc",), "n": (1,)}, True),
    ('between(f, "a", "c") == "b"', {"f": ("abc",)}, True),
    ('string(n) == "1"', {"n": (1,)}, True),
    ('cidrMatch(source.ip, "10.0.0.0/8", "fe80::/10")', {"source.ip": ("fe80::1",)}, True),
    ('cidrMatch(source.ip, "10.0.0.0/8")', {"source.ip": ("11.0.0.1",)}, False),
    ('source.ip == "::1"', {"source.ip": ("0:0:0:0:0:0:0:1",)}, True),
    # strings and names
    (r'f == "a\\b\"c"', {"f": ('a\\b"c',)}, True),
    (r'f == """a\b"c"""', {"f": ('a\\b"c',)}, True),
    (r'f == "\u{41}"', {"f": ("A",)}, True),
    ('`my-field`.`0`.x == "a"', {"my-field.0.x": ("a",)}, True),
    ('?f == "a"', {"f": ("a",)}, True),
    ('f . g == "a"', {"f.g": ("a",)}, True),
    # several values
    ('f == "a" and f == "b"', {"f": ("a", "b")}, True),
    ('f != "a"', {"f": ("a", "b")}, False),
    ("true", {}, True),
]


@pytest.mark.parametrize("reading", eql.READINGS, ids=lambda reading: reading.name)
@pytest.mark.parametrize(("condition", "doc", "expected"), CASES)
def test_an_event_matches_as_documented(condition: str, doc: Doc, expected: bool, reading: Reading) -> None:  # noqa: FBT001
    assert eql.match(eql.parse(f"any where {condition}"), doc, reading) is expected


@pytest.mark.parametrize(
    ("condition", "when_false", "when_null"),
    [
        ('f == "a"', False, False),
        ('f != "a"', True, False),
        ('not f : "a"', True, False),
        ('not f in ("a")', True, False),
        ('not startsWith(f, "a")', True, False),
        ('not cidrMatch(f, "10.0.0.0/8")', True, False),
        ("not length(f) > 3", True, False),
        ('f != "a" or true', True, True),
        ('not (f == "a" and false)', True, True),
        ("not f != null", True, True),
        ('f == null or f != "a"', True, True),
    ],
)
def test_the_readings_differ_about_a_missing_field(condition: str, when_false: bool, when_null: bool) -> None:  # noqa: FBT001
    query = eql.parse(f"any where {condition}")
    assert eql.match(query, {}, FALSE) is when_false
    assert eql.match(query, {}, NULL) is when_null


def test_the_category_is_a_condition() -> None:
    query = eql.parse("process where true")
    assert eql.match(query, {"event.category": ("process",)}, NULL)
    assert eql.match(query, {"event.category": ("file", "process")}, NULL)
    assert not eql.match(query, {"event.category": ("Process",)}, NULL)
    assert not eql.match(query, {}, NULL)
    assert eql.match(eql.parse('"my-event" where true', "kind"), {"kind": ("my-event",)}, NULL)


@pytest.mark.parametrize(
    "query",
    [
        "process",
        "process where",
        "process where 5",
        "process where f = 1",
        "process where f == 'a'",
        'process where f == "a" and',
        'process where f == "\\x"',
        "process where (true",
        "sequence by x [any where true",
    ],
)
def test_what_elasticsearch_rejects_is_rejected(query: str) -> None:
    with pytest.raises(UnsupportedError):
        eql.parse(query)


def _stream(text: str, **more: tuple[object, ...]) -> list[tuple[int, Doc]]:
    """A stream from ``time:names:key``: an event has a field for each of its names."""
    out: list[tuple[int, Doc]] = []
    for item in text.split():
        time, names, key = item.split(":")
        doc = dict.fromkeys(names, (1,))
        out.append((int(time), {**doc, "k": (key,), **more}))
    return out


SEQUENCES = [
    # the documented examples of until: A B, A B C, A C B
    ("sequence by k [any where a==1] [any where b==1] until [any where c==1]", "0:a:x 1:b:x", {"x"}),
    ("sequence by k [any where a==1] [any where b==1] until [any where c==1]", "0:a:x 1:b:x 2:c:x", {"x"}),
    ("sequence by k [any where a==1] [any where b==1] until [any where c==1]", "0:a:x 1:c:x 2:b:x", set()),
    ("sequence by k [any where a==1] [any where b==1] until [any where c==1]", "0:a:x 1:c:y 2:b:x", {"x"}),
    ("sequence by k [any where a==1] [any where b==1] until [any where c==1]", "0:ac:x 2:b:x", set()),
    ("sequence by k [any where a==1] [any where b==1] until [any where c==1]", "0:a:x 2:bc:x", {"x"}),
    # the documented example of the state machine: attrib, bash, cat of two users
    (
        "sequence by k [any where a==1] [any where b==1] [any where c==1]",
        "1:a:r 2:a:r 3:b:e 4:b:r 5:b:r 6:a:e 7:a:r 8:b:e 9:c:r 10:c:e 11:c:r",
        {"r", "e"},
    ),
    # order and keys
    ("sequence by k [any where a==1] [any where b==1]", "0:b:x 1:a:x", set()),
    ("sequence by k [any where a==1] [any where b==1]", "0:a:x 1:b:y", set()),
    ("sequence by k [any where a==1] [any where b==1]", "0:ab:x", set()),
    ("sequence by k [any where a==1] [any where b==1]", "0:ab:x 1:ab:x", {"x"}),
    # maxspan: inclusive, from the first event; the most recent first event counts
    ("sequence by k with maxspan=1s [any where a==1] [any where b==1]", "0:a:x 1000:b:x", {"x"}),
    ("sequence by k with maxspan=1s [any where a==1] [any where b==1]", "0:a:x 1001:b:x", set()),
    ("sequence by k with maxspan=1s [any where a==1] [any where b==1]", "0:a:x 500:a:x 1200:b:x", {"x"}),
    (
        "sequence by k with maxspan=1s [any where a==1] [any where b==1] [any where c==1]",
        "0:a:x 600:b:x 1200:c:x",
        set(),
    ),
    # runs
    ("sequence by k [any where a==1] with runs=3", "0:a:x 1:a:x", set()),
    ("sequence by k [any where a==1] with runs=3", "0:a:x 1:a:x 2:a:y 3:a:x", {"x"}),
    # missing events, in the middle, before and after
    ("sequence by k with maxspan=1s [any where a==1] ![any where m==1] [any where b==1]", "0:a:x 1:b:x", {"x"}),
    ("sequence by k with maxspan=1s [any where a==1] ![any where m==1] [any where b==1]", "0:a:x 1:m:x 2:b:x", set()),
    ("sequence by k with maxspan=1s [any where a==1] ![any where m==1] [any where b==1]", "0:a:x 1:m:y 2:b:x", {"x"}),
    ("sequence by k with maxspan=1s [any where a==1] [any where b==1] ![any where m==1]", "0:a:x 1:b:x 2:m:x", set()),
    (
        "sequence by k with maxspan=1s [any where a==1] [any where b==1] ![any where m==1]",
        "0:a:x 1:b:x 1001:m:x",
        {"x"},
    ),
    ("sequence by k with maxspan=1s ![any where m==1] [any where a==1] [any where b==1]", "0:m:x 1:a:x 2:b:x", set()),
    (
        "sequence by k with maxspan=1s ![any where m==1] [any where a==1] [any where b==1]",
        "0:m:x 2001:a:x 2002:b:x",
        {"x"},
    ),
    # what a broader step takes away: the second b takes a from the first
    (
        "sequence by k with maxspan=1s [any where a==1] [any where b==1] ![any where m==1] [any where c==1]",
        "0:a:x 1:b:x 2:m:x 3:b:x 4:c:x",
        set(),
    ),
]


@pytest.mark.parametrize("reading", [FALSE, NULL, LATE], ids=lambda reading: reading.name)
@pytest.mark.parametrize(("query", "stream", "expected"), SEQUENCES)
def test_a_sequence_fires_as_documented(query: str, stream: str, expected: set[str], reading: Reading) -> None:
    assert {key[0] for key in eql.sequence_keys(eql.parse(query), _stream(stream), reading)} == expected


@pytest.mark.parametrize(("query", "stream", "expected"), [case for case in SEQUENCES if "![" not in case[0]])
def test_the_state_machine_finds_what_the_plain_reading_finds(query: str, stream: str, expected: set[str]) -> None:
    assert {key[0] for key in eql.declared_keys(eql.parse(query), _stream(stream), NULL)} == expected


def test_keys_may_have_other_names_in_each_step() -> None:
    query = eql.parse("sequence [any where a==1] by p [any where b==1] by q")
    events: list[tuple[int, Doc]] = [(0, {"a": (1,), "p": (7,)}), (1, {"b": (1,), "q": (7,)})]
    assert eql.sequence_keys(query, events, NULL) == {(7,)}


def test_a_missing_key_joins_nothing_unless_it_is_optional() -> None:
    events: list[tuple[int, Doc]] = [(0, {"a": (1,)}), (1, {"b": (1,)})]
    assert eql.sequence_keys(eql.parse("sequence by k [any where a==1] [any where b==1]"), events, NULL) == set()
    assert eql.sequence_keys(eql.parse("sequence by ?k [any where a==1] [any where b==1]"), events, NULL) == {(None,)}


def test_a_sample_needs_an_event_of_its_own_for_each_filter() -> None:
    query = eql.parse("sample by k [any where a==1] [any where b==1]")
    assert eql.sample_keys(query, [{"b": (1,), "k": ("x",)}, {"a": (1,), "k": ("x",)}], NULL) == {("x",)}
    assert eql.sample_keys(query, [{"a": (1,), "b": (1,), "k": ("x",)}], NULL) == set()
