"""The fake GitHub keeps the rules of the real one, and fails in the ways that the real one does."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests
from github import Auth, Github, GithubException

from tests.fake_github import APP_TOKEN, BOT, READ_ONLY, FakeGitHub, Fault, faults, limits, payload
from tests.fake_github.routing import ROUTES
from tests.fake_github.schema import description
from tests.repository import Repository, new_repository, rule_text
from tools import openapi

if TYPE_CHECKING:
    from github.PullRequest import PullRequest
    from github.Repository import Repository as Remote

HOME = "/repos/acme/rules"
LINES = [f"line {number}" for number in range(1, 41)]


def text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A branch that adds, edits, moves and removes; the repository stands on main."""
    made = new_repository(tmp_path_factory.mktemp("template") / "repo")
    made.commit({"a.txt": text(LINES), "gone.txt": "bye\n", "old/name.txt": text(LINES), "rules/a.toml": rule_text()})
    made.git("switch", "--quiet", "--create", "topic")
    made.commit(
        {
            "a.txt": text([*LINES[:4], "put in", *LINES[4:29], "line thirty", *LINES[30:]]),
            "gone.txt": None,
            "old/name.txt": None,
            "new/näme.txt": text(LINES),
            "rules/b.toml": rule_text(name="B"),
        },
        "rework",
    )
    made.git("switch", "--quiet", "main")
    # Each test has a copy: the fewer files, the faster.
    made.git("gc", "--quiet")
    return made.path


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Repository:
    return Repository(shutil.copytree(template, tmp_path / "repo"))


@pytest.fixture
def topic(repo: Repository) -> str:
    return repo.git("rev-parse", "topic")


@pytest.fixture
def fake(repo: Repository, topic: str) -> Iterator[FakeGitHub]:
    with FakeGitHub(repo.path) as started:
        started.set_permission("ada", "write", email="ada@example.org")
        started.open_pull(7, head=topic, author="eve")
        yield started


Connect = Callable[..., Github]
Ask = Callable[..., requests.Response]


@pytest.fixture
def connect(fake: FakeGitHub) -> Iterator[Connect]:
    """Log in with a token."""
    opened: list[Github] = []

    def log_in(token: str = APP_TOKEN, **options: Any) -> Github:  # PyGithub's own
        opened.append(
            Github(
                base_url=fake.api_url,
                auth=Auth.Token(token),
                retry=None,
                seconds_between_requests=0,
                seconds_between_writes=0,
                **options,
            )
        )
        return opened[-1]

    yield log_in
    for each in opened:
        each.close()


@pytest.fixture
def remote(connect: Connect) -> Remote:
    return connect().get_repo("acme/rules")


@pytest.fixture
def pull(remote: Remote) -> PullRequest:
    return remote.get_pull(7)


@pytest.fixture
def ask(fake: FakeGitHub) -> Iterator[Ask]:
    """Send one request as it is."""
    with requests.Session() as session:

        def send(method: str, path: str, body: Any = None, by: str = APP_TOKEN) -> requests.Response:  # JSON
            headers = {"Authorization": f"Bearer {by}"} if by else {}
            return session.request(method, fake.api_url + path, json=body, headers=headers, timeout=20)

        yield send


# --- what is read -----------------------------------------------------------------------------------------------------


def test_a_pull_request_tells_its_two_sides(pull: PullRequest, repo: Repository, topic: str) -> None:
    assert (pull.state, pull.draft, pull.merged, pull.user.login) == ("open", False, False, "eve")
    assert (pull.head.sha, pull.base.ref, pull.base.sha) == (topic, "main", repo.git("rev-parse", "main"))
    assert (pull.commits, pull.changed_files, pull.additions) == (1, 4, 2 + rule_text(name="B").count("\n"))


def test_the_head_of_a_fork_lives_in_the_authors_repository_until_that_is_gone(
    fake: FakeGitHub, remote: Remote, topic: str
) -> None:
    fake.open_pull(8, head=topic, author="eve", fork=True)
    assert remote.get_pull(8).head.repo.full_name == "eve/rules"
    fake.delete_fork()
    assert remote.get_pull(8).head.repo is None


def test_files_are_listed_with_their_status_and_their_patch(pull: PullRequest) -> None:
    files = {each.filename: each for each in pull.get_files()}
    assert {name: each.status for name, each in files.items()} == {
        "a.txt": "modified",
        "gone.txt": "removed",
        "new/näme.txt": "renamed",
        "rules/b.toml": "added",
    }
    assert files["new/näme.txt"].previous_filename == "old/name.txt"
    assert [name for name, each in files.items() if not each.patch] == ["new/näme.txt"]
    assert files["gone.txt"].patch == "@@ -1 +0,0 @@\n-bye"
    assert files["a.txt"].patch.split("\n")[:6] == [
        "@@ -2,6 +2,7 @@ line 1", " line 2", " line 3", " line 4", "+put in", " line 5"
    ]  # fmt: skip


def test_what_a_file_holds_is_told_of_any_commit(remote: Remote, topic: str) -> None:
    for ref, lines in {"main": LINES[:5], topic: [*LINES[:4], "put in"]}.items():
        found = remote.get_contents("a.txt", ref=ref)
        assert not isinstance(found, list)
        assert found.decoded_content.decode().splitlines()[:5] == lines


def test_an_app_asks_graphql_for_its_name_and_may_not_ask_for_its_account(fake: FakeGitHub, ask: Ask) -> None:
    fake.add_token("ghs_app", login="rules[bot]", app=True)
    assert ask("GET", "/user", by="ghs_app").status_code == 403
    url = fake.server_url + "/api/graphql"
    for token, status in {"ghs_app": 200, "nobody's": 401}.items():
        headers = {"Authorization": f"token {token}"}
        answer = requests.post(url, json={"query": "query { viewer { login } }"}, headers=headers, timeout=10)
        assert answer.status_code == status
        assert status != 200 or answer.json() == {"data": {"viewer": {"login": "rules[bot]"}}}


