"""``action.yml``: it says what the code does, and its steps, run as a runner would, do it."""

from __future__ import annotations

import importlib.machinery
import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from bot import start
from bot.action.result import outputs_of
from bot.cli import cli
from bot.github.runner import Inputs
from bot.model import Verdict
from tests.actions import run
from tests.fake_github import BOT, PERMISSIONS, READ_ONLY, FakeGitHub
from tests.repository import Repository, new_repository, rule_text
from tests.runner import ROOT, Machine, read_action, read_outputs

if TYPE_CHECKING:
    import click

MANUAL = (ROOT / "docs" / "github.md").read_text(encoding="utf-8")
STEPS = read_action()["runs"]["steps"]
RULE = "rules/a.toml"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    """A pull request that changes a query and forgets the date."""
    repository = new_repository(tmp_path / "git")
    repository.commit({RULE: rule_text(updated="2026/01/01")})
    repository.git("checkout", "--quiet", "-b", "topic")
    head = repository.commit({RULE: rule_text(updated="2026/01/01", query='process where process.name == "b.exe"')})
    with FakeGitHub(repository.path) as fake:
        fake.open_pull(1, head=head)
        yield fake


# --- it says what the code does ---------------------------------------------------------------------------------------


def options() -> dict[str, click.Parameter]:
    """The options of ``ruleward action`` that are inputs: all but the day, which tests set."""
    found = {each.opts[0].removeprefix("--"): each for each in cli.commands["action"].params}
    return {name: each for name, each in found.items() if name != "today"}


def run_step() -> dict[str, object]:
    (step,) = (each for each in STEPS if each.get("id") == "ruleward")
    return dict(step)


def test_every_option_is_an_input_and_every_input_an_option() -> None:
    assert list(read_action()["inputs"]) == list(options())


def test_every_input_but_the_token_reaches_the_run() -> None:
    assert {name.replace("-", "_") for name in options()} == {each.name for each in fields(Inputs)} | {"token"}


def test_every_input_goes_by_the_variable_that_its_option_reads() -> None:
    environment = run_step()["env"]
    assert isinstance(environment, dict)
    environment.pop("PYTHON")
    assert environment == {str(each.envvar): f"${{{{ inputs.{name} }}}}" for name, each in options().items()}


def test_an_input_has_its_options_default() -> None:
    defaults = cli.commands["action"].make_context("action", []).params
    given = {name.replace("-", "_"): each["default"] for name, each in read_action()["inputs"].items()}
    assert given.pop("token") == "${{ github.token }}"
    shown = {None: "", True: "true", False: "false"}
    assert given == {name: shown.get(each, each) for name, each in defaults.items() if name in given}


def test_every_output_is_one_of_the_step_and_the_code_writes_it() -> None:
    outputs = read_action()["outputs"]
    assert {name: each["value"] for name, each in outputs.items()} == {
        name: f"${{{{ steps.ruleward.outputs.{name} }}}}" for name in outputs
    }
    audits = {"issue-url", "stale-count"}
    assert set(outputs) - audits == set(outputs_of(Verdict.PASS)) - audits


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_manual_has_a_row_for_each(kind: str) -> None:
    table = MANUAL.partition(f"<!-- {kind}:begin -->")[2].partition(f"<!-- {kind}:end -->")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE) == list(read_action()[kind])


def test_everything_is_described() -> None:
    action = read_action()
    assert action["name"] == "Ruleward"
    assert set(action["branding"]) == {"icon", "color"}
    for each in (action, *action["inputs"].values(), *action["outputs"].values()):
        assert each["description"].endswith(".")


def test_no_other_action_is_used() -> None:
    assert all("run" in each and "uses" not in each for each in STEPS)


# --- its steps do it --------------------------------------------------------------------------------------------------


def test_a_run_writes_what_github_shows_and_hands_over_its_outputs(github: FakeGitHub, tmp_path: Path) -> None:
    ran = Machine(folder=tmp_path).run(github)
    assert (ran.status, ran.steps) == (1, ["Look for Python", "Ruleward"]), ran.log
    state = github.state()
    (issue,) = state["issues"].values()
    (comment,) = issue["comments"]
    assert comment["body"].startswith("<!-- ruleward:review")
    assert {"governance: blocked", "impact: logic", "rule: tuning"} <= set(issue["labels"])
    assert ran.outputs["verdict"] == "block"
    assert ran.outputs["blocked"] == "true"
    assert ran.outputs["rules-changed"] == "1"
    assert ran.outputs["labels"] == "governance: blocked,impact: logic,rule: tuning"
    assert ran.outputs["comment-url"].startswith(github.server_url)
    assert Path(ran.outputs["report"]).is_file()
    assert "updated-date-not-bumped" in ran.summary
    assert not github.violations


