"""Texts that strangers write: bait, soup, and good texts with a piece changed."""

# ruff: noqa: E501 - rows of bait
from __future__ import annotations

from hypothesis import strategies as st

BAIT = [
    "<!--", "-->", "<!-- ruleward:review v1 change=", "<!-- ruleward:waiver {", "::error ::x", "##[group]", "</details>", "`", "```",
    "|", "@octocat", "https://evil.example", "#1", "\n", "\r\n", "\t", "\x00", "\x1b[31m", "\u202e", "\u200b", "\u2028", "\udcff",
    "\U0001f600", "%0A", "%", "{{ x }}", "{% x %}", "\\", '"', "'", '"""', "'''", "[", "]", "{", "}", "(", ")", "=", ",", ".", "*", "-", "#",
    " ", "  ", "é", "0", "9" * 30, "a", "rule", "metadata", "query", "2026/11/24", "true", "nan", "-inf", "1e999", "0x", "\ufeff",
    "/", "//", "../", "~", "$", "!", "?", ":", ";", "<", ">", "&", "^", "1.", "- ", "deadbeefdeadbeef", "gh-1", "www.x",
]  # fmt: skip

soup = st.lists(st.sampled_from(BAIT) | st.text(max_size=6), max_size=12).map("".join)
"""Short texts of nothing but bait."""

plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats(allow_nan=True) | soup,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(soup, inner, max_size=4),
    max_leaves=10,
)
"""Anything that JSON can say, and a little more."""


def changed(good: str, spare: st.SearchStrategy[str] = soup) -> st.SearchStrategy[str]:
    """A good text in which some pieces are cut out, put twice, moved or replaced."""
    places = st.integers(0, len(good))
    return st.lists(st.tuples(places, places, spare, st.integers(0, 3)), min_size=1, max_size=4).map(
        lambda edits: _changed(good, edits)
    )


def _changed(text: str, edits: list[tuple[int, int, str, int]]) -> str:
    for one, other, spare, how in edits:
        start, end = sorted((min(one, len(text)), min(other, len(text))))
        if how == 0:
            end = min(end, start + 12)
            text = text[:start] + spare + text[end:]
        elif how == 1:
            text = text[:start] + text[end:]
        elif how == 2:
            text = text[:end] + text[start : start + 200] + text[end:]
        else:
            text = text[:start] + spare + text[start:]
    return text


def as_bytes(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """The same as bytes, now and then no UTF-8."""
    return texts.map(
        lambda text: text.encode("utf-8", "surrogateescape" if text.isprintable() else "replace")
    ) | st.binary(max_size=40)
