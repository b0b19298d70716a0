"""What commands cost: each is run as a process of its own, in turn with what it is compared with."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONG = 30.0
"""A command that takes more seconds than this is run once."""

_DONE = (0, 1)  # a review that objects has finished too
_UNIT = 1 << 20 if sys.platform == "darwin" else 1 << 10  # macOS counts bytes, Linux KiB
_OFFLINE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")


class UnfinishedError(Exception):
    """A command did not finish its work."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The median wall time in seconds of some runs, and the highest resident memory in MiB of their processes."""

    seconds: float
    mebibytes: float


def measure(commands: Sequence[Sequence[str]], directory: Path, runs: int) -> list[Cost]:
    """Run commands in turn some times, after one turn that warms the caches; their proxy leads nowhere.

    Raises:
        UnfinishedError: one of them ended with a status that says neither clean nor objections.
    """
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= _OFFLINE
    turns = [[_once(command, directory, environment) for command in commands]]
    if sum(cost.seconds for cost in turns[0]) <= LONG:
        turns = [[_once(command, directory, environment) for command in commands] for _ in range(runs)]
    return [
        Cost(seconds=statistics.median(each.seconds for each in costs), mebibytes=max(each.mebibytes for each in costs))
        for costs in zip(*turns, strict=True)
    ]


def _once(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Cost:
    started = time.perf_counter()
    quiet = subprocess.DEVNULL
    if command[0] == sys.executable:  # ours; a peer's environment holds what it needs
        environment = {**environment, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=directory, env=environment, stdout=quiet, stderr=quiet) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in _DONE:
        raise UnfinishedError(
            f"`{' '.join([Path(command[0]).name, *command[1:4]])}` ended with status {process.returncode}"
        )
    return Cost(seconds=seconds, mebibytes=usage.ru_maxrss / _UNIT)


def method(runs: int) -> str:
    """Say how the figures are taken."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNIT
    return (
        f"Wall time: median of {runs} runs (one run, where all that is compared takes more than {LONG:.0f} s). Memory: "
        f"the largest process of any run; this program's own {own:.0f} MiB is the least that can be told. "
        f"Python {sys.version.split()[0]}.\n"
    )


def table(columns: Sequence[str]) -> None:
    """Print the head of a Markdown table: the first column holds words, the others numbers."""
    print(f"| {' | '.join(columns)} |\n|---|{'--:|' * (len(columns) - 1)}")


def row(cells: Sequence[str]) -> None:
    """Print one row of a table as soon as it is known."""
    print(f"| {' | '.join(cells)} |", flush=True)