def test_a_run_leaves_the_callers_job_as_it_was(github: FakeGitHub, tmp_path: Path) -> None:
    machine = Machine(folder=tmp_path)
    ran = machine.run(github)
    assert (ran.variables, ran.path) == ("", "")
    assert list(machine.workspace.iterdir()) == []


def test_an_input_is_obeyed(github: FakeGitHub, tmp_path: Path) -> None:
    ran = Machine(folder=tmp_path).run(github, inputs={"dry-run": "true", "fail-on": "never"})
    assert ran.status == 0, ran.log
    assert "dry run" in ran.log
    assert github.writes == []


def test_a_wrong_input_is_told(github: FakeGitHub, tmp_path: Path) -> None:
    ran = Machine(folder=tmp_path).run(github, inputs={"fail-on": "sometimes"})
    assert ran.status == 2
    assert "'sometimes' is not one of 'error', 'warning', 'never'" in ran.log
    assert ran.outputs["verdict"] == ""


def test_a_token_that_may_only_read_ends_with_the_same_verdict(github: FakeGitHub, tmp_path: Path) -> None:
    token = github.add_token("ghs_read", login=BOT, app=True, permissions=READ_ONLY)
    ran = Machine(folder=tmp_path).run(github, token=token, event="pull_request")
    assert (ran.status, ran.outputs["verdict"]) == (1, "block"), ran.log
    assert "skipped the comment" in ran.log
    assert token not in ran.log


def test_an_event_that_asks_for_nothing_is_a_clear_error(github: FakeGitHub, tmp_path: Path) -> None:
    ran = Machine(folder=tmp_path).run(github, event="push", payload={"ref": "refs/heads/main"})
    assert ran.status == 2
    assert "the event push is none that Ruleward acts on" in ran.log


_SPY = "import pathlib; pathlib.Path({trap!r}).touch()\n"


def set_traps(machine: Machine, trap: Path) -> None:
    """Fill a workspace with modules, programs and settings, and let the job's variables point at them."""
    spy = _SPY.format(trap=str(trap))
    place = machine.workspace
    names = ("click", "json", "sitecustomize", "usercustomize", "yaml", "github", "os", "bot/__init__", "bot/cli")
    settings = {
        **{f"{name}.py": spy for name in names},
        "lib/evil.pth": spy,
        "uv.toml": '[pip]\nindex-url = "http://127.0.0.1:9/"\n',
        "pip.conf": "[global]\nindex-url = http://127.0.0.1:9/\n",
        **{f"bin/{name}": f"#!/bin/sh\ntouch '{trap}'\n" for name in ("python3", "python", "git", "uv", "cygpath")},
    }
    for name, text in settings.items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    machine.environment = {
        "PATH": os.pathsep.join([str(place / "bin"), "bin", str(machine.python), os.environ["PATH"]]),
        "PYTHONPATH": str(place),
        "PYTHONHOME": str(place),
        "PYTHONSTARTUP": str(place / "os.py"),
        "PYTHONUSERBASE": str(place),
        "PYTHONWARNINGS": "error",
        "PIP_CONFIG_FILE": str(place / "pip.conf"),
        "PIP_REQUIREMENT": str(place / "requirements.txt"),
        "UV_CONFIG_FILE": str(place / "uv.toml"),
        "UV_OVERRIDE": str(place / "requirements.txt"),
        "VIRTUAL_ENV": str(place),
    }


def test_nothing_of_the_workspace_is_imported_or_obeyed(github: FakeGitHub, tmp_path: Path) -> None:
    machine = Machine(folder=tmp_path)
    set_traps(machine, tmp_path / "sprung")
    ran = machine.run(github)
    assert (ran.status, ran.outputs["verdict"]) == (1, "block"), ran.log
    assert not (tmp_path / "sprung").exists()
    assert not list(machine.workspace.rglob("__pycache__"))


