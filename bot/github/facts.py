"""What GitHub holds of a pull request: read once before anything is judged, the rest only when it matters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from bot.github.client import Client, GitHubError, Json, RefusedError
from bot.github.identity import Identity, same_login
from bot.model import is_table

_GITHUB = "web-flow"  # who commits what is done on GitHub's pages
_FREE = frozenset({"clean", "has_hooks", "unstable"})  # the states in which GitHub merges; the others tell nothing
_FORBIDDEN = 403
_APART = "No common ancestor"  # of two commits, in place of a comparison: a 404
_COMPARED = 300  # files that a comparison lists at most
_COMPARING = 3  # attempts: where a diff takes GitHub too long, it does so each time
_RUN = re.compile(r"/actions/runs/([0-9]{1,18})(?:\?pr=[0-9]+)?\Z")
_ABOUT = re.compile(r"(?:/actions/runs/[0-9]+\?pr=|/pull/)([0-9]{1,18})\Z")
# what makes another change of a pull request without a commit that is new to it
_MOVES = frozenset(
    {"head_ref_force_pushed", "base_ref_force_pushed", "base_ref_changed", "automatic_base_change_succeeded"}
)
_HUNK = re.compile(r"^@@ -[0-9,]+ \+([0-9]+)(?:,([0-9]+))? @@", re.MULTILINE)
_LATE = (1.0, 2.0, 4.0)  # seconds until a comment that is counted has to be listed too
_STILL = 2  # waits that bring nothing, after which nothing comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user or an app; ``login`` is empty for an account that is gone."""

    login: str
    bot: bool

    def named(self, login: str) -> bool:
        """Tell whether this is who bears a name."""
        return same_login(self.login, login)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request as it is right now.

    Attributes:
        fork: whether its head is in another repository, or in one that is gone.
        labels: name to colour (six hex digits).
        comments: how many comments it has; ``inline`` how many on lines of its diff.
        commits: how many commits it has.
        free: whether GitHub would merge it as it stands, so that no status is missing that is required.
    """

    number: int
    title: str
    author: Person
    open: bool
    draft: bool
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    fork: bool
    labels: Mapping[str, str]
    comments: int
    inline: int
    files: int
    commits: int
    free: bool = True

    def moved(self, later: Pull) -> bool:
        """Tell whether a later reading shows other commits or another base branch."""
        return (self.head_sha, self.base_ref, self.open) != (later.head_sha, later.base_ref, later.open)

    def same(self, later: Pull) -> bool:
        """Tell whether a later reading would be judged alike, as far as the labels do not matter."""
        return not self.moved(later) and self._told == later._told

    @property
    def _told(self) -> object:
        return self.base_sha, self.draft, self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment of the conversation.

    Attributes:
        created: ISO 8601 in UTC, as GitHub writes it; these compare as text.
        edited: whether anybody changed it since.
    """

    number: int
    body: str
    author: Person
    created: str
    edited: bool
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """A comment on a line of the diff.

    Attributes:
        line: in the head's file; None where the line is no longer part of the diff.
        first: the first of several lines, None for one line alone.
        parent: the comment that it replies to.
    """

    number: int
    body: str
    author: Person
    path: str
    line: int | None
    first: int | None
    parent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A commit status.

    Attributes:
        run: the number of the run that its link leads to, 0 for none; one that began later has a higher number.
        about: the number of the pull request that its link names, for a commit may be the head of several; 0 for none.
            None where there is no link: all of ours have one, and a server that keeps none cannot tell them apart.
    """

    context: str
    state: str
    description: str
    author: Person
    created: str
    run: int = 0
    about: int | None = 0

    def says(self, state: str, description: str) -> bool:
        """Tell whether setting this again would change nothing."""
        return (self.state, self.description) == (state, description)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEvent:
    """A label that was put on or taken off; in order of time."""

    label: str
    on: bool
    actor: Person
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit of a pull request.

    Attributes:
        people: the logins of who wrote and committed it; one that GitHub ties to no account is nobody's.
        parents: their ids.
        signed: whether GitHub committed it itself, by a button or in its editor, which its signature proves.
    """

    sha: str
    people: frozenset[str]
    parents: tuple[str, ...]
    signed: bool


