"""What decides about a filter is told of it, and what decides nothing is not."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model import Rule
from bot.query import around


def told(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return list(
        around(*(Rule(path="rules/a.toml", text="", data={"rule": {"filters": [body]}}) for body in (old, new)))
    )


def query(body: dict[str, Any]) -> dict[str, Any]:
    return {"meta": {}, "query": body}


TERM, OTHER = {"term": {"a": "x"}}, {"term": {"b": "y"}}

SAME = [
    ({"match_phrase": {"a": "x"}}, {"match_phrase": {"a": "x", "boost": 2}}),
    ({"bool": {"must": [TERM]}}, {"bool": {"filter": [TERM], "must": []}}),
    ({"bool": {"should": [TERM, OTHER]}}, {"bool": {"should": [TERM, OTHER], "minimum_should_match": 1}}),
    ({"bool": {"must_not": [TERM], "minimum_should_match": 0}}, {"bool": {"must_not": TERM}}),
    ({"bool": {"filter": [TERM, OTHER]}}, {"bool": {"must": [TERM, OTHER]}}),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_decides_nothing_is_not_told(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert told(query(old), query(new)) == []


NESTED = {"bool": {"should": [{"bool": {"must": [TERM, OTHER]}}, {"term": {"c": "z"}}]}}
APART = [
    ({"bool": {"should": [TERM, OTHER]}}, {"bool": {"must": [TERM, OTHER]}}, ["a: x or b: y", "a: x and b: y"]),
    ({"term": {"a": True}}, {"term": {"a": False}}, ["true", "false"]),
    (NESTED, {"bool": {"must": [NESTED, OTHER]}}, ["(a: x and b: y) or c: z", "((a: x and b: y) or c: z) and b: y"]),
    ({"bool": {"should": [TERM, OTHER], "minimum_should_match": 2}}, TERM, ["minimum_should_match", "a: x"]),
    ({"bool": {"must_not": [TERM, OTHER]}}, TERM, ["not a: x and not b: y", "a: x"]),
    ({"term": {"a": "x"}, "match_all": {}}, OTHER, ["match_all", "b: y"]),
    ({"term": {"a": "x", "b": "y"}}, {"term": {"a": "x"}}, ['"b": "y"', "a: x"]),
]


@pytest.mark.parametrize(("old", "new", "words"), APART)
def test_what_decides_is_told(old: dict[str, Any], new: dict[str, Any], words: list[str]) -> None:
    lines = told(query(old), query(new))
    assert lines
    assert all(word in " | ".join(lines) for word in words)


def test_of_a_long_list_the_rest_is_counted() -> None:
    def lines(count: int) -> str:
        values = [f"v{number}" for number in range(count)]
        return " ".join(told(query(TERM), query({"terms": {"b": values}})))

    shown = next(count for count in range(2, 100) if " more" in lines(count)) - 1
    assert f"v{shown - 1}" in lines(shown)
    assert " or 1 more)" in lines(shown + 1)
    assert " or 5 more)" in lines(shown + 5)