def test_a_job_without_a_workspace_finds_the_machines_python(github: FakeGitHub, tmp_path: Path) -> None:
    ran = Machine(folder=tmp_path, environment={"GITHUB_WORKSPACE": ""}).run(github)
    assert ran.steps == ["Look for Python", "Ruleward"]
    assert ran.outputs["verdict"] == "block"


def without_python(folder: Path) -> Machine:
    """A machine whose PATH has a Python of old and nothing else of that name."""
    programs = folder / "programs"
    programs.mkdir()
    for name in ("bash", "git", "uv"):
        program = shutil.which(name)
        if program:
            (programs / name).symlink_to(program)
    old = programs / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    return Machine(folder=folder, python=None, environment={"PATH": str(programs)})


def test_where_no_python_of_the_path_will_do_one_of_the_tool_cache_does(github: FakeGitHub, tmp_path: Path) -> None:
    machine = without_python(tmp_path)
    for version in ("3.10.9", "3.13.1"):
        python = machine.tool_cache / "Python" / version / "x64" / "bin" / "python3"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\necho {version} >&2\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
    ran = machine.run(github)
    assert "3.13.1" in ran.log
    assert "3.10.9" not in ran.log
    assert (ran.status, ran.outputs["verdict"]) == (1, "block"), ran.log


def test_where_no_python_will_do_at_all_that_is_said_with_what_to_do(github: FakeGitHub, tmp_path: Path) -> None:
    ran = without_python(tmp_path).run(github)
    assert (ran.status, ran.steps) == (3, ["Look for Python"])
    assert ran.log.startswith("::error::Ruleward needs CPython 3.11 to 3.14 with pip or uv")
    assert "actions/setup-python" in ran.log


_ANNOTATED = "::error file=rules/a.toml,line=4,title=updated-date-backwards::"


@pytest.mark.parametrize(
    ("permission", "skipped", "annotated"),
    [("pull_requests", "inline", True), ("issues", "labels", False), ("statuses", "status", False)],
)
def test_a_missing_permission_costs_what_the_manual_says(
    github: FakeGitHub, tmp_path: Path, permission: str, skipped: str, *, annotated: bool
) -> None:
    less = {**PERMISSIONS, permission: "read"}
    head = Repository(github.hub.git.path).commit({RULE: rule_text(updated="2025/12/01", query="process where true")})
    github.push(head)
    token = github.add_token("ghs_less", login=BOT, app=True, permissions=less)
    ran = run(github, tmp_path, token=token)
    assert [line for line in ran.log if "skipped" in line] == [
        f"skipped the {skipped}: the token may not write it (Resource not accessible by integration)"
    ]
    assert ran.result.annotations.startswith(_ANNOTATED) is annotated
    (issue,) = github.state()["issues"].values()
    assert len(issue["comments"]) == 1
    assert bool(issue["labels"]) is (permission != "issues")
    assert f"`{permission.replace('_', '-')}: write`" in MANUAL


# --- the dependencies -------------------------------------------------------------------------------------------------


def test_the_dependencies_have_one_place_a_lock_a_python_and_a_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / start.LOCK
    lock.parent.mkdir()
    lock.write_text("a\n")
    at = {"RUNNER_TOOL_CACHE": str(tmp_path)}
    places = {start.place_of(tmp_path, at)}
    lock.write_text("b\n")
    places.add(start.place_of(tmp_path, at))
    for suffix in (".cpython-313-x86_64-linux-musl.so", ".cp313-win_amd64.pyd", ".cpython-313-darwin.so"):
        monkeypatch.setattr(importlib.machinery, "EXTENSION_SUFFIXES", [suffix])
        places.add(start.place_of(tmp_path, at))
    assert len(places) == 5
    assert start.place_of(tmp_path, {"RUNNER_TEMP": str(tmp_path)}) in places


def install(calls: list[str] | None = None, *, then: threading.Barrier | None = None) -> object:
    """An installer that needs no network."""

    def installed(_root: Path, staging: Path, _environment: object) -> None:
        (staging / "packages").mkdir()
        if calls is not None:
            calls.append(str(staging))
        if then is not None:
            then.wait(30)

    return installed


def test_a_warm_start_installs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(start, "_install", install(calls))
    at = {"RUNNER_TOOL_CACHE": str(tmp_path)}
    assert start.obtain(ROOT, at) == start.obtain(ROOT, at) == start.place_of(ROOT, at) / "packages"
    assert len(calls) == 1