def test_a_big_file_has_no_patch_and_files_beyond_the_limit_are_left_out(
    fake: FakeGitHub, pull: PullRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits.PULL_FILES == 3000
    monkeypatch.setattr(limits, "PULL_FILES", 3)
    fake.hub.git.patch_lines = 2
    assert [(each.filename, each.patch is None) for each in pull.get_files()] == [
        ("a.txt", True), ("gone.txt", False), ("new/näme.txt", True)
    ]  # fmt: skip


def test_a_comparison_starts_where_the_branches_parted(repo: Repository, remote: Remote, topic: str) -> None:
    parted = repo.git("rev-parse", "main")
    tip = repo.commit({"elsewhere.txt": "x"})
    found = remote.compare("main", topic)
    assert (found.status, found.ahead_by, found.behind_by) == ("diverged", 1, 1)
    assert found.merge_base_commit.sha == parted
    assert found.base_commit.sha == tip
    assert {each.filename for each in found.files} == {"a.txt", "gone.txt", "new/näme.txt", "rules/b.toml"}


def test_a_commit_belongs_to_the_account_that_has_its_address(fake: FakeGitHub, ask: Ask) -> None:
    (commit,) = ask("GET", f"{HOME}/pulls/7/commits").json()
    assert (commit["author"]["login"], commit["commit"]["message"]) == ("ada", "rework")
    fake.set_permission("ada", "write", email="another@example.org")
    (commit,) = ask("GET", f"{HOME}/pulls/7/commits").json()
    assert (commit["author"], commit["commit"]["author"]["email"]) == (None, "ada@example.org")


def test_a_commit_knows_its_pull_requests(fake: FakeGitHub, remote: Remote, topic: str) -> None:
    assert [each.number for each in remote.get_commit(topic).get_pulls()] == [7]
    merged = fake.merge("ada")
    assert [each.number for each in remote.get_commit(merged).get_pulls()] == [7]
    assert remote.get_branch("main").commit.sha == merged
    assert remote.get_git_ref("heads/main").object.sha == merged


def test_pull_requests_are_listed_by_state_head_and_base(fake: FakeGitHub, remote: Remote, topic: str) -> None:
    fake.open_pull(9, head=topic, head_ref="other")
    fake.close(number=7)
    assert [each.number for each in remote.get_pulls()] == [9]
    assert [each.number for each in remote.get_pulls(state="all")] == [9, 7]
    assert [each.number for each in remote.get_pulls(state="all", head="acme:topic")] == [7]
    assert list(remote.get_pulls(base="release")) == []


@pytest.mark.parametrize(
    ("role", "told", "permission", "may"),
    [
        ("none", "read", "read", "pull"),
        ("read", "read", "read", "pull"),
        ("triage", "triage", "read", "pull triage"),
        ("write", "write", "write", "pull triage push"),
        ("maintain", "maintain", "write", "pull triage push maintain"),
        ("admin", "admin", "admin", "pull triage push maintain admin"),
    ],
)
def test_a_persons_role_is_told_in_old_words_and_in_new(
    *, fake: FakeGitHub, ask: Ask, role: str, told: str, permission: str, may: str
) -> None:
    fake.set_permission("eve", role)
    found = ask("GET", f"{HOME}/collaborators/eve/permission").json()
    assert (found["permission"], found["role_name"]) == (permission, told)
    assert " ".join(name for name, held in found["user"]["permissions"].items() if held) == may


# --- what is written --------------------------------------------------------------------------------------------------


def test_a_comment_is_its_tokens_and_the_clock_moves_with_every_write(fake: FakeGitHub, pull: PullRequest) -> None:
    made = pull.create_issue_comment("first")
    assert (made.user.login, made.user.type, made.created_at == made.updated_at) == (BOT, "Bot", True)
    made.edit("second")
    (found,) = pull.get_issue_comments()
    assert found.body == "second"
    assert (found.updated_at - found.created_at).total_seconds() == 1
    found.delete()
    assert fake.state()["issues"][7]["comments"] == []


def test_people_write_again_and_take_away(fake: FakeGitHub, pull: PullRequest) -> None:
    said, gone = fake.comment_as("eve", "hm"), fake.comment_as("eve", "oh")
    line = fake.inline_as("ada", "why?", "a.txt", 5)
    fake.edit_comment_as("ada", said, "ah")
    fake.edit_comment_as("ada", line, "how?")
    fake.delete_comment(gone)
    (found,) = pull.get_issue_comments()
    assert (found.body, found.user.login, found.updated_at > found.created_at) == ("ah", "eve", True)
    assert [each.body for each in pull.get_review_comments()] == ["how?"]


def test_labels_are_added_with_an_event_and_an_unknown_one_is_created_grey(
    fake: FakeGitHub, remote: Remote, pull: PullRequest
) -> None:
    remote.create_label("rule: new", "0E8A16", "A new rule")
    pull.add_to_labels("rule: new", "Odd/one")
    pull.add_to_labels("RULE: NEW")
    fake.label_as("ada", "waive: x")
    pull.remove_from_labels("Odd/one")
    fake.unlabel_as("eve", "waive: x")
    assert [each.name for each in pull.get_labels()] == ["rule: new"]
    assert [(each.event, each.actor.login, each.label.name) for each in pull.as_issue().get_events()] == [
        ("labeled", BOT, "rule: new"),
        ("labeled", BOT, "Odd/one"),
        ("labeled", "ada", "waive: x"),
        ("unlabeled", BOT, "Odd/one"),
        ("unlabeled", "eve", "waive: x"),
    ]
    assert {each.name: (each.color, each.description) for each in remote.get_labels()} == {
        "rule: new": ("0e8a16", "A new rule"),
        "Odd/one": ("ededed", None),
        "waive: x": ("ededed", None),
    }


def test_a_label_can_be_changed_and_deleted_everywhere(fake: FakeGitHub, remote: Remote, pull: PullRequest) -> None:
    pull.add_to_labels("a b")
    remote.get_label("a b").edit("c d", "ffffff", "words")
    assert fake.state()["issues"][7]["labels"] == ["c d"]
    remote.get_label("c d").delete()
    assert list(pull.get_labels()) == []
    assert fake.state()["labels"] == {}


def test_the_newest_status_of_a_context_counts(fake: FakeGitHub, remote: Remote, topic: str) -> None:
    commit = remote.get_commit(topic)
    commit.create_status("failure", description="no", context="ruleward: main")
    commit.create_status("success", description="yes", context="ruleward: main", target_url="https://example.org")
    commit.create_status("pending", context="other")
    assert [each.state for each in commit.get_statuses()] == ["pending", "success", "failure"]
    combined = commit.get_combined_status()
    assert (combined.state, combined.total_count) == ("pending", 2)
    assert fake.state()["statuses"][f"{topic} ruleward: main"] == ("success", "yes", BOT)


def test_an_issue_is_opened_written_again_closed_and_found(fake: FakeGitHub, ask: Ask, remote: Remote) -> None:
    made = remote.create_issue("Stale rules", "many", labels=["governance: stale-rules"])
    fake.open_issue_as("eve", "Another")
    made.edit(title="Stale", body="none", state="closed", state_reason="completed")
    assert (made.state, made.state_reason, made.number) == ("closed", "completed", 8)

    def found(query: str) -> list[int]:
        return [each["number"] for each in ask("GET", f"{HOME}/issues?{query}").json()]

    assert found("state=all&labels=Governance:+stale-rules") == [8]
    assert found(f"state=all&creator={BOT}") == [8]
    assert found("direction=asc") == [7, 9]
    assert found("state=closed&sort=updated") == [8]
    assert found(f"state=all&sort=comments&since={made.updated_at:%Y-%m-%dT%H:%M:%SZ}") == [8]
    made.edit(state="open", labels=[])
    assert [each.event for each in made.get_events()] == ["labeled", "renamed", "closed", "unlabeled", "reopened"]


def test_people_move_a_pull_request_on(fake: FakeGitHub, repo: Repository, remote: Remote) -> None:
    repo.git("branch", "release", "main")
    fake.retarget("release")
    fake.set_draft(True)
    fake.set_title("Another title")
    found = remote.get_pull(7)
    assert (found.base.ref, found.draft, found.title) == ("release", True, "Another title")
    fake.close("eve")
    assert remote.get_pull(7).state == "closed"
    fake.reopen("eve")
    fake.merge("ada")
    found = remote.get_pull(7)
    assert (found.state, found.merged, found.merged_by.login) == ("closed", True, "ada")
    assert [each.event for each in found.as_issue().get_events()] == [
        "base_ref_changed", "convert_to_draft", "renamed", "closed", "reopened", "merged", "closed"
    ]  # fmt: skip


# --- comments on lines ------------------------------------------------------------------------------------------------


def review(pull: PullRequest, *comments: dict[str, object], commit: str | None = None) -> None:
    body = {"event": "COMMENT", "body": "", "comments": [{"body": "here", **each} for each in comments]}
    if commit:
        body["commit_id"] = commit
    pull.requester.requestJsonAndCheck("POST", f"{pull.url}/reviews", input=body)


@pytest.mark.parametrize(
    "place",
    [
        {"line": 5},
        {"line": 2},
        {"line": 31, "side": "RIGHT"},
        {"line": 30, "side": "LEFT"},
        {"line": 8, "start_line": 2, "start_side": "RIGHT"},
        {"line": 31, "start_line": 30, "start_side": "LEFT"},
        {"position": 4},
    ],
)
def test_a_line_of_a_hunk_takes_a_comment(pull: PullRequest, place: dict[str, object]) -> None:
    review(pull, {"path": "a.txt", **place})
    (made,) = pull.get_review_comments()
    assert (made.body, made.line) == ("here", place.get("line", 5))
    assert made.diff_hunk.startswith("@@ ")


@pytest.mark.parametrize(
    "place",
    [
        {"line": 1},
        {"line": 9},
        {"line": 4000},
        {"line": 31, "side": "LEFT", "path": "rules/b.toml"},
        {"line": 5, "start_line": 5},
        {"line": 5, "start_line": 7},
        {"line": 31, "start_line": 5},
        {"line": 1, "path": "new/näme.txt"},
        {"line": 1, "path": "rules/a.toml"},
        {"line": 1, "path": "nowhere.txt"},
        {},
    ],
)
def test_one_comment_outside_the_hunks_refuses_the_whole_review(
    fake: FakeGitHub, pull: PullRequest, place: dict[str, object]
) -> None:
    with pytest.raises(GithubException) as refused:
        review(pull, {"path": "a.txt", "line": 5}, {"path": "a.txt", **place})
    assert refused.value.status == 422
    assert fake.state()["issues"][7]["inline"] == []
    assert list(pull.get_reviews()) == []


def test_a_commit_that_is_no_part_of_the_pull_request_takes_no_review(pull: PullRequest) -> None:
    with pytest.raises(GithubException, match="commit_id"):
        review(pull, {"path": "a.txt", "line": 5}, commit=pull.base.sha)


def test_a_push_moves_a_comment_with_its_line_and_ends_one_whose_line_it_touched(
    fake: FakeGitHub, repo: Repository, pull: PullRequest, topic: str
) -> None:
    review(pull, {"path": "a.txt", "line": 5}, {"path": "a.txt", "line": 31})
    repo.git("switch", "--quiet", "topic")
    newer = repo.commit({"a.txt": text([*LINES[:2], "x", "y", *LINES[2:4], "put in", *LINES[4:29], "30", *LINES[30:]])})
    fake.push(newer)
    assert [
        (each.line, each.original_line, each.commit_id, each.original_commit_id) for each in pull.get_review_comments()
    ] == [(7, 5, newer, topic), (None, 31, topic, topic)]
    review(pull, {"path": "a.txt", "line": 5}, commit=topic)
    assert [each.line for each in pull.get_review_comments()] == [7, None, 7]


def test_comments_on_lines_are_answered_edited_and_deleted(fake: FakeGitHub, pull: PullRequest, topic: str) -> None:
    commit = pull.base.repo.get_commit(topic)
    made = pull.create_review_comment("one", commit, "a.txt", line=5, side="RIGHT")
    pull.create_review_comment("all of it", commit, "gone.txt", subject_type="file")
    reply = pull.create_review_comment_reply(made.id, "two")
    fake.reply_to_inline_as("eve", reply.id, "three")
    made.edit("won")
    assert reply.in_reply_to_id == made.id
    line, file = fake.state()["issues"][7]["inline"]
    assert (line["body"], [each["body"] for each in line["replies"]]) == ("won", ["two", "three"])
    assert (file["path"], file["line"]) == ("gone.txt", None)
    made.delete()
    assert [each["body"] for each in fake.state()["issues"][7]["inline"]] == ["all of it", "two", "three"]
    assert pull.get_review_comment(reply.id).body == "two"


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/issues/7/comments", {"body": "x" * 65_536}, 201, "x"),
        ("POST", "/issues/7/comments", {"body": "x" * 65_537}, 422, "too long"),
        ("POST", "/issues/7/comments", {"body": " \n"}, 422, "blank"),
        ("POST", "/issues/8/comments", {"body": "x"}, 404, "Not Found"),
        ("PATCH", "/issues/comments/5", {"body": "x"}, 404, "Not Found"),
        ("PATCH", "/pulls/comments/5", {"body": "x"}, 404, "Not Found"),
        ("POST", "/pulls/7/reviews", {"event": "COMMENT", "body": "x" * 65_537}, 422, "too long"),
        ("POST", "/pulls/7/reviews", {"event": "COMMENT", "body": ""}, 422, "blank"),
        ("POST", "/pulls/7/reviews", {"event": "APPROVE"}, 422, "approve"),
        ("POST", "/pulls/7/reviews", {"body": "x"}, 422, "pending"),
        ("POST", "/pulls/7/comments/5/replies", {"body": "x"}, 404, "Not Found"),
        ("POST", "/issues", {"title": "x", "body": "x" * 65_537}, 422, "too long"),
        ("POST", "/issues", {"title": ""}, 422, "title"),
        ("POST", "/issues", {"title": "x" * 257}, 422, "too long"),
        ("POST", "/labels", {"name": "x" * 50, "color": "ABCDEF", "description": "x" * 100}, 201, "abcdef"),
        ("POST", "/labels", {"name": "x" * 51}, 422, "too long"),
        ("POST", "/labels", {"name": "Taken"}, 422, "already_exists"),
        ("POST", "/labels", {"name": "x", "color": "#abcdef"}, 422, "color"),
        ("POST", "/labels", {"name": "x", "color": "red"}, 422, "color"),
        ("POST", "/labels", {"name": "x", "description": "x" * 101}, 422, "too long"),
        ("POST", "/labels", {"name": "🛡 x", "description": "⚠️"}, 201, "u26a0"),
        ("POST", "/labels", {"name": "x", "description": "🛡"}, 422, "4-byte Unicode"),
        ("PATCH", "/labels/other", {"new_name": "taken"}, 422, "already_exists"),
        ("GET", "/labels/nobody", None, 404, "Not Found"),
        ("POST", "/issues/7/labels", ["x" * 51], 422, "too long"),
        ("POST", "/issues/7/labels", {"labels": [f"l{number}" for number in range(100)]}, 200, "l99"),
        ("POST", "/issues/7/labels", [f"l{number}" for number in range(101)], 422, "at most 100"),
        ("DELETE", "/issues/7/labels/taken", None, 404, "Label does not exist"),
        ("POST", "/statuses/{head}", {"state": "success", "description": "x" * 140}, 201, "success"),
        ("POST", "/statuses/{head}", {"state": "success", "description": "x" * 141}, 422, "too long"),
        ("POST", "/statuses/{head}", {"state": "success", "description": "⟨U+1F98A⟩"}, 201, "success"),
        ("POST", "/statuses/{head}", {"state": "success", "description": "🦊"}, 422, "4-byte Unicode"),
        ("POST", f"/statuses/{'0' * 40}", {"state": "success"}, 422, "No commit found"),
        ("GET", "/branches/nowhere", None, 404, "Branch not found"),
        ("GET", "/compare/main...nowhere", None, 404, "Not Found"),
        ("GET", "/git/ref/heads/nowhere", None, 404, "Not Found"),
        ("GET", "/contents/a.txt?ref=nowhere", None, 404, "No commit found"),
        ("GET", "/contents/nowhere.txt", None, 404, "Not Found"),
        ("GET", f"/commits/{'0' * 40}", None, 422, "No commit found"),
        ("GET", "/collaborators/nobody/permission", None, 404, "Not Found"),
        ("GET", "/pulls/99", None, 404, "Not Found"),
    ],
)
def test_what_breaks_a_rule_is_refused(
    *, fake: FakeGitHub, ask: Ask, topic: str, method: str, path: str, body: object, status: int, words: str
) -> None:
    ask("POST", f"{HOME}/labels", {"name": "taken"})
    ask("POST", f"{HOME}/labels", {"name": "other"})
    before = fake.state()
    answer = ask(method, HOME + path.format(head=topic), body)
    assert answer.status_code == status
    assert words in answer.text
    assert (fake.state() == before) == (status >= 400)


