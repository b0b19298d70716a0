"""Where GitHub cannot make the diff that a comparison shows, git tells where the histories part."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake_github import faults
from tests.scene import BASE, FIXED, RULE, UNBUMPED, WAIVE, Scene, scene
from tests.test_action_waivers import group, queue_status

CODES = [500, 503, 422]


def compares(_: str, path: str) -> bool:
    return "/compare/" in path


def spoil(at: Scene, code: int) -> None:
    at.github.fail(faults.too_long(code), when=compares, times=0)


def asked(at: Scene, part: str) -> int:
    return sum(part in each.path for each in at.github.calls)


@pytest.mark.parametrize("code", CODES)
def test_a_review_is_the_same_without_a_comparison(tmp_path: Path, code: int) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        forked = at.repo.git("rev-parse", "main")
        at.repo.git("checkout", "--quiet", "main")
        tip = at.repo.commit({"docs/later.md": "merged since"})
        spoil(at, code)
        start = at.github.clock.now
        ran = at.run(workspace=None)
        assert ran.result.status == 1
        assert (at.status() or ("",))[0] == "failure"
        assert ran.report["base"] == {"ref": "main", "sha": tip, "merge_base": forked}
        assert (at.github.clock.now - start).total_seconds() < 30
        assert asked(at, "/compare/") == (1 if code == 422 else 3)
        assert any(line.startswith("git is asked for the merge base") for line in ran.log)


@pytest.mark.parametrize("code", CODES)
def test_a_pull_request_without_rules_passes_without_one(tmp_path: Path, code: int) -> None:
    with scene(tmp_path, {RULE: BASE}, {"docs/a.md": "a"}) as at:
        spoil(at, code)
        ran = at.run(workspace=None)
        assert ran.result.status == 0
        assert (at.status() or ("",))[0] == "success"
        assert ran.report["base"]["merge_base"] == at.repo.git("rev-parse", "main")


def test_so_it_does_where_its_files_are_not_listed_either(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {"docs/a.md": "a"}) as at:
        spoil(at, 500)
        at.github.fail(faults.too_long(422), when=lambda _, path: path.endswith("/files"), times=0)
        assert at.run(workspace=None).result.status == 0
        assert (at.status() or ("",))[0] == "success"


def test_a_queue_is_judged_without_one(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        payload = group(at)
        spoil(at, 500)
        assert at.run(event="merge_group", payload=payload, workspace=None).result.status == 0
        assert queue_status(at) == "success"


@pytest.mark.parametrize("code", CODES)
def test_who_only_updated_the_branch_may_waive_without_one(tmp_path: Path, code: int) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.commit({"docs/later.md": "merged since"}, branch="main")
        at.github.update_branch("grace")
        spoil(at, code)
        at.run(workspace=None)
        at.github.set_permission("grace", "write")
        at.github.label_as("grace", WAIVE)
        assert at.run(workspace=None).result.status == 0
        assert WAIVE in at.labels()


def test_commits_alone_are_fetched_for_it(tmp_path: Path) -> None:
    from bot.collect.remote import Remote
    from tests.fake_github import APP_TOKEN

    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        main, topic = (at.repo.git("rev-parse", name) for name in ("main", "topic"))
        made = Remote(tmp_path / "history.git", at.github.git_url, APP_TOKEN, lambda _: None)
        assert made.parting(main, topic) == main
        objects = made.text("cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
        assert set(objects) == {"commit"}


def test_a_head_that_shares_no_history_is_compared_once(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.repo.git("checkout", "--quiet", "--orphan", "alone")
        at.github.push(at.repo.commit({RULE: FIXED}))
        ran = at.again(workspace=None)
        assert ran.result.status == 3
        assert "No common ancestor" in ran.result.annotations
        assert asked(at, "/compare/") == 1


def test_where_git_does_not_tell_either_what_github_said_is_told(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        spoil(at, 422)
        at.github.fail_git(*[500] * 50)
        ran = at.run(workspace=None)
        assert ran.result.status == 3
        assert "this diff is taking too long" in ran.result.annotations
        assert any(line.startswith("nor does git: ") for line in ran.log)
