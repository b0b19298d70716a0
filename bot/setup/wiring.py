"""Whether a workflow gives Ruleward what it needs, and no more: pure, text in, lines out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from bot.setup.document import NotYamlError, Value, read

TYPES = ("opened", "synchronize", "reopened", "edited", "labeled", "unlabeled", "ready_for_review")
"""What makes a review out of date, so that it has to run again."""

_USUAL_TYPES = ("opened", "synchronize", "reopened")  # where a workflow names none
_PULLS = ("pull_request_target", "pull_request")
_QUEUE = "merge_group"
_AUDITS = ("schedule", "workflow_dispatch")
_REVIEW_NEEDS = {"contents": "read", "pull-requests": "write", "issues": "write", "statuses": "write"}
_AUDIT_NEEDS = {"contents": "read", "issues": "write"}
_FILTERS = ("paths", "paths-ignore")
_ACTION = re.compile(r"[\w.-]+/ruleward@(?P<version>.*)", re.DOTALL)
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_RELEASE = re.compile(r"v\d+\.\d+\.\d+")
_CHECKOUT = re.compile(r"[\w.-]+/checkout@")
_OF_THE_HEAD = re.compile(r"\bhead\b|head_ref|head\.|refs/pull|merge_commit_sha|pull_request\.number|event\.number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was looked at.

    Attributes:
        good: whether nothing has to change.
        text: what is right, or what is wrong and what to do.
        place: ``file:line``, empty where there is none.
        note: of what is good, whether it is worth knowing all the same.
    """

    good: bool
    text: str
    place: str = ""
    note: bool = False

    def __str__(self) -> str:
        """Write it as one line."""
        mark = "note" if self.note else "ok" if self.good else "wrong"
        return f"{mark:5}  {f'{self.place}: ' if self.place else ''}{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One step that runs Ruleward, where it stands."""

    path: str
    root: Value
    job: Value
    step: Value
    events: dict[str, Value] = field(default_factory=dict[str, Value])

    def right(self, text: str) -> Line:
        """Say what is right about it."""
        return Line(good=True, text=text, place=f"{self.path}:{self.step.line}")

    def wrong(self, line: int, text: str) -> Line:
        """Say what is wrong, and on which line."""
        return Line(good=False, text=text, place=f"{self.path}:{line}")

    @property
    def pulls(self) -> list[str]:
        """The events of pull requests that it runs on."""
        return [each for each in _PULLS if each in self.events]

    @property
    def audits(self) -> bool:
        """Whether it audits and does not review."""
        command = self.step.get("with", "command")
        return (command is not None and command.text == "audit") or not (self.pulls or self.queued)

    @property
    def writes(self) -> bool:
        """Whether it is more than a dry run."""
        dry = self.step.get("with", "dry-run")
        return dry is None or dry.text.lower() != "true"

    @property
    def queued(self) -> bool:
        """Whether it runs in a merge queue."""
        return _QUEUE in self.events


def uses_of(path: str, text: str, *, own: bool = False) -> tuple[list[Use], list[Line]]:
    """Find the steps of a workflow that run Ruleward; a file that is no YAML is a line.

    Args:
        path: of the workflow.
        text: of it.
        own: whether this is Ruleward's own repository, where the action is a folder of the workspace.
    """
    try:
        root = read(text)
    except NotYamlError as error:
        what = f"not YAML: {error}; GitHub runs nothing of this file"
        return [], [Line(good=False, text=what, place=f"{path}:{error.line}")]
    events = _events(root)
    jobs = root.get("jobs")
    found = [
        Use(path=path, root=root, job=job, step=step, events=events)
        for _, job in (jobs.items() if jobs else ())
        for step in _steps(job)
        if _ACTION.fullmatch(_uses(step)) or (own and _uses(step) in {"./", "$/"})
    ]
    return found, []


def queue_wanted(text: str) -> bool:
    """Tell whether a workflow runs in a merge queue; one that cannot be read does not."""
    try:
        return _QUEUE in _events(read(text))
    except NotYamlError:
        return False


