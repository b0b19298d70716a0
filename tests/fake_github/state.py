"""What GitHub holds: people, issues, pull requests, comments, labels, statuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from tests.fake_github.budget import Budget
from tests.fake_github.clock import Clock
from tests.fake_github.repository import GitData

ROLES = ("none", "read", "triage", "write", "maintain", "admin")
GREY = "ededed"


@dataclass(slots=True, kw_only=True, eq=False)
class Person:
    """An account; ``role`` is what it may do here."""

    id: int
    login: str
    kind: str = "User"
    role: str = "none"
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Who somebody is to the API, and what the token allows."""

    person: Person
    app: bool
    permissions: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True, eq=False)
class Record:
    """Something written at a time; ``hidden`` is how many lists will not show it yet."""

    id: int
    created: datetime
    updated: datetime
    hidden: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class Label:
    """A label of the repository."""

    id: int
    name: str
    color: str = GREY
    description: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Pull:
    """What a pull request has beyond its issue; ``owner`` is the account its head lives under."""

    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    owner: str
    fork: bool = False
    fork_deleted: bool = False
    draft: bool = False
    merged: datetime | None = None
    merged_by: Person | None = None
    merge_sha: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Issue(Record):
    """An issue, or a pull request."""

    number: int
    title: str
    body: str | None
    author: Person
    labels: list[Label] = field(default_factory=list)
    closed: datetime | None = None
    reason: str | None = None
    pull: Pull | None = None

    @property
    def state(self) -> str:
        """Open or closed."""
        return "closed" if self.closed else "open"

    @property
    def as_pull(self) -> Pull:
        """What it has as a pull request."""
        if self.pull is None:
            raise TypeError(f"#{self.number} is no pull request")
        return self.pull


@dataclass(slots=True, kw_only=True, eq=False)
class Comment(Record):
    """A comment in the conversation."""

    issue: Issue
    author: Person
    body: str


@dataclass(slots=True, kw_only=True, eq=False)
class Review(Record):
    """A review; its inline comments name it."""

    issue: Issue
    author: Person
    body: str
    state: str
    commit: str


@dataclass(slots=True, kw_only=True, eq=False)
class Inline(Record):
    """A comment on a line; ``line`` is None once a push has touched what it is about."""

    issue: Issue
    review: Review
    author: Person
    body: str
    path: str
    commit: str
    original_commit: str
    hunk: str
    subject: str = "line"
    side: str = "RIGHT"
    line: int | None = None
    original_line: int | None = None
    start_side: str | None = None
    start_line: int | None = None
    original_start_line: int | None = None
    position: int | None = None
    original_position: int | None = None
    reply_to: int | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Event(Record):
    """Something that happened to an issue."""

    issue: Issue
    actor: Person
    kind: str
    label: tuple[str, str] | None = None
    renamed: tuple[str, str] | None = None
    commit: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Status(Record):
    """A commit status; a newer one of the same context replaces it."""

    sha: str
    state: str
    context: str
    description: str | None
    target: str | None
    creator: Person


_Record = TypeVar("_Record", bound=Record)


@dataclass(kw_only=True)
class Hub:
    """The whole of it.

    Attributes:
        owner: the organisation that the repository belongs to.
        name: the repository's name.
        private: a token reads only what its permissions name.
        root: the API's address, without a slash at its end.
        web: the address that pages for people stand under.
        required: the contexts that have to be there, and good, before anything is merged.
        hide: how many lists will not show what is written now.
        signed: the commits that GitHub made itself, and signed.
    """

    owner: str
    name: str
    private: bool
    git: GitData
    clock: Clock
    budget: Budget
    root: str = ""
    web: str = ""
    hide: int = 0
    required: set[str] = field(default_factory=set)
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    reviews: dict[int, Review] = field(default_factory=dict)
    inline: dict[int, Inline] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    signed: set[str] = field(default_factory=set)
    _last_id: int = 1000

    @property
    def full_name(self) -> str:
        """Owner and name."""
        return f"{self.owner}/{self.name}"

    @property
    def api(self) -> str:
        """The address of the repository in the API."""
        return f"{self.root}/repos/{self.full_name}"

    def new_id(self) -> int:
        """Return a number greater than any before."""
        self._last_id += 1
        return self._last_id

    def person(self, login: str) -> Person:
        """Return an account, made if nobody spoke of it before."""
        key = login.lower()
        if key not in self.people:
            kind = "Bot" if login.endswith("[bot]") else "User"
            self.people[key] = Person(id=self.new_id(), login=login, kind=kind)
        return self.people[key]

    def written(self) -> dict[str, object]:
        """Let a second pass, and return what every new record starts with."""
        now = self.clock.tick()
        return {"id": self.new_id(), "created": now, "updated": now, "hidden": self.hide}

    def next_number(self) -> int:
        """Return the number of the next issue."""
        return max(self.issues, default=0) + 1

    def label(self, name: str) -> Label | None:
        """Find a label; case does not count."""
        return self.labels.get(name.lower())

    def happened(self, issue: Issue, actor: Person, kind: str, **more: object) -> None:
        """Write an event down."""
        self.events.append(record(Event, self.written(), issue=issue, actor=actor, kind=kind, **more))

    def put_label(self, issue: Issue, label: Label, actor: Person) -> None:
        """Add a label; one that is there already makes no event."""
        if label not in issue.labels:
            issue.labels.append(label)
            self.happened(issue, actor, "labeled", label=(label.name, label.color))
            issue.updated = self.clock.now

    def take_label(self, issue: Issue, label: Label, actor: Person) -> None:
        """Take a label off."""
        issue.labels.remove(label)
        self.happened(issue, actor, "unlabeled", label=(label.name, label.color))
        issue.updated = self.clock.now

    def set_state(self, issue: Issue, state: str, actor: Person, reason: str | None = None) -> None:
        """Close or reopen an issue."""
        if state == issue.state:
            return
        self.happened(issue, actor, "closed" if state == "closed" else "reopened")
        issue.closed = self.clock.now if state == "closed" else None
        issue.reason = (reason or "completed") if state == "closed" else "reopened"
        issue.updated = self.clock.now

    def edited(self, each: Record) -> None:
        """Note that something was written again."""
        each.updated = self.clock.tick()

    def of_issue(self, records: Iterable[_Record], issue: Issue) -> Iterator[_Record]:
        """Yield what belongs to an issue."""
        return (each for each in records if getattr(each, "issue", None) is issue)


def visible(records: Iterable[_Record]) -> list[_Record]:
    """Return what a list shows now; each list brings what is hidden one step nearer."""
    shown = []
    for each in records:
        if each.hidden:
            each.hidden -= 1
        else:
            shown.append(each)
    return shown


def record(kind: type[_Record], start: dict[str, object], /, **more: object) -> _Record:
    """Make a record of what it starts with and what it says."""
    return kind(**start, **more)  # type: ignore[arg-type]  # the dataclass checks the names
