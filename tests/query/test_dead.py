"""Pieces of a query that can never hold: which are found, where they stand, and which are let be."""

from __future__ import annotations

import pytest

from bot.query import dead

FOUND = {
    "an alternative inside an alternative": (
        "eql",
        'process where (a : "x" or (b == "1" and (c : "y" or d : "z"))) and not d : "z"',
        [('d : "z"', 'z")')],
    ),
    "whatever the language": ("kuery", "(a:x or (b:1 and (c:y or d:z))) and not d:z", [("d: z", "z))")]),
    "a value that a pattern takes": ("eql", 'process where a : ("x", "y") and not a : "X*"', [('a : "x"', 'x", "y"')]),
    "a number where no value may be": (
        "eql",
        'process where (a == 5 or b == 1) and not a : "*"',
        [("a == 5", "5 or")],
    ),
    "a value where the field may not be there": ("kuery", "(a:x or b:y) and not a:*", [("a: x", "x or b")]),
    "one of several that are left out": (
        "eql",
        'process where (a == "x" or b == "y") and not (a == "x" or c == "z")',
        [('a == "x"', 'x" or b')],
    ),
    "the same test twice, each in its place": (
        "esql",
        'from i | where a in ("x", "y") and a in ("y", "z")',
        [('a == "x"', 'x", "y")'), ('a == "z"', 'z")')],
    ),
    "the whole query": ("eql", 'process where a == "x" and not a == "x"', [("", "process")]),
    "all alternatives, which is the whole": (
        "eql",
        'process where (a == "x" or a == "x" and b == "y") and not a == "x"',
        [("", "process")],
    ),
    "a filter of a pipeline": ("esql", 'from i | where a == "x" and a == "y"', [("", 'x" and')]),
    "a filter that wants no value at all": ("esql", 'from i | where not a like "*"', [("", "*")]),
    "a filter that says so": ("esql", 'from i | where false and a == "x"', [("", "from")]),
    "a filter that leaves out everything": ("esql", "from i | where not (a is null or a is not null)", [("", "a is")]),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_can_never_hold_is_found_where_it_stands(name: str) -> None:
    language, query, pieces = FOUND[name]
    found = dead(language, query)
    assert [each.shown for each in found] == [shown for shown, _ in pieces]
    assert [query[each.at :].startswith(text) for each, (_, text) in zip(found, pieces, strict=True)] == [
        True for _ in pieces
    ]


ALIVE = {
    "a narrower exclusion": ("eql", 'process where (a == "x" or b == "y") and not (a == "x" and c == "z")'),
    "an exclusion of an exclusion": ("eql", 'process where a : "x*" and not (a : "x*" and not a : "xy")'),
    "another case where the case counts": ("eql", 'process where a == "X" and not a == "x"'),
    "several values in KQL": ("kuery", "a:x and a:y"),
    "one field each in ES|QL": ("esql", 'from i | where (a == "x" or b == "y") and c == "z"'),
    "lists that share a value": ("esql", 'from i | where a in ("x", "y") and a in ("x", "y")'),
    "a field that may not be there": ("esql", 'from i | where a is null and b == "x"'),
    "what does not parse": ("eql", 'process where a == "x" and not a == "x'),
}


@pytest.mark.parametrize("name", ALIVE)
def test_what_may_hold_is_let_be(name: str) -> None:
    assert dead(*ALIVE[name]) == []


def test_a_refusal_of_what_stands_beside_it_is_a_dead_alternative() -> None:
    assert [each.shown for each in dead("kuery", "a: 1 and (not a: 1 or b: 2)")] == ["not a: 1"]


def test_one_field_that_wants_two_values_is_enough() -> None:
    assert dead("esql", 'from i | where b == 1 and a == "x" and a == "y"')