def check(use: Use, *, inputs: Collection[str], queue: bool) -> list[Line]:
    """Look at everything about one step that runs Ruleward.

    Args:
        use: the step.
        inputs: that the action knows.
        queue: whether other workflows run in a merge queue, and Ruleward in none.
    """
    lines = [line for look in (_WRITING if use.writes else ()) for line in look(use)]
    lines += [*_checkout(use), *_pin(use), *_inputs(use, inputs)]
    if use.writes and not use.audits:
        lines += [*_queue(use, wanted=queue), *_status(use)]
    return lines


def _events(root: Value) -> dict[str, Value]:
    on = root.get("on")
    if on is None:
        return {}
    mapped = dict(on.items())
    return mapped or dict.fromkeys(on.words(), on)


def _steps(job: Value) -> Iterator[Value]:
    steps = job.get("steps")
    if steps:
        yield from steps.list()


def _uses(step: Value) -> str:
    uses = step.get("uses")
    return uses.text if uses else ""


# --- one look each ----------------------------------------------------------------------------------------------------


def _triggers(use: Use) -> Iterator[Line]:
    if use.audits:
        known = [each for each in _AUDITS if each in use.events]
        if known:
            yield use.right(f"audits on {' and '.join(known)}")
        else:
            where = use.root.get("on") or use.root
            yield use.wrong(
                where.line,
                "runs on no event that Ruleward knows: give it `pull_request_target` to review, `schedule` to audit",
            )
        return
    if len(use.pulls) > 1:
        second = use.events[_PULLS[1]]
        yield use.wrong(
            second.line, "runs twice for each pull request: keep `pull_request_target` or `pull_request`, not both"
        )
    for name in use.pulls:
        yield from _types(use, name)


def _types(use: Use, name: str) -> Iterator[Line]:
    event = use.events[name]
    given = event.get("types")
    have = given.words() if given else _USUAL_TYPES
    missing = [each for each in TYPES if each not in have]
    if missing:
        line = given.line if given else event.line
        wanted = ", ".join(TYPES)
        yield use.wrong(line, f"`{name}` lacks {', '.join(missing)}: set `types: [{wanted}]`")
    else:
        yield use.right(f"reviews on every change of a {name}")
    for each in _FILTERS:
        narrowed = event.get(each)
        if narrowed:
            yield use.wrong(
                narrowed.line,
                f"`{each}` keeps the run from some pull requests, whose required status then never comes: remove it",
            )


def _permissions(use: Use) -> Iterator[Line]:
    given = use.job.get("permissions") or use.root.get("permissions")
    needs = _AUDIT_NEEDS if use.audits else _REVIEW_NEEDS
    block = ", ".join(f"{name}: {level}" for name, level in needs.items())
    if given is None:
        yield use.wrong(use.job.line, f"no `permissions`, so the repository's default holds: give the job {block}")
        return
    if given.text:
        yield use.wrong(given.line, f"`permissions: {given.text}` is not what Ruleward needs: give the job {block}")
        return
    have = {name: value.text for name, value in given.items()}
    lacking = [f"{name}: {level}" for name, level in needs.items() if have.get(name) not in {level, "write"}]
    if lacking:
        yield use.wrong(given.line, f"the token lacks {', '.join(lacking)}: add it to `permissions`")
    for name, value in given.items():
        if value.text == "write" and needs.get(name) != "write":
            allowed = needs.get(name, "none")
            yield use.wrong(value.line, f"`{name}: write` is more than Ruleward needs: make it `{allowed}`")
    if not lacking and all(each.text != "write" or needs.get(name) == "write" for name, each in given.items()):
        yield use.right("the token may do what is needed, and no more")


