"""Carry writes out; what a token may not write is said once and skipped, the rest still happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from bot.github.client import Client, Json, RefusedError
from bot.github.facts import Comment, Pull, Thread, own, read_comment, read_person
from bot.github.labels import Label
from bot.github.plan import (
    AddLabels,
    CreateComment,
    CreateLabel,
    CreateReview,
    DeleteComment,
    DeleteInline,
    EditComment,
    EditInline,
    InlineWish,
    RecordWaiver,
    RemoveLabel,
    SetStatus,
    StatusWish,
    Surface,
    Write,
    inline_key,
    ours,
    same_text,
)

_NOT_FOUND, _INVALID = 404, 422


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of the writes.

    Attributes:
        done: how many were carried out.
        skipped: surface to the reason why the rest of it was left out.
        comments: how many comments were added less those deleted; ``inline`` likewise.
        created: whether a comment was posted, on a line or not.
        gone: whether something that was to be changed is not there any more.
        url: of the sticky comment, empty where it was not written.
        login: who wrote what was posted, as GitHub says; empty where nothing was.
    """

    done: int = 0
    skipped: dict[Surface, str] = field(default_factory=dict[Surface, str])
    comments: int = 0
    inline: int = 0
    created: bool = False
    gone: bool = False
    url: str = ""
    login: str = ""

    def alone(self, before: Pull, after: Pull) -> bool:
        """Tell by GitHub's counts whether nobody else posted or deleted what this run wrote about.

        Two runs at the same time may both have posted: then a second look finds what is there twice.
        """
        if self.gone:
            return False
        expected = (before.comments + self.comments, before.inline + self.inline)
        return not self.created or (after.comments <= expected[0] and after.inline <= expected[1])


