"""How many events come how close together: claims and witnesses against the oracle's state machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import QueryVerdict
from tests.oracle import eql
from tests.oracle.logic import Doc
from tests.query.rules import change

WITHIN = {QueryVerdict.NARROWED, QueryVerdict.NARROWED_OR_EQUAL, QueryVerdict.EQUIVALENT}
AROUND = {QueryVerdict.BROADENED, QueryVerdict.BROADENED_OR_EQUAL, QueryVerdict.EQUIVALENT}
pairs = st.tuples(st.integers(2, 6), st.integers(1, 12))


def burst(runs: int, seconds: int) -> str:
    """A sequence of so many events within so many seconds."""
    return f"sequence by k with maxspan={seconds}s [any where a == 1] with runs={runs}"


def fires(query: str, moments: list[int]) -> bool:
    """Whether it fires on events at these moments, in milliseconds."""
    events: list[tuple[int, Doc]] = [(moment, {"a": (1,), "k": ("x",)}) for moment in moments]
    return bool(eql.sequence_keys(eql.parse(query), events, eql.READINGS[1]))


@given(pairs, pairs, st.lists(st.lists(st.integers(0, 14_000), min_size=1, max_size=9).map(sorted), max_size=12))
def test_no_burst_contradicts_what_is_said_of_two_of_them(
    one: tuple[int, int], two: tuple[int, int], bursts: list[list[int]]
) -> None:
    old, new = burst(*one), burst(*two)
    if old == new:
        return
    verdict = change("eql", old, new).verdict
    assert verdict is not QueryVerdict.UNKNOWN
    for moments in bursts:
        before, after = fires(old, moments), fires(new, moments)
        assert before or not after or verdict not in WITHIN
        assert after or not before or verdict not in AROUND


def slowest(runs: int, seconds: int, wanted: int) -> list[int]:
    """Moments of so many events within so many seconds, of which as many as are wanted take as long as they can."""
    group = max(wanted - 1, 1)
    return [place // group * (seconds * 1000 // max((runs - 1) // group, 1)) for place in range(runs)]


@pytest.mark.parametrize("old", list(product(range(2, 6), range(1, 5))))
def test_what_is_said_holds_for_the_slowest_burst(old: tuple[int, int]) -> None:
    for new in product(range(2, 6), range(1, 5)):
        if new != old:
            said = change("eql", burst(*old), burst(*new)).verdict
            assert (said in WITHIN) is fires(burst(*old), slowest(*new, wanted=old[0]))
            assert (said in AROUND) is fires(burst(*new), slowest(*old, wanted=new[0]))


def moments_of(events: Sequence[Mapping[str, Sequence[object]]]) -> list[int]:
    """When the events of a witness come, in milliseconds; one after the other where they do not say."""
    written = [event.get("@timestamp", ("",))[0] for event in events]
    if not all(written):
        return list(range(len(events)))
    return [round(datetime.fromisoformat(str(each)).timestamp() * 1000) for each in written]


@given(pairs, pairs)
def test_the_events_shown_tell_two_bursts_apart(one: tuple[int, int], two: tuple[int, int]) -> None:
    old, new = burst(*one), burst(*two)
    shown = change("eql", old, new).witness if old != new else None
    for yes, no, events in ((old, new, shown.lost), (new, old, shown.gained)) if shown else ():
        if isinstance(events, tuple):
            assert fires(yes, moments_of(events))
            assert not fires(no, moments_of(events))


LONG = "99999999999999999d"
ODD = '[any where @timestamp : "z*"] [any where b == 1 and @timestamp == "y"]'


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("maxspan=9999999999d [any where a == 1] [any where b == 1]", "maxspan=99999999999d", "broadened-or-equal"),
        ("maxspan=1d [any where a == 1] with runs=4", f"maxspan={LONG}", "broadened"),
        (f"maxspan={LONG} [any where a == 1] with runs=3", "maxspan=1d", "narrowed"),
        (f"maxspan=1m {ODD}", "maxspan=2m", "broadened-or-equal"),
        ("maxspan=1m [any where @timestamp == 5] with runs=3", "maxspan=2m", "broadened-or-equal"),
    ],
)
def test_a_span_of_ages_or_a_time_that_is_none_breaks_nothing(old: str, new: str, verdict: str) -> None:
    before, after = f"sequence by k with {old}", f"sequence by k with {new} {old.partition(' ')[2]}"
    assert change("eql", before, after).verdict.value == verdict