def test_a_status_has_a_limit_for_each_context(ask: Ask, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STATUSES", 1)
    assert ask("POST", f"{HOME}/statuses/{topic}", {"state": "success", "context": "a"}).status_code == 201
    assert ask("POST", f"{HOME}/statuses/{topic}", {"state": "success", "context": "b"}).status_code == 201
    assert ask("POST", f"{HOME}/statuses/{topic}", {"state": "success", "context": "a"}).status_code == 422


def test_the_token_of_an_app_belongs_to_nobody(fake: FakeGitHub, connect: Connect) -> None:
    with pytest.raises(GithubException, match="not accessible by integration") as refused:
        assert connect().get_user().login
    assert refused.value.status == 403
    fake.add_token("ghp_eve", login="eve")
    assert connect("ghp_eve").get_user().login == "eve"


def test_an_unknown_token_and_none_are_401(ask: Ask) -> None:
    assert ask("GET", HOME, by="nothing").status_code == 401
    assert ask("GET", HOME, by="").status_code == 401


WRITES = [
    ("POST", "/issues/7/comments", {"body": "x"}, "issues pull_requests"),
    ("PATCH", "/issues/comments/{comment}", {"body": "x"}, "issues pull_requests"),
    ("DELETE", "/issues/comments/{comment}", None, "issues pull_requests"),
    ("POST", "/issues", {"title": "x"}, "issues"),
    ("PATCH", "/issues/7", {"title": "x"}, "issues pull_requests"),
    ("POST", "/labels", {"name": "x"}, "issues"),
    ("POST", "/issues/7/labels", ["taken"], "issues pull_requests"),
    ("POST", "/issues/7/labels", ["brand new"], "issues"),
    ("DELETE", "/issues/7/labels/held", None, "issues pull_requests"),
    ("POST", "/pulls/7/reviews", {"event": "COMMENT", "body": "x"}, "pull_requests"),
    ("POST", "/pulls/7/comments/{inline}/replies", {"body": "x"}, "pull_requests"),
    ("PATCH", "/pulls/comments/{inline}", {"body": "x"}, "pull_requests"),
    ("DELETE", "/pulls/comments/{inline}", None, "pull_requests"),
    ("POST", "/statuses/{head}", {"state": "success"}, "statuses"),
]


@pytest.fixture
def places(fake: FakeGitHub, topic: str) -> dict[str, object]:
    """Something of each kind to write to."""
    fake.label_as("ada", "held")
    fake.label_as("ada", "taken")
    fake.unlabel_as("ada", "taken")
    return {"comment": fake.comment_as("ada", "hm"), "inline": fake.inline_as("ada", "hm", "a.txt", 5), "head": topic}


def test_a_write_without_the_permission_of_its_surface_is_refused(
    fake: FakeGitHub, ask: Ask, places: dict[str, object]
) -> None:
    before = fake.state()
    for granted in ("issues", "pull_requests", "statuses", "nothing"):
        fake.add_token(granted, app=True, permissions={**READ_ONLY, granted: "write"})
        for method, path, body, surfaces in WRITES:
            if granted not in surfaces.split():
                answer = ask(method, HOME + path.format(**places), body, by=granted)
                assert answer.status_code == 403, (granted, method, path)
                assert "not accessible by integration" in answer.text or "permission to create labels" in answer.text
    assert fake.state() == before


@pytest.mark.parametrize(
    ("granted", "method", "path", "body"),
    [(granted, *write[:3]) for write in WRITES for granted in write[3].split()],
)
def test_a_write_with_the_permission_of_its_surface_is_done(
    *, fake: FakeGitHub, ask: Ask, places: dict[str, object], granted: str, method: str, path: str, body: object
) -> None:
    fake.add_token("ghs_other", app=True, permissions={**READ_ONLY, granted: "write"})
    before = fake.state()
    assert ask(method, HOME + path.format(**places), body, by="ghs_other").status_code < 300
    assert fake.state() != before


def test_people_approve_what_is_not_their_own(fake: FakeGitHub, ask: Ask) -> None:
    fake.add_token("ghp_ada", login="ada")
    fake.add_token("ghp_eve", login="eve")
    approve = {"event": "APPROVE"}
    assert ask("POST", f"{HOME}/pulls/7/reviews", approve, by="ghp_eve").status_code == 422
    assert ask("POST", f"{HOME}/pulls/7/reviews", approve, by="ghp_ada").json()["state"] == "APPROVED"
    assert fake.state()["issues"][7]["reviews"] == [{"author": "ada", "body": "", "state": "APPROVED"}]


def test_people_may_do_what_their_role_lets_them(fake: FakeGitHub, ask: Ask, topic: str) -> None:
    fake.add_token("ghp_eve", login="eve")
    foreign = f"{HOME}/issues/comments/{fake.comment_as('ada', 'mine')}"
    tries = [
        ("POST", f"{HOME}/issues/7/comments", {"body": "x"}, "none"),
        ("POST", f"{HOME}/issues/7/labels", ["held"], "triage"),
        ("POST", f"{HOME}/labels", {"name": "brand new"}, "write"),
        ("PATCH", foreign, {"body": "x"}, "write"),
        ("POST", f"{HOME}/statuses/{topic}", {"state": "success"}, "write"),
    ]
    fake.label_as("ada", "held")
    roles = ["none", "triage", "write"]
    for role in roles:
        fake.set_permission("eve", role)
        for method, path, body, least in tries:
            allowed = ask(method, path, body, by="ghp_eve").status_code < 300
            assert allowed == (roles.index(role) >= roles.index(least)), (role, path)


def test_a_private_repository_shows_what_the_token_may_read(repo: Repository, topic: str) -> None:
    with FakeGitHub(repo.path, private=True) as fake, requests.Session() as session:
        fake.open_pull(7, head=topic)
        fake.add_token("ghs_few", app=True, permissions={"metadata": "read", "pull_requests": "read"})
        fake.add_token("ghp_eve", login="eve")

        def status(path: str, token: str) -> int:
            headers = {"Authorization": f"token {token}"}
            return session.get(f"{fake.api_url}{HOME}{path}", headers=headers, timeout=20).status_code

        assert [status(path, "ghs_few") for path in ("", "/pulls/7", "/commits/main")] == [200, 200, 403]
        assert status("/pulls/7", "ghp_eve") == 404


def test_a_page_has_30_unless_asked_and_100_at_most(fake: FakeGitHub, ask: Ask) -> None:
    for number in range(105):
        fake.comment_as("eve", str(number))
    path = f"{HOME}/issues/7/comments"
    first = ask("GET", path)
    assert len(first.json()) == 30
    assert first.links["next"]["url"] == f"{fake.api_url}{path}?page=2"
    assert first.links["last"]["url"] == f"{fake.api_url}{path}?page=4"
    assert len(ask("GET", f"{path}?per_page=1000").json()) == 100
    last = ask("GET", f"{path}?per_page=100&page=2")
    assert (len(last.json()), "next" in last.links, "prev" in last.links) == (5, False, True)
    assert ask("GET", f"{path}?page=9").json() == []


def test_a_server_that_gives_one_a_page_is_still_read_to_the_end(
    fake: FakeGitHub, connect: Connect, remote: Remote
) -> None:
    for number in range(4):
        fake.comment_as("eve", str(number))
    fake.page_size = 1
    issue = connect(per_page=100).get_repo("acme/rules").get_issue(7)
    assert [each.body for each in issue.get_comments()] == ["0", "1", "2", "3"]
    assert len(remote.compare("main", "topic").files) == 4


def test_an_hour_has_so_many_requests(fake: FakeGitHub, ask: Ask) -> None:
    fake.budget.limit = 2
    assert ask("GET", HOME).headers["x-ratelimit-remaining"] == "1"
    assert ask("GET", HOME).status_code == 200
    assert ask("GET", "/rate_limit").json()["rate"]["remaining"] == 0
    over = ask("GET", HOME)
    assert (over.status_code, over.headers["x-ratelimit-remaining"]) == (403, "0")
    fake.clock.tick(int(over.headers["x-ratelimit-reset"]) - fake.clock.now.timestamp())
    assert ask("GET", HOME).status_code == 200


# --- the published description ----------------------------------------------------------------------------------------


def test_the_committed_description_is_of_the_operations_that_the_fake_answers() -> None:
    assert set(description()["operations"]) == {each.name for each in ROUTES}


def test_nullable_becomes_a_type_and_prose_goes() -> None:
    schema = {
        "type": "object",
        "description": "prose",
        "properties": {
            "description": {"type": "string", "nullable": True, "example": "x"},
            "side": {"type": "string", "enum": ["LEFT"], "nullable": True},
            "who": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/user"}]},
        },
    }
    assert openapi.convert(schema) == {
        "type": "object",
        "properties": {
            "description": {"type": ["string", "null"]},
            "side": {"type": ["string", "null"], "enum": ["LEFT", None]},
            "who": {"anyOf": [{"allOf": [{"$ref": "#/schemas/user"}]}, {"type": "null"}]},
        },
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("PUT", f"{HOME}/issues/7/labels", {"labels": []}, 404, "no operation of the fake"),
        ("GET", "/repos", None, 404, "no operation of the fake"),
        ("GET", f"{HOME}/issues?label=x", None, 200, "no parameter label"),
        ("GET", f"{HOME}/issues?state=shut", None, 422, "'shut' is not one of"),
        ("GET", f"{HOME}/issues?page=x", None, 422, "'x' is not of type 'integer'"),
        ("POST", f"{HOME}/labels", {"name": "x", "colour": "ffffff"}, 422, "'colour' was unexpected"),
        ("POST", f"{HOME}/labels", {"color": "ffffff"}, 422, "'name' is a required property"),
        ("POST", f"{HOME}/issues/7/comments", None, 422, "the body is missing"),
        ("POST", f"{HOME}/issues/7/comments", {"body": 5}, 422, "5 is not of type 'string'"),
        ("DELETE", f"{HOME}/issues/7/labels/x", {"name": "x"}, 422, "takes no body"),
    ],
)
def test_a_request_that_breaks_the_description_is_told(
    *, fake: FakeGitHub, ask: Ask, method: str, path: str, body: object, status: int, told: str
) -> None:
    assert ask(method, path, body).status_code == status
    (violation,) = fake.violations
    assert told in violation
    fake.violations.clear()