def test_two_jobs_that_install_at_once_end_with_one_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_install", install(then=threading.Barrier(2)))
    at = {"RUNNER_TOOL_CACHE": str(tmp_path)}
    found: list[Path] = []
    jobs = [threading.Thread(target=lambda: found.append(start.obtain(ROOT, at))) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert found == [start.place_of(ROOT, at) / "packages"] * 2
    assert [each.name for each in (tmp_path / "ruleward").iterdir()] == [start.place_of(ROOT, at).name]


def test_a_place_that_somebody_half_emptied_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_install", install())
    at = {"RUNNER_TOOL_CACHE": str(tmp_path)}
    (start.place_of(ROOT, at) / "packages" / "click").mkdir(parents=True)
    found = start.obtain(ROOT, at)
    assert found != start.place_of(ROOT, at) / "packages"
    assert found.is_dir()


def test_a_tool_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_install", install())
    no_folder = tmp_path / "file"
    no_folder.touch()
    temp = tmp_path / "temp"
    temp.mkdir()
    found = start.obtain(ROOT, {"RUNNER_TOOL_CACHE": str(no_folder), "RUNNER_TEMP": str(temp)})
    assert found.parent.parent == temp


Call = tuple[tuple[str, ...], Path, dict[str, str]]


def installers(
    monkeypatch: pytest.MonkeyPatch, *, uv: str | None = "/usr/bin/uv", failing: tuple[str, ...] = ()
) -> list[Call]:
    """A machine with a uv of its own or without; the programs that are named fail, and every call is noted."""
    asked: list[Call] = []

    def which(_name: str, *, path: str) -> str | None:
        return uv if path == "/usr/bin" else f"{path.split(os.pathsep, maxsplit=1)[0]}/uv"

    def ran(command: tuple[str, ...], folder: Path, environment: dict[str, str]) -> None:
        asked.append((command, folder, environment))
        if Path(command[0]).name in failing:
            raise start.InstallError(f"{Path(command[0]).name} ended with status 2")

    monkeypatch.setattr(start, "_run", ran)
    monkeypatch.setattr(start, "shutil", SimpleNamespace(which=which, rmtree=lambda *_, **__: None))
    return asked


PYTHON = Path(sys.executable).name


@pytest.mark.parametrize(
    ("uv", "failing", "programs"),
    [
        ("/usr/bin/uv", (), ["uv"]),
        (None, (), [PYTHON, "uv"]),
        ("/usr/bin/uv", ("uv",), ["uv", PYTHON]),
        (None, ("uv",), [PYTHON, "uv", PYTHON]),
    ],
)
def test_an_installer_gets_hashes_and_only_variables_that_say_where_things_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uv: str | None, failing: tuple[str, ...], programs: list[str]
) -> None:
    asked = installers(monkeypatch, uv=uv, failing=failing)
    bad = {"UV_CONFIG_FILE": "x", "UV_OVERRIDE": "x", "PIP_REQUIREMENT": "x", "PYTHONPATH": "x", "INPUT_TOKEN": "x"}
    good = {"PATH": "/usr/bin", "UV_DEFAULT_INDEX": "https://mirror.example.org/simple", "HTTPS_PROXY": "p"}
    start._install(ROOT, tmp_path, bad | good | {"PIP_INDEX_URL": ""})
    assert [Path(command[0]).name for command, _, _ in asked] == programs
    for command, folder, environment in asked:
        assert "--require-hashes" in command
        assert command[command.index("--only-binary") + 1] == ":all:"
        assert folder == ROOT
        assert environment == good
    assert asked[-1][0][-1] == str(ROOT / start.LOCK)


