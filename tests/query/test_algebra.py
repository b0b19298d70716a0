"""Laws that hold for every query: mirror, De Morgan, commutation, list order; and a brute-force judge for KQL."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.query import eql, kql
from bot.query.meter import Meter
from bot.query.prove import relate
from bot.query.truth import Reading, T, judge
from tests.query.rules import MIRROR, change, verdict

VALUES = ("x", "xy", "x*", "*y", "z")
kql_atoms = st.builds("{}: {}".format, st.sampled_from("ab"), st.sampled_from((*VALUES, "*")))
eql_atoms = st.builds(
    '{} {} "{}"'.format, st.sampled_from("ab"), st.sampled_from(("==", ":", "like", "!=")), st.sampled_from(VALUES)
)


def formulas(atoms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("not ({})".format, inner),
        ),
        max_leaves=6,
    )


TEXTS = ("x", "xy", "y", "z", "xx", "X", "xzy")
SETS = [(), *[(text,) for text in TEXTS], ("x", "z"), ("xy", "z"), ("xx", "xzy")]
EVENTS = [{name: values for name, values in (("a", one), ("b", two)) if values} for one, two in product(SETS, repeat=2)]


@settings(max_examples=150, deadline=None)
@given(formulas(kql_atoms), formulas(kql_atoms))
def test_no_kql_event_contradicts_a_claim(old: str, new: str) -> None:
    one, two = kql.parse(old), kql.parse(new)
    relation = relate(one, two, Reading.TWO, Meter(10**9))
    for event in EVENTS:
        before, after = judge(one, event, Reading.TWO) == T, judge(two, event, Reading.TWO) == T
        assert not (relation.narrower and after and not before)
        assert not (relation.wider and before and not after)
    if relation.lost is not None:
        assert judge(one, relation.lost, Reading.TWO) == T
        assert judge(two, relation.lost, Reading.TWO) != T


@settings(max_examples=150, deadline=None)
@given(formulas(eql_atoms), formulas(eql_atoms))
def test_no_eql_event_contradicts_a_claim_under_either_reading(old: str, new: str) -> None:
    one, two = (eql.parse(f"any where {text}").steps[0].formula for text in (old, new))
    relation = relate(one, two, Reading.MIXED, Meter(10**9))
    for event in EVENTS:
        for reading in (Reading.TWO, Reading.KLEENE):
            if reading is Reading.KLEENE and any(len(values) > 1 for values in event.values()):
                continue
            before, after = judge(one, event, reading) == T, judge(two, event, reading) == T
            assert not (relation.narrower and after and not before)
            assert not (relation.wider and before and not after)


@settings(max_examples=60, deadline=None)
@given(formulas(kql_atoms), formulas(kql_atoms))
def test_a_comparison_mirrors_the_comparison_the_other_way_round(old: str, new: str) -> None:
    forth, back = verdict("kuery", old, new), verdict("kuery", new, old)
    assert back == MIRROR.get(forth, forth)


@settings(max_examples=60, deadline=None)
@given(formulas(kql_atoms), formulas(kql_atoms))
def test_de_morgan_and_commutation_are_equivalences(one: str, two: str) -> None:
    assert verdict("kuery", f"not (({one}) and ({two}))", f"not ({one}) or not ({two})") == "equivalent"
    assert verdict("kuery", f"({one}) or ({two})", f"({two}) or ({one})") in {"equivalent", "cosmetic", "same text"}


@settings(max_examples=60, deadline=None)
@given(formulas(eql_atoms), formulas(eql_atoms))
def test_one_more_condition_never_broadens(one: str, two: str) -> None:
    found = change("eql", f"any where ({one})", f"any where ({one}) and ({two})")
    assert found.verdict.value in {"narrowed", "narrowed-or-equal", "equivalent"}
