"""How EQL is cut into tokens: what each is, where it stands, and what cannot be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import QueryVerdict
from bot.query import syntax_error, tokens
from bot.query.eql_lexer import kind, places, scan, split
from bot.query.text import QueryError
from tests.query.rules import change

KINDS = {
    "process": "name",
    "@timestamp": "name",
    "_id": "name",
    "process.parent.name": "name",
    "like~": "name",
    '"a"': "string",
    '""': "string",
    '"""a"b"""': "raw",
    '?"a"': "old",
    "?'a'": "old",
    "'a'": "old",
    "`a``b`": "quoted",
    "5": "number",
    "1.5e-3": "number",
    ".5": "number",
    ".": "op",
    "?": "op",
    "==": "op",
    "![": "op",
    "": "end",
}


@pytest.mark.parametrize("text", KINDS)
def test_the_first_character_tells_what_a_token_is(text: str) -> None:
    assert kind(text) == KINDS[text]
    assert scan(text) == [text] * bool(text)


def test_every_token_is_found_where_it_stands() -> None:
    query = ' // first\n process where /* a. b */ a . b.c == "x y" and\td[0] != .5  \n'
    texts = scan(query)
    assert texts == ["process", "where", "a", ".", "b.c", "==", '"x y"', "and", "d", "[", "0", "]", "!=", ".5"]
    assert [query[at:].startswith(text) for text, at in zip([*texts, " "], places(query), strict=True)] == [
        True for _ in (*texts, "end")
    ]


@given(st.lists(st.sampled_from([*filter(None, KINDS), "(", ")", ",", ":", "in", "not"]), max_size=12))
def test_tokens_with_layout_between_them_are_found_again(texts: list[str]) -> None:
    assert scan("\n/* a */ ".join(texts)) == texts
    assert [place >= 0 for place in places(" ".join(texts))] == [True] * (len(texts) + 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a.b == 1", "a . b==1 // same", True),
        ("a.b == 1", "a./* same */b == 1", True),
        ('a == "b.c"', 'a == "b . c"', False),
        ("a.b == 1", "ab == 1", False),
        ("a == 1.5", "a == 1 . 5", False),
    ],
)
def test_layout_inside_a_dotted_name_is_layout(one: str, other: str, *, same: bool) -> None:
    assert (tokens("eql", f"any where {one}") == tokens("eql", f"any where {other}")) is same
    if same:
        edited = change("eql", f"any where {one}", f"any where {other}")
        assert edited.verdict is QueryVerdict.COSMETIC


def test_only_names_are_cut_at_their_dots() -> None:
    assert split(["a.b.c", '"a.b"', "1.5", "`a.b`"]) == ["a", ".", "b", ".", "c", '"a.b"', "1.5", "`a.b`"]


@pytest.mark.parametrize(
    ("query", "message", "at"),
    [
        ('any where a == "x', "unterminated string", 15),
        ("any where a == 'x", "unterminated string", 15),
        ("any where a # b", "unexpected character '#'", 12),
        ("any where a == 1 \N{EN DASH} 2", "unexpected character '\N{EN DASH}'", 17),
    ],
)
def test_what_is_no_token_is_named_at_its_place(query: str, message: str, at: int) -> None:
    with pytest.raises(QueryError) as raised:
        scan(query)
    assert (raised.value.message, raised.value.at) == (message, at)
    fault = syntax_error("eql", query)
    assert fault is not None
    assert (fault.message, fault.at) == (message, at)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("process where process.name : ) and x == 1", ")"),
        ("process where a == 1 b.c == 2", "b.c"),
        ("process where in.x == 1", "in.x"),
        ("process where true.x == 1", "true.x"),
        ("process.x where true", "process.x"),
    ],
)
def test_what_stands_in_the_wrong_place_is_named_whole(query: str, text: str) -> None:
    fault = syntax_error("eql", query)
    assert fault is not None
    assert fault.message.startswith(f"unexpected '{text}'")
    assert query[fault.at :].startswith(text)