def test_what_the_fake_does_not_speak_is_told(fake: FakeGitHub) -> None:
    headers = {"Authorization": f"Bearer {APP_TOKEN}"}
    with requests.Session() as session:
        assert session.get(f"{fake.server_url}/graphql", headers=headers, timeout=20).status_code == 404
        url = f"{fake.api_url}{HOME}/labels"
        assert session.post(url, data=b"{", headers=headers, timeout=20).status_code == 400
        headers |= {"Accept": "application/vnd.github.diff"}
        assert session.get(f"{fake.api_url}{HOME}/pulls/7", headers=headers, timeout=20).status_code == 200
    assert [each.partition(":")[0] for each in fake.violations] == [
        "GET /graphql", "POST /repos/{owner}/{repo}/labels", "GET /repos/{owner}/{repo}/pulls/{pull_number}"
    ]  # fmt: skip
    fake.violations.clear()


def test_an_answer_of_the_fake_that_breaks_the_description_is_told(
    fake: FakeGitHub, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "issue", lambda _hub, each: {"number": str(each.number)})
    assert ask("GET", f"{HOME}/issues/7").status_code == 200
    (violation,) = fake.violations
    assert "is a required property" in violation or "is not of type" in violation
    fake.violations.clear()


def test_a_fault_of_the_fake_itself_is_told(fake: FakeGitHub, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(payload, "issue")
    assert ask("GET", f"{HOME}/issues/7").status_code == 500
    assert "AttributeError" in fake.violations[0]
    fake.violations.clear()


def test_a_violation_fails_the_test_at_its_end(repo: Repository) -> None:
    broken = FakeGitHub(repo.path).start()
    with requests.Session() as session:
        session.put(f"{broken.api_url}/nothing", timeout=20)
    with pytest.raises(AssertionError, match="no operation of the fake"):
        broken.__exit__(None, None, None)


def test_a_violation_is_told_along_with_another_failure(repo: Repository) -> None:
    broken, failure = FakeGitHub(repo.path).start(), KeyError("the test's own")
    with requests.Session() as session:
        session.put(f"{broken.api_url}/nothing", timeout=20)
    broken.__exit__(KeyError, failure, None)
    assert "no operation of the fake" in failure.__notes__[0]


# --- faults -----------------------------------------------------------------------------------------------------------


def seen(fake: FakeGitHub, session: requests.Session) -> str:
    """Say something, and tell what came back."""
    try:
        answer = session.post(
            f"{fake.api_url}{HOME}/issues/7/comments",
            json={"body": "said"},
            headers={"Authorization": f"Bearer {APP_TOKEN}"},
            timeout=20,
        )
    except requests.ConnectionError:
        return "reset"
    limit = " ".join(
        f"{name}={answer.headers[name]}"
        for name in ("retry-after", "x-ratelimit-remaining")
        if answer.headers.get(name, "0") in {"0", "2"} and name in answer.headers
    )
    kind = "" if answer.headers["Content-Type"].startswith("application/json") else "html"
    return " ".join(part for part in (str(answer.status_code), kind, limit) if part)


@pytest.mark.parametrize(
    ("fault", "answer", "applied"),
    [
        (faults.status(500), "500", False),
        (faults.status(502), "502", False),
        (faults.status(503), "503", False),
        (faults.status(502, effect=True), "502", True),
        (faults.reset(), "reset", False),
        (faults.lost(), "reset", True),
        (faults.lost(502), "502 html", True),
        (faults.bare_429(), "429", False),
        (faults.retry_after_429(), "429 retry-after=2", False),
        (faults.secondary(), "403", False),
        (faults.secondary(retry_after=2), "403 retry-after=2", False),
        (faults.primary(), "403 x-ratelimit-remaining=0", False),
        (faults.html_200(), "200 html", False),
        (faults.html_200(effect=True), "200 html", True),
        (faults.late(), "201", True),
    ],
    ids=lambda each: each.name if isinstance(each, Fault) else None,
)
def test_a_fault_comes_once_and_either_has_its_effect_or_not(
    *, fake: FakeGitHub, fault: Fault, answer: str, applied: bool
) -> None:
    assert fault in faults.EVERY
    fake.fail(fault)
    with requests.Session() as session:
        assert seen(fake, session) == answer
        assert len(fake.state()["issues"][7]["comments"]) == applied
        assert seen(fake, session) == "201"
    assert len(fake.state()["issues"][7]["comments"]) == applied + 1
    assert [each.status for each in fake.calls] == [0 if answer == "reset" else int(answer[:3]), 201]


def test_the_primary_limit_says_when_the_clock_of_the_fake_will_end_it(fake: FakeGitHub, ask: Ask) -> None:
    fake.fail(faults.primary(30))
    answer = ask("GET", HOME)
    assert int(answer.headers["x-ratelimit-reset"]) == fake.clock.now.timestamp() + 30


def test_a_fault_comes_at_the_nth_request_from_now(fake: FakeGitHub, ask: Ask) -> None:
    ask("GET", HOME)
    fake.fail(faults.status(503), at=2)
    assert [ask("GET", HOME).status_code for _ in range(3)] == [200, 503, 200]
    assert [each.status for each in fake.calls] == [200, 200, 503, 200]


def test_a_fault_comes_where_it_fits_as_often_as_it_should(fake: FakeGitHub, ask: Ask) -> None:
    fake.fail(faults.bare_429(), when=lambda method, path: method == "POST" and path.endswith("/labels"), times=2)
    tries = [("GET", None), ("POST", {"name": "a"}), ("POST", {"name": "b"}), ("POST", {"name": "c"})]
    assert [ask(method, f"{HOME}/labels", body).status_code for method, body in tries] == [200, 429, 429, 201]
    fake.fail(faults.status(500), when=lambda *_: True, times=0)
    assert {ask("GET", HOME).status_code for _ in range(5)} == {500}
    fake.forget()
    assert ask("GET", HOME).status_code == 200
    assert [tuple(each) for each in fake.calls] == [("GET", HOME, 200)]
    assert fake.writes == []


def test_what_is_late_is_there_but_not_on_the_list(fake: FakeGitHub, pull: PullRequest) -> None:
    fake.fail(faults.late(reads=2))
    made = pull.create_issue_comment("slow")
    assert [len(list(pull.get_issue_comments())) for _ in range(3)] == [0, 0, 1]
    assert pull.get_issue_comment(made.id).body == "slow"


def test_the_head_moves_between_two_requests(fake: FakeGitHub, repo: Repository, remote: Remote, topic: str) -> None:
    repo.git("switch", "--quiet", "topic")
    newer = repo.commit({"more.txt": "x"})
    fake.fail(faults.moved(lambda: fake.push(newer)), at=2)
    assert [remote.get_pull(7).head.sha for _ in range(3)] == [topic, newer, newer]


CLIENT = """
import sys
from urllib.request import Request, urlopen
urlopen(Request(sys.argv[1], sys.argv[2].encode(), {"Authorization": "Bearer " + sys.argv[3]}))
"""


@pytest.mark.parametrize("after", [False, True])
def test_a_client_is_killed_before_its_request_takes_effect_or_after(fake: FakeGitHub, *, after: bool) -> None:
    clients: list[subprocess.Popen[bytes]] = []
    started = Event()

    def shoot() -> None:
        started.wait()
        os.kill(clients[0].pid, signal.SIGKILL)

    fake.fail(faults.kill(shoot, after=after))
    url, body = f"{fake.api_url}{HOME}/issues/7/comments", json.dumps({"body": "last words"})
    with subprocess.Popen([sys.executable, "-c", CLIENT, url, body, APP_TOKEN]) as client:
        clients.append(client)
        started.set()
        assert client.wait() == -signal.SIGKILL
    with requests.Session() as session:
        assert seen(fake, session) == "201"
    said = [each["body"] for each in fake.state()["issues"][7]["comments"]]
    assert said == ["last words"] * after + ["said"]


def test_one_client_can_be_held_up_until_another_is_done(fake: FakeGitHub, connect: Connect, remote: Remote) -> None:
    arrived, done = Event(), Event()

    def hold() -> None:
        arrived.set()
        done.wait()

    fake.fail(faults.moved(hold))
    slow = Thread(target=lambda: remote.get_issue(7).create_comment("slow"))
    slow.start()
    arrived.wait()
    connect().get_repo("acme/rules").get_issue(7).create_comment("fast")
    done.set()
    slow.join()
    assert [each["body"] for each in fake.state()["issues"][7]["comments"]] == ["fast", "slow"]


# --- git --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clone(repo: Repository) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run git in an empty bare repository, with a token."""
    place = repo.path.parent / "clone.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(place)], check=True)

    def git(*arguments: str, token: str = APP_TOKEN) -> subprocess.CompletedProcess[str]:
        secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        header = {
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}" if token else "",
            "GIT_CONFIG_KEY_1": "credential.helper",
            "GIT_CONFIG_VALUE_1": "",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "PATH": os.environ["PATH"],
        }
        return subprocess.run(["git", *arguments], cwd=place, env=header, check=False, capture_output=True, text=True)

    return git