def read_pull(data: Json) -> Pull:
    """Read ``GET pulls/{n}``."""
    return Pull(
        number=int(data["number"]),
        title=str(data.get("title") or ""),
        author=read_person(data.get("user")),
        open=data.get("state") == "open",
        draft=bool(data.get("draft")),
        base_ref=str(data["base"]["ref"]),
        base_sha=str(data["base"]["sha"]),
        head_ref=str(data["head"]["ref"]),
        head_sha=str(data["head"]["sha"]),
        fork=_place(data["head"]) != _place(data["base"]),
        labels={str(each["name"]): str(each.get("color") or "") for each in data.get("labels") or ()},
        comments=int(data.get("comments") or 0),
        inline=int(data.get("review_comments") or 0),
        files=int(data.get("changed_files") or 0),
        commits=int(data.get("commits") or 0),
        free=data.get("mergeable_state", "clean") in _FREE,
    )


def _place(end: Json) -> object:
    """The repository that an end of a pull request is in."""
    place = end.get("repo")
    return place.get("full_name") if is_table(place) else None


def read_comment(data: Json) -> Comment:
    """Read a comment of the conversation."""
    return Comment(
        number=int(data["id"]),
        body=str(data.get("body") or ""),
        author=read_person(data.get("user")),
        created=str(data["created_at"]),
        edited=data.get("updated_at") != data.get("created_at"),
        url=str(data.get("html_url") or ""),
    )


def read_inline(data: Json) -> Inline:
    """Read a comment on a line."""
    return Inline(
        number=int(data["id"]),
        body=str(data.get("body") or ""),
        author=read_person(data.get("user")),
        path=str(data.get("path") or ""),
        line=data.get("line"),
        first=data.get("start_line"),
        parent=data.get("in_reply_to_id"),
    )


def read_status(data: Json) -> Status:
    """Read a commit status."""
    link = str(data.get("target_url") or "")
    return Status(
        context=str(data.get("context") or ""),
        state=str(data.get("state") or ""),
        description=str(data.get("description") or ""),
        author=read_person(data.get("creator")),
        created=str(data["created_at"]),
        run=_number(_RUN, link),
        about=_number(_ABOUT, link) if link else None,
    )


def _number(pattern: re.Pattern[str], link: str) -> int:
    found = pattern.search(link)
    return int(found[1]) if found else 0


def read_commit(data: Json) -> Commit:
    """Read a commit as lists show it."""
    author, committer = (read_person(data.get(role)).login for role in ("author", "committer"))
    facts = data.get("commit")
    proof = facts.get("verification") if is_table(facts) else None
    return Commit(
        sha=str(data["sha"]),
        people=frozenset({author, committer} - {"", _GITHUB}),
        parents=tuple(str(each["sha"]) for each in data.get("parents") or ()),
        signed=committer == _GITHUB and is_table(proof) and proof.get("verified") is True,
    )


def read_person(data: object) -> Person:
    """Read who somebody is."""
    facts = data if is_table(data) else {}
    login = str(facts.get("login") or "")
    return Person(login=login, bot=facts.get("type") == "Bot" or login.endswith("[bot]"))


