"""What an explanation says of an edit: what a reviewer would."""

from __future__ import annotations

import pytest

from bot.model import QueryVerdict
from bot.query import compare
from tests.query.rules import change, rule

WHOLE = "(one value, tested as a whole, where there were several)"
CASES = {
    "an alternative that moved under the conditions of another": (
        "eql",
        'any where (a == 1 and ((p == "x" and q == 2) or r == 3)) or (p == "y" and s == 4)',
        'any where a == 1 and ((p == "x" and q == 2) or r == 3 or (p == "y" and s == 4))',
        ["no single condition came or went: look at how they are combined and written"],
    ),
    "and inside another alternative": (
        "eql",
        (
            'any where h == 5 and ((g == 0 and w == 9) or (a == 1 and ((p == "x" and q == 2) or r == 3)'
            ' or (p == "y" and s == 4)))'
        ),
        (
            'any where h == 5 and ((g == 0 and w == 9) or (a == 1 and ((p == "x" and q == 2) or r == 3'
            ' or (p == "y" and s == 4))))'
        ),
        ['the alternative p == "y" and s == 4 now asks as well what the alternative with a == 1 does'],
    ),
    "values that lie inside what went are no news": (
        "eql",
        'any where d : ("*a.com*", "*b.net", "*c.org", "keep")',
        'any where d : ("a.com", "x.a.com", "b.net", "new.io", "keep")',
        [
            'narrows value of d: "*a.com*" to "a.com", "x.a.com"; "*b.net" to "b.net"',
            'changes value: d : "*c.org" to d : "new.io"',
        ],
    ),
    "and values around what went": (
        "kuery",
        "x: 1 and p: (a1 or a2 or b1)",
        "x: 1 and p: (a* or b* or c)",
        ["widens value of p: a1, a2 to a*; b1 to b*", "adds value: p: c"],
    ),
    "names that became paths, and what is new among them": (
        "eql",
        'any where x == 1 and not process.name : ("a.exe", "b.exe", "gone.exe")',
        r"""any where x == 1 and not process.executable : ("?:\\W\\A.exe", "?:\\W\\b.exe", "?:\\X\\b.exe",
            "?:\\W\\new.exe")""",
        [
            (
                r'excludes "?:\W\A.exe", "?:\W\b.exe", "?:\X\b.exe" by path, '
                "no longer by name (process.executable, process.name); "
                r'new: "?:\W\new.exe"; gone: "gone.exe"'
            ),
        ],
    ),
    "a field in place of another in most tests": (
        "eql",
        'any where (a : "p" and a : "q") or (a : "r" and b == 1) or a : "s"',
        'any where (c : "p" and c : "q") or (c : "r" and b == 1) or c : "s2"',
        ["renames field: a to c", 'changes alternative: c : "s" to c : "s2"'],
    ),
    "an exclusion that is turned round": (
        "kuery",
        "x: 1 and not (p: (a or b) and not q: c)",
        "x: 1 and not (p: (a or b) and q: c)",
        ["the exclusion with p: (a or b) applies only with q: c, before only without it"],
    ),
    "a column that gains, loses and changes values": (
        "esql",
        """from l-* | eval v = case(p == "a", "A", p == "b", "B", p == "c", "C", null)
           | stats n = count_distinct(v) by h | where n >= 2""",
        """from l-* | eval v = case(p == "a" or p == "z", "A", p == "c", "C", p in ("d", "e"), "D", "?")
           | stats n = count_distinct(v) by h | where n >= 2""",
        [
            'column v: no longer "B", which it was where p == "b"',
            'column v, where it is "A": adds value: p == "z"',
            'column v: now "D" where p in ("d", "e")',
            'column v: else "?" instead of null',
        ],
    ),
    "a column whose cases stand in another order": (
        "esql",
        'from l-* | eval v = case(p == "a", "A", q == "b", "B") | where v is not null and w == 1',
        'from l-* | eval v = case(q == "b", "B", p == "a", "A") | where v is not null and w == 1',
        ["column v: its cases stand in another order"],
    ),
    "a column that is computed in another way": (
        "esql",
        "from l-* | stats n = count(*), m = sum(b) by h | where n > 1 and m > 9",
        "from l-* | stats n = count(*), m = sum(c) by h | where n > 1 and m > 9",
        ["column m: sum(c) instead of sum(b)"],
    ),
    "a field that was excluded is asked for": (
        "eql",
        'any where x == 1 and not p in ("a", "b", "c*")',
        'any where x == 1 and p like ("d", "e*", "f") and q == 2',
        [
            'asks for p like ("d", "e*", "f") instead of excluding p in ("a", "b", "c*")',
            "adds condition: q == 2",
            "with one value in p the query is narrower: only events with several there are newly matched",
        ],
    ),
    "a field that was asked for is excluded": (
        "kuery",
        "x: 1 and p: (a or b)",
        "x: 1 and not p: c",
        [
            "excludes p: c instead of asking for p: (a or b)",
            "with one value in p the query is broader: only events with several there are no longer matched",
        ],
    ),
    "values are one list, whatever order they stand in": (
        "eql",
        "any where x == 1",
        'any where x == 1 and p like ("a", "b*", "c")',
        ['adds condition: p like ("a", "b*", "c")'],
    ),
    "a value that KQL would read otherwise is quoted": (
        "kuery",
        "x: 1",
        'x: 1 and p: ("a b" or "c:d" or e*)',
        ['adds condition: p: ("a b" or "c:d" or e*)'],
    ),
    "columns that have new names or hold something else are named": (
        "esql",
        "from l-* | stats X.n = count(*), X.v = values(a), X.w = max(b) by k | where X.n > 1 | keep k, X.*",
        "from l-* | stats X.m = count(*), X.v = values(c), X.w = max(b) by k | where X.m > 1 | keep k, X.*",
        [
            "the filters are the same; only columns changed",
            "renames column X.n to X.m",
            "column X.v: values(c) instead of values(a)",
        ],
    ),
    "metadata is told": (
        "esql",
        "from l-* | where a == 1",
        "from l-* metadata _id, _index | where a == 1",
        ["the filters are the same; only columns changed", "asks for the metadata _id, _index"],
    ),
    "nothing but the way to the columns": (
        "esql",
        "from l-* | eval x = a | stats n = count(x) by k",
        "from l-* | eval y = a | stats n = count(y) by k",
        ["the filters are the same, and so are the columns that are left"],
    ),
    "where an exclusion stands in one alternative, it is said which": (
        "eql",
        'any where (p : "a" and not q : "x") or (p : "b" and not q : "x") or r == 1',
        'any where (p : "a" and not q : ("x", "y")) or (p : "b" and not q : "x") or r == 1',
        ['adds exclusion: q : "y" (in the alternative with p : "a")'],
    ),
    "one edit in several alternatives is one line": (
        "eql",
        'any where (p : "a" and q : "x") or (p : "b" and q : "x")',
        'any where (p : "a" and q : ("x", "y")) or (p : "b" and q : ("x", "y"))',
        ['adds value: q : "y" (in the alternatives with p : "a" and p : "b")'],
    ),
    "a part of an exclusion is known by what stands beside it": (
        "kuery",
        "a: 1 and not ((b: 2 and c: 3) or (b: 4 and c: 5))",
        "a: 1 and not ((b: 2 and c: 3 and d: 6) or (b: 4 and c: 5))",
        ["adds condition of an exclusion: d: 6 (in the exclusion with b: 2)"],
    ),
    "what one of several conditions of an exclusion gains is no exclusion of its own": (
        "eql",
        'any where not (a == "x" and b : ("p", "q")) and c == 1',
        'any where not ((a == "x" or d == "y") and b : ("p", "q", "r")) and c == 1',
        ['adds alternative of an exclusion: d == "y"', 'adds value of an exclusion: b : "r"'],
    ),
    "a field that had to exist and now has to have a value": (
        "kuery",
        "a: * and b: 1",
        "a: (x or y) and b: 1",
        ["changes condition: a: * to a: (x or y) (narrows)"],
    ),
    "another operator for the same value is no edit": (
        "eql",
        'any where a == "x" and not b == "y"',
        'any where a in ("x", "z") and not b like ("y", "w*")',
        ['adds value: a == "z"', 'adds exclusion: b like "w*"'],
    ),
    "conditions that became one alternative are not called removed": (
        "eql",
        'file where a == 1 and b == 2 and c == "x"',
        'any where c == "x" and ((event.category == "file" and a == 1 and b == 2) or (event.type == "x" and d == 3))',
        ['adds alternative: event.type == "x" and d == 3'],
    ),
    "and the other way round the other alternative is removed": (
        "kuery",
        "c: 3 and ((a: 1 and b: 2) or d: 4)",
        "c: 3 and a: 1 and b: 2",
        ["removes alternative: d: 4"],
    ),
    "a renamed field is said to be that, with the rest": (
        "kuery",
        "old.name: (a or b) and c: d",
        "new.name: (a or b) and c: d and not e: f",
        ["renames field: old.name to new.name", "otherwise narrower", "adds exclusion: e: f"],
    ),
    "a field that has to be there instead of another is one edit": (
        "esql",
        "from l | where a is not null and b == 1",
        "from l | where c is not null and b == 1",
        ["changes condition: a is not null to c is not null"],
    ),
    "a KEEP that drops nothing of use is named": (
        "esql",
        "from x metadata _id | where a == 1 | stats c = count(*) by a",
        "from x metadata _id | where a == 1 | keep a, b | stats c = count(*) by a",
        [
            "adds KEEP, without effect: every column that is used is there either way",
            "the filters are the same, and so are the columns that are left",
        ],
    ),
    "and one that is gone": (
        "esql",
        "from x | keep a, b | where a == 1 | keep a | drop b | stats c = count(*) by a",
        "from x | where a == 1 | stats c = count(*) by a",
        [
            "removes KEEP and DROP, without effect: every column that is used is there either way",
            "the filters are the same, and so are the columns that are left",
        ],
    ),
    "values of a list whose case counts now, beside one that is gone": (
        "eql",
        'process where a : ("x.exe", "y*.exe", "z.exe") and b == 1',
        'process where a in ("x.exe", "z.exe") and b == 1',
        ['minds the case now: a in ("x.exe", "z.exe")', 'removes value: a : "y*.exe"'],
    ),
    "and no longer counts, beside one that is new": (
        "eql",
        'process where not (a in ("x", "y") or c == 2) and b == 1',
        'process where not (a : ("x", "y", "z") or c == 2) and b == 1',
        ['no longer minds the case: a : ("x", "y")', 'adds exclusion: a : "z"'],
    ),
    "a star that is no wildcard is pointed out": (
        "eql",
        'process where a == "x" and b == "y*"',
        'process where a == "x" and b == "y*" and not c == "python*" and d : "z*" and e in ("1*", "2")',
        [
            'adds exclusion: c == "python*"',
            'adds condition: d : "z*"',
            'adds condition: e in ("1*", "2")',
            'the * in "python*" of c, "1*" of e is no wildcard as it is written: it stands for itself',
        ],
    ),
    "one name that became a path, and a value with quotes": (
        "eql",
        'process where process.name == "a" and b == 1',
        'process where process.executable : "/usr/bin/a" and b == 1 and not c : "\\"x y\\" *"',
        [
            'asks for "/usr/bin/a" by path, no longer by name (process.executable, process.name)',
            r'adds exclusion: c : "\"x y\" *"',
        ],
    ),
    "a list that is asked of another field is told by what differs": (
        "esql",
        'from x | where a in ("1", "2", "3") and b not in ("p", "q")',
        'from x | where c in (1, 2, 5) and d not in ("p", "q")',
        [
            "renames field: b to d",
            'asks for values of c instead of a; gone: "3"; new: 5',
        ],
    ),
    "a field of one value in place of a list is told as such": (
        "eql",
        'process where process.args : ("a*", "b*")',
        'process where process.command_line : ("a*", "b*")',
        [
            f"renames field: process.args to process.command_line {WHOLE}",
            "otherwise equal",
        ],
    ),
    "an ES|QL pipeline is told up to what is not understood": (
        "esql",
        "from x | where a == 1 | completion b = c with { } | where d == 2",
        "from x | where a == 1 and e == 3 | completion b = c with { } | where d == 4",
        ["before completion: adds condition: e == 3", "what follows completion changed as well"],
    ),
    "a KEEP where there was none drops every other column": (
        "esql",
        "from x metadata _id, _version | where a == 1",
        "from x metadata _id, _version | where a == 1 | keep a, _version",
        [
            "the filters are the same; only columns changed",
            "now keeps only a, _version: every other column is dropped, _id among them, by which alerts are told apart",
        ],
    ),
    "and without it all columns are there again": (
        "esql",
        "from x | where a == 1 | keep a",
        "from x | where a == 1",
        ["the filters are the same; only columns changed", "keeps all columns again"],
    ),
    "a KEEP that changed is told column by column": (
        "esql",
        "from x metadata _id | where a == 1 | keep a, b, _id",
        "from x metadata _id | where a == 1 | keep a, c",
        ["the filters are the same; only columns changed", "no longer keeps _id, b", "keeps c as well"],
    ),
    "a column under a new name is neither gone nor new": (
        "esql",
        "from x | stats c = count(*) by h | where c > 3 | keep h, c",
        "from x | stats c2 = count(*) by h | where c2 > 3 | keep h, c2",
        ["the filters are the same; only columns changed", "renames column c to c2"],
    ),
    "a longer window of groups is told by its length": (
        "esql",
        "from x | eval t = date_trunc(5 minutes, @timestamp) | stats c = count(*) by t | where c > 3",
        "from x | eval t = date_trunc(15 minutes, @timestamp) | stats c = count(*) by t | where c > 3",
        ["groups by 15 minutes instead of 5"],
    ),
    "groups by something else are told by what": (
        "esql",
        "from x | stats c = count(*) by h | where c > 3",
        "from x | stats c = count(*) by h, i | where c > 3",
        ["groups by i as well"],
    ),
    "an aggregate is written as the query writes it": (
        "esql",
        "from x | stats c = count(*), d = count_distinct(u) by h | where c > d",
        "from x | stats c = count(*), d = count_distinct(u) by h | where c > d and c + d > 3",
        ["after stats: adds condition: c + d > 3"],
    ),
    "a mark of a field that no index has to know is told": (
        "eql",
        'process where not ?a.b == "x" and c == 1',
        'process where not a.b == "x" and ?c == 1',
        [
            "written another way, the same conditions",
            "drops ? before a.b: an index must know it now",
            "adds ? before c: no index has to know it now",
        ],
    ),
    "where parentheses moved, the alternative says what it requires now": (
        "kuery",
        "a: 1 and b: 2 and c: 3 or d: 4",
        "a: 1 and b: 2 and (c: 3 or d: 4)",
        ["the alternative d: 4 now also requires: a: 1 and b: 2"],
    ),
    "and the other way round what it requires no longer": (
        "eql",
        'any where a == 1 and b : ("x", "y") and ((c == 3 and e == 5) or (d == 4 and f == 6))',
        'any where (a == 1 and b : ("x", "y") and c == 3 and e == 5) or (d == 4 and f == 6)',
        ['the alternative d == 4 and f == 6 no longer requires: a == 1 and b : ("x", "y")'],
    ),
    "a value that is no address went, and the addresses stayed": (
        "eql",
        'any where a == 1 and not cidrmatch(b.ip, "127.0.0.1", "::1", "localhost")',
        'any where a == 1 and not cidrmatch(b.ip, "127.0.0.1", "::1") and not c : "localhost"',
        ['removes exclusion: cidrmatch(b.ip, "localhost")', 'adds exclusion: c : "localhost"'],
    ),
}


