"""``python -m tools.hardness [WORD…]``: what hostile pull requests cost, and what is said of them, as a table.

The cases are those of ``tests/test_hardness.py``; with words, those whose names hold one of them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.hardness.case import fault, made, run
from tests.hardness.table import CASES, told


def main() -> None:
    """Run, and print a row for each case."""
    words = sys.argv[1:]
    print(
        f"| {'case':<62} | {'s':>6} | {'MiB':>5} | exit | what is said |\n|{'-' * 64}|{'-' * 8}|{'-' * 7}|------|---|",
        flush=True,
    )
    for case in CASES:
        if words and not any(word in case.name for word in words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            ran = run(made(case, Path(folder) / "r").path, case.command, seconds=case.seconds, mebibytes=case.mebibytes)
        wrong = fault(case, ran)
        print(
            f"| {case.name:<62} | {ran.seconds:>6.2f} | {ran.peak:>5.0f} | {ran.status:>4} | {told(ran)} |"
            + (f" **{wrong[:300]}**" if wrong else ""),
            flush=True,
        )


if __name__ == "__main__":
    main()