Clone = Callable[..., subprocess.CompletedProcess[str]]


def test_git_fetches_two_commits_by_their_id_without_blobs_and_the_blobs_on_demand(
    fake: FakeGitHub, repo: Repository, topic: str, clone: Clone
) -> None:
    base = repo.git("rev-parse", "main")
    hidden = repo.git("commit-tree", f"{topic}^{{tree}}", "-p", topic, "-m", "on no branch")
    clone("remote", "add", "origin", fake.git_url)
    clone("config", "remote.origin.promisor", "true")
    fetched = clone("fetch", "--quiet", "--depth=1", "--filter=blob:none", "origin", base, hidden)
    assert (fetched.returncode, fetched.stderr) == (0, "")
    missing = clone("rev-list", "--objects", "--missing=print", hidden).stdout.count("?")
    assert missing == 4
    assert clone("cat-file", "blob", f"{hidden}:rules/b.toml").stdout == rule_text(name="B")
    assert {each.status for each in fake.git_calls} == {200}
    assert fake.calls == []


def test_git_may_ask_for_more_than_fits_into_one_piece(fake: FakeGitHub, repo: Repository, clone: Clone) -> None:
    head = repo.commit({f"rules/{number}.toml": f"number = {number}\n" for number in range(1400)})
    clone("remote", "add", "origin", fake.git_url)
    clone("config", "remote.origin.promisor", "true")
    clone("fetch", "--quiet", "--depth=1", "--filter=blob:none", "origin", head)
    blobs = [line.split()[2] for line in clone("ls-tree", "-r", head, "rules/").stdout.splitlines()]
    fetched = clone("-c", "http.postBuffer=65536", "fetch", "--quiet", "--filter=blob:none", "origin", *blobs)
    assert (fetched.returncode, fetched.stderr) == (0, "")
    assert clone("cat-file", "blob", f"{head}:rules/1399.toml").stdout == "number = 1399\n"


