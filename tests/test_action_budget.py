"""How many requests a run makes, each with its reason: a repository has a thousand an hour."""

from __future__ import annotations

from pathlib import Path

from tests.fake_github import BOT
from tests.repository import rule_text
from tests.scene import BASE, FIXED, NEAR, OTHER_QUERY, RULE, UNBUMPED, WAIVE, Scene, scene

# Request, by method and what its path ends with, and why it is made.
WHY = {
    "GET pulls/1": "head, base, draft, labels and counts: live, before anything; again before and after the writes",
    "GET compare": "the merge base, and which files differ",
    "GET issues/1/events": "labels differ from what they should be: who put them on, who took them off",
    "GET labels": "a label is to be put on: does the repository have it",
    "GET statuses": "is the status said already",
    "GET issues/1/comments": "there are comments: is the sticky one among them",
    "GET pulls/1/comments": "there are comments on lines: which stand, which are settled",
    "GET user": "something bears our mark: who are we",
    "GET pulls/1/commits": "a waiver is asked for: who wrote the commits",
    "GET permission": "a waiver is asked for: may they",
    "POST labels": "the repository lacks a label",
    "POST issues/1/labels": "the pull request lacks labels, all of them at once",
    "POST issues/1/comments": "the sticky comment, or the record of a waiver",
    "POST pulls/1/reviews": "comments on lines, all of them at once",
    "POST statuses": "the verdict",
    "PATCH issues/comments": "the sticky comment says something else",
    "DELETE pulls/comments": "a comment on a line is settled",
    "DELETE issues/1/labels": "a label is no longer right",
}


def kind(method: str, path: str) -> str:
    """The name of a request in the table above."""
    parts = path.removeprefix("/repos/acme/rules/").strip("/").split("/")
    if parts[0] in {"compare", "user"}:
        name = parts[0]
    elif parts[0] == "collaborators":
        name = "permission"
    elif "statuses" in parts:
        name = "statuses"
    elif parts[:2] == ["issues", "1"] and parts[2] == "labels":
        name = "issues/1/labels"
    elif parts[1:2] == ["comments"]:
        name = f"{parts[0]}/comments"
    else:
        name = "/".join(parts)
    return f"{method} {name}"


def asked(at: Scene) -> list[str]:
    """The requests of the last run."""
    made = [kind(each.method, each.path) for each in at.github.calls]
    assert set(made) <= WHY.keys()
    return made


def created(made: list[str]) -> int:
    return made.count("POST labels")


def test_a_first_run_takes_twelve_and_one_a_label_that_is_created(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.again(workspace=None)
        made = asked(at)
        assert len(made) - created(made) <= 12
        assert [each for each in made if each != "POST labels"] == [
            "GET pulls/1",
            "GET compare",
            "GET issues/1/comments",
            "GET issues/1/events",
            "GET labels",
            "GET statuses",
            "GET pulls/1",
            "POST issues/1/labels",
            "POST issues/1/comments",
            "POST pulls/1/reviews",
            "POST statuses",
            "GET pulls/1",
        ]


def test_a_rerun_takes_six(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.run()
        at.again(workspace=None)
        assert asked(at) == [
            "GET pulls/1",
            "GET compare",
            "GET issues/1/comments",
            "GET user",
            "GET pulls/1/comments",
            "GET statuses",
        ]


def test_a_name_saves_one(tmp_path: Path) -> None:
    from bot.github.runner import Inputs

    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        at.again(inputs=Inputs(bot_login=BOT))
        assert asked(at) == ["GET pulls/1", "GET compare", "GET issues/1/comments", "GET statuses"]


def test_a_waiver_takes_four_more(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        at.github.set_permission("grace", "write")
        at.github.label_as("grace", WAIVE)
        at.again(workspace=None)
        made = asked(at)
        assert len(made) - created(made) <= 12 + 4
        for each in ("GET permission", "GET pulls/1/commits"):
            assert made.count(each) == 1


def test_a_push_that_fixes_takes_twelve_at_most(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.run()
        at.push({RULE: FIXED})
        at.again(workspace=None)
        made = asked(at)
        # each label that is wrong now comes off by itself: nobody else's are touched
        alone = made.count("DELETE issues/1/labels") + made.count("DELETE pulls/comments")
        assert len(made) - alone <= 12


def test_a_page_more_is_a_request_more(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        at.again(workspace=None)
        before = len(at.github.calls)
        for number in range(100):
            at.github.comment_as("grace", f"{number}")
        at.again(workspace=None)
        assert len(at.github.calls) == before + 1


def test_a_change_of_many_rules_takes_no_more_than_one_of_one(tmp_path: Path) -> None:
    from tests.repository import other_id

    base = {f"rules/r{n}.toml": rule_text(rule_id=other_id(n), name=f"R{n}") for n in range(20)}
    head = {path: str(text).replace('"a.exe"', '"b.exe"') for path, text in base.items()}
    assert OTHER_QUERY in head["rules/r0.toml"]
    with scene(tmp_path, dict(base), dict(head)) as at:
        at.again(workspace=None)
        made = asked(at)
        assert len(made) - created(made) <= 12
