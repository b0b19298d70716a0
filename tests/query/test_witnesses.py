"""A witness shows the difference between two queries, and little else."""

from __future__ import annotations

import pytest

from bot.query.eql import parse
from bot.query.meter import Meter
from bot.query.shrink import shrink
from bot.query.truth import Reading
from tests.query.rules import change

LOST: dict[str, tuple[str, str, str, dict[str, tuple[str, ...]]]] = {
    "only one of two alternatives that would both do": (
        "kuery",
        "a: 1 and b: 2 and c: 3 or d: 4",
        "a: 1 and b: 2 and (c: 3 or d: 4)",
        {"d": ("4",)},
    ),
    "no value that no condition asks for": (
        "eql",
        """process where event.type == "start" and process.name : "netsh.exe" and
           (process.args : "disable" and process.args : "set") or (process.args : "off" and process.args : "state")""",
        """process where event.type == "start" and process.name : "netsh.exe" and
           ((process.args : "disable" and process.args : "set") or
           (process.args : "off" and process.args : "state"))""",
        {"event.category": ("process",), "process.args": ("off", "state")},
    ),
}


@pytest.mark.parametrize("claim", LOST)
def test_a_witness_holds(claim: str) -> None:
    language, old, new, event = LOST[claim]
    witness = change(language, old, new).witness
    assert witness is not None
    lost = witness.lost
    assert isinstance(lost, dict)
    assert {name: tuple(map(str, values)) for name, values in lost.items() if name in event} == event
    assert set(lost) <= {*event, "event.type", "process.name"}


def test_one_process_has_one_category() -> None:
    witness = change(
        "eql",
        'any where event.category == "file" and a == 1',
        'any where (event.category == "file" and a == 1) or (event.category == "process" and b == 2)',
    ).witness
    assert witness is not None
    assert isinstance(witness.gained, dict)
    assert witness.gained["event.category"] == ("process",)


def test_without_a_budget_an_event_stays_as_it_is() -> None:
    old, new = (parse(f"any where {text}").steps[0].formula for text in ("a == 1 or b == 2", "a == 1"))
    event = {"b": (2,), "c": (3,)}
    assert shrink(event, old, new, Reading.MIXED, Meter(0)) == event
