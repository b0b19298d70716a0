"""The solver agrees with another one, and its models are models."""

from __future__ import annotations

import random

import pytest

from bot.query.meter import ExhaustedError, Meter
from bot.query.solver import Solver


def test_the_solver_agrees_with_minisat_on_random_clauses_and_assumptions() -> None:
    solvers = pytest.importorskip("pysat.solvers")
    dice = random.Random(7)
    for _ in range(400):
        size = dice.randint(3, 30)
        clauses = [
            [dice.choice((1, -1)) * dice.randint(1, size) for _ in range(dice.choice((1, 2, 3, 3, 3)))]
            for _ in range(int(size * dice.uniform(1.5, 5)))
        ]
        ours, theirs = Solver(Meter(10**9)), solvers.Minisat22()
        for _ in range(size):
            ours.variable()
        for clause in clauses:
            ours.add(clause)
            theirs.add_clause(clause)
        for count in (0, 1, 3):
            assumptions = [dice.choice((1, -1)) * number for number in dice.sample(range(1, size + 1), count)]
            answer = ours.solve(assumptions)
            assert answer == theirs.solve(assumptions=assumptions)
            if answer:
                assert all(any(ours.holds(literal) for literal in clause) for clause in clauses)
                assert all(map(ours.holds, assumptions))


def test_the_solver_stops_when_its_steps_are_spent() -> None:
    solver = Solver(Meter(20_000))
    holes = 8
    place = [[solver.variable() for _ in range(holes)] for _ in range(holes + 1)]
    for pigeon in place:
        solver.add(pigeon)
    for hole in range(holes):
        for one in range(holes + 1):
            for other in range(one):
                solver.add([-place[one][hole], -place[other][hole]])
    with pytest.raises(ExhaustedError):
        solver.solve()