@pytest.mark.parametrize(("spoken", "answer"), [("version=2", b"version 2"), ("", b"# service=git-upload-pack")])
def test_git_speaks_both_versions_and_takes_nothing(fake: FakeGitHub, spoken: str, answer: bytes) -> None:
    with requests.Session() as session:
        session.auth = ("x-access-token", APP_TOKEN)
        refs = f"{fake.git_url}/info/refs?service="
        assert answer in session.get(f"{refs}git-upload-pack", headers={"Git-Protocol": spoken}, timeout=20).content
        assert session.get(f"{refs}git-receive-pack", timeout=20).status_code == 403


def test_the_head_of_a_pull_request_is_a_ref(fake: FakeGitHub, topic: str, clone: Clone) -> None:
    assert clone("ls-remote", fake.git_url, "refs/pull/7/head").stdout == f"{topic}\trefs/pull/7/head\n"


@pytest.mark.parametrize("token", ["", "nothing", "ghs_none"])
def test_git_needs_a_token_that_may_read_the_contents(fake: FakeGitHub, topic: str, clone: Clone, token: str) -> None:
    fake.add_token("ghs_none", app=True, permissions={"metadata": "read"})
    assert clone("fetch", fake.git_url, topic, token=token).returncode != 0
    assert {each.status for each in fake.git_calls} == {401}


def test_a_repository_may_be_open_to_all(repo: Repository, topic: str, clone: Clone) -> None:
    with FakeGitHub(repo.path, git_needs_token=False) as fake:
        assert clone("fetch", "--quiet", fake.git_url, topic, token="").returncode == 0


def test_git_may_fail_too(fake: FakeGitHub, topic: str, clone: Clone) -> None:
    fake.fail_git(503)
    assert "503" in clone("fetch", fake.git_url, topic).stderr
    assert clone("fetch", "--quiet", fake.git_url, topic).returncode == 0


def test_a_bare_repository_without_the_prefix_of_an_enterprise_serves_as_well(
    repo: Repository, topic: str, clone: Clone
) -> None:
    bare = repo.path.parent / "bare.git"
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(bare))
    with FakeGitHub(bare, repo="some/thing", api_path="") as fake, requests.Session() as session:
        fake.open_pull(1, head=topic)
        headers = {"Authorization": f"Bearer {APP_TOKEN}"}
        found = session.get(f"{fake.api_url}/repos/some/thing/pulls/1", headers=headers, timeout=20).json()
        assert found["url"] == f"{fake.server_url}/repos/some/thing/pulls/1"
        assert clone("fetch", "--quiet", fake.git_url, topic).returncode == 0
