"""Fetching: two commits without a checkout, blobs in one batch, and a token that nothing shows."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.collect.remote import Remote, RemoteError
from bot.model import RulewardError
from tests.fake_github import APP_TOKEN, FakeGitHub
from tests.repository import Repository, other_id, rule_text
from tests.scene import BASE, FIXED, OTHER_QUERY, RULE, Scene, scene


@pytest.fixture
def github(repo: Repository) -> Iterator[FakeGitHub]:
    for number in range(5):
        repo.commit({f"rules/r{number}.toml": rule_text(rule_id=other_id(number), name=f"R{number}")}, f"{number}")
    with FakeGitHub(repo.path) as made:
        yield made


def remote(github: FakeGitHub, folder: Path, *, token: str = APP_TOKEN, waits: list[float] | None = None) -> Remote:
    kept = [] if waits is None else waits
    return Remote(folder / "objects.git", github.git_url, token, kept.append)


def files(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_commits_come_with_their_trees_and_blobs_in_one_batch(
    github: FakeGitHub, repo: Repository, tmp_path: Path
) -> None:
    head = repo.git("rev-parse", "HEAD")
    made = remote(github, tmp_path)
    made.take([head])
    before = len(github.git_calls)
    sides = made.tree(head, ["rules"])
    assert len(sides) == 5
    assert len(github.git_calls) == before
    assert len(made.blobs(each.oid for each in sides)) == 5
    assert len(github.git_calls) == before + 2  # one fetch: what it may ask for, and the asking
    assert made.sizes(each.oid for each in sides).keys() == {each.oid for each in sides}
    assert len(github.git_calls) == before + 2


def test_nothing_is_checked_out(github: FakeGitHub, repo: Repository, tmp_path: Path) -> None:
    made = remote(github, tmp_path)
    made.take([repo.git("rev-parse", "HEAD")])
    assert made.top is None
    assert not list((tmp_path / "objects.git").rglob("*.toml"))


def test_the_token_is_in_no_argument_file_or_message(
    github: FakeGitHub, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments: list[str] = []
    run = subprocess.run

    def noted(command: list[str], **more: Any) -> object:  # as subprocess has it
        arguments.extend(command)
        return run(command, **more)

    monkeypatch.setattr(subprocess, "run", noted)
    secret = github.add_token("ghs_very_secret", app=True, permissions={"contents": "read"})
    made = remote(github, tmp_path, token=secret)
    made.take([repo.git("rev-parse", "HEAD")])
    with pytest.raises(RemoteError) as caught:
        made.take(["1" * 40])
    encoded = "eC1hY2Nlc3MtdG9rZW46"  # how base64 begins with that login
    told = [*arguments, str(caught.value)]
    told += [path.read_bytes().decode("latin-1") for path in (tmp_path / "objects.git").rglob("*") if path.is_file()]
    assert arguments
    assert not [each for each in told if "very_secret" in each or encoded in each]


def test_a_token_is_not_sent_to_another_host(github: FakeGitHub, tmp_path: Path) -> None:
    made = remote(github, tmp_path)
    keys = [value for key, value in made._environment.items() if key.startswith("GIT_CONFIG_KEY_")]
    assert {key for key in keys if key.endswith(".extraheader")} == {f"http.{github.git_url}.extraheader"}


@pytest.mark.parametrize("place", ["http", "http.{server}/", "http.{git}"])
def test_no_header_of_the_machine_is_sent_beside_the_token(
    github: FakeGitHub, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    where = place.format(server=github.server_url, git=github.git_url)
    _told(tmp_path, monkeypatch, f"{where}.extraheader", "Authorization: basic c3RyYW5nZXI6b3RoZXI=")
    made = remote(github, tmp_path)
    made.take([repo.git("rev-parse", "HEAD")])
    assert {each.status for each in github.git_calls} == {200}


@pytest.mark.parametrize("to", ["http://stranger:other@{place}/", "http://127.0.0.1:1/"])
def test_no_address_that_the_machine_puts_in_its_place_is_asked(
    github: FakeGitHub, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    to = to.format(place=github.server_url.removeprefix("http://"))
    _told(tmp_path, monkeypatch, f"url.{to}.insteadOf", f"{github.server_url}/")
    made = remote(github, tmp_path)
    head = repo.git("rev-parse", "HEAD")
    made.take([head])
    assert made.commit(head) == head


def _told(folder: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    """Let the machine's own git config hold a setting."""
    home = folder / "home"
    home.mkdir()
    subprocess.run(["git", "config", "--file", str(home / ".gitconfig"), key, value], check=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))


def test_a_network_that_fails_is_tried_again_and_a_refusal_is_not(
    github: FakeGitHub, repo: Repository, tmp_path: Path
) -> None:
    head = repo.git("rev-parse", "HEAD")
    waits: list[float] = []
    made = remote(github, tmp_path, waits=waits)
    github.fail_git(502, 503)
    made.take([head])
    assert waits == [1, 2]
    with pytest.raises(RemoteError, match="not our ref"):
        made.take(["1" * 40])
    assert waits == [1, 2]
    github.fail_git(*[500] * 9)
    with pytest.raises(RemoteError, match=github.git_url):
        made.take([repo.commit({"a": "b"})])
    assert waits == [1, 2, 1, 2, 4]


def test_a_wrong_token_is_told_at_once(github: FakeGitHub, repo: Repository, tmp_path: Path) -> None:
    waits: list[float] = []
    made = remote(github, tmp_path, token="wrong", waits=waits)
    with pytest.raises(RemoteError) as caught:
        made.take([repo.git("rev-parse", "HEAD")])
    assert caught.value.status == 3
    assert waits == []


