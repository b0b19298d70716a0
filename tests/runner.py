"""GitHub's runner, as far as ``action.yml`` meets it: its own steps are run, by a real bash, as a real job would.

In a test::

    machine = Machine(folder=tmp_path)  # tool cache, temp and workspace of one machine
    ran = machine.run(github, payload={"action": "opened", "number": 1}, inputs={"labels": "false"})
    assert (ran.status, ran.outputs["verdict"]) == (1, "block")

``Ran.outputs`` are those of the action, as its ``outputs:`` map them; ``log`` is what all steps wrote; ``summary``,
``variables`` (``GITHUB_ENV``) and ``path`` (``GITHUB_PATH``) what they left in the runner's files; ``steps`` the names
of those that ran. A second ``run`` on one machine is a warm start: the tool cache is kept.

A machine comes with the dependencies installed, by a link to this environment's packages, so that no test needs a
network; ``Machine(folder=..., installed=False)`` is one where the action has to install them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.start import place_of
from tests.fake_github import APP_TOKEN, FakeGitHub

ROOT = Path(__file__).resolve().parent.parent
ACTION = ROOT / "action.yml"
TODAY = "2026-11-24"

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def read_action() -> dict[str, Any]:
    """What action.yml says."""
    return dict(yaml.safe_load(ACTION.read_text(encoding="utf-8")))


@dataclass
class Ran:
    """What a run of the action left."""

    status: int = 0
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    variables: str = ""
    path: str = ""
    steps: list[str] = field(default_factory=list)


@dataclass
class Machine:
    """A machine that jobs run on.

    Attributes:
        installed: whether the tool cache holds the dependencies already.
        python: the folder that ``python3`` is found in, None for one where there is none to find.
        environment: what the caller's job sets beside what the runner does.
    """

    folder: Path
    installed: bool = True
    python: Path | None = Path(sys.executable).parent
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place in (self.workspace, self.tool_cache):
            place.mkdir(parents=True, exist_ok=True)
        if self.installed:
            place = place_of(ROOT, {"RUNNER_TOOL_CACHE": str(self.tool_cache)})
            place.mkdir(parents=True, exist_ok=True)
            packages = place / "packages"
            if not packages.exists():
                packages.symlink_to(sysconfig.get_path("purelib"))
            (place / "complete").touch()

    @property
    def workspace(self) -> Path:
        """Where a checkout would be."""
        return self.folder / "workspace"

    @property
    def tool_cache(self) -> Path:
        """What one job leaves to the next."""
        return self.folder / "tools"

    def run(
        self,
        github: FakeGitHub,
        *,
        payload: Mapping[str, object] | None = None,
        event: str = "pull_request_target",
        inputs: Mapping[str, str] | None = None,
        token: str = APP_TOKEN,
    ) -> Ran:
        """Run every step of action.yml, until one fails."""
        temp = Path(tempfile.mkdtemp(prefix="job-", dir=self.folder))
        (temp / "event.json").write_text(json.dumps(payload or {"action": "synchronize", "number": 1}))
        return _Job(self, temp, github, event, read_action(), dict(inputs or {}), token).run()


@dataclass
class _Job:
    machine: Machine
    temp: Path
    github: FakeGitHub
    event: str
    action: dict[str, Any]
    given: dict[str, str]
    token: str
    results: dict[str, dict[str, str]] = field(default_factory=dict)
    ran: Ran = field(default_factory=Ran)

    def run(self) -> Ran:
        unknown = set(self.given) - set(self.action["inputs"])
        assert not unknown, f"action.yml has no input {unknown}"
        assert self.action["runs"]["using"] == "composite"
        for number, step in enumerate(self.action["runs"]["steps"]):
            assert step.keys() <= {"name", "id", "shell", "env", "run"}, "this runner knows no more of a step"
            self.ran.steps.append(step["name"])
            outputs = self.shell(step, number)
            if "id" in step:
                self.results[step["id"]] = outputs
            if self.ran.status:
                break
        self.ran.outputs = {name: self.text(each["value"]) for name, each in self.action["outputs"].items()}
        return self.ran

    def shell(self, step: dict[str, Any], number: int) -> dict[str, str]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an expression in a script is text that becomes code"
        script = self.temp / f"step-{number}.sh"
        script.write_text(step["run"], encoding="utf-8")
        files = {
            name: self.temp / f"{name}-{number}"
            for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")
        }
        for file in files.values():
            file.touch()
        environment = {
            **self.surroundings(),
            **{name: str(file) for name, file in files.items()},
            **{name: self.text(str(value)) for name, value in step.get("env", {}).items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.machine.workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.ran.status = done.returncode
        self.ran.log += done.stdout
        self.ran.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        self.ran.variables += files["GITHUB_ENV"].read_text(encoding="utf-8")
        self.ran.path += files["GITHUB_PATH"].read_text(encoding="utf-8")
        return read_outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))

    def surroundings(self) -> dict[str, str]:
        """What the runner tells every step, and what the machine has."""
        hub = self.github.hub
        kept = ("HOME", "LANG", "SSL_CERT_FILE", "PIP_FIND_LINKS", "PIP_CERT", "PIP_INDEX_URL", "UV_DEFAULT_INDEX")
        folders = [str(self.machine.python)] if self.machine.python else []
        usual = os.environ["PATH"] if self.machine.python else self.machine.environment.get("PATH", os.defpath)
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "PATH": os.pathsep.join([*folders, usual]),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
            "GITHUB_REPOSITORY": f"{hub.owner}/{hub.name}",
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_EVENT_PATH": str(self.temp / "event.json"),
            "GITHUB_RUN_ID": "77",
            "GITHUB_WORKSPACE": str(self.machine.workspace),
            "RUNNER_TEMP": str(self.temp),
            "RUNNER_TOOL_CACHE": str(self.machine.tool_cache),
            "RULEWARD_TODAY": TODAY,
            **self.machine.environment,
        }

    def text(self, value: str) -> str:
        """A value of action.yml with its expressions replaced."""
        return _EXPRESSION.sub(lambda found: self.value(found[1]), value)

    def value(self, expression: str) -> str:
        """The value that an expression names."""
        match expression.split("."):
            case ["github", "token"]:
                return self.token
            case ["inputs", name]:
                return self.given.get(name, self.text(self.action["inputs"][name].get("default", "")))
            case ["steps", step, "outputs", name]:
                return self.results.get(step, {}).get(name, "")
        raise AssertionError(f"this runner cannot evaluate {expression!r}")


def read_outputs(text: str) -> dict[str, str]:
    """Read ``GITHUB_OUTPUT`` as the runner does: ``name=value``, or lines up to a delimiter."""
    made: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        heredoc = re.match(r"([^=<]+)<<(.+)", line)
        if heredoc:
            value = []
            for each in lines:
                if each == heredoc[2]:
                    break
                value.append(each)
            made[heredoc[1]] = "\n".join(value)
        elif line:
            name, _, rest = line.partition("=")
            made[name] = rest
    return made
