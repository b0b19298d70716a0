"""The prover's claims, held against an independent judge: a bounded run; ``python -m tests.oracle`` is the long one."""

from __future__ import annotations

import random

import pytest

from bot.query import compare
from tests.oracle.check import NAMES, Compare, Tally, judge, run
from tests.oracle.generate import pairs
from tests.oracle.mutants import MUTANTS, PARTS, PLACES, SAMPLES, patched

SEED = 20_260


def _faults(tally: Tally) -> str:
    return "\n\n".join(
        f"{fault.what}: {fault.claim}; {fault.detail}\n{fault.old}\n==>\n{fault.new}\n{fault.stimulus}"
        for fault in tally.faults[:3]
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_event_contradicts_a_claim_and_every_witness_holds(name: str) -> None:
    tally = run(120, 20, SEED, (name,))
    assert tally.clean, _faults(tally)
    count = tally.of(name)
    assert count.claims > 50
    assert count.confirmed > 10
    assert count.matched > 150
    assert count.apart > 30


@pytest.mark.parametrize("name", NAMES)
def test_no_verdict_goes_against_an_edit_whose_direction_is_known(name: str) -> None:
    tally = Tally()
    rng = random.Random(SEED)
    labels = {"narrower": 0, "wider": 0, "same": 0}
    for _, old, new, label in pairs(150, SEED + 1, (name,)):
        if label:
            labels[label] += 1
            judge(tally, compare, name, old, new, events=0, rng=rng, label=label)
    assert tally.clean, _faults(tally)
    assert min(labels.values()) > 10


def _caught(name: str, prover: Compare = compare) -> bool:
    return any(not run(50, 25, SEED + batch, (name,), prover, all_faults=False).clean for batch in range(12))


@pytest.mark.parametrize("mutant", [mutant for mutant in MUTANTS if mutant not in SAMPLES])
def test_a_prover_that_lies_is_caught(mutant: str) -> None:
    assert _caught(PLACES.get(mutant, NAMES)[0], MUTANTS[mutant](compare))


@pytest.mark.parametrize("mutant", SAMPLES)
def test_a_prover_that_overlooks_something_is_caught(mutant: str) -> None:
    (name,) = PLACES[mutant]
    for prover, clean in ((compare, True), (MUTANTS[mutant](compare), False)):
        tally = Tally()
        judge(tally, prover, name, *SAMPLES[mutant], events=300, rng=random.Random(SEED))
        assert tally.clean is clean, _faults(tally)


@pytest.mark.long
@pytest.mark.parametrize("part", PARTS)
def test_a_prover_with_a_broken_part_is_caught(part: str) -> None:
    module, function, broken, names = PARTS[part]
    with patched(module, function, broken):
        assert _caught(names[0])