def test_a_folder_that_cannot_be_made_is_an_error(github: FakeGitHub, tmp_path: Path) -> None:
    (tmp_path / "objects.git").write_text("in the way")
    with pytest.raises(RulewardError, match="cannot make a repository there"):
        remote(github, tmp_path)


def test_what_git_was_told_from_outside_does_not_matter(
    github: FakeGitHub, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(repo.path / ".git"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.proxy")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "http://127.0.0.1:1")
    made = remote(github, tmp_path)
    monkeypatch.delenv("GIT_DIR")
    head = repo.git("rev-parse", "HEAD")
    made.take([head])
    assert made.commit(head) == head


# --- through the action -----------------------------------------------------------------------------------------------


def same_review(at: Scene) -> None:
    """Review with the workspace and without: the comment says the same."""
    at.run()
    before = at.github.state()
    at.again(workspace=None)
    assert at.writes == []
    assert at.github.state() == before


@pytest.mark.parametrize("name", ["GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE", "GIT_TEMPLATE_DIR"])
def test_the_repository_is_made_of_nothing_that_stands_outside(
    github: FakeGitHub, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    outside = tmp_path / "outside"
    (outside / "hooks").mkdir(parents=True)
    (outside / "hooks" / "reference-transaction").write_text("#!/bin/sh\nexit 1\n")
    before = files(tmp_path)
    with monkeypatch.context() as patch:
        patch.setenv(name, str(outside))
        if name == "GIT_WORK_TREE":
            patch.setenv("GIT_DIR", str(repo.path / ".git"))
        made = remote(github, tmp_path)
    assert made.directory == tmp_path / "objects.git"
    assert (tmp_path / "objects.git" / "objects" / "info").is_dir()
    assert not (tmp_path / "objects.git" / "hooks").exists()
    assert {place: held for place, held in files(tmp_path).items() if not place.startswith("objects.git")} == before


def test_a_workspace_is_used_and_left_as_it_is(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.repo.git("status")
        before = files(at.repo.path)
        at.run()
        assert at.github.git_calls == []
        assert files(at.repo.path) == before


def test_a_workspace_gives_the_same_review_as_a_fetch(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        same_review(at)
        assert at.github.git_calls


@pytest.mark.parametrize("how", [["--depth=1"], ["--filter=blob:none", "--no-checkout"], []])
def test_a_workspace_that_lacks_something_falls_back_to_fetching(tmp_path: Path, how: list[str]) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        other = tmp_path / "workspace"
        branch = [] if how else ["--single-branch", "--branch", "main"]
        at.repo.git("config", "uploadpack.allowFilter", "true")
        at.repo.git("clone", "--quiet", *how, *branch, f"file://{at.repo.path}", str(other))
        before = files(other)
        assert at.run(workspace=other).result.status == 0
        assert at.github.git_calls
        assert files(other) == before


@pytest.mark.parametrize("what", ["gone", "empty", "file"])
def test_a_workspace_that_is_no_repository_is_no_trouble(tmp_path: Path, what: str) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        place = tmp_path / "workspace"
        if what == "empty":
            place.mkdir()
        elif what == "file":
            place.write_text("")
        assert at.run(workspace=place).result.status == 0


def test_history_that_both_sides_left_long_ago_is_found(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.repo.git("checkout", "--quiet", "main")
        for number in range(3):
            at.repo.commit({RULE: rule_text(query=f"process where n == {number}")})
        at.github.retarget("main")
        at.run(workspace=None)
        assert (at.status() or ("",))[0] == "success"
        assert "1 rule changes what it detects" in at.comment()


def test_a_date_that_went_back_is_looked_up_in_the_bases_history(tmp_path: Path) -> None:
    newer = rule_text(query=OTHER_QUERY, updated="2025/06/01")
    with scene(tmp_path, {RULE: BASE}, {"docs/a.md": "a"}) as at:
        at.repo.git("checkout", "--quiet", "main")
        at.repo.commit({RULE: newer})
        at.repo.git("checkout", "--quiet", "-B", "topic")
        at.github.push(at.repo.commit({RULE: BASE}))
        ran = at.run(workspace=None)
        assert ran.result.status == 0, "a revert is a notice"
        assert "updated-date-backwards" in at.comment()
        at.github.forget()
        at.push({RULE: rule_text(query="process where true", updated="2025/01/01")})
        assert at.run(workspace=None).result.status == 1
        same_review(at)


def test_branches_that_share_nothing_are_told_of(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.repo.git("checkout", "--quiet", "--orphan", "alone")
        at.github.push(at.repo.commit({RULE: FIXED}))
        ran = at.run(workspace=None)
        assert ran.result.status == 3
        assert (at.status(at.repo.git("rev-parse", "alone")) or ("",))[0] == "error"
        assert ran.result.annotations.startswith("::error::")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no permission bits")
def test_git_that_fails_for_good_is_an_error_and_the_next_run_mends_it(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.fail_git(*[500] * 12)
        ran = at.run(workspace=None)
        assert ran.result.status == 3
        assert (at.status() or ("",))[0] == "error"
        assert ran.result.outputs["verdict"] == "incomplete"
        assert at.said() == [], "what mends itself is worth no comment"
        at.github.forget()
        assert at.run(workspace=None).result.status == 0
        assert (at.status() or ("",))[0] == "success"
