"""A pull request on the fake GitHub, in a few words: what the base holds, what the head changes, and what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

from bot.github.runner import Inputs
from tests.actions import Ran, run
from tests.fake_github import BOT, FakeGitHub
from tests.repository import Repository, new_repository, rule_text

Files = dict[str, str | bytes | None]

RULE = "rules/linux/a.toml"
OTHER_QUERY = 'process where process.name == "b.exe"'
BASE = rule_text()
UNBUMPED = rule_text(query=OTHER_QUERY)
FIXED = rule_text(query=OTHER_QUERY, updated="2026/11/24")
AGAIN = rule_text(query='process where process.name == "c.exe"')
# the date stands beside a change, so that its line is part of the diff and takes a comment and a suggestion
NEAR = rule_text(query=OTHER_QUERY, metadata='integration = ["endpoint"]\n')
POLICY = "updated-date-not-bumped"
WAIVE = f"waive: {POLICY}"
CONTEXT = "ruleward: main"


class Options(TypedDict, total=False):
    """What a run may be told."""

    number: int
    event: str
    payload: Mapping[str, object]
    inputs: Inputs
    token: str
    workspace: Path | None
    run_id: int | None
    rerun: bool


class Opening(TypedDict, total=False):
    """How a pull request is opened."""

    author: str
    title: str
    head_ref: str
    draft: bool
    fork: bool


@dataclass(frozen=True)
class Scene:
    """One repository with its pull requests."""

    repo: Repository
    github: FakeGitHub
    folder: Path

    def run(self, **more: Unpack[Options]) -> Ran:
        """Run the action; the repository itself is the workspace, which spares the fetches."""
        options: Options = {"workspace": self.repo.path, **more}
        return run(self.github, self.folder, **options)

    def again(self, **more: Unpack[Options]) -> Ran:
        """Run the action, and have the logs hold this run alone."""
        self.github.forget()
        return self.run(**more)

    def commit(self, files: Files, *, branch: str = "topic") -> str:
        """Commit to a branch and stay on it."""
        self.repo.git("checkout", "--quiet", branch)
        return self.repo.commit(files)

    def push(self, files: Files) -> str:
        """Commit to the pull request's branch and push it."""
        head = self.commit(files)
        self.github.push(head)
        return head

    def issue(self, number: int = 1) -> dict[str, Any]:
        """What GitHub holds of a pull request."""
        found: dict[str, Any] = self.github.state()["issues"][number]
        return found

    def said(self, number: int = 1) -> list[str]:
        """The bot's comments of the conversation."""
        return [each["body"] for each in self.issue(number)["comments"] if each["author"] == BOT]

    def comment(self, number: int = 1) -> str:
        """The one sticky comment."""
        (body,) = (each for each in self.said(number) if each.startswith("<!-- ruleward:review "))
        return body

    def labels(self, number: int = 1) -> list[str]:
        """The labels of a pull request."""
        found: list[str] = self.issue(number)["labels"]
        return found

    def inline(self, number: int = 1) -> list[dict[str, Any]]:
        """The comments on lines."""
        found: list[dict[str, Any]] = self.issue(number)["inline"]
        return found

    def status(self, sha: str | None = None, context: str = CONTEXT) -> tuple[str, str] | None:
        """State and description of the newest status; of the branch's tip unless said."""
        at = sha or self.repo.git("rev-parse", "topic")
        found = self.github.state()["statuses"].get(f"{at} {context}")
        return (found[0], found[1]) if found else None

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Method and path of every write since the logs were emptied."""
        return [(each.method, each.path.removeprefix("/repos/acme/rules")) for each in self.github.writes]


@contextmanager
def scene(folder: Path, base: Files, head: Files, **pull: Unpack[Opening]) -> Iterator[Scene]:
    """Open pull request 1, from the branch ``topic``."""
    repo = new_repository(folder / "repo")
    repo.commit(base)
    repo.git("checkout", "--quiet", "-b", "topic")
    tip = repo.commit(head)
    with FakeGitHub(repo.path) as github:
        github.open_pull(1, head=tip, **pull)
        yield Scene(repo, github, folder)


def config(text: str, files: Mapping[str, str | bytes | None] | None = None) -> Files:
    """Files with a config beside them."""
    return {".github/ruleward.toml": text, **(files or {RULE: BASE})}


__all__ = [
    "AGAIN",
    "BASE",
    "CONTEXT",
    "FIXED",
    "NEAR",
    "OTHER_QUERY",
    "POLICY",
    "RULE",
    "UNBUMPED",
    "WAIVE",
    "Files",
    "Opening",
    "Options",
    "Scene",
    "config",
    "scene",
]
