"""``python -m tools.fuzz --target T --seconds S``: hostile input for one target, other examples on every run.

Prints the target, how many examples were tried, how many kinds of crash were found, and the slowest example; then each
crash with an example cut down. ``--list`` names the targets; without ``--target`` each is run in turn. To look longer at
what a run found, give its seed again with ``--seed``.
"""

# ruff: noqa: E501 - prose and rows of a table
from __future__ import annotations

import argparse
import os
import secrets
import sys
import traceback
from dataclasses import dataclass, field
from time import monotonic

from hypothesis import HealthCheck, given, seed, settings

from tests.fuzz import TARGETS, Target

_ROUND = 250
_LONGEST = 400


@dataclass
class Tally:
    """What came of one target.

    Attributes:
        crashes: where it crashed, to how and with what.
        slowest: seconds, and the example.
    """

    executions: int = 0
    crashes: dict[str, str] = field(default_factory=dict)
    slowest: tuple[float, str] = (0.0, "")


def fuzz(target: Target, seconds: float, first: int) -> Tally:
    """Try examples until the time is over, a few hundred from each seed."""
    tally = Tally()
    end = monotonic() + seconds
    number = first
    while monotonic() < end:
        _round(target, number, end, tally)
        number += 1
    return tally


def _round(target: Target, number: int, end: float, tally: Tally) -> None:
    def attempt(value: object) -> None:
        start = monotonic()
        if start > end + 30:  # a crash is still cut down, but not for ever
            return
        tally.executions += 1
        try:
            target.check(value)
        finally:
            taken = monotonic() - start
            if taken > tally.slowest[0]:
                tally.slowest = (taken, ascii(value)[:_LONGEST])

    many = settings(
        max_examples=_ROUND,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    try:
        seed(number)(many(given(target.values)(attempt)))()
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is looked for
        for each in error.exceptions if isinstance(error, ExceptionGroup) else (error,):
            frames = traceback.extract_tb(each.__traceback__)
            own = [frame for frame in frames if "/bot/" in frame.filename] or [
                frame for frame in frames if "/tests/" in frame.filename
            ]
            place = f"{own[-1].filename.rpartition('/')[2]}:{own[-1].lineno}" if own else "?"
            notes = " ".join(getattr(each, "__notes__", ()))
            tally.crashes.setdefault(
                f"{type(each).__name__} at {place}", f"seed {number}: {ascii(str(each))[:_LONGEST]} {notes[:1500]}"
            )


def main() -> int:
    """Run, and print a line for each target; the exit status is 1 where anything crashed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--target", choices=sorted(TARGETS), action="append")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**40))
    parser.add_argument("--list", action="store_true", help="name the targets and do nothing")
    given_ = parser.parse_args()
    if given_.list:
        print("\n".join(TARGETS))
        return 0
    os.nice(15)
    print(
        f"{'target':<16} {'executions':>10} {'crashes':>8} {'slowest s':>10}   (seed {given_.seed}, {given_.seconds:g} s each)",
        flush=True,
    )
    crashed = False
    for name in given_.target or TARGETS:
        tally = fuzz(TARGETS[name], given_.seconds, given_.seed)
        print(f"{name:<16} {tally.executions:>10,} {len(tally.crashes):>8} {tally.slowest[0]:>10.3f}", flush=True)
        if tally.slowest[0] > 1:
            print(f"  slow: {tally.slowest[1]}", flush=True)
        for place, what in tally.crashes.items():
            print(f"  {place}: {what}", flush=True)
        crashed = crashed or bool(tally.crashes)
    return int(crashed)


if __name__ == "__main__":
    sys.exit(main())
