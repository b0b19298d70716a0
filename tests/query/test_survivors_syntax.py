"""What a grammar allows is no syntax error, what it forbids is one, and what is written in two ways is one thing."""

from __future__ import annotations

import pytest

from bot.query import fields, syntax_error
from tests.query.rules import verdict

GOOD = {
    "eql": [
        'process where a.b[0] == "x" and a[12].c == 1',
        'any where `a b`.`c``d` == "x" and a.`e` : "y" and `f` in (1, 2)',
        "any where a + 1 - 2 * 3 / 4 % 5 > -b and +c == - -1",
        'any where "x" == a and 5 <= b',
        'any where a not in ("x") and not b like~ ("y", "z") and c regex "w.*" and d in~ ("v")',
        "any where f() == 1 and g(a, b or c)",
        r'any where a == """x"y""" and b == "\t\n\r\"\\\'\b\f\u{e9}\u{1F600}"',
        '"my-event" where true',
        '"""my"event""" where true',
        "sample by a, b [any where true] [any where true] | head 5 | tail 2",
        "sample [any where true] by a [any where true] by b",
        "sample where true",
        "sequence by ?a, b with maxspan=1d [any where true] by d with runs=3 ![a where b] by e until [a where c] by f",
        "sequence by a [any where true] with runs=2",
        "sequence by a [any where true] [any where true] | head 5",
    ],
    "esql": [
        'from "a-*", b:c-*, <d-{now/d}> metadata _id, _index',
        "from a::data | where b : 5 and c:: long > 3 and not d::keyword::version == null",
        'from a | where b is not null and c is null or not (d like "x*" and e not rlike "y.*") and f not in (1, 2)',
        'from a | where b like ("x", "y") and c rlike ("z", "w")',
        "from a | where b + 1 - 2 * 3 / 4 % 5 > -c and +d == - -1",
        "from a | where true and not false and true.b == 1 and null.c is null",
        "from a | where `b c`.d == 1 and `e``f` > 2 and g.`h` == 3",
        'from a | eval b = 1, c + 2, `d e` = 3 | eval f = [1, 2, 3], g = match(h, "x", {"boost": [1, 2]})',
        "from a | stats by b | stats c = count(*) where d > 1, max(e) by f = bucket(g, 1 hour), h",
        "from a | inline stats c = count(*) by b | inlinestats d = max(e)",
        "from a | sort b, c desc, d asc nulls first, e desc nulls last | limit 5",
        "from a | keep b*, c.d*e, `f g`, *-h, *.1 | drop i, j.*",
        "from a | rename b as c, d = e, `f g` as h.i",
        'from a | dissect b "%{c} %{d}" | grok to_string(e) """%{WORD:f:int} (?<g>x)"""',
        "from a | mv_expand b.c | enrich p on q with r, s = t | lookup join l on m",
        "from a | fork (where b == 1 | limit 5) (where c == 2) | fuse",
        "from a | newest b == 1 | join c | top d | wheels e",
        "from a | where b > now() - 5 minutes and c >= 1.5e3 and d == 99999999999999999999",
    ],
    "kuery": [
        'a: (x or not (y and "z")) and not b: { c: d and e: (f or g) } and h >= 5 or "i j"',
        r'a\:b: c\*\"\(d and "e f": g and *: h and i*: *',
        'a < "5" and b <= x and c: (not d)',
        'a: "x\\ty" OR NOT b: z AND c: w',
    ],
    "lucene": ['a:"x y" AND NOT b:/c "d/ OR e:[1 TO 5}', ""],
}
BAD = {
    "eql": [
        "any where a == 1 == 2",
        "any where a < b < c",
        'any where a : ("x", )',
        "any where a == ",
        "any where (a == 1",
        "any where f(a",
        "any where a[b] == 1",
        "any where a[1 == 1",
        "any where `a == 1",
        "any where where == 1",
        "sequence [any where true] with runs=x",
        "sequence with maxspan=5 [any where true] [any where true]",
        "sequence with maxspan=5m by a [any where true] [any where true]",
        "sequence by a [any where true]",
        "sequence by a [any where true] with runs=1 until [any where false]",
        "sequence [any where true] by a [any where true]",
        "sequence [any where true] by a [any where true] by b, c",
        "sequence [any where true] by a [any where true] by b until [any where false]",
        "sequence by a",
        "any where true |",
        "any where true ]",
        "any where x~ == 1",
        r'any where a == "C:\Program Files"',
        r'any where a : ("x", "\u00e9")',
        r'any where a == "\u{e}" or b == 1',
        r'any where a == "\u{d800}"',
        r'any where a == "\u{110000}"',
        r'"my\event" where true',
        "any where a == 'x'",
        "any where a == ?'x'",
        'any where a == ?"x"',
    ],
    "esql": [
        r'from a | where b == "C:\Program Files"',
        r'from a | where b rlike "x\.y"',
        r'from a | dissect b "\d"',
        "where a == 1",
        "from a | ",
        "from | where b == 1",
        "from a | limit x",
        "from a | where b in 1",
        "from a | where b is 5",
        "from a | keep ",
        "from a | drop |",
        "from a | rename b c",
        "from a | dissect b",
        "from a | sort b nulls maybe",
        "from a | where b == (1",
        "from a | where f(b",
        "from a | where b == [1, 2",
        "from a | where and == 1",
        "from a | where b == 1 c",
        'from a | where b == "x',
        "from a | 5",
        "from a | wher b == 1",
        "from a | stas c = count(*) by b",
        "from a | WEHRE b == 1",
        "from a | where b == 1 | keeep c",
        "from a | limit 5 | sorts b",
    ],
    "kuery": ["a: (x or", "a: { b: c", "a: )", "not not a: b", "a >=", "a: x)", 'a: "b', "a: (x y: z)", "{ a: b }"],
    "lucene": ['a:"x'],
}