def _concurrency(use: Use) -> Iterator[Line]:
    given = use.job.get("concurrency") or use.root.get("concurrency")
    if given is None:
        key = "ruleward-audit" if use.audits else "ruleward-${{ github.event.pull_request.number || github.ref }}"
        yield use.wrong(use.job.line, f"two runs may write at once: add `concurrency` with the group `{key}`")
        return
    group = given.get("group") or given
    cancels = given.get("cancel-in-progress")
    good = True
    if use.pulls and not use.audits and "number" not in group.text:
        good = False
        yield use.wrong(
            group.line,
            "the concurrency group is not one a pull request, so runs of others cancel those that wait: "
            "put `${{ github.event.pull_request.number || github.ref }}` into it",
        )
    if cancels is not None and cancels.text != "false":
        good = False
        yield use.wrong(cancels.line, "a run may be cut off between two writes: set `cancel-in-progress: false`")
    if good:
        yield use.right("one run at a time" if use.audits else "one run a pull request at a time, never cut off")


def _conditions(use: Use) -> Iterator[Line]:
    where = use.job.get("if")
    if where:
        yield use.wrong(
            where.line, "a job that its `if` skips counts as passed: remove it, Ruleward decides what there is to do"
        )
    step = use.step.get("if")
    if step:
        yield use.wrong(step.line, "a step that its `if` skips reviews nothing, and the job is green: remove it")
    loose = next((each for each in (use.job, use.step) if each.get("continue-on-error")), None)
    soft = loose.get("continue-on-error") if loose else None
    if soft and soft.text != "false":
        yield use.wrong(soft.line, "`continue-on-error` makes a block look like a pass: remove it")


def _checkout(use: Use) -> Iterator[Line]:
    if "pull_request_target" not in use.events:
        return
    good = True
    for step in _steps(use.job):
        ref = step.get("with", "ref") or step.get("with", "repository")
        if _CHECKOUT.match(_uses(step)) and ref and _OF_THE_HEAD.search(ref.text):
            good = False
            yield use.wrong(
                ref.line,
                "checks out the pull request beside a token that may write, and its code can take that: "
                "remove this step, Ruleward needs no checkout",
            )
    if good:
        yield use.right("nothing of the pull request is checked out")


def _pin(use: Use) -> Iterator[Line]:
    found = _ACTION.fullmatch(_uses(use.step))
    if found is None:
        return
    if _COMMIT.fullmatch(found["version"]):
        yield use.right("the action is pinned to a commit")
        return
    where = use.step.get("uses") or use.step
    ref, release = found["version"], bool(_RELEASE.fullmatch(found["version"]))
    # a signed tag is an object of its own, and `^{}` is the commit that it stands for; a branch has no such line
    text = (
        f"`{ref}` can be moved to other code: {'safer is' if release else 'write'} the commit that "
        f"`git ls-remote https://github.com/{_uses(use.step).partition('@')[0]} {ref} '{ref}^{{}}'` prints last"
    )
    yield Line(good=release, note=release, text=text, place=f"{use.path}:{where.line}")


_WRITING: tuple[Callable[[Use], Iterator[Line]], ...] = (_triggers, _permissions, _concurrency, _conditions)


def _inputs(use: Use, known: Collection[str]) -> Iterator[Line]:
    given = use.step.get("with")
    for name, value in given.items() if given else ():
        if name not in known:
            yield use.wrong(value.line, f"the action has no input `{name}`; known are {', '.join(known)}")


def _queue(use: Use, *, wanted: bool) -> Iterator[Line]:
    if use.queued:
        yield use.right("answers a merge queue")
    elif wanted:
        where = use.root.get("on") or use.root
        yield use.wrong(
            where.line,
            "another workflow runs in a merge queue, this one does not, so its status never comes there: "
            "add `merge_group`",
        )


def _status(use: Use) -> Iterator[Line]:
    status = use.step.get("with", "status")
    if status is not None and status.text.lower() == "false":
        text = "without the commit status no `waive:` label counts, and the job is all there is to require"
        yield Line(good=True, note=True, text=text, place=f"{use.path}:{status.line}")


__all__ = ["TYPES", "Line", "Use", "check", "queue_wanted", "uses_of"]
