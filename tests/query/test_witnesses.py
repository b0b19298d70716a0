"""A witness shows the difference between two queries, and little else."""

from __future__ import annotations

import pytest
from hypothesis import given

from bot.model import QueryVerdict
from bot.query.eql import parse
from bot.query.kql import parse as parse_kql
from bot.query.meter import Meter
from bot.query.prove import relate
from bot.query.shrink import shrink
from bot.query.truth import Event, Reading, T, judge
from tests.query.rules import QUERIES, STRINGS, change

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


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("a.trusted: *", "a.trusted: true", {"a.trusted": ("false",)}),
        ("a.count_of: *", "a.count_of: (1 or 2.5)", {"a.count_of": ("7",)}),
        ("process.pid: *", "process.pid: 7", {"process.pid": ("1",)}),
        ("source.ip: *", "source.ip: 10.0.0.1", {"source.ip": ("192.0.2.7",)}),
        ("event.code: *", "event.code: (4624 or x)", {"event.code": ("7",)}),
        ("a.name: *", "a.name: b", {"a.name": ("x",)}),
    ],
)
def test_a_value_is_of_the_kind_that_the_query_names(old: str, new: str, lost: Event) -> None:
    witness = change("kuery", old, new).witness
    assert witness is not None
    assert witness.lost == lost


def test_without_a_budget_an_event_stays_as_it_is() -> None:
    old, new = (parse(f"any where {text}").steps[0].formula for text in ("a == 1 or b == 2", "a == 1"))
    event = {"b": (2,), "c": (3,)}
    assert shrink(event, old, new, Reading.MIXED, Meter(0)) == event


def test_where_only_several_values_go_the_other_way_it_is_said() -> None:
    old, new = 'any where x == 1 and not p in ("a", "b")', 'any where x == 1 and p like ("c", "d*")'
    narrowed, broadened = change("eql", old, new), change("eql", new, old)
    assert (narrowed.verdict, broadened.verdict) == (QueryVerdict.CHANGED, QueryVerdict.CHANGED)
    assert narrowed.explanation[-1] == (
        "with one value in p the query is narrower: only events with several there are newly matched"
    )
    assert broadened.explanation[-1] == (
        "with one value in p the query is broader: only events with several there are no longer matched"
    )


def test_an_exclusion_without_effect_on_a_field_of_one_value_is_told() -> None:
    old = 'process where process.parent.name : ("nginx", "java") and x == 1'
    found = change("eql", old, f'{old} and not process.parent.name : "updater*"')
    assert found.verdict is QueryVerdict.NARROWED
    assert found.explanation == (
        'adds exclusion: process.parent.name : "updater*"',
        "with one value in process.parent.name, as ECS has it, the query matches the same as before",
    )
    old = old.replace("process.parent.name", "process.args")  # a list in ECS
    assert len(change("eql", old, f'{old} and not process.args : "updater*"').explanation) == 1


@pytest.mark.parametrize("values", ["5 and 5.0", "10.0.0.1 and 10.0.0.0/8", "2026-01-01 and 2026-01-01T00:00:00Z"])
def test_one_value_may_have_several_spellings(values: str) -> None:
    one, two = values.split(" and ")
    found = change("kuery", f'not p: ("{one}" or b)', f'p: ("{two}" or d*)')
    assert not any(line.startswith("with one value") for line in found.explanation)


@given(QUERIES, QUERIES)
def test_what_is_said_of_one_value_holds_for_every_event_with_one(old: str, new: str) -> None:
    one, two = parse_kql(old), parse_kql(new)
    relation = relate(one, two, Reading.TWO, Meter(1_000_000), witnesses=False, single=("a", "b"))
    values = [(), *((each,) for each in STRINGS)]
    for event in ({"a": a, "b": b} for a in values for b in values):
        before, after = (judge(formula, event, Reading.TWO) == T for formula in (one, two))
        assert not relation.narrower or before or not after
        assert not relation.wider or after or not before