@pytest.mark.parametrize(("language", "query"), [(language, query) for language in GOOD for query in GOOD[language]])
def test_what_the_grammar_allows_is_no_syntax_error(language: str, query: str) -> None:
    assert syntax_error(language, query) is None


@pytest.mark.parametrize(
    ("language", "query", "at", "said"),
    [
        (
            "eql",
            r'any where a == "x" and b : "C:\\a\P"',
            33,
            r"\P is no escape of EQL, where a backslash is written \\",
        ),
        ("esql", r'from a | where b == "C:\P"', 23, r"\P is no escape of ES|QL, where a backslash is written \\"),
        ("esql", "from a | Wher b == 1", 9, "there is no command 'Wher', did you mean WHERE?"),
        ("eql", "any where a == 'x'", 15, 'EQL wants double quotes (") around a string, not single ones'),
        ("eql", "sequence [any where true] until [any where a == 1]", 9, "a sequence takes at least 2 events, found 1"),
        (
            "eql",
            "sequence [any where true] by a [any where true] by b, c",
            31,
            "step 1 has 1 join key of its own, and step 2 has 2",
        ),
        (
            "eql",
            "sequence [any where true] [any where true] until [any where false] by b",
            49,
            "step 1 has no join keys of its own, and until has 1",
        ),
    ],
)
def test_a_syntax_error_stands_where_the_engine_stops(language: str, query: str, at: int, said: str) -> None:
    found = syntax_error(language, query)
    assert found is not None
    assert (found.at, found.message) == (at, said)


@pytest.mark.parametrize(("language", "query"), [(language, query) for language in BAD for query in BAD[language]])
def test_what_the_grammar_forbids_is_a_syntax_error(language: str, query: str) -> None:
    assert syntax_error(language, query) is not None


EVENTS = "[any where true] with runs=2"
SAME = [
    ("eql", 'any where `a`.`b` == "x"', 'any where a.b == "x"'),
    ("eql", r'any where a == "\u{41}\u{42}\"\\"', r'any where a == """AB"\"""'),
    ("eql", "any where 5 < a", "any where a > 5"),
    ("eql", "any where a == - -5", "any where a == +5"),
    ("eql", "any where (a == 1) == true", "any where a == 1"),
    ("eql", "any where (a == 1) == false", "any where not a == 1"),
    ("eql", 'any where a : ("x", "y")', 'any where a : "x" or a : "y"'),
    ("eql", "any where a in (1, 2)", "any where a == 1 or a == 2"),
    ("eql", "any where not a not in (1, 2)", "any where a in (1, 2)"),
    ("eql", 'any where STARTSWITH(a, "x")', 'any where startsWith(a, "x")'),
    ("eql", "sequence by `a` [any where true] [any where true]", "sequence by a [any where true] [any where true]"),
    ("eql", f"sequence by a with maxspan=1h {EVENTS}", f"sequence by a with maxspan=60m {EVENTS}"),
    ("esql", "from x | where `a`.b == 1", "from x | where a.b == 1"),
    ("esql", "from x | where 5 < a", "from x | where a > 5"),
    ("esql", "from x | where (a == 1) == true", "from x | where a == 1"),
    ("esql", "from x | where (a == 1) == false", "from x | where not a == 1"),
    ("esql", "from x | where a IN (1, 2)", "from x | where a == 1 or a == 2"),
    ("esql", 'from x | where a LIKE ("p*", "q*")', 'from x | where a like "p*" or a like "q*"'),
    ("esql", 'from x | where a like """p\\*"""', 'from x | where a == "p*"'),
    ("esql", 'from x | where a like """p\\?\\\\"""', 'from x | where a == """p?\\"""'),
    ("esql", 'from x | where a like "p**"', 'from x | where starts_with(a, "p")'),
    ("esql", "from x | where true and a == 1", "from x | where a == 1"),
    ("esql", "from x | rename a as b | where b == 1", "from x | rename b = a | where b == 1"),
    ("esql", "from x | sort a | limit 5 | where b == 1", "from x | sort a asc | limit 5 | where b == 1"),
    ("esql", "from x | where a == 1 | keep `a`", "from x | keep a | where a == 1"),
    ("esql", 'from x | where kql("a: p or b: q")', 'from x | where kql("b: q") or kql("a: p")'),
    ("kuery", "a: (p and not q or r)", "(a: p and not a: q) or a: r"),
    ("kuery", r"a: \u0041", "a: A"),
    ("kuery", "a: p**q", "a: p*q"),
    ("kuery", "*: * and a: p", "a: p"),
]


