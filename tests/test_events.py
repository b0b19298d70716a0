"""What an event asks for, told from payloads as GitHub sends them, and from payloads that nobody sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.github.event import AuditTree, ReviewGroup, ReviewPull, activity
from bot.model import RulewardError

PAYLOADS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "payloads" / "events.json").read_text(encoding="utf-8")
)
PULLS = {key.partition(" ")[2]: each for key, each in PAYLOADS.items() if key.startswith("pull_request ")}
REVIEWED = ("opened", "synchronize", "reopened", "edited", "labeled", "unlabeled", "ready_for_review")
EVENTS = ("pull_request", "pull_request_target", "merge_group", "schedule", "workflow_dispatch", "push", "")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def pull(action: str) -> dict[str, Any]:
    """A payload with an action; where GitHub's collection has none, that of a push with another word."""
    return PULLS.get(action) or {**PULLS["synchronize"], "action": action}


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
@pytest.mark.parametrize("command", ["auto", "review"])
@pytest.mark.parametrize("action", REVIEWED)
def test_a_pull_request_is_reviewed(event: str, command: str, action: str) -> None:
    payload = pull(action)
    assert activity(event, payload, command) == ReviewPull(number=payload["pull_request"]["number"])


@pytest.mark.parametrize("action", [[], {}, None, 7])
def test_an_action_that_is_no_word_is_an_error_too(action: object) -> None:
    with pytest.raises(RulewardError, match="nothing to review when a pull request is"):
        activity("pull_request", {**PULLS["synchronize"], "action": action})


@pytest.mark.parametrize(
    "action", sorted({*PULLS, "auto_merge_enabled", "enqueued", "dequeued", "milestoned"} - set(REVIEWED))
)
def test_what_changes_nothing_to_review_is_an_error_that_names_the_types(action: str) -> None:
    with pytest.raises(RulewardError, match=f"nothing to review when a pull request is {action}; .*synchronize"):
        activity("pull_request_target", pull(action))


def test_a_merge_group_is_reviewed_for_its_pull_request() -> None:
    payload = PAYLOADS["merge_group checks_requested"]
    group = payload["merge_group"]
    assert activity("merge_group", payload) == ReviewGroup(
        base=group["base_sha"], head=group["head_sha"], target="main", number=104
    )


def test_a_merge_group_of_a_branch_with_slashes_keeps_them() -> None:
    payload = PAYLOADS["merge_group checks_requested"]
    group = {
        **payload["merge_group"],
        "base_ref": "refs/heads/release/8.x",
        "head_ref": "refs/heads/gh-readonly-queue/release/8.x/pr-7-929f8209d40f77f4abc622a499c93a83babdbe64",
    }
    found = activity("merge_group", {**payload, "merge_group": group})
    assert isinstance(found, ReviewGroup)
    assert (found.target, found.number) == ("release/8.x", 7)


def test_a_merge_group_that_is_over_is_an_error() -> None:
    payload = {**PAYLOADS["merge_group checks_requested"], "action": "destroyed"}
    with pytest.raises(RulewardError, match="give `merge_group` the type checks_requested"):
        activity("merge_group", payload)


@pytest.mark.parametrize("change", [{"base_sha": None}, {"head_sha": "main"}, {"head_sha": "A" * 40}])
def test_a_merge_group_without_its_commits_is_an_error(change: dict[str, Any]) -> None:
    payload = PAYLOADS["merge_group checks_requested"]
    with pytest.raises(RulewardError, match="holds no base_sha and head_sha"):
        activity("merge_group", {**payload, "merge_group": {**payload["merge_group"], **change}})


@pytest.mark.parametrize("command", ["auto", "audit"])
@pytest.mark.parametrize(
    ("event", "payload"),
    [("schedule", {"schedule": "0 5 * * 1"}), ("workflow_dispatch", PAYLOADS["workflow_dispatch"])],
)
def test_a_schedule_and_a_click_are_an_audit(event: str, payload: dict[str, Any], command: str) -> None:
    assert activity(event, payload, command) == AuditTree()


@pytest.mark.parametrize("key", sorted(key for key in PAYLOADS if not key.startswith(("pull_request ", "merge_group"))))
def test_any_other_event_is_an_error_that_names_what_is_known(key: str) -> None:
    if key == "workflow_dispatch":
        with pytest.raises(RulewardError, match="with `command: review` is none that Ruleward acts on"):
            activity(key, PAYLOADS[key], "review")
        return
    with pytest.raises(RulewardError, match=f"the event {key} is none that Ruleward acts on; known are pull_request, "):
        activity(key, PAYLOADS[key])


@pytest.mark.parametrize("event", ["pull_request", "merge_group", "push"])
def test_an_audit_is_asked_for_on_its_own_events_only(event: str) -> None:
    with pytest.raises(RulewardError, match="asks for no audit"):
        activity(event, pull("opened"), "audit")


@pytest.mark.parametrize("number", [None, 0, -1, True, "7", 7.0, [7], {}])
def test_a_number_that_is_none_is_an_error(number: object) -> None:
    with pytest.raises(RulewardError, match="holds no number of a pull request"):
        activity("pull_request", {"action": "opened", "number": number, "pull_request": {"number": None}})


def answered(event: str, payload: dict[str, object], command: str = "auto") -> object:
    """What is asked for, or the sentence that says why nothing is; nothing else ever happens."""
    try:
        return activity(event, payload, command)
    except RulewardError as error:
        return str(error)


@given(
    st.sampled_from(EVENTS) | st.text(max_size=10),
    st.dictionaries(st.sampled_from(["action", "number", "pull_request", "merge_group", "inputs"]), JSON),
    st.sampled_from(["auto", "review", "audit"]),
)
def test_no_payload_crashes(event: str, payload: dict[str, object], command: str) -> None:
    assert answered(event, payload, command)


GROUP = st.fixed_dictionaries(
    {},
    optional={
        "base_sha": JSON | st.just("a" * 40),
        "head_sha": JSON | st.just("b" * 64),
        "head_ref": JSON | st.just("x/pr-1-ab"),
        "base_ref": JSON,
    },
)


@given(st.sampled_from(REVIEWED) | JSON, JSON | GROUP, JSON, st.sampled_from(EVENTS))
def test_nor_does_one_that_is_nearly_right(action: object, inner: object, number: object, event: str) -> None:
    payload = {"action": action, "number": number, "pull_request": inner, "merge_group": inner}
    assert answered(event, payload)
    assert answered(event, {**payload, "action": "checks_requested"})
