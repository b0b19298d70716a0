"""A run of the action in this process, against the fake GitHub, under its clock.

With ``RULEWARD_TEST_STEPS`` set, each run executes action.yml's own steps instead, as a runner would, and waits for
real: the long tests play the same stories that way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from bot.action import act
from bot.github.runner import Inputs, Result, Runner
from bot.report import REPORT_SCHEMA
from tests.fake_github import APP_TOKEN, Clock, FakeGitHub
from tests.runner import Machine
from tests.schemas import validate

TODAY = date(2026, 11, 24)
STEPS = "RULEWARD_TEST_STEPS"


@dataclass(frozen=True)
class VirtualClock:
    """The fake's clock, for waiting without waiting."""

    clock: Clock

    def now(self) -> float:
        return self.clock.now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.clock.tick(seconds)


@dataclass
class Ran:
    """One run: what it left, and what it said."""

    result: Result
    log: list[str] = field(default_factory=list)
    today: date = TODAY

    @property
    def report(self) -> dict[str, Any]:
        """The review's report, where the output says; it is one by the schema."""
        document: dict[str, Any] = json.loads(Path(self.result.outputs["report"]).read_bytes())
        validate(document, REPORT_SCHEMA)
        return document


def run(
    github: FakeGitHub,
    folder: Path,
    *,
    number: int = 1,
    event: str = "pull_request_target",
    payload: Mapping[str, object] | None = None,
    inputs: Inputs | None = None,
    token: str = APP_TOKEN,
    workspace: Path | None = None,
    sha: str = "",
    shards: Path | None = None,
    today: date = TODAY,
    run_id: int | None = None,
    rerun: bool = False,
) -> Ran:
    """Run the action once, as a workflow would; the payload gives no more than the number."""
    if os.environ.get(STEPS):
        return _through_steps(
            github,
            folder,
            event=event,
            payload=payload or _payload(number),
            inputs=inputs or Inputs(),
            token=token,
            surroundings={
                **({"GITHUB_WORKSPACE": str(workspace)} if workspace else {}),
                **({"GITHUB_RUN_ID": str(run_id)} if run_id else {}),
                "GITHUB_RUN_ATTEMPT": "2" if rerun else "1",
                "GITHUB_SHA": sha,
                "RULEWARD_TODAY": str(today),
            },
        )
    log: list[str] = []
    runner = Runner(
        event=event,
        payload=payload or _payload(number),
        api_url=github.api_url,
        server_url=github.server_url,
        repository=f"{github.hub.owner}/{github.hub.name}",
        token=token,
        temp=Path(mkdtemp(dir=folder)),
        workspace=workspace,
        sha=sha,
        ref="",
        cache=None,
        shards=shards,
        run_url=f"{github.server_url}/acme/rules/actions/runs/{run_id}" if run_id else "",
        today=today,
        clock=VirtualClock(github.clock),
        say=log.append,
        rerun=rerun,
    )
    return Ran(act(runner, inputs or Inputs()), log)


def _payload(number: int) -> dict[str, object]:
    return {"action": "synchronize", "number": number}


def _through_steps(
    github: FakeGitHub,
    folder: Path,
    *,
    event: str,
    payload: Mapping[str, object],
    inputs: Inputs,
    token: str,
    surroundings: dict[str, str],
) -> Ran:
    """Run action.yml, and read back from the log and the runner's files what a run in this process returns."""
    machine = Machine(folder=folder / "machine", environment=surroundings)
    given = {
        "command": inputs.command,
        "config": str(inputs.config or ""),
        "fail-on": inputs.fail_on,
        **{name: str(getattr(inputs, name)).lower() for name in ("comment", "inline", "labels", "status")},
        "dashboard": str(inputs.dashboard or ""),
        "dry-run": str(inputs.dry_run).lower(),
        "bot-login": inputs.bot_login,
    }
    ran = machine.run(github, payload=payload, event=event, inputs=given, token=token)
    lines = ran.log.splitlines()
    commands = "".join(f"{line}\n" for line in lines if line.startswith("::"))
    outputs = {name: value for name, value in ran.outputs.items() if value or name == "comment-url"}
    result = Result(status=ran.status, outputs=outputs, summary=ran.summary, annotations=commands)
    said = [line.removeprefix("Ruleward: ") for line in lines if line.startswith("Ruleward: ")]
    return Ran(result, said)