@pytest.mark.parametrize(("language", "one", "other"), SAME)
def test_two_ways_to_write_a_thing_are_the_same(language: str, one: str, other: str) -> None:
    assert verdict(language, one, other) == "equivalent"


APART = [
    ("eql", "any where a - 1 > 5", "any where a + 1 > 5"),
    ("eql", "any where a * 2 > 5", "any where a / 2 > 5"),
    ("eql", "any where a[0] == 1", "any where a[1] == 1"),
    ("eql", "any where -a == 5", "any where a == 5"),
    ("eql", "sequence by a [any where true] with runs=2", "sequence by a [any where true]"),
    ("eql", 'any where a == "p" and b.c == 1', 'any where a == "p" and `b.c`.d == 1'),
    ("eql", "any where a == 1000000000000000001", "any where a == 1000000000000000002"),
    ("eql", "any where a in (true)", "any where a in (false)"),
    ("eql", "any where a < true", "any where a < false"),
    ("eql", 'any where source.ip == "10.0.0.0/8"', 'any where source.ip like "10.0.0.0/8"'),
    ("esql", "from x | where a - 1 > 5", "from x | where a + 1 > 5"),
    ("esql", "from x | where a * 2 > 5", "from x | where a / 2 > 5"),
    ("esql", "from x | where -a == 5", "from x | where a == 5"),
    ("esql", "from x | where a == true", "from x | where a == false"),
    ("esql", "from x | sort a | limit 5", "from x | sort a desc | limit 5"),
    ("esql", "from x | sort a nulls first | limit 5", "from x | sort a nulls last | limit 5"),
    ("esql", "from x | stats c = count(*) by a | where c > 1", "from x | inline stats c = count(*) by a | where c > 1"),
    ("esql", "from x | where a == 1000000000000000001", "from x | where a == 1000000000000000002"),
    ("esql", "from x | where a : 5", "from x | where a == 5"),
    ("esql", 'from x | where a like "p?"', 'from x | where a like "p*"'),
    ("esql", "from x | where a::long > 5", "from x | where a::double > 5"),
    ("esql", "from x | enrich p on a | where b == 1", "from x | enrich q on a | where b == 1"),
    ("esql", "from x, y | where a == 1", "from x | where a == 1"),
    ("kuery", "a: { b: c and d: e }", "a: { b: c or d: e }"),
    ("kuery", "a: null", 'a: "null"'),
    ("kuery", "a > 5", "a >= 5"),
    ("kuery", "*: p", "a: p"),
]


@pytest.mark.parametrize(("language", "one", "other"), APART)
def test_two_things_are_not_the_same(language: str, one: str, other: str) -> None:
    assert verdict(language, one, other) not in {"equivalent", "cosmetic", "same text"}


@pytest.mark.parametrize(
    ("language", "query", "named"),
    [
        ("eql", 'any where length(a.b) > 1 and `c d`.e == "x"', {"a.b", "c d.e"}),
        (
            "eql",
            "sequence by ?a, length(b) [any where true] by c with runs=2 until [any where d] by c",
            {"a", "c", "d"},
        ),
        ("esql", "from x | eval b = a, c = b | rename d as e | where c == 1 and e == 2 and f == 3", {"a", "d", "f"}),
        (
            "esql",
            "from x | stats n = count(a), b by c, e = d | where n > 1 and c == 2 and e == 3",
            {"a", "b", "c", "d"},
        ),
        ("esql", 'from x | dissect m "%{p} %{q}" | where p == 1 and r == 2', {"m", "r"}),
        ("esql", 'from x | grok m """%{WORD:p:int} (?<q>y)""" | where p == 1 and q == 2 and r == 3', {"m", "r"}),
        ("esql", "from x | where a == 1 | enrich y | where b == 2", {"a"}),
        ("kuery", "a: { b: c and d.e: f } and g >= 5 and *: h", {"a.b", "a.d.e", "g"}),
    ],
)
def test_fields_of_events_are_named_and_columns_are_not(language: str, query: str, named: set[str]) -> None:
    assert fields(language, query) == named
