"""A run of the action in this process, against the fake GitHub, under its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import mkdtemp

from bot.action import act
from bot.github.runner import Inputs, Result, Runner
from tests.fake_github import APP_TOKEN, Clock, FakeGitHub

TODAY = date(2026, 11, 24)


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
    today: date = TODAY,
) -> Ran:
    """Run the action once, as a workflow would; the payload gives no more than the number."""
    log: list[str] = []
    runner = Runner(
        event=event,
        payload=payload or {"action": "synchronize", "number": number},
        api_url=github.api_url,
        server_url=github.server_url,
        repository=f"{github.hub.owner}/{github.hub.name}",
        token=token,
        temp=Path(mkdtemp(dir=folder)),
        workspace=workspace,
        sha=sha,
        cache=None,
        run_url="",
        today=today,
        clock=VirtualClock(github.clock),
        say=log.append,
    )
    return Ran(act(runner, inputs or Inputs()), log)
