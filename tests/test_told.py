"""Sentences that know which of their parts are the rule's."""

from __future__ import annotations

import copy
import pickle

from hypothesis import given
from hypothesis import strategies as st

from bot.render.escape import code, prose
from bot.told import Told, again, coded, finished, marked

PIECES = st.lists(
    st.tuples(st.text(max_size=8).filter(lambda text: not set(text) & set("\ue010\ue011")), st.booleans())
)


@given(PIECES)
def test_a_sentence_is_its_text_and_knows_its_values(pieces: list[tuple[str, bool]]) -> None:
    made = finished("".join(marked(text) if quoted else text for text, quoted in pieces))
    assert made == "".join(text for text, _ in pieces)
    assert [text for text, quoted in made.parts() if quoted] == [text for text, quoted in pieces if quoted and text]
    assert "".join(text for text, _ in made.parts()) == made


@given(PIECES)
def test_a_finished_sentence_can_be_a_part_of_another(pieces: list[tuple[str, bool]]) -> None:
    made = finished("".join(marked(text) if quoted else text for text, quoted in pieces))
    whole = finished(f"that is: {again(made)}.")
    assert [text for text, quoted in whole.parts() if quoted] == [text for text, quoted in made.parts() if quoted]


@given(st.text("ab\ue010\ue011", max_size=8), st.text("ab\ue010\ue011", max_size=8))
def test_a_value_cannot_end_itself_or_begin_another(one: str, other: str) -> None:
    made = finished(f"x {marked(one)} y {marked(other)} z")
    outside = "".join(text for text, quoted in made.parts() if not quoted)
    assert outside == "x  y  z"


def test_what_is_marked_inside_a_value_is_a_part_of_it() -> None:
    inner = f"a: {marked('b')} or c"
    made = finished(f"adds {marked(inner)}")
    assert list(made.parts()) == [("adds ", False), ("a: b or c", True), ("", False)]


def test_a_sentence_survives_a_copy() -> None:
    made = finished(f"adds {marked('a')}")
    for twin in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):  # noqa: S301 - our own
        assert isinstance(twin, Told)
        assert (twin, twin.values) == (made, made.values)


def test_values_stand_in_code_whatever_they_are_made_of() -> None:
    value = 'a : "`@org`*"'
    made = finished(f"adds exclusion: {marked(value)} (in the alternative with {marked('b | c')})")
    assert prose(made) == f"adds exclusion: ``{value}`` (in the alternative with <code>b &#124; c</code>)"


def test_a_long_sentence_is_cut_and_its_code_closed() -> None:
    assert prose(finished(f"adds {marked('a' * 50)} more"), most=15) == f"adds `{'a' * 9}…`"


@given(st.text(alphabet="ab `", max_size=12))
def test_a_quoted_value_is_one_span_of_markdown_whatever_backticks_it_holds(text: str) -> None:
    page = prose(f"the value {coded(text)} is odd")
    shown = text if text.strip(" ") else text or '""'
    assert page == f"the value {code(shown) if shown.strip(' ') else shown} is odd"


def test_a_backtick_in_a_value_tears_no_span() -> None:
    assert prose(f"{coded('a`b')} stands twice, and {coded('c')}") == "``a`b`` stands twice, and `c`"
    assert coded("") == '`""`'
