"""Pull requests made to cost much: each is judged within a limit on time and memory, and what is wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hardness.case import Case, fault, made, run
from tests.hardness.table import CASES

MARKED = [pytest.param(case, id=case.name, marks=[pytest.mark.long] if case.long else []) for case in CASES]


@pytest.mark.parametrize("case", MARKED)
def test_a_pull_request_made_to_cost_much_is_judged_all_the_same(case: Case, tmp_path: Path) -> None:
    repo = made(case, tmp_path / "r")
    ran = run(repo.path, case.command, seconds=case.seconds, mebibytes=case.mebibytes)
    assert not fault(case, ran)
