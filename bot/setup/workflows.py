"""The workflows that a repository needs, as text."""

from __future__ import annotations

import re
from importlib.resources import files

REVIEW = "ruleward.yml"
AUDIT = "ruleward-audit.yml"
ACTION = "ruleward/ruleward"
FOLDER = ".github/workflows"
EVENTS = ("pull_request_target", "pull_request")

_USES = re.compile(r"^(?P<indent> *)- uses: \{\{ uses \}\}$", re.MULTILINE)
_TARGET = re.compile(r"^  # The token of this event .*\n  pull_request_target:.*$", re.MULTILINE)
_READ_ONLY = (
    "  # On pull requests from forks the token of this event may only read: they get the job's result and its summary."
)
CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"


def workflow(name: str, *, uses: str, event: str = EVENTS[0], observe: bool = False) -> str:
    """Return a workflow.

    Args:
        name: of its file.
        uses: the action with its version, perhaps with a comment behind it.
        event: what makes a review run.
        observe: whether nothing that the review finds shall fail.
    """
    text = (files("bot") / "templates" / name).read_text(encoding="utf-8")
    text = _USES.sub(lambda found: f"{found['indent']}- uses: {uses}", text)
    if name == REVIEW and event != EVENTS[0]:
        text = _TARGET.sub(f"{_READ_ONLY}\n  {event}:", text)
    if name == REVIEW and observe:
        text += "        with:\n          fail-on: never # watching only\n"
    return text


def workflow_of_our_own(name: str) -> str:
    """Return a workflow of Ruleward's own repository, which runs the action of its default branch."""
    note = "# Made by `make generate` from bot/templates; edits here are lost.\n\n"
    steps = (
        f"{CHECKOUT}\n"
        "        with:\n"
        "          ref: ${{ github.event.repository.default_branch }} # what runs is what was merged\n"
        "          persist-credentials: false\n"
        "      - uses: ./ # zizmor: ignore[self-repository] in a merge queue `$/` is a commit that is not merged yet"
    )
    return note + workflow(name, uses=steps)
