"""Runs that something goes wrong in, and what a clean run makes of it: the same as if nothing had."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.github.client import Client
from bot.github.facts import Thread
from bot.model import RulewardError
from tests.actions import Ran, run
from tests.fake_github import FakeGitHub, Fault, faults
from tests.repository import Repository, new_repository
from tests.scene import AGAIN, BASE, FIXED, NEAR, RULE, WAIVE

Parameters: TypeAlias = Mapping[str, str | int]
Body: TypeAlias = Mapping[str, object] | None


class Killed(BaseException):
    """What ends a run in the middle; nothing of ours catches it."""


@dataclass(frozen=True)
class Stage:
    """A repository whose commits every trial may use: each is made once.

    Attributes:
        heads: name to commit; all of them grow from main.
    """

    repo: Repository
    heads: Mapping[str, str]
    folder: Path

    def run(self, github: FakeGitHub) -> Ran:
        """Run the action once."""
        return run(github, self.folder, workspace=self.repo.path)


def stage(folder: Path) -> Stage:
    """Make the repository."""
    repo = new_repository(folder / "repo")
    repo.commit({RULE: BASE})
    heads = {}
    for name, text in {"broken": NEAR, "fixed": FIXED, "again": AGAIN}.items():
        repo.git("checkout", "--quiet", "-B", "topic")
        heads[name] = repo.commit({RULE: text}, name)
    return Stage(repo, heads, folder)


@dataclass(frozen=True)
class Story:
    """What happened before the run that something goes wrong in."""

    name: str
    prepare: Callable[[Stage, FakeGitHub], None]


def _first(at: Stage, github: FakeGitHub) -> None:
    github.open_pull(1, head=at.heads["broken"])


def _fix(at: Stage, github: FakeGitHub) -> None:
    _first(at, github)
    at.run(github)
    (number,) = github.hub.inline
    github.reply_to_inline_as("grace", number, "Oh.")
    github.push(at.heads["fixed"])


def _breaks(at: Stage, github: FakeGitHub) -> None:
    github.open_pull(1, head=at.heads["fixed"])
    at.run(github)
    github.push(at.heads["again"])


def _waive(at: Stage, github: FakeGitHub) -> None:
    _first(at, github)
    github.set_permission("grace", "write")
    at.run(github)
    github.label_as("grace", WAIVE)


def _refuse(at: Stage, github: FakeGitHub) -> None:
    _first(at, github)
    at.run(github)
    github.label_as("mallory", WAIVE)


def _unwaive(at: Stage, github: FakeGitHub) -> None:
    _waive(at, github)
    at.run(github)
    github.push(at.heads["again"])


def _recheck(at: Stage, github: FakeGitHub) -> None:
    _breaks(at, github)
    github.label_as("grace", "governance: recheck")


STORIES = (
    Story("first run", _first),
    Story("push that fixes", _fix),
    Story("push that breaks", _breaks),
    Story("waiver", _waive),
    Story("refused waiver", _refuse),
    Story("waiver that ends", _unwaive),
    Story("recheck", _recheck),
)


def picture(github: FakeGitHub) -> str:
    """What GitHub holds, as text; addresses of this very fake and the statuses of older heads apart."""
    state = github.state()
    tip = state_of_head(github)
    state["statuses"] = {name: each for name, each in state["statuses"].items() if name.startswith(tip)}
    return json.dumps(state, indent=1, sort_keys=True).replace(github.server_url, "")


def lasting(github: FakeGitHub) -> str:
    """The same without what a run leaves for good and rightly so, though the pull request changed meanwhile.

    These are labels that the repository has now and the pull request does not bear, and the status under the name of
    another base branch.
    """
    state = json.loads(picture(github))
    pull = github.hub.issues[1].pull
    assert pull is not None
    on = state["issues"]["1"]["labels"]
    state["labels"] = {name: each for name, each in state["labels"].items() if name in on}
    state["statuses"] = {name: each for name, each in state["statuses"].items() if name.endswith(f": {pull.base_ref}")}
    return json.dumps(state, indent=1, sort_keys=True)


def state_of_head(github: FakeGitHub) -> str:
    """The head of pull request 1."""
    pull = github.hub.issues[1].pull
    assert pull is not None
    return pull.head_sha


@dataclass(frozen=True)
class Clean:
    """What a story comes to when nothing goes wrong: the calls of its run, and the end."""

    calls: int
    end: str
    lasting: str


Act: TypeAlias = Callable[[Stage, FakeGitHub], object]


def nothing(_at: Stage, _github: FakeGitHub) -> None:
    """Nothing happens."""


def clean(at: Stage, story: Story, meanwhile: Act = nothing, *, page_size: int | None = None) -> Clean:
    """Play a story without a fault; what happens meanwhile in others happens before the run."""
    with FakeGitHub(at.repo.path) as github:
        github.page_size = page_size
        story.prepare(at, github)
        github.forget()
        meanwhile(at, github)
        at.run(github)
        calls = len(github.calls) if meanwhile is nothing else clean(at, story, page_size=page_size).calls
        end = picture(github)
        at.run(github)
        assert picture(github) == end, "a second clean run changes nothing"
        return Clean(calls, end, lasting(github))


def trial(at: Stage, story: Story, fault: Fault, number: int, *, page_size: int | None = None) -> str:
    """Play a story, let something go wrong at a call of its run, run once more, and return the end."""
    with FakeGitHub(at.repo.path) as github:
        github.page_size = page_size
        story.prepare(at, github)
        github.forget()
        github.fail(fault, at=number)
        attempt(at, github)
        github.forget()
        at.run(github)
        return picture(github)


def crossed(at: Stage, story: Story, meanwhile: Act, number: int) -> str:
    """Play a story; at a call of its run something happens, and another run does all of its work; return the end."""
    with FakeGitHub(at.repo.path) as github:
        story.prepare(at, github)
        github.forget()

        def other() -> None:
            meanwhile(at, github)
            at.run(github)

        github.fail(faults.moved(other), at=number)
        with pytest.MonkeyPatch.context() as patch:
            for each in vars(Thread).values():
                if isinstance(each, cached_property) and hasattr(each, "lock"):
                    # Python 3.11 lets one thread at a time work such a value out; two runs are two processes
                    patch.setattr(each, "lock", nullcontext())
            at.run(github)
        return lasting(github)


def killed(at: Stage, story: Story, number: int, *, after: bool) -> str:
    """Play a story whose run ends at a call, before it is sent or after it was answered; run again."""
    with FakeGitHub(at.repo.path) as github:
        story.prepare(at, github)
        once = Client._once
        calls = count(1)

        def dying(self: Client, verb: str, path: str, parameters: Parameters, body: Body) -> object:
            last = next(calls) == number
            if last and not after:
                raise Killed
            answer = once(self, verb, path, parameters, body)
            if last:
                raise Killed
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Client, "_once", dying)
            with pytest.raises(Killed):
                at.run(github)
        at.run(github)
        return picture(github)


def attempt(at: Stage, github: FakeGitHub) -> None:
    """Run, and come back whatever happens: the next run is what counts."""
    try:
        at.run(github)
    except RulewardError:
        return


@dataclass
class Table:
    """How often each thing went wrong, and how often the end was right all the same."""

    tried: Counter[str] = field(default_factory=Counter)
    converged: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def add(self, name: str, where: str, end: str, wanted: str) -> None:
        """Count one trial."""
        self.tried[name] += 1
        if end == wanted:
            self.converged[name] += 1
        else:
            self.lost.append(f"{where}: {difference(end, wanted)}")

    def __str__(self) -> str:
        """Show it, a line each, and the sum."""
        width = max(map(len, [*self.tried, "together"]))
        rows = [(name, number, self.converged[name]) for name, number in self.tried.items()]
        rows.append(("together", sum(self.tried.values()), sum(self.converged.values())))
        return "\n".join(
            [f"{'what goes wrong':{width}}   tried converged", *(f"{a:{width}} {b:7} {c:9}" for a, b, c in rows)]
        )


def difference(end: str, wanted: str) -> str:
    """Say in a few lines how two ends differ."""
    import difflib

    lines = difflib.unified_diff(wanted.splitlines(), end.splitlines(), lineterm="", n=0)
    return "\n".join(line[:200] for line in lines)[:2000]


def every(calls: int, kinds: tuple[Fault, ...] = faults.EVERY) -> Iterator[tuple[Fault, int]]:
    """Yield every fault at every call."""
    for number in range(1, calls + 1):
        for fault in kinds:
            yield fault, number


__all__ = [
    "STORIES",
    "Act",
    "Clean",
    "Killed",
    "Stage",
    "Story",
    "Table",
    "attempt",
    "clean",
    "crossed",
    "difference",
    "every",
    "killed",
    "lasting",
    "nothing",
    "picture",
    "stage",
    "state_of_head",
    "trial",
]