class Thread:
    """One pull request on GitHub, asked as little as possible: each answer is kept for the run."""

    def __init__(self, client: Client, number: int, *, login: str = "", about: int | None = None) -> None:
        """Read nothing yet.

        Args:
            client: of its repository.
            number: of the pull request.
            login: who the token writes as, empty to ask GitHub when that matters.
            about: the number that the statuses name which are read here, the pull request's unless said.
        """
        self._client = client
        self.number = number
        self.about = number if about is None else about
        self._identity = Identity(client, login)
        self._compared: dict[tuple[str, str], Json] = {}
        self._incomparable: dict[str, GitHubError] = {}
        self._statuses: dict[str, tuple[Status, ...]] = {}
        self._events: tuple[LabelEvent, ...] | None = None
        self.turned = ""  # when it was force-pushed or turned to another base last, as far as events were read

    def taken_for(self, login: str) -> bool:
        """Tell whether the token was taken for somebody else than who it turned out to write as."""
        known = self._identity.taken
        return bool(known) and not same_login(known, login)

    @property
    def mistaken(self) -> bool:
        """Whether something was told to be ours, or not to be, by a name that turned out to be another's."""
        return self._identity.mistaken

    def fresh(self, login: str = "") -> Thread:
        """Return the same pull request with nothing read yet but what never changes.

        Args:
            login: who the token writes as, where that turned out.
        """
        made = Thread(self._client, self.number)
        made._identity = Identity(self._client, login) if login else self._identity
        made._identity.mistaken = False
        made._compared, made._incomparable = self._compared, self._incomparable
        return made

    def now(self) -> Pull:
        """Read the pull request as it is at this moment.

        Raises:
            RefusedError: the token may not, and then nothing can be reviewed.
        """
        try:
            return read_pull(self._client.get(f"/pulls/{self.number}"))
        except RefusedError as error:
            if error.code != _FORBIDDEN:
                raise
            told = f"{error}. The token has to have `pull-requests: write`; nothing works without it"
            raise RefusedError(told, error.code, error.said) from error

    @cached_property
    def pull(self) -> Pull:
        """The pull request as it was at the first look."""
        return self.now()

    @property
    def seen(self) -> tuple[Pull | None, str | None]:
        """The pull request and the tip of its base branch, as far as they were read: nothing is asked."""
        return self.__dict__.get("pull"), self.__dict__.get("base_tip")

    def login(self, authors: Iterable[Person]) -> str:
        """Return who the token writes as, to tell which of these authors that is.

        Where there is none nothing is asked, and the answer is empty. Who put labels on tells of an app of one's own as
        well, as far as that was read; unlike a comment, nobody can delete it.
        """
        names = [each.login for each in authors]
        return self._identity.name((*names, *(each.actor.login for each in self._events or ()))) if names else ""

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """The comments of the conversation; asked for whatever GitHub counts, for a count may lag behind."""
        return self.list_comments(self.pull.comments)

    def list_comments(self, least: int = 0) -> tuple[Comment, ...]:
        """Read all comments; ``least`` is how many GitHub counts, for a new one may be listed late."""
        path = f"/issues/{self.number}/comments"
        return tuple(map(read_comment, self._patient(path, least)))

    @cached_property
    def inline(self) -> tuple[Inline, ...]:
        """The comments on lines."""
        return self.list_inline(self.pull.inline)

    def list_inline(self, least: int = 0) -> tuple[Inline, ...]:
        """Read all comments on lines; ``least`` as above."""
        return tuple(map(read_inline, self._patient(f"/pulls/{self.number}/comments", least)))

    def _patient(self, path: str, least: int) -> list[Json]:
        """List what GitHub counts, until two waits brought nothing: what spammers wrote is counted and never listed."""
        found = self._client.pages(path)
        still = 0
        for seconds in _LATE:
            if len(found) >= least or still == _STILL:
                break
            before = len(found)
            self._client.pause(seconds)
            found = self._client.pages(path)
            still = still + 1 if len(found) == before else 0
        return found

    def statuses(self, sha: str, context: str) -> tuple[Status, ...]:
        """Read our own statuses of a commit and a context that are about this pull request, the newest first."""
        found = [each for each in self._listed(sha) if each.context == context and self._is_about(each)]
        login = self.login(each.author for each in found)
        return tuple(each for each in found if each.author.named(login))

    def standing(self, sha: str, context: str) -> Status | None:
        """Read the status of a commit that counts: the newest of a context does, and none is told where it is not ours.

        One that is about another pull request is not ours to leave: whoever looks at this one waits for its own, as
        they do after a forced push or a change of the base that is known of: what was said before was said of another.
        """
        return self.newest(self._listed(sha), context)

    def _listed(self, sha: str) -> tuple[Status, ...]:
        """List the statuses of a commit, once; none where the token may not see them, for then it sets none either."""
        if sha not in self._statuses:
            try:
                self._statuses[sha] = self.list_statuses(sha)
            except RefusedError as error:
                if not error.not_permitted:
                    raise
                self._statuses[sha] = ()
        return self._statuses[sha]

    def list_statuses(self, sha: str) -> tuple[Status, ...]:
        """Read all statuses of a commit as they are at this moment, the newest first."""
        return tuple(map(read_status, self._client.pages(f"/commits/{sha}/statuses")))

    def _is_about(self, status: Status) -> bool:
        return status.about in {None, self.about}

    def newest(self, statuses: Iterable[Status], context: str) -> Status | None:
        """Return the newest of a context, None where it is another's, or told of what is not there any more."""
        found = next((each for each in statuses if each.context == context), None)
        if found is None or not self._is_about(found) or found.created <= self.turned:
            return None
        return found if found.author.named(self.login([found.author])) else None

    def overtaken(self, sha: str, context: str, run_url: str) -> bool:
        """Tell whether a run that began after another has set a commit's status, as far as GitHub says that now."""
        try:
            newest = self.newest(self.list_statuses(sha), context)
        except GitHubError:
            return False
        return newest is not None and newest.run > _number(_RUN, run_url) > 0

    def label_events(self, names: Iterable[str]) -> tuple[LabelEvent, ...]:
        """Read who put labels on and took them off, the oldest first, once.

        Args:
            names: labels that are on: each was put on, and an event that is not listed yet is waited for.
        """
        wanted = {name.lower() for name in names}
        events = self._list_events() if self._events is None else self._events
        for seconds in _LATE:
            last = {event.label.lower(): event.on for event in events}
            if all(last.get(name) for name in wanted):
                break
            self._client.pause(seconds)
            events = self._list_events()
        self._events = events
        return events

    def _list_events(self) -> tuple[LabelEvent, ...]:
        listed = self._client.pages(f"/issues/{self.number}/events")
        self.turned = max((str(each["created_at"]) for each in listed if each.get("event") in _MOVES), default="")
        return tuple(
            LabelEvent(
                label=str(each["label"]["name"]),
                on=each["event"] == "labeled",
                actor=_actor(each),
                at=str(each["created_at"]),
            )
            for each in listed
            if each.get("event") in {"labeled", "unlabeled"} and is_table(each.get("label"))
        )

    @cached_property
    def commits(self) -> tuple[Commit, ...] | None:
        """The commits, the oldest first; None where GitHub does not list all of them (it ends at 250)."""
        listed = self._client.pages(f"/pulls/{self.number}/commits")
        return tuple(map(read_commit, listed)) if len(listed) >= self.pull.commits else None

    def permission(self, login: str) -> Mapping[str, bool]:
        """Read what a person may do here: ``{"admin": False, "maintain": …, "push": …, "triage": …, "pull": …}``."""
        try:
            data = self._client.get(f"/collaborators/{login}/permission")
        except RefusedError as error:
            if error.not_permitted:
                return {}
            raise
        user = data.get("user")
        rights = user.get("permissions") if is_table(user) else None
        return {str(key): value is True for key, value in rights.items()} if is_table(rights) else {}

    def repository_labels(self) -> frozenset[str]:
        """Read the names of the repository's labels, in small letters: GitHub's names have no case."""
        return frozenset(str(each["name"]).lower() for each in self._client.pages("/labels"))

    def paths(self) -> tuple[str, ...]:
        """Read which files the pull request touches, under both names where one was renamed.

        The comparison that tells the merge base lists them too, of these very commits; where it may not list all, or
        lists another number than GitHub counts, the files are asked for as well.

        Raises:
            GitHubError: they are not to be had, or the comparison is not.
        """
        listed = list(self._comparison(self.base_tip, self.pull.head_sha).get("files") or ())
        if len(listed) != self.pull.files or not listed or len(listed) >= _COMPARED:
            listed += self._client.pages(f"/pulls/{self.number}/files")
        names = ("filename", "previous_filename")
        return tuple(str(each[name]) for each in listed for name in names if each.get(name))

    @cached_property
    def base_tip(self) -> str:
        """The tip of the base branch as it is now.

        ``base.sha`` of a pull request is that of its last push: what was merged into the base since is not in it. A
        comparison tells the tip with all else; where GitHub cannot make one, the branch itself is asked for.
        """
        pull = self.pull
        branch = quote(pull.base_ref, safe="/")
        try:
            data = self._compare(f"refs/heads/{branch}", pull.head_sha)  # without that a tag might be meant
            tip = str(data["base_commit"]["sha"])
        except (GitHubError, KeyError, TypeError):
            return self._tip(branch) or pull.base_sha
        self._compared[tip, pull.head_sha] = data
        return tip

    def _tip(self, branch: str) -> str:
        """Read where a branch stands, empty where GitHub does not tell."""
        try:
            return str(self._client.get(f"/git/ref/heads/{branch}")["object"]["sha"])
        except (RefusedError, KeyError, TypeError):
            return ""

    def shows(self, path: str, first: int, last: int) -> bool:
        """Tell whether GitHub's own diff shows some lines of a file, as far as a comparison told it: nothing is asked.

        It shows none of a large file, and of one that was moved in from elsewhere only what was edited as well.
        """
        pull, tip = self.seen
        compared: Json = self._compared.get((tip or "", pull.head_sha if pull else ""))
        files: Json = compared.get("files") or () if is_table(compared) else ()
        patch = next((str(each.get("patch") or "") for each in files if each["filename"] == path), None)
        if patch is None:
            return True
        hunks = ((int(each[1]), int(each[1]) + int(each[2] or 1)) for each in _HUNK.finditer(patch))
        return any(start <= first and last < end for start, end in hunks)

    def merge_base(self, base: str, head: str) -> str:
        """Read where two commits part.

        Raises:
            RefusedError: they share no history, or the diff between them is too large for GitHub.
            GitHubError: GitHub could not compare them in time.
        """
        return str(self._comparison(base, head)["merge_base_commit"]["sha"])

    def _comparison(self, base: str, head: str) -> Json:
        """Compare two commits, once."""
        if (base, head) not in self._compared:
            self._compared[base, head] = self._compare(base, head)
        return self._compared[base, head]

    def _compare(self, base: str, head: str) -> Json:
        """Compare a head with something; one commit a page, for the commits are not what is asked for.

        A diff that GitHub could not make is not asked for again, under another name of the base neither; nor is one of
        a head that has no history in common with its base.
        """
        if head in self._incomparable:
            raise self._incomparable[head]
        try:
            return self._client.get(f"/compare/{base}...{head}", attempts=_COMPARING, per_page=1)
        except GitHubError as error:
            if not (isinstance(error, RefusedError) and error.not_permitted and _APART not in error.said):
                self._incomparable[head] = error
            raise


def _actor(event: Json) -> Person:
    """Read who did something; an app that acts for a person is an app."""
    person = read_person(event.get("actor"))
    return Person(login=person.login, bot=person.bot or event.get("performed_via_github_app") is not None)


_MARK = re.compile(r"<!-- ruleward:([a-z]+)\b")


def marked(body: str) -> str:
    """Return which of our marks a body starts with, empty for none: ``review``, ``inline``, ``waiver``, ``audit``."""
    found = _MARK.match(body)
    return found[1] if found else ""


def own(comments: Iterable[Comment], mark: str, thread: Thread) -> tuple[Comment, ...]:
    """Return the comments that bear a mark and that we wrote, the oldest first; a stranger's look-alike is none."""
    ours = [each for each in comments if marked(each.body)]
    bearing = [each for each in ours if marked(each.body) == mark]
    login = thread.login(each.author for each in ours) if bearing else ""
    return tuple(each for each in bearing if each.author.named(login))


__all__ = [
    "Comment",
    "Commit",
    "Inline",
    "LabelEvent",
    "Person",
    "Pull",
    "Status",
    "Thread",
    "marked",
    "own",
    "read_comment",
    "read_commit",
    "read_inline",
    "read_person",
    "read_pull",
    "read_status",
]
