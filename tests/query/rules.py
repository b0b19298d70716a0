"""Rules made of a query, and the comparison of two of them."""

from __future__ import annotations

from hypothesis import strategies as st

from bot.model import QueryChange, QueryVerdict, Rule
from bot.query import compare

TYPES = {"kuery": "query", "lucene": "query", "eql": "eql", "esql": "esql"}


def rule(language: str, query: object, kind: str | None = None, **more: object) -> Rule:
    data = {"rule": {"type": kind or TYPES[language], "language": language, "query": query, **more}}
    return Rule(path="rules/a.toml", text="", data=data)


def change(language: str, old: str, new: str) -> QueryChange:
    found = compare(rule(language, old), rule(language, new))
    assert found is not None
    assert (found.reason is not None) is (found.verdict is QueryVerdict.UNKNOWN)
    return found


def verdict(language: str, old: str, new: str) -> str:
    return "same text" if old == new else change(language, old, new).verdict.value


MIRROR = {
    "narrowed": "broadened",
    "broadened": "narrowed",
    "narrowed-or-equal": "broadened-or-equal",
    "broadened-or-equal": "narrowed-or-equal",
}

PATTERNS = ("x", "y", "x*", "*y", "*")
TESTS = st.builds("{}: {}".format, st.sampled_from("ab"), st.sampled_from(PATTERNS))
QUERIES = st.recursive(
    TESTS,
    lambda parts: st.one_of(
        parts.map("not ({})".format),
        st.lists(parts, min_size=2, max_size=3).map(lambda each: f"({' and '.join(each)})"),
        st.lists(parts, min_size=2, max_size=3).map(lambda each: f"({' or '.join(each)})"),
    ),
    max_leaves=8,
)
STRINGS = ("x", "y", "xy", "xz", "zy", "z")  # one for every set of patterns that a string can match
