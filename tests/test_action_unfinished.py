"""A run that cannot finish is no pass, whatever an older run left on the commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.github.runner import Inputs
from tests.fake_github import Fault, faults
from tests.scene import BASE, FIXED, RULE, UNBUMPED, WAIVE, Options, Scene, config, scene
from tests.test_action_waivers import group, queue_status

OWN = '[status]\ncontext = "rules on {base}"\n'


def compares(_: str, path: str) -> bool:
    return "/compare/" in path


def lose_history(at: Scene) -> None:
    """Let GitHub compare nothing any more, nor hand anything out."""
    at.github.forget()
    at.github.fail(faults.status(500), when=compares, times=0)
    at.github.fail_git(*[500] * 50)


def test_the_pass_of_an_older_run_does_not_stay(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run(workspace=None)
        at.github.set_permission("grace", "write")
        at.github.label_as("grace", WAIVE)
        assert at.run(workspace=None).result.status == 0
        assert (at.status() or ("",))[0] == "success"
        at.github.unlabel_as("grace", WAIVE)
        lose_history(at)
        ran = at.run(workspace=None)
        assert ran.result.status == 3
        state, said = at.status() or ("", "")
        assert state == "error"
        assert "GitHub " in said
        assert said.isprintable()


@pytest.mark.parametrize(("number", "state"), [(7, "success"), (8, "error"), (9, "error")])
def test_what_a_newer_run_said_stays(tmp_path: Path, *, number: int, state: str) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        assert at.run(workspace=None, run_id=8).result.status == 0
        lose_history(at)
        ran = at.run(workspace=None, run_id=number)
        assert ran.result.status == 3
        assert (at.status() or ("",))[0] == state
        assert any("what a newer run said stays" in line for line in ran.log) == (state == "success")


@pytest.mark.parametrize(("number", "state"), [(7, "success"), (9, "error")])
def test_it_stays_where_git_alone_failed(tmp_path: Path, *, number: int, state: str) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED, "docs/a.md": "a"}) as at:
        assert at.run(workspace=None, run_id=8).result.status == 0
        before = at.github.state()
        at.github.fail_git(*[500] * 50)
        ran = at.run(workspace=None, run_id=number)
        assert ran.result.status == 3
        assert ran.report["verdict"] == "incomplete"
        assert (at.status() or ("",))[0] == state
        assert (at.github.state() == before) == (state == "success")


def test_a_run_that_sets_no_status_is_not_kept_by_another_workflows_from_its_comment(tmp_path: Path) -> None:
    with scene(tmp_path, config("nope = 1\n"), {RULE: FIXED}) as at:
        assert at.run(run_id=8, inputs=Inputs(comment=False)).result.status == 2
        assert at.run(run_id=7, inputs=Inputs(status=False)).result.status == 2
        assert ".github/ruleward.toml:1:1" in at.comment()


@pytest.mark.parametrize("git_alone", [True, False])
def test_a_run_that_is_started_once_more_is_no_older_one(tmp_path: Path, *, git_alone: bool) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        assert at.run(workspace=None, run_id=8).result.status == 0
        lose_history(at)
        if git_alone:
            at.github.api.plans.clear()
        assert at.run(workspace=None, run_id=7, rerun=True).result.status == 3
        assert (at.status() or ("",))[0] == "error"


@pytest.mark.parametrize("workspace", [True, False])
def test_its_error_has_the_name_that_the_config_gives_the_status(tmp_path: Path, *, workspace: bool) -> None:
    with scene(tmp_path, config(OWN), {RULE: FIXED}) as at:
        where = at.repo.path if workspace else None
        assert at.run(workspace=where).result.status == 0
        at.github.fail(faults.status(500), when=lambda _, path: path.endswith("/comments"), times=0)
        assert at.run(workspace=where).result.status == 3
        assert {each.context for each in at.github.hub.statuses} == {"rules on main"}
        assert (at.status(context="rules on main") or ("",))[0] == "error"


def test_so_it_has_where_nothing_but_the_pull_request_was_read(tmp_path: Path) -> None:
    with scene(tmp_path, config(OWN), {RULE: FIXED}) as at:
        lose_history(at)
        assert at.run(workspace=None).result.status == 3
        assert (at.status(context="rules on main") or ("",))[0] == "error"
        assert at.status() is None


def test_the_head_gives_it_no_name_where_the_workspace_calls_that_as_the_base_branch(tmp_path: Path) -> None:
    with scene(tmp_path, config(OWN), {RULE: FIXED, ".github/ruleward.toml": OWN.replace("rules", "mine")}) as at:
        checkout = tmp_path / "checkout"
        at.repo.git("clone", "--quiet", "--branch", "topic", str(at.repo.path), str(checkout))
        at.repo.git("-C", str(checkout), "branch", "main", "topic")
        at.github.fail(faults.status(500), when=lambda _, path: compares(_, path) or "/git/ref/" in path, times=0)
        assert at.run(workspace=checkout).result.status == 3
        assert {each.context for each in at.github.hub.statuses} == {"rules on main"}


def test_a_config_that_cannot_be_read_either_leaves_the_usual_name(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        lose_history(at)
        at.github.fail(faults.status(502), when=lambda _, path: "/contents/" in path, times=0)
        assert at.run(workspace=None).result.status == 3
        assert (at.status() or ("",))[0] == "error"


def test_the_first_error_is_told_and_the_second_beside_it(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        lose_history(at)
        at.github.fail(faults.status(503), when=lambda _, path: "/statuses/" in path, times=0)
        ran = at.run(workspace=None)
        assert ran.result.status == 3
        assert "/statuses/" not in ran.result.annotations
        assert any("the commit status may still be what an older run set" in line for line in ran.log)


def test_saying_so_takes_a_short_time_alone(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.fail(faults.primary(3600), when=lambda _, path: not path.endswith("/pulls/1"), times=0)
        start = at.github.clock.now
        assert at.run(workspace=None).result.status == 3
        assert (at.github.clock.now - start).total_seconds() < 15


@pytest.mark.parametrize("inputs", [Inputs(status=False), Inputs(dry_run=True)])
def test_nothing_is_written_that_nobody_wants(tmp_path: Path, inputs: Inputs) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        lose_history(at)
        ran = at.run(workspace=None, inputs=inputs)
        assert ran.result.status == 3
        assert at.writes == []
        assert any("dry run: set the status" in line for line in ran.log) == inputs.dry_run


def test_a_pull_request_that_cannot_be_read_gets_none(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.fail(Fault(name="down", effect=False, status=502), when=lambda *_: True, times=0)
        assert at.run().result.status == 3
        assert at.writes == []


def test_a_queue_that_cannot_be_reviewed_to_the_end_is_no_pass_either(tmp_path: Path) -> None:
    with scene(tmp_path, config("[rules]\n"), {RULE: FIXED}) as at:
        payload = group(at)
        assert at.run(event="merge_group", payload=payload).result.status == 0
        assert queue_status(at) == "success"
        at.github.fail(faults.status(502), when=lambda _, path: path.endswith("/statuses"), times=0)
        assert at.run(event="merge_group", payload=payload).result.status == 3
        assert queue_status(at) == "error"


def test_a_queue_whose_commits_cannot_be_compared_says_so_under_the_name_of_the_config(tmp_path: Path) -> None:
    with scene(tmp_path, config(OWN), {RULE: FIXED}) as at:
        payload = group(at)
        lose_history(at)
        assert at.run(event="merge_group", payload=payload, workspace=None).result.status == 3
        assert [(each.context, each.state) for each in at.github.hub.statuses] == [("rules on main", "error")]


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("queue", [True, False])
def test_a_crash_of_ours_is_no_pass_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, queue: bool, everywhere: bool
) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        more: Options = {"event": "merge_group", "payload": group(at)} if queue else {}
        assert at.run(**more).result.status == 0

        def crashes(*_: object, **__: object) -> None:
            raise KeyError("no such key")

        monkeypatch.setattr(f"bot.action.{'group' if queue else 'pull'}.review", crashes)
        if everywhere:
            monkeypatch.setattr("bot.action.objects.read_config", crashes)
        with pytest.raises(KeyError):
            at.run(**more)
        assert (queue_status(at) if queue else (at.status() or ("",))[0]) == "error"
