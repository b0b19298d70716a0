"""The token of an app of one's own, whose name nobody gave: what it wrote is known again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.github.runner import Inputs
from tests import test_action_audit as audits
from tests.fake_github import PERMISSIONS, Fault
from tests.scene import BASE, NEAR, RULE, UNBUMPED, WAIVE, Scene, scene

APP = "rules[bot]"
TOKEN = "ghs_app"
NO_GRAPHQL = Fault(name="no GraphQL", effect=False, status=403, body={"message": "Forbidden"})


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Scene]:
    """A pull request that blocks, as an app reported it."""
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as made:
        made.github.add_token(TOKEN, login=APP, app=True, permissions=PERMISSIONS)
        made.github.set_permission("grace", "write")
        assert made.run(token=TOKEN).result.status == 1
        yield made


def by_the_app(at: Scene, mark: str) -> list[str]:
    """The app's comments with a mark."""
    said = [each["body"] for each in at.issue()["comments"] if each["author"] == APP]
    return [body for body in said if body.startswith(f"<!-- ruleward:{mark} ")]


def forbid_graphql(at: Scene) -> None:
    at.github.fail(NO_GRAPHQL, when=lambda _, path: path == "/graphql", times=0)


def test_a_waiver_counts(at: Scene) -> None:
    at.github.label_as("grace", WAIVE)
    ran = at.run(token=TOKEN)
    assert ran.result.status == 0
    assert WAIVE in at.labels()
    assert len(by_the_app(at, "waiver")) == len(by_the_app(at, "review")) == 1
    at.again(token=TOKEN)
    assert at.writes == []


def test_a_rerun_writes_nothing(at: Scene) -> None:
    at.again(token=TOKEN)
    assert at.writes == []
    assert len([each for each in at.github.calls if each.path == "/graphql"]) == 1


def test_comments_on_lines_are_known_again(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.github.add_token(TOKEN, login=APP, app=True, permissions=PERMISSIONS)
        at.run(token=TOKEN)
        at.again(token=TOKEN)
        assert at.writes == []
        assert len(at.inline()) == 1


@pytest.mark.parametrize("graphql", [True, False])
def test_once_nothing_is_left_to_say_the_comment_turns_green_and_the_labels_come_off(
    at: Scene, *, graphql: bool
) -> None:
    at.push({RULE: BASE, "docs/a.md": "a"})
    if not graphql:
        forbid_graphql(at)
    assert at.run(token=TOKEN).result.status == 0
    (comment,) = by_the_app(at, "review")
    assert "Blocked" not in comment
    assert at.labels() == []


def test_a_record_that_a_workflows_token_wrote_is_not_the_apps(at: Scene) -> None:
    at.github.label_as("grace", WAIVE)
    at.run(token=TOKEN)
    (record,) = by_the_app(at, "waiver")
    (number,) = (each.id for each in at.github.hub.comments.values() if "ruleward:waiver" in each.body)
    at.github.delete_comment(number)
    at.github.comment_as("github-actions[bot]", record)
    at.push({RULE: UNBUMPED, "docs/a.md": "another head"})
    assert at.run(token=TOKEN).result.status == 1


def test_case_means_nothing_in_a_name(at: Scene) -> None:
    at.again(token=TOKEN, inputs=Inputs(bot_login="Rules[Bot]"))
    assert at.writes == []
    assert [each.path for each in at.github.calls if each.path in {"/user", "/graphql"}] == []


def test_an_audit_keeps_one_issue(tmp_path: Path) -> None:
    with audits.scene(tmp_path, [audits.STALE]) as at:
        at.github.add_token(TOKEN, login=APP, app=True, permissions=PERMISSIONS)
        at.audit(token=TOKEN)
        at.github.forget()
        at.audit(token=TOKEN)
        assert at.github.writes == []
        assert len(at.issues()) == 1
