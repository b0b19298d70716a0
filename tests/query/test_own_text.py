"""Explanations and reasons show a query's own text: nothing that stands in neither query."""

from __future__ import annotations

import pytest

from bot.query import syntax_error
from bot.query.text import quote
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
    "a tab that was decoded": (
        "eql",
        r'any where a : "C:\\temp\\*"',
        r'any where a : "C:\temp\\*"',
        [r'changes condition: a : "C:\temp\*" to a : "C:⇥emp\*"'],
    ),
    "a tab inside a regular expression and a function": (
        "eql",
        'any where c == 1 and a != "b"',
        r'any where a regex "x\t" and f(b, "\tz") == 1 and c == 1 and a != "b"',
        ['adds condition: a regex "x⇥"', 'adds condition: f(b, "⇥z") == 1'],
    ),
    "a star that became a wildcard": (
        "kuery",
        'a:"cmd*"',
        "a:cmd*",
        ['changes condition: a: "cmd*" to a: cmd* (broadens)', 'the * in "cmd*" of a became a wildcard'],
    ),
    "stars that became wildcards": (
        "kuery",
        r"a:(cmd\* or x\*y or b)",
        "a:(cmd* or x*y or b)",
        [
            'widens value of a: "cmd*" to cmd*; "x*y" to x*y',
            'the * in "cmd*" of a, "x*y" of a became a wildcard',
        ],
    ),
    "a star that became none": (
        "kuery",
        "a:cmd*",
        'a:"cmd*"',
        [
            'changes condition: a: cmd* to a: "cmd*" (narrows)',
            'the * in "cmd*" of a is no wildcard as it is written: it stands for itself',
        ],
    ),
    "a column that is made alike on both sides has its name": (
        "esql",
        "from i | stats failures = count(*) by k | where failures > 50",
        "from i | stats failures = count(*) by k | where failures >= 51",
        ["after stats: changes condition: failures > 50 to failures >= 51 (the same)"],
    ),
    "so has one that is computed": (
        "esql",
        "from i | eval n = length(a) | where n > 5 and not b == 1",
        "from i | eval n = length(a) | where n > 6 and not (b == 1 and n == 8)",
        [
            "changes condition: n > 5 to n > 6 (narrows)",
            "adds condition of an exclusion: n == 8 (in the exclusion with b == 1)",
        ],
    ),
    "a column of one side alone is told by what it is made of": (
        "esql",
        "from i | where b == 1",
        "from i | eval n = length(a) | where n > 5 and b == 1",
        ["adds condition: length(a) > 5"],
    ),
    "a name that means two things is told by what it means": (
        "esql",
        "from i | where n > 1 | eval n = length(a) | where n > 5",
        "from i | where n > 1 | eval n = length(a) | where n > 6",
        ["changes condition: length(a) > 5 to length(a) > 6 (narrows)"],
    ),
    "negations in ES|QL": (
        "esql",
        'from i | where a == "a"',
        'from i | where a == "a" or a is null or a != "b" or n != 5 or not a like "x*" or not b',
        [
            "adds alternative: a is null",
            'adds alternative: a != "b"',
            "adds alternative: n != 5",
            'adds alternative: not a like "x*"',
            "adds alternative: b == false",
        ],
    ),
    "negations in EQL": (
        "eql",
        'any where a == "a"',
        'any where a == "a" or a == null or a != "b" or n != 5 or not a : "x*" or not a in ("c", "d")',
        [
            "adds alternative: a == null",
            'adds alternative: a != "b"',
            "adds alternative: n != 5",
            'adds alternative: not a : "x*"',
            'adds alternative: not a in ("c", "d")',
        ],
    ),
    "negations in KQL": ("kuery", "a:1", "a:1 or not b:*", ["adds alternative: not b: *"]),
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


@pytest.mark.parametrize(
    ("language", "query", "said"),
    [
        ("kuery", r"a:b\c", r"unexpected character '\'"),
        ("eql", "any where a == 1 \x07", "unexpected character '⟨U+0007⟩'"),
        ("eql", "any where a == 1 ]\n", "unexpected ']'"),
        ("kuery", "a:{ b\n c", "the query ends too early"),
        ("kuery", "a: b\tc ) d", "unexpected ')'"),
        ("kuery", "a: (b x'y\n\tz: c)", "unexpected ':', with a '(' still open"),
        ("lucene", "a:)", "unexpected ')'"),
    ],
)
def test_a_syntax_error_shows_characters_as_they_are(language: str, query: str, said: str) -> None:
    found = syntax_error(language, query)
    assert found is not None
    assert found.message == said


def test_quotes_and_what_does_not_print_are_told_apart() -> None:
    assert [quote(text) for text in ("it's", "\\", "a\r\nb\tc", "\u200b\ue000", "x" * 31)] == [
        '"it\'s"',
        "'\\'",
        "'a↵b⇥c'",
        "'⟨U+200B⟩⟨U+E000⟩'",
        f"'{'x' * 29}…'",
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("a: 1", "a: (", "the new query does not parse: the query ends too early, with a '(' still open"),
        ("a: )", "a: 1", "the old query does not parse: unexpected ')'"),
        (
            "a: )",
            "a: 1 (",
            "neither the old query (unexpected ')') nor the new one (unexpected '(') parses",
        ),
    ],
)
def test_a_reason_says_which_query_does_not_parse(old: str, new: str, reason: str) -> None:
    assert change("kuery", old, new).reason == reason


def test_a_query_inside_a_query_is_no_side() -> None:
    reason = change("esql", 'from i | where kql("a: )")', 'from i | where kql("a: 1")').reason
    assert reason == "the query does not parse: unexpected ')'"