def test_uv_is_told_what_pip_alone_was_told_and_keeps_what_it_was_told_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = installers(monkeypatch, failing=("uv",))
    pips = {"PIP_INDEX_URL": "https://a/simple", "PIP_EXTRA_INDEX_URL": "https://b https://c", "PIP_CERT": "/ca.pem"}
    start._install(ROOT, tmp_path, {"PATH": "/usr/bin", "REQUESTS_CA_BUNDLE": "/other.pem", **pips})
    (_, _, uvs), (_, _, again) = asked
    assert uvs["UV_DEFAULT_INDEX"] == "https://a/simple"
    assert uvs["UV_INDEX"] == "https://b https://c"
    assert uvs["SSL_CERT_FILE"] == "/ca.pem"
    assert again == {"PATH": "/usr/bin", "REQUESTS_CA_BUNDLE": "/other.pem", **pips}
    own = {"UV_DEFAULT_INDEX": "https://d/simple", "UV_INDEX": "https://e/simple", "SSL_CERT_FILE": "/own.pem"}
    assert start.for_uv({**pips, **own}) == {**pips, **own}
    older = {"UV_INDEX_URL": "https://d/simple", "UV_EXTRA_INDEX_URL": "https://e/simple", "SSL_CERT_FILE": "/own.pem"}
    assert start.for_uv({**pips, **older}) == {**pips, **older}
    assert start.for_uv({"REQUESTS_CA_BUNDLE": "/other.pem"})["SSL_CERT_FILE"] == "/other.pem"


def test_where_uv_and_pip_fail_both_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installers(monkeypatch, failing=("uv", PYTHON))
    with pytest.raises(start.InstallError, match=f"^uv ended with status 2, and {PYTHON} ended with status 2$"):
        start._install(ROOT, tmp_path, {"PATH": "/usr/bin"})
    assert capsys.readouterr().err == "uv ended with status 2; pip is tried\n"


def test_a_failed_installation_leaves_nothing_and_looks_like_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise start.InstallError("uv ended with status 2")

    monkeypatch.setattr(start, "_install", fails)
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    with pytest.raises(SystemExit) as end:
        start.main()
    assert end.value.code == 3
    assert capsys.readouterr().out.startswith("::error::Ruleward's dependencies could not be installed")
    assert list((tmp_path / "ruleward").iterdir()) == []


def test_an_installer_that_fails_or_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(start.InstallError, match=r"^false ended with status 1$"):
        start._run((str(shutil.which("false")),), tmp_path, {})
    with pytest.raises(start.InstallError, match=r"^pip ended with status 1$"):
        start._run((sys.executable, "-c", "raise SystemExit(1)"), tmp_path, {})
    with pytest.raises(start.InstallError, match="No such file"):
        start._run((str(tmp_path / "uv"),), tmp_path, {})


def test_programs_are_not_taken_from_the_workspace_nor_from_relative_folders(tmp_path: Path) -> None:
    workspace = tmp_path / "work"
    (workspace / "bin").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(workspace / "bin")
    beside = tmp_path / "workshop"
    path = os.pathsep.join(["", ".", "bin", str(workspace), str(workspace / "bin"), str(link), str(beside)])
    assert start.without_workspace(path, str(workspace)) == str(beside)


@pytest.mark.parametrize("text", ["a=b=c\nd=\n", "a<<X\nb\nc\nX\ne=f\n"])
def test_the_runner_of_these_tests_reads_outputs_as_the_real_one_does(text: str) -> None:
    assert read_outputs(text) in ({"a": "b=c", "d": ""}, {"a": "b\nc", "e": "f"})


@pytest.mark.long
def test_a_cold_start_installs_the_locked_dependencies_and_runs(github: FakeGitHub, tmp_path: Path) -> None:
    machine = Machine(folder=tmp_path, installed=False)
    set_traps(machine, tmp_path / "sprung")
    ran = machine.run(github)
    assert (ran.status, ran.outputs["verdict"]) == (1, "block"), ran.log
    assert not (tmp_path / "sprung").exists()
    (place,) = (machine.tool_cache / "ruleward").iterdir()
    assert place == start.place_of(ROOT, {"RUNNER_TOOL_CACHE": str(machine.tool_cache)})
    assert not (place / "packages" / "pytest").exists()
    assert machine.run(github).outputs["verdict"] == "block"


@pytest.mark.long
def test_an_index_that_only_a_pip_conf_names_is_found(github: FakeGitHub, tmp_path: Path) -> None:
    config = tmp_path / "home" / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True)
    index = os.environ.get("PIP_INDEX_URL")  # without one, that which pip knows by itself
    config.write_text("[global]\n" + (f"index-url = {index}\n" if index else ""))
    away = {"HOME": str(config.parents[2]), "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "PIP_INDEX_URL": ""}
    ran = Machine(folder=tmp_path, installed=False, environment=away).run(github)
    assert "; pip is tried" in ran.log
    assert (ran.status, ran.outputs["verdict"]) == (1, "block"), ran.log
