"""Kibana's grammar knows escapes in small letters alone; only the digits fold."""

from __future__ import annotations

import pytest

from bot.model import Rule
from bot.query import compare


def verdict(before: str, after: str) -> str | None:
    sides = [
        Rule(path="rules/a.toml", text=query, data={"rule": {"type": "query", "language": "kuery", "query": query}})
        for query in (before, after)
    ]
    change = compare(*sides)
    return change.verdict.value if change else None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (r'f: "\u0041"', 'f: "A"', "equivalent"),
        (r'f: "\u00AB"', r'f: "\u00ab"', "equivalent"),
        (r"f: \u0041", "f: A", "equivalent"),
        (r'f: "\U0041"', 'f: "A"', "changed"),
        (r'f: "\T"', r'f: "\t"', "changed"),
        (r"f: \U0041", "f: A", "unknown"),
    ],
)
def test_an_escape_is_written_in_small_letters(before: str, after: str, expected: str) -> None:
    assert verdict(before, after) == expected
