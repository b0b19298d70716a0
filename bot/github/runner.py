"""The runner of a workflow: what it tells a step, and what a step leaves to it."""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot.github.client import Clock
from bot.model import RulewardError, is_table

MERGE = "RULEWARD_MERGE"
"""The variable that names a folder of audits' JSON reports, of many repositories, to fold into one."""

SUMMARY_BYTES = 1_000_000
"""A little less than the mebibyte that a step's summary may have."""

CACHE = "RULEWARD_CACHE"
"""The variable that names a file in which an audit keeps what it learnt from history; a workflow may cache it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the workflow asks for; one for each input of the action, but the token."""

    command: str = "auto"
    config: Path | None = None
    fail_on: str = "error"
    comment: bool = True
    inline: bool = True
    labels: bool = True
    status: bool = True
    dashboard: Path | None = None
    dry_run: bool = False
    bot_login: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Where a run finds itself.

    Attributes:
        event: name of the event, with its payload beside it.
        temp: a folder for this run alone.
        workspace: the checkout of the workflow, None where there is none.
        sha: the commit that the workflow runs for, empty where nobody says; ``ref`` the branch, likewise.
        cache: what an audit learns from history, for the next one; None to keep nothing.
        shards: a folder of finished audits to fold into one in place of an audit; None for none.
        run_url: the page of this run, empty where it has none.
        rerun: whether somebody started it once more: it began later than its number says.
        say: writes a line to the log.
    """

    event: str
    payload: Mapping[str, object]
    api_url: str
    server_url: str
    repository: str
    token: str
    temp: Path
    workspace: Path | None
    sha: str
    ref: str
    cache: Path | None
    shards: Path | None
    run_url: str
    today: date
    clock: Clock
    say: Callable[[str], None]
    rerun: bool = False

    def link(self, pull: int) -> str:
        """Return where a commit status leads to: this run, and with it the pull request that it is about (0: none)."""
        if self.run_url:
            return f"{self.run_url}?pr={pull}" if pull else self.run_url  # as GitHub's own links are
        return f"{self.server_url}/{self.repository}/pull/{pull}" if pull else ""


@dataclass(slots=True, kw_only=True)
class Result:
    """What a run leaves to the workflow.

    Attributes:
        status: of the process.
        outputs: by name.
        summary: Markdown for the job's page.
        annotations: workflow commands, a line each, empty for none.
    """

    status: int = 0
    outputs: dict[str, str] = field(default_factory=dict[str, str])
    summary: str = ""
    annotations: str = ""


class Machine:
    """The machine's own clock."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def read_runner(
    environment: Mapping[str, str], *, token: str, today: date, clock: Clock, say: Callable[[str], None]
) -> Runner:
    """Read where this run finds itself.

    Raises:
        RulewardError: a variable of the runner is missing, or the event cannot be read.
    """

    def needed(name: str) -> str:
        value = environment.get(name, "")
        if not value:
            raise RulewardError(f"{name} is not set: `ruleward action` is for a GitHub Actions runner")
        return value

    if not token:
        raise RulewardError("there is no token: give the action `token: ${{ github.token }}`, or set GITHUB_TOKEN")
    path = Path(needed("GITHUB_EVENT_PATH"))
    try:
        payload = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise RulewardError(f"{path}: the payload of the event cannot be read: {error}") from error
    if not is_table(payload):
        raise RulewardError(f"{path}: the payload of the event is no object")
    server = (environment.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/")
    repository = needed("GITHUB_REPOSITORY")
    run = environment.get("GITHUB_RUN_ID", "")
    temp, cache = environment.get("RUNNER_TEMP", ""), environment.get(CACHE, "")
    shards = environment.get(MERGE, "")
    workspace = environment.get("GITHUB_WORKSPACE", "")
    return Runner(
        event=needed("GITHUB_EVENT_NAME"),
        payload=payload,
        api_url=environment.get("GITHUB_API_URL") or "https://api.github.com",
        server_url=server,
        repository=repository,
        token=token,
        temp=Path(tempfile.mkdtemp(prefix="ruleward-", dir=temp or None)),
        workspace=Path(workspace) if workspace else None,
        sha=environment.get("GITHUB_SHA", ""),
        ref=environment.get("GITHUB_REF", ""),
        cache=Path(cache) if cache else None,
        shards=Path(workspace) / shards if shards else None,
        run_url=f"{server}/{repository}/actions/runs/{run}" if run else "",
        today=today,
        clock=clock,
        say=say,
        rerun=(environment.get("GITHUB_RUN_ATTEMPT") or "1") != "1",
    )


def hand_over(result: Result, environment: Mapping[str, str]) -> None:
    """Give the workflow its outputs and its summary, by the files that the runner reads."""
    outputs = environment.get("GITHUB_OUTPUT")
    if outputs:
        with Path(outputs).open("a", encoding="utf-8", newline="\n", errors="replace") as file:
            for name, value in result.outputs.items():
                # nobody can guess the delimiter: no value can end itself and go on with another output
                fence = f"ruleward-{secrets.token_hex(16)}"
                file.write(f"{name}<<{fence}\n{value}\n{fence}\n")
    summary = environment.get("GITHUB_STEP_SUMMARY")
    if summary and result.summary:
        with Path(summary).open("ab") as file:
            file.write(_fitting(result.summary.encode("utf-8", "replace")))


def _fitting(summary: bytes) -> bytes:
    """Cut what is more than GitHub takes, which would drop all of it."""
    if len(summary) <= SUMMARY_BYTES:
        return summary
    kept = summary[:SUMMARY_BYTES].rpartition(b"\n")[0]
    return kept + b"\n\nThe rest did not fit; the report has everything.\n"


__all__ = ["Inputs", "Machine", "Result", "Runner", "hand_over", "read_runner"]