@pytest.mark.parametrize("claim", CASES)
def test_explanation(claim: str) -> None:
    language, old, new, told = CASES[claim]
    assert list(change(language, old, new).explanation) == told


TYPES = {
    "another layout": ("a: 1 and b: 2", "a: 1\n  and b: 2", ["the query is only laid out anew"]),
    "another order": ("a: 1 and b: 2", "b: 2 and a: 1", ["the query matches the same"]),
    "another condition": ("a: 1", "a: 1 and b: 2", ["adds condition: b: 2"]),
    "a query that does not parse": ("a: 1", "a: (", []),
}


@pytest.mark.parametrize("edit", TYPES)
def test_under_another_rule_type_the_words_are_there_and_the_verdict_is_not(edit: str) -> None:
    before, after, told = TYPES[edit]
    found = compare(rule("kuery", before, "query"), rule("kuery", after, "new_terms"))
    assert found is not None
    assert list(found.explanation) == told
    assert (found.verdict, found.reason) == (
        QueryVerdict.UNKNOWN,
        "the rule type changed from query to new_terms",
    )
    assert found.witness is None


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        ({"field": ["user.id"], "value": 25}, "at least 25 events per user.id"),
        (
            {"field": ["host.id"], "value": 1, "cardinality": [{"field": "user.id", "value": 3}]},
            "at least 3 different user.id per host.id",
        ),
    ],
)
def test_what_a_rule_that_counts_matches_is_no_alert_yet(threshold: dict[str, object], said: str) -> None:
    sides = [
        rule("kuery", query, "threshold", threshold=threshold) for query in ("a: 1", "a: 1 and b: 2", "b: 2 and a: 1")
    ]
    narrowed, turned = compare(sides[0], sides[1]), compare(sides[1], sides[2])
    assert narrowed is not None
    assert turned is not None
    assert narrowed.explanation[-1] == f"what matches is counted: an alert takes {said}"
    assert not any(line.startswith("what matches") for line in turned.explanation)


