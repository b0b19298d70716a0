"""Tokens, faults and fields, and input that nobody meant well."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from bot.model import QueryVerdict
from bot.query import Budget, compare, conditions, dead, fields, syntax_error, tokens
from tests.query.rules import change, rule

QUERIES = {
    "kuery": 'process.name: (cmd.exe or "power shell" or zsh*) and not user.id: ("S-1-5-18" or x) and a.b >= 5',
    "eql": (
        'sequence by host.id with maxspan=5m [process where a : ("x*", "y") and not b != null] by e [any where c > 1] by d'  # noqa: E501
    ),
    "esql": (
        'from logs-* metadata _id | where a like "x*" and b in (1, 2) | eval z = to_lower(c) | stats n = count(*) by z'
    ),
    "lucene": 'a:"x y" AND NOT b:/c d/ OR e:[1 TO 5]',
}


@pytest.mark.parametrize("language", QUERIES)
def test_every_cut_of_a_query_is_answered(language: str) -> None:
    query = QUERIES[language]
    for end in range(0, len(query), 3):
        tokens(language, query[:end])
        syntax_error(language, query[:end])
        fields(language, query[:end])
        if query[:end] != query:
            change(language, query, query[:end])


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("kuery", "(" * 20000 + "a: 1" + ")" * 20000),
        ("kuery", "not (" * 5000 + "a: 1" + ")" * 5000),
        ("eql", "process where " + "(" * 20000 + "a == 1" + ")" * 20000),
        ("eql", "process where " + "not " * 20000 + "true"),
        ("esql", "from a | where " + "(" * 20000 + "b == 1" + ")" * 20000),
        ("esql", "from a | where b == " + "-" * 20000 + "1"),
        ("lucene", "(" * 20000),
    ],
)
def test_deep_nesting_is_unknown_and_no_crash(language: str, query: str) -> None:
    other = {"kuery": "a: 2", "eql": "process where a == 2", "esql": "from a", "lucene": "a"}[language]
    assert change(language, other, query).verdict is QueryVerdict.UNKNOWN
    syntax_error(language, query)
    fields(language, query)


def test_a_spent_budget_is_unknown_and_too_large() -> None:
    old = "a: (" + " or ".join(f"x{number}*y*" for number in range(400)) + ")"
    new = "a: (" + " or ".join(f"x{number}*z*" for number in range(400)) + ")"
    found = compare(rule("kuery", old), rule("kuery", new), budget=Budget(steps=100))
    assert found is not None
    assert found.reason == "too large"
    start = time.perf_counter()
    change("kuery", old, new)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("language", "query", "line", "column", "complete"),
    [
        ("kuery", "a: 1 and\n  ) b: 2", 2, 3, True),
        ("kuery", 'a: "x', 1, 4, True),
        ("eql", 'process where\n a == "x', 2, 7, True),
        ("eql", "process where a ==", 1, 19, True),
        ("eql", "process a == 1", 1, 1, True),
        ("esql", "from a | where (b == 1", 1, 23, False),
    ],
)
def test_a_fault_says_where_it_is(language: str, query: str, line: int, column: int, complete: bool) -> None:  # noqa: FBT001
    found = syntax_error(language, query)
    assert found is not None
    assert (found.line, found.column, found.complete) == (line, column, complete)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("kuery", {"process.name", "user.id", "a.b"}),
        ("eql", {"event.category", "host.id", "a", "b", "c", "d", "e"}),
        ("esql", {"a", "b", "c"}),
        ("lucene", set[str]()),
    ],
)
def test_fields_are_those_that_events_have(language: str, expected: set[str]) -> None:
    assert fields(language, QUERIES[language]) == expected


def test_tokens_keep_what_stands_in_quotes_and_in_unquoted_text() -> None:
    assert tokens("kuery", "a:  x\n and b: y") == tokens("kuery", "a:x AND b:y")
    assert tokens("kuery", "a: x  y") != tokens("kuery", "a: x y")
    assert tokens("eql", 'any where a == "x  y" /* c */') == tokens("eql", 'any where a=="x  y"')
    assert tokens("eql", 'any where a == "x  y"') != tokens("eql", 'any where a == "x y"')
    assert tokens("esql", "from a-b-*,c\n| where x // y") == tokens("esql", "from a-b-* , c | where x")
    assert tokens("kuery", '"open') is None


def test_the_same_bytes_under_any_hash_seed() -> None:
    script = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.query.rules import change\n"
        'print(change(\'eql\', \'any where a : ("p", "q*") and not (b == 1 and c like "r*") or d in ("s", "t")\','
        ' \'any where a : ("p", "z*") and not b == 2 or d in ("t", "u", "v") and e != null\'))\n'
    )
    root = Path(__file__).parents[2]
    seen = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(seen) == 1


@pytest.mark.parametrize("pattern", ["a[[b]c", "[a--b]", "[a||b]x", "[b-a]", "[]", "[a", "x{" + "9" * 5000 + "}", "("])
@pytest.mark.parametrize("operator", ["regex", "regex~"])
def test_no_regular_expression_is_a_crash_or_a_word_on_the_terminal(pattern: str, operator: str) -> None:
    old, new = (f'any where a {operator} "{pattern}" and b == "{value}"' for value in "xy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert change("eql", old, new).verdict in {QueryVerdict.CHANGED, QueryVerdict.UNKNOWN}
        assert change("eql", old, new.replace(pattern, f"{pattern}d")).verdict is not QueryVerdict.COSMETIC


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("eql", "sequence [any where a == 1] with runs={} [any where true]"),
        ("eql", "sequence with maxspan={}m [any where a == 1] [any where true]"),
        ("eql", "any where a == {}"),
        ("eql", "any where a == 1e{}"),
        ("eql", "any where b[{}] == 1 and a == 1"),
        ("esql", "from i | where a == 1 | limit {}"),
        ("esql", "from i | where a == 1 and b > {} hours"),
        ("kuery", "a > {}"),
        ("kuery", "source.ip: {}/8 and a: 1"),
        ("lucene", "a:[1 TO {}]"),
    ],
)
def test_no_number_is_too_long_for_an_answer(language: str, query: str) -> None:
    text = query.format("9" * 5000)
    syntax_error(language, text)
    fields(language, text)
    conditions(language, text)
    dead(language, text)
    edited = change(language, text, text.replace("a", "c", 2).replace("cny", "any"))
    assert edited.explanation or edited.reason


def test_a_group_that_asks_for_anything_names_no_field() -> None:
    assert fields("kuery", "a:{ * }") == frozenset()
