"""A long run from the command line: ``python -m tests.oracle --pairs 5000 --events 200 --seed 1``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from time import perf_counter

from .check import NAMES, Fault, Tally, run


def _show(fault: Fault) -> str:
    event = json.dumps(fault.stimulus, default=str, ensure_ascii=False)
    return f"--- {fault.what} ({fault.language}): {fault.claim}; {fault.detail}\n{fault.old}\n==>\n{fault.new}\n{event}"


def _verdicts(tally: Tally) -> str:
    return "\n".join(f"{name}: {dict(sorted(count.verdicts.items()))}" for name, count in sorted(tally.counts.items()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the table and the faults; 1 where there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--events", type=int, default=100, help="events for each pair")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--languages", default=",".join(NAMES), help="of: " + ", ".join(NAMES))
    parser.add_argument("--show", type=int, default=10, help="how many faults to print")
    options = parser.parse_args(arguments)
    start = perf_counter()
    tally = run(options.pairs, options.events, options.seed, options.languages.split(","))
    lines = [tally.table(), _verdicts(tally), f"{perf_counter() - start:.0f} s"]
    lines += map(_show, tally.faults[: options.show])
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if tally.clean else 1


if __name__ == "__main__":
    sys.exit(main())