class Publisher:
    """Writes to one pull request, at one head."""

    def __init__(self, client: Client, thread: Thread, head: str, *, link: str = "") -> None:
        """Write nothing yet.

        Args:
            client: of the repository.
            thread: the pull request.
            head: the commit that was reviewed.
            link: where the status leads to, empty for nowhere.
        """
        self._client = client
        self._thread = thread
        self._head = head
        self._link = link
        self.outcome = Outcome()

    def apply(self, writes: Iterable[Write]) -> Outcome:
        """Carry writes out in their order.

        Where a waiver cannot be recorded, nothing after it is written: all of it was decided with the waiver.

        Raises:
            GitHubError: GitHub could not be reached; the next run finishes.
        """
        for write in writes:
            if write.surface in self.outcome.skipped:
                continue
            try:
                self._one(write)
            except RefusedError as error:
                if error.code == _NOT_FOUND and isinstance(write, EditComment | EditInline):
                    self.outcome.gone = True  # deleted since it was read
                    continue
                self.outcome.skipped[write.surface] = plainly(error)
                if write.surface is Surface.WAIVER:
                    break
                continue
            self.outcome.done += 1
        return self.outcome

    def _one(self, write: Write) -> None:  # noqa: C901 - one case a kind of write
        match write:
            case RecordWaiver(body=body):
                self._post(body, lambda: self._find("waiver", body))
            case CreateLabel(label=label):
                ensure_label(self._client, label)
            case AddLabels(names=names):
                self._client.change("POST", f"/issues/{self._thread.number}/labels", {"labels": list(names)})
            case RemoveLabel(name=name):
                self._client.change("DELETE", f"/issues/{self._thread.number}/labels/{quote(name, safe='')}")
            case CreateComment(body=body):
                self.outcome.url = read_comment(self._post(body, lambda: self._find("review"))).url
            case EditComment(number=number, body=body):
                data = self._client.change("PATCH", f"/issues/comments/{number}", {"body": body})
                self.outcome.url = read_comment(data).url
            case DeleteComment(number=number):
                self._client.change("DELETE", f"/issues/comments/{number}")
                self.outcome.comments -= 1
            case DeleteInline(number=number):
                self._client.change("DELETE", f"/pulls/comments/{number}")
                self.outcome.inline -= 1
            case EditInline(number=number, body=body):
                self._client.change("PATCH", f"/pulls/comments/{number}", {"body": body})
            case CreateReview(comments=comments):
                self._review(comments)
            case SetStatus(status=status):
                self._status(status)

    def _post(self, body: str, find: Callable[[], Json]) -> Json:
        made = self._client.create(f"/issues/{self._thread.number}/comments", {"body": body}, find)
        self.outcome.created = True
        self.outcome.comments += 1
        self._wrote(made, "user")
        return made

    def _find(self, mark: str, body: str | None = None) -> dict[str, object] | None:
        """Look for a comment of ours whose POST was not answered."""
        for comment in own(self._thread.list_comments(), mark, self._thread):
            if body is None or same_text(comment.body, body):
                return _as_data(comment)
        return None

    def _review(self, comments: tuple[InlineWish, ...]) -> None:
        """Post one review, which GitHub takes whole or not at all.

        A comment on lines that its own diff does not show would take the others with it: then they are posted without.
        """
        try:
            self._post_review(comments)
        except RefusedError as error:
            shows = self._thread.shows
            shown = tuple(each for each in comments if shows(each.path, each.first or each.line, each.line))
            if error.code != _INVALID or not shown or len(shown) == len(comments):
                raise
            self._post_review(shown)
            left_out = sorted({each.path for each in comments if each not in shown})
            self.outcome.skipped[Surface.INLINE] = f"GitHub does not show these lines of {', '.join(left_out)}"

    def _post_review(self, comments: tuple[InlineWish, ...]) -> None:
        body = {
            "commit_id": self._head,
            "event": "COMMENT",
            "comments": [_as_comment(each) for each in comments],
        }
        keys = {each.key for each in comments}

        def find() -> object:
            listed = [each for each in self._thread.list_inline() if inline_key(each.body)]
            there = {key for _, key, _ in ours(listed, self._thread.login(each.author for each in listed))}
            return {} if keys <= there else None

        self._wrote(self._client.create(f"/pulls/{self._thread.number}/reviews", body, find), "user")
        self.outcome.created = True
        self.outcome.inline += len(comments)

    def _status(self, wish: StatusWish) -> None:
        body = {"state": wish.state, "context": wish.context, "description": wish.description}
        if self._link:
            body["target_url"] = self._link
        thread = self._thread

        def find() -> object:
            newest = thread.newest(thread.list_statuses(self._head), wish.context)
            return {} if newest is not None and newest.says(wish.state, wish.description) else None

        self._wrote(self._client.create(f"/statuses/{self._head}", body, find), "creator")

    def _wrote(self, made: Json, role: str) -> None:
        """Note who wrote what was posted; what had to be looked for does not say."""
        self.outcome.login = read_person(made.get(role)).login or self.outcome.login


def ensure_label(client: Client, label: Label) -> None:
    """Create a label in the repository, unless it has it.

    Raises:
        RefusedError: the token may not create labels.
    """
    body = {"name": label.name, "color": label.color, "description": label.description}
    try:
        client.change("POST", "/labels", body)
    except RefusedError as error:
        if error.code != _INVALID or "already_exists" not in str(error):
            raise


def _as_comment(wish: InlineWish) -> dict[str, object]:
    """A comment of a review; GitHub refuses a first line that is the last."""
    made: dict[str, object] = {"path": wish.path, "line": wish.line, "side": "RIGHT", "body": wish.body}
    if wish.first is not None and wish.first < wish.line:
        made |= {"start_line": wish.first, "start_side": "RIGHT"}
    return made


def _as_data(comment: Comment) -> dict[str, object]:
    return {
        "id": comment.number,
        "body": comment.body,
        "created_at": comment.created,
        "updated_at": comment.created,
        "html_url": comment.url,
    }


def plainly(error: RefusedError) -> str:
    """Say why something was not written, in GitHub's own words."""
    return f"the token may not write it ({error.said})" if error.not_permitted else str(error)


__all__ = ["Outcome", "Publisher", "ensure_label", "plainly"]
