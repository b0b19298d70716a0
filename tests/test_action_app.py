"""The token of an app of one's own, whose name nobody gave: what it wrote is known again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.github.runner import Inputs
from tests import test_action_audit as audits
from tests.fake_github import PERMISSIONS, Fault
from tests.repository import rule_text
from tests.scene import BASE, NEAR, RULE, UNBUMPED, WAIVE, Scene, scene
from tests.test_action_waivers import group

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


def forge(at: Scene) -> None:
    """Let a workflow's token have written the record, and leave no comment but that."""
    (record,) = by_the_app(at, "waiver")
    for number in list(at.github.hub.comments):
        at.github.delete_comment(number)
    at.github.comment_as("github-actions[bot]", record)


@pytest.mark.parametrize("inputs", [Inputs(), Inputs(comment=False), Inputs(labels=False)])
def test_neither_is_it_where_the_app_has_no_comment(at: Scene, inputs: Inputs) -> None:
    at.github.label_as("grace", WAIVE)
    at.run(token=TOKEN)
    forge(at)
    at.github.set_permission("grace", "read")
    head = at.push({RULE: UNBUMPED, "docs/a.md": "another head"})
    for _ in range(2):
        assert at.run(token=TOKEN, inputs=inputs).result.status == 1
    assert {each.state for each in at.github.hub.statuses if each.sha == head} == {"failure"}


def test_neither_is_it_where_the_app_never_wrote_anything_but_a_status(tmp_path: Path) -> None:
    quiet = Inputs(comment=False, labels=False, inline=False)
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.github.add_token(TOKEN, login=APP, app=True, permissions=PERMISSIONS)
        at.github.set_permission("grace", "write")
        at.run(token=TOKEN, inputs=quiet)
        at.github.label_as("grace", WAIVE)
        at.run(token=TOKEN, inputs=quiet)
        forge(at)
        at.github.set_permission("grace", "read")
        at.github.hub.statuses.pop()
        assert at.run(token=TOKEN, inputs=quiet).result.status == 1
        assert {each.state for each in at.github.hub.statuses} == {"failure"}


def test_neither_is_it_in_a_queue(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: rule_text(maturity="beta", updated="2026/11/24")}) as at:
        at.github.add_token(TOKEN, login=APP, app=True, permissions=PERMISSIONS)
        at.github.set_permission("grace", "write")
        at.run(token=TOKEN)
        at.github.label_as("grace", "waive: maturity-transition")
        assert at.run(token=TOKEN).result.status == 0
        forge(at)
        assert at.run(token=TOKEN, event="merge_group", payload=group(at)).result.status == 1


def test_a_status_that_a_workflows_token_set_shows_nobody_anything(at: Scene) -> None:
    status = at.github.hub.statuses[-1]
    for number in list(at.github.hub.comments):
        at.github.delete_comment(number)
    head = at.push({RULE: UNBUMPED, "docs/a.md": "another head"})
    at.github.hub.statuses.append(replace(status, sha=head, creator=at.github.hub.person("github-actions[bot]")))
    at.github.label_as("grace", WAIVE)
    assert at.run(token=TOKEN).result.status == 1
    assert WAIVE not in at.labels()


def test_an_audit_keeps_one_issue_without_its_label_too(tmp_path: Path) -> None:
    with audits.scene(tmp_path, [audits.STALE]) as at:
        at.github.add_token(TOKEN, login=APP, app=True, permissions=PERMISSIONS)
        at.audit(token=TOKEN, inputs=Inputs(labels=False))
        at.audit(token=TOKEN, inputs=Inputs(labels=False))
        assert len(at.issues()) == 1
