"""A workflow event to what there is to do: pure, and all that is taken from a payload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.model import RulewardError, is_table

_PULLS = frozenset({"pull_request", "pull_request_target"})
_ACTIONS = frozenset({"opened", "synchronize", "reopened", "edited", "labeled", "unlabeled", "ready_for_review"})
_AUDITS = frozenset({"schedule", "workflow_dispatch"})
_QUEUED = re.compile(r"/pr-(\d+)-[0-9a-f]+$")
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPull:
    """Review a pull request; everything but its number is read live."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewGroup:
    """Review what a merge queue is about to merge.

    Attributes:
        number: of the pull request that the group's branch is named after, None where it names none.
    """

    base: str
    head: str
    target: str
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTree:
    """Audit the default branch."""


Activity: TypeAlias = "ReviewPull | ReviewGroup | AuditTree"


def activity(name: str, payload: Mapping[str, object], command: str = "auto") -> Activity:
    """Say what an event asks for.

    Args:
        name: of the event, as ``GITHUB_EVENT_NAME`` has it.
        payload: of the event.
        command: ``auto`` follows the event, ``review`` and ``audit`` insist.

    Raises:
        RulewardError: the event is none that this action knows, or does not fit the command.
    """
    if command == "audit" or (command == "auto" and name in _AUDITS):
        if name in _AUDITS:
            return AuditTree()
        raise RulewardError(
            f"the event {name} asks for no audit; run `command: audit` on schedule or workflow_dispatch"
        )
    if name in _PULLS:
        return _pull(name, payload)
    if name == "merge_group":
        return _group(payload)
    known = "pull_request, pull_request_target and merge_group (review), schedule and workflow_dispatch (audit)"
    asked = f" with `command: {command}`" if command != "auto" else ""
    raise RulewardError(f"the event {name or '(none)'}{asked} is none that Ruleward acts on; known are {known}")


def _pull(name: str, payload: Mapping[str, object]) -> Activity:
    pull = payload.get("pull_request")
    number = payload.get("number")
    if number is None and is_table(pull):
        number = pull.get("number")
    if type(number) is not int or number <= 0:
        raise RulewardError(
            f"the payload of {name} holds no number of a pull request; is this GITHUB_EVENT_PATH right?"
        )
    action = payload.get("action")
    if not isinstance(action, str) or action not in _ACTIONS:
        types = ", ".join(sorted(_ACTIONS))
        raise RulewardError(f"nothing to review when a pull request is {action}; give `{name}` the types {types}")
    return ReviewPull(number=number)


def _group(payload: Mapping[str, object]) -> Activity:
    action = payload.get("action")
    if action != "checks_requested":
        raise RulewardError(
            f"nothing to review when a merge group is {action}; give `merge_group` the type checks_requested"
        )
    group = payload.get("merge_group")
    facts = group if is_table(group) else {}
    base, head = facts.get("base_sha"), facts.get("head_sha")
    if not (isinstance(base, str) and isinstance(head, str) and _SHA.fullmatch(base) and _SHA.fullmatch(head)):
        raise RulewardError(
            "the payload of merge_group holds no base_sha and head_sha; is this GITHUB_EVENT_PATH right?"
        )
    branch = facts.get("head_ref")
    target = facts.get("base_ref")
    found = _QUEUED.search(branch) if isinstance(branch, str) else None
    return ReviewGroup(
        base=base,
        head=head,
        target=target.removeprefix("refs/heads/") if isinstance(target, str) else "",
        number=int(found[1]) if found else None,
    )


__all__ = ["Activity", "AuditTree", "ReviewGroup", "ReviewPull", "activity"]