def test_a_rule_that_counts_to_one_says_nothing_of_it() -> None:
    once = {"field": ["a"], "value": 1}
    found = compare(*(rule("kuery", text, "threshold", threshold=once) for text in ("a: 1", "a: (1 or 2)")))
    assert found is not None
    assert found.explanation == ("adds value: a: 2",)


@pytest.mark.parametrize(("before", "after", "which"), [(12, "a: 1", "old"), ("a: 1", 12, "new")])
def test_a_query_that_is_no_text_is_not_called_gone(before: object, after: object, which: str) -> None:
    found = compare(*(rule("kuery", query) for query in (before, after)))
    assert found is not None
    assert found.reason == f"the {which} query is no text"


def test_a_value_that_is_no_address_is_the_reason() -> None:
    old, new = (f'any where not cidrmatch(b.ip, "127.0.0.1"{more})' for more in (', "localhost"', ""))
    assert change("eql", old, new).reason == "localhost is not an IP address"


def test_columns_under_another_rule_type_are_told_without_the_filters() -> None:
    found = compare(rule("esql", "from x | where a == 1", "query"), rule("esql", "from x | where a == 1 | keep a"))
    assert found is not None
    assert found.explanation == (
        "the query matches the same",
        "now keeps only a: every other column is dropped",
        "a query in ES|QL runs only in a rule of type esql",
    )
