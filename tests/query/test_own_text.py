"""Explanations and reasons show a query's own text: nothing that stands in neither query."""

from __future__ import annotations

import pytest

from tests.query.rules import change

TOLD = {
    "a nested group": ("kuery", "n:{ a:1 }", "n:{ a:2 }", ["changes condition: n:{ a:1 } to n:{ a:2 }"]),
    "a nested group beside another condition": (
        "kuery",
        'x:y and n:{ a:1 and b:"p  q" }',
        "x:y and n:{ a:1 }",
        ['changes condition: n:{ a:1 and b:"p  q" } to n:{ a:1 }'],
    ),
    "a nested group over several lines": (
        "kuery",
        "n:{ a:1 and\n  m:{ b:1 } }",
        "n:{ a:1 and\n  m:{ b:2 } }",
        ["changes condition: n:{ a:1 and m:{ b:1 } } to n:{ a:1 and m:{ b:2 } }"],
    ),
    "a nested group inside ES|QL": (
        "esql",
        'from a | where kql("n:{ a:1 }")',
        'from a | where kql("n:{ a:2 }")',
        ["changes condition: kql(n:{ a:1 }) to kql(n:{ a:2 })"],
    ),
    "a field with a wildcard inside ES|QL": (
        "esql",
        'from a | where kql("*x*:3")',
        'from a | where kql("*x*:4")',
        ["changes condition: kql(*x*: 3) to kql(*x*: 4)"],
    ),
    "text without a field": ("kuery", 'a:1 and "x y"', 'a:1 and "x z"', ['changes condition: "x y" to "x z"']),
}


@pytest.mark.parametrize("claim", TOLD)
def test_an_explanation_shows_what_stands_in_the_query(claim: str) -> None:
    language, old, new, told = TOLD[claim]
    assert list(change(language, old, new).explanation) == told


@pytest.mark.parametrize(
    ("language", "old", "new", "named"),
    [
        ("kuery", "n:{ a:1 }", "n:{ a:2 }", "n:{ a:1 }"),
        ("eql", 'any where a regex "x.*"', 'any where a regex~ "x.*"', "a regular expression on a"),
        ("esql", 'from i | where a rlike "x&y"', 'from i | where a rlike "x&z"', "a regular expression on a"),
        ("eql", 'any where wildcard(a, "x*")', 'any where wildcard(a, "X*")', "wildcard() on a"),
    ],
)
def test_a_reason_names_the_operator_that_stands_in_the_way(language: str, old: str, new: str, named: str) -> None:
    assert change(language, old, new).reason == f"it rests on {named}, which only a running engine can judge"
