"""What a case is, and how one is run: in a process of its own, under a limit on processor time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.repository import Repository, new_repository

ROOT = Path(__file__).resolve().parents[2]
Files = Mapping[str, "str | bytes | None"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One pull request, and what a command has to say of it.

    Attributes:
        base: the files of the base branch.
        head: those that the head changes; None removes one.
        command: what is run in the repository.
        status: the exit status.
        said: words that stand in what is written.
        unsaid: words that do not.
        seconds: of the processor, after which the run is killed.
        mebibytes: of memory that it may map.
        long: it takes so long that only ``make check-long`` runs it.
    """

    name: str
    base: Files = field(default_factory=dict)
    head: Files = field(default_factory=dict)
    command: tuple[str, ...] = ("review", "--base", "main", "--head", "topic", "--today", "2026-11-24")
    status: int = 0
    said: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    seconds: int = 60
    mebibytes: int = 1500
    long: bool = False


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run wrote and cost; ``peak`` is in MiB."""

    status: int
    output: str
    errors: str
    seconds: float
    peak: float


def made(case: Case, folder: Path) -> Repository:
    """Make the repository of a case."""
    repo = new_repository(folder)
    repo.commit({"README.md": "x", **case.base})
    repo.git("switch", "--quiet", "--create", "topic")
    if case.head:
        repo.commit(dict(case.head))
    return repo


def run(repo: Path, command: tuple[str, ...], *, seconds: int = 60, mebibytes: int = 1500, **more: str) -> Ran:
    """Run ``ruleward`` with a limit on what it may take; over the limit the system kills it, and no status fits."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "500", **more}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cost"
        done = subprocess.run(
            [sys.executable, "-m", "tests.hardness.limited", str(seconds), str(mebibytes), str(file), *command],
            cwd=repo,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        cost = json.loads(file.read_text(encoding="ascii")) if file.is_file() else [float("nan"), float("nan")]
    return Ran(
        status=done.returncode,
        output=done.stdout.decode("utf-8", "replace"),
        errors=done.stderr.decode("utf-8", "replace"),
        seconds=cost[0],
        peak=cost[1],
    )


def fault(case: Case, ran: Ran) -> str:
    """What is wrong with a run, empty where nothing is."""
    text = " ".join(f"{ran.output}\n{ran.errors}".split())
    if ran.status != case.status:
        return f"exit status {ran.status}, not {case.status}: {text[:2000]}"
    if "Traceback" in text:
        return f"a traceback: {text[-2000:]}"
    lacking = [word for word in case.said if word not in text]
    if lacking:
        return f"nothing about {lacking}: {text[:2000]}"
    return "".join(f"said {word!r}: {text[:2000]}" for word in case.unsaid if word in f"{ran.output}\n{ran.errors}")
