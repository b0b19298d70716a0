"""What an explanation says of an edit: what a reviewer would."""

from __future__ import annotations

import pytest

from tests.query.rules import change

CASES = {
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
        ['adds value: q : "y" (in 2 alternatives alike)'],
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
    "an ES|QL pipeline is told up to what is not understood": (
        "esql",
        "from x | where a == 1 | completion b = c with { } | where d == 2",
        "from x | where a == 1 and e == 3 | completion b = c with { } | where d == 4",
        ["before completion: adds condition: e == 3", "what follows completion changed as well"],
    ),
}


@pytest.mark.parametrize("claim", CASES)
def test_explanation(claim: str) -> None:
    language, old, new, told = CASES[claim]
    assert list(change(language, old, new).explanation) == told
