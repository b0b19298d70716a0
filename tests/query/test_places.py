"""Where a value or a field stands in a query: as a word or string of its own, from a place on, or as near as can be."""

from __future__ import annotations

import pytest

from bot.query.formula import Atom, Exists, Glob
from bot.query.places import Places, again, standing

WHOLE = [
    ("base64 -base64", "base64", 0),
    ("-base64 base64", "base64", 8),
    ("base64x base64", "base64", 8),
    ("xbase64", "base64", 1),
    ("xbase64 base64", "base64", 8),
    ("a:(dash or sh)", "sh", 11),
    ('"a c" "a b" b', "a b", 7),
    ('f == "xa b" or f == "a bx" or f == "a b"', "a b", 36),
    ("host.name.text:a and host.name:b", "host.name", 21),
    ("Host.Name:b", "host.name", 0),
    ("nothing", "host.name", 0),
]


@pytest.mark.parametrize(("query", "text", "at"), WHOLE)
def test_a_text_stands_where_no_word_goes_on_over_its_ends(query: str, text: str, at: int) -> None:
    assert standing(query, text) == at


def test_the_second_of_two_is_looked_for_from_a_place_on() -> None:
    query = r'a in ("x") and b in ("x", "C:\\y", "X", "z", "C:\\y")'
    assert query[again(query, "x", 15) :].startswith('X"')
    assert query[again(query, "C:\\y", 15) :] == r'C:\\y")'
    assert again(query, "z", 15) == 15
    assert again(query, "not there", 15) == 15


def of(query: str, *atoms: Atom | None) -> list[int]:
    places = Places(query)
    return [places.of(atom) for atom in atoms]


def test_tests_are_found_in_the_order_in_which_they_come() -> None:
    one, two = Atom("f", Glob("a")), Atom("f", Glob("a"))
    assert of("f:a or f:a", one, two, two) == [2, 9, 9]
    assert of("f:a or f:b", Atom("f", Glob("b")), Atom("f", Glob("a"))) == [9, 2]


def test_what_is_not_found_stands_where_its_field_does_or_the_last_one_did() -> None:
    assert of("x:1 and f:a", Atom("f", Glob("b"))) == [8]
    assert of("f:a", Atom("f", Glob("a")), Atom("g", Exists()), None) == [2, 2, 2]
    assert of("f:a", None) == [0]


def test_a_value_that_is_no_word_is_looked_for_as_it_is() -> None:
    assert of('f:"()" or g:"()"', Atom("f", Glob("()")), Atom("g", Glob("()"))) == [3, 13]
    assert of('f:a or g:"xyz"', Atom("h", Glob("y"))) == [11]
    assert of("yes", Atom("h", Glob("y"))) == [0]
