"""The judge of KQL, against cases taken from Kibana's documentation and grammar."""

from __future__ import annotations

import pytest

from tests.oracle import kql
from tests.oracle.logic import Doc, QuerySyntaxError, UnsupportedError

CASES: list[tuple[str, Doc, bool]] = [
    # values of keyword fields are exact, case included
    ("f: a", {"f": ("a",)}, True),
    ("f: a", {"f": ("A",)}, False),
    ("f: a", {"f": ("ab",)}, False),
    ("f: a", {}, False),
    ("f: a", {"f": ()}, False),
    ('f: ""', {"f": ("",)}, True),
    # a value of an array is enough
    ("f: a", {"f": ("x", "a")}, True),
    ("f: a and f: b", {"f": ("a", "b")}, True),
    ("f: (a and b)", {"f": ("a", "b")}, True),
    ("f: (a and b)", {"f": ("a",)}, False),
    ("not f: a", {"f": ("a", "b")}, False),
    # operators in any case; not binds tightest, then and, then or
    ("f: a OR g: b", {"g": ("b",)}, True),
    ("not f: a and g: b", {"g": ("b",)}, True),
    ("not f: a and g: b", {"f": ("a",)}, False),
    ("not (f: a and g: b)", {"f": ("a",)}, True),
    ("f: a or g: b and h: c", {"f": ("a",)}, True),
    ("f: a and g: b or h: c", {"h": ("c",)}, True),
    ("f: (a or b and c)", {"f": ("a",)}, True),
    ("f: (not a)", {}, True),
    ("f: (not a or b)", {"f": ("b", "a")}, True),
    ("not f: a\nand g: b", {"g": ("b",)}, True),
    ("not\nf: a", {"f": ("a",)}, False),
    # a wildcard is one where it is not quoted and not escaped; ? never is
    ("f: a*", {"f": ("abc",)}, True),
    ("f: a*", {"f": ("a",)}, True),
    ("f: *c*", {"f": ("abcd",)}, True),
    ("f: a*", {"f": ("Abc",)}, False),
    ('f: "a*"', {"f": ("abc",)}, False),
    ('f: "a*"', {"f": ("a*",)}, True),
    ("f: a\\*", {"f": ("a*",)}, True),
    ("f: a\\*", {"f": ("ab",)}, False),
    ("f: a?c", {"f": ("abc",)}, False),
    ("f: a?c", {"f": ("a?c",)}, True),
    # existence
    ("f: *", {"f": ("",)}, True),
    ("f: *", {"f": (0,)}, True),
    ("f: *", {}, False),
    ("not f: *", {"f": ()}, True),
    # escapes
    ('f: "a\\"b"', {"f": ('a"b',)}, True),
    ('f: "C:\\Program Files"', {"f": ("C:\\Program Files",)}, True),
    ('f: "C:\\\\x"', {"f": ("C:\\x",)}, True),
    ('f: "a\\tb"', {"f": ("a\tb",)}, True),
    ("f: C\\:\\\\x", {"f": ("C:\\x",)}, True),
    ("f: \\u0041", {"f": ("A",)}, True),
    ("f: a \\and b", {"f": ("a and b",)}, True),
    # text without quotes may have spaces
    ("f: a b or g: c", {"f": ("a b",)}, True),
    ("f: a and", {"f": ("a and",)}, True),
    ("or f: a", {"or f": ("a",)}, True),
    ("f:a", {"f": ("a",)}, True),
    ("f : a", {"f": ("a",)}, True),
    # numbers and ranges
    ("n: 5", {"n": (5,)}, True),
    ('n: "5"', {"n": (5,)}, True),
    ("n: 5", {"n": ("5",)}, True),
    ("n: 5", {"n": (5.5,)}, False),
    ("n >= 5", {"n": (5,)}, True),
    ("n > 5", {"n": (5,)}, False),
    ("n > 5 and n < 3", {"n": (1, 9)}, True),
    ("n < 5", {}, False),
    ("v > b", {"v": ("c",)}, True),
    ("n > 10", {"n": ("9",)}, True),  # on a keyword field, as text
    ("b: true", {"b": (True,)}, True),
    ('b: "false"', {"b": (False,)}, True),
    # address blocks, on fields of addresses only
    ("source.ip: 10.0.0.0/8", {"source.ip": ("10.1.2.3",)}, True),
    ('source.ip: "10.0.0.0/8"', {"source.ip": ("11.0.0.0",)}, False),
    ('source.ip: "::1"', {"source.ip": ("0:0:0:0:0:0:0:1",)}, True),
    ('a.cidrIp: "10.0.0.0/8"', {"a.cidrIp": ("10.1.2.3",)}, False),
    # patterns in field names
    ("a.*: x", {"a.b": ("x",)}, True),
    ("a.*: x", {"b": ("x",)}, False),
    # one object of a nested field has to meet it all
    ("o: { a: 1 and b: 2 }", {"o": ({"a": ("1",), "b": ("2",)},)}, True),
    ("o: { a: 1 and b: 2 }", {"o": ({"a": ("1",)}, {"b": ("2",)})}, False),
    ("o: { a: 1 } and o: { b: 2 }", {"o": ({"a": ("1",)}, {"b": ("2",)})}, True),
    ("", {}, True),
]


@pytest.mark.parametrize(("query", "doc", "expected"), CASES)
def test_a_document_matches_as_documented(query: str, doc: Doc, expected: bool) -> None:  # noqa: FBT001
    assert kql.match(kql.parse(query), doc) is expected


@pytest.mark.parametrize(
    "query", ["f:", "f: a and ", "f: (a", "f: a )", 'f: "a', "f: a g: b", "a: b: c", 'f:a or"b"', "not(f: a)"]
)
def test_what_kibana_rejects_is_rejected(query: str) -> None:
    with pytest.raises(UnsupportedError):
        kql.parse(query)


def test_a_syntax_error_is_told_from_what_is_not_judged() -> None:
    with pytest.raises(QuerySyntaxError):
        kql.parse("f: (a")
    with pytest.raises(UnsupportedError, match="analysed"):
        kql.parse("message: a")
