"""Whatever goes wrong, wherever, the end is the one that a clean run leaves: sampled here, whole in the long tests."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions import TODAY
from tests.convergence import (
    STORIES,
    Act,
    Clean,
    Stage,
    Story,
    Table,
    clean,
    crossed,
    every,
    killed,
    nothing,
    picture,
    stage,
    trial,
)
from tests.fake_github import APP_TOKEN, FakeGitHub, faults

ROOT = Path(__file__).parents[1]
BY_NAME = {story.name: story for story in STORIES}


def push(at: Stage, github: FakeGitHub) -> None:
    github.push(at.heads["again"])


def push_that_fixes(at: Stage, github: FakeGitHub) -> None:
    github.push(at.heads["fixed"])


def retarget(at: Stage, github: FakeGitHub) -> None:
    at.repo.git("branch", "--force", "release", "main")
    github.retarget("release")


# What people do while a run is under way, and another run starts for it. That a label was put on before or after a run
# is a difference that has to last: waivers are not crossed with pushes here.
MEANWHILE: tuple[tuple[str, str, Act], ...] = (
    *((story.name, "nothing", nothing) for story in STORIES),
    ("first run", "a push", push),
    ("first run", "a push that fixes", push_that_fixes),
    ("push that fixes", "a push", push),
    ("push that fixes", "another base", retarget),
)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return stage(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def ends(at: Stage) -> dict[str, Clean]:
    return {story.name: clean(at, story) for story in STORIES}


def assert_all(table: Table) -> None:
    sys.stdout.write(f"\n{table}\n")  # `pytest -s` shows it
    assert not table.lost, "\n\n".join(table.lost[:5])


def everything(ends: dict[str, Clean]) -> list[tuple[Story, faults.Fault, int]]:
    return [(story, fault, number) for story in STORIES for fault, number in every(ends[story.name].calls)]


def test_a_fault_leaves_no_trace(at: Stage, ends: dict[str, Clean]) -> None:
    table = Table()
    for story, fault, number in random.Random(7).sample(everything(ends), 20):
        end = trial(at, story, fault, number)
        table.add(fault.name, f"{story.name}, {fault.name} at call {number}", end, ends[story.name].end)
    assert_all(table)


def test_nor_does_a_run_that_is_killed(at: Stage, ends: dict[str, Clean]) -> None:
    table = Table()
    places = [(story, number) for story in STORIES for number in range(1, ends[story.name].calls + 1)]
    chosen = random.Random(8)
    for story, number in chosen.sample(places, 8):
        after = chosen.random() < 0.5
        end = killed(at, story, number, after=after)
        table.add("killed", f"{story.name}, killed at call {number}", end, ends[story.name].end)
    assert_all(table)


def test_nor_do_two_runs_at_once(at: Stage) -> None:
    table = Table()
    chosen = random.Random(9)
    for name, what, act in chosen.sample(MEANWHILE, 5):
        wanted = clean(at, BY_NAME[name], act)
        number = chosen.randint(1, wanted.calls)
        end = crossed(at, BY_NAME[name], act, number)
        table.add(f"{name}, and {what}", f"{name}, {what} at call {number}", end, wanted.lasting)
    assert_all(table)


@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.name)
def test_pages_of_one_make_no_difference(at: Stage, ends: dict[str, Clean], story: Story) -> None:
    assert clean(at, story, page_size=1).end == ends[story.name].end


def test_a_late_run_of_an_old_head_changes_nothing(at: Stage) -> None:
    """It read everything before the push, and comes to write when the newer run is long done."""
    story = BY_NAME["push that breaks"]
    wanted = clean(at, story, push_that_fixes)
    last_read = next(number for number, each in enumerate(_calls(at, story), 1) if each != "GET")
    assert crossed(at, story, push_that_fixes, last_read - 1) == wanted.lasting


def _calls(at: Stage, story: Story) -> Iterator[str]:
    with FakeGitHub(at.repo.path) as github:
        story.prepare(at, github)
        github.forget()
        at.run(github)
        yield from (each.method for each in github.calls)


# --- the whole of it --------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.name)
def test_every_fault_at_every_call_leaves_no_trace(at: Stage, ends: dict[str, Clean], story: Story) -> None:
    table = Table()
    for fault, number in every(ends[story.name].calls):
        end = trial(at, story, fault, number)
        table.add(fault.name, f"{story.name}, {fault.name} at call {number}", end, ends[story.name].end)
    assert_all(table)


@pytest.mark.long
def test_every_fault_at_every_call_leaves_no_trace_on_pages_of_one(at: Stage) -> None:
    table = Table()
    for name in ("push that fixes", "waiver"):
        wanted = clean(at, BY_NAME[name], page_size=1)
        for fault, number in every(wanted.calls, (faults.status(502, effect=True), faults.lost(), faults.late())):
            end = trial(at, BY_NAME[name], fault, number, page_size=1)
            table.add(fault.name, f"{name}, {fault.name} at call {number}", end, wanted.end)
    assert_all(table)


@pytest.mark.long
def test_a_run_killed_before_or_after_every_call_leaves_no_trace(at: Stage, ends: dict[str, Clean]) -> None:
    table = Table()
    for story in STORIES:
        for number in range(1, ends[story.name].calls + 1):
            for after in (False, True):
                end = killed(at, story, number, after=after)
                where = f"{story.name}, killed {'after' if after else 'before'} call {number}"
                table.add(f"killed {'after' if after else 'before'}", where, end, ends[story.name].end)
    assert_all(table)


@pytest.mark.long
@pytest.mark.parametrize(("name", "what", "act"), MEANWHILE, ids=lambda each: each if isinstance(each, str) else "")
def test_two_runs_at_once_leave_what_one_leaves(at: Stage, name: str, what: str, act: Act) -> None:
    table = Table()
    wanted = clean(at, BY_NAME[name], act)
    for number in range(1, wanted.calls + 1):
        end = crossed(at, BY_NAME[name], act, number)
        table.add(f"{name}, and {what}", f"{name}, {what} at call {number}", end, wanted.lasting)
    assert_all(table)


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_the_runner_kills_leaves_no_trace(at: Stage, ends: dict[str, Clean], *, after: bool) -> None:
    table = Table()
    for name in ("first run", "push that fixes", "waiver"):
        for number in range(1, ends[name].calls + 1):
            end = shot(at, BY_NAME[name], number, after=after)
            table.add(f"SIGKILL {'after' if after else 'before'}", f"{name}, call {number}", end, ends[name].end)
    assert_all(table)


def shot(at: Stage, story: Story, number: int, *, after: bool) -> str:
    """Run the action in a process of its own, kill it at a call, and run again."""
    with FakeGitHub(at.repo.path) as github:
        story.prepare(at, github)
        github.forget()
        started: list[subprocess.Popen[bytes]] = []
        there = threading.Event()

        def kill() -> None:
            there.wait()
            started[0].send_signal(signal.SIGKILL)
            started[0].wait()

        github.fail(faults.kill(kill, after=after), at=number)
        event = at.folder / "event.json"
        event.write_text('{"action": "synchronize", "number": 1}')
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "GITHUB_EVENT_NAME": "pull_request_target",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "acme/rules",
            "GITHUB_SERVER_URL": github.server_url,
            "GITHUB_API_URL": github.api_url,
            "GITHUB_WORKSPACE": str(at.repo.path),
            "GITHUB_TOKEN": APP_TOKEN,
            "RUNNER_TEMP": str(at.folder),
            "RULEWARD_TODAY": TODAY.isoformat(),
        }
        command = [sys.executable, "-m", "bot", "action"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            started.append(child)
            there.set()
            assert child.wait() == -signal.SIGKILL
        at.run(github)
        return picture(github)
