"""What GitHub should hold, beside what it holds, to the writes in between: pure, and what a dry run prints."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeAlias

from bot.github.facts import Comment, Inline, LabelEvent, Status
from bot.github.labels import Label


class Surface(StrEnum):
    """Where the bot writes; each can be switched off, and each may be forbidden to a token."""

    WAIVER = "waiver"
    LABELS = "labels"
    COMMENT = "comment"
    INLINE = "inline"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineWish:
    """A comment on lines of the diff.

    Attributes:
        key: what it is about; one comment a key.
        line: the last line, in the head's file.
        first: the first of several lines, None for one line alone.
    """

    key: str
    path: str
    line: int
    first: int | None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWish:
    """A commit status; the state is success, failure or error."""

    context: str
    state: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What should be there after a run.

    Attributes:
        comment: what the sticky comment says, None to leave it alone.
        wanted: whether a comment that is not there yet is worth creating.
        change: what the pull request does to the rules, as a digest; it is part of the comment's first line.
        labels: what the pull request carries of ours.
        owned: the names, in small letters, that are ours.
        offered: labels that the repository should have, for people to put on.
        taken_off: names of labels that come off whoever put them on.
        records: bodies of waivers that count from now on.
        inline: None to leave comments on lines alone.
        status: None to set none.
    """

    comment: str | None = None
    wanted: bool = False
    change: str = ""
    labels: tuple[Label, ...] | None = None
    owned: frozenset[str] = frozenset()
    offered: tuple[Label, ...] = ()
    taken_off: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    inline: tuple[InlineWish, ...] | None = None
    status: StatusWish | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is there, as far as the wishes touch it.

    Attributes:
        login: who we write as.
        labels: names on the pull request, as they are written there.
        events: of labels, the oldest first; read only where labels differ.
        known: names, in small letters, that the repository has; None where nobody asked.
        comments: ours, the oldest first.
        spare: numbers of records that say what an older one says.
        inline: every comment on a line.
        status: our newest of this context on this head.
    """

    login: str = ""
    labels: Collection[str] = ()
    events: Sequence[LabelEvent] = ()
    known: frozenset[str] | None = None
    comments: Sequence[Comment] = ()
    spare: Sequence[int] = ()
    inline: Sequence[Inline] = ()
    status: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWaiver:
    """Write down a waiver, in a comment of its own."""

    surface: ClassVar = Surface.WAIVER
    body: str

    def __str__(self) -> str:
        """Say it in a line, for a dry run; values are not escaped here."""
        return "record a waiver"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLabel:
    """Create a label in the repository."""

    surface: ClassVar = Surface.LABELS
    label: Label

    def __str__(self) -> str:
        """Say it in a line."""
        return f"create the label {self.label.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLabels:
    """Put labels on the pull request."""

    surface: ClassVar = Surface.LABELS
    names: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in a line."""
        return f"add the labels {', '.join(self.names)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLabel:
    """Take a label off the pull request."""

    surface: ClassVar = Surface.LABELS
    name: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"take off the label {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateComment:
    """Post the sticky comment."""

    surface: ClassVar = Surface.COMMENT
    body: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"post the comment ({len(self.body):,} characters)"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditComment:
    """Change the sticky comment."""

    surface: ClassVar = Surface.COMMENT
    number: int
    body: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"edit comment {self.number} ({len(self.body):,} characters)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteComment:
    """Delete a second sticky comment."""

    surface: ClassVar = Surface.COMMENT
    number: int

    def __str__(self) -> str:
        """Say it in a line."""
        return f"delete comment {self.number}, a second one"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteInline:
    """Delete a settled comment on a line."""

    surface: ClassVar = Surface.INLINE
    number: int

    def __str__(self) -> str:
        """Say it in a line."""
        return f"delete comment {self.number} on a line, it is settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditInline:
    """Change a comment on a line, such as one that is settled and was replied to."""

    surface: ClassVar = Surface.INLINE
    number: int
    body: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"edit comment {self.number} on a line"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateReview:
    """Post one review with comments on lines."""

    surface: ClassVar = Surface.INLINE
    comments: tuple[InlineWish, ...]

    def __str__(self) -> str:
        """Say it in a line."""
        places = ", ".join(f"{each.path}:{each.line}" for each in self.comments)
        return f"post a review with comments on {places}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatus:
    """Set the commit status."""

    surface: ClassVar = Surface.STATUS
    status: StatusWish

    def __str__(self) -> str:
        """Say it in a line."""
        return f"set the status {self.status.context} to {self.status.state}: {self.status.description}"


Write: TypeAlias = (
    RecordWaiver
    | CreateLabel
    | AddLabels
    | RemoveLabel
    | CreateComment
    | EditComment
    | DeleteComment
    | DeleteInline
    | EditInline
    | CreateReview
    | SetStatus
)

INLINE_MARK = "<!-- ruleward:inline "
SETTLED_MARK = "<!-- ruleward:settled "
_INLINE = re.compile(r"<!-- ruleward:(inline|settled) ([0-9a-f]+) -->")
_CHANGE = re.compile(r"<!-- ruleward:review [^>]*\bchange=([0-9a-f]+)")


def plan(wishes: Wishes, held: Held) -> tuple[Write, ...]:
    """Return the writes that make GitHub agree, in the order in which they are safe to be cut off after any of them.

    Waivers are recorded before the status that counts them; labels before the comment, whose first line says for
    which change they were decided; what tells people why a label comes off before it comes off; the status last.
    """
    labels = list(_labels(wishes, held))
    taken_off = [RemoveLabel(name=name) for name in wishes.taken_off if name in held.labels]
    return (
        *(RecordWaiver(body=body) for body in wishes.records),
        *(DeleteComment(number=number) for number in held.spare),
        *labels,
        *_comment(wishes, held),
        *_inline(wishes, held),
        *taken_off,
        *_status(wishes.status, held.status),
    )


def _status(wish: StatusWish | None, status: Status | None) -> Iterator[Write]:
    if wish is not None and not (status is not None and status.says(wish.state, wish.description)):
        yield SetStatus(status=wish)


def differing(wishes: Wishes, labels: Collection[str]) -> bool:
    """Tell whether the labels on a pull request are others than they should be: then their history matters."""
    if wishes.labels is None:
        return False
    wanted = {each.name.lower() for each in wishes.labels}
    return {name.lower() for name in labels} & wishes.owned != wanted


def _labels(wishes: Wishes, held: Held) -> Iterator[Write]:
    on = {name.lower(): name for name in held.labels}
    wanted = () if wishes.labels is None else wishes.labels
    last = {event.label.lower(): event for event in held.events}
    missing = [each for each in wanted if each.name.lower() not in on and not _left_off(each, last, wishes, held)]
    if held.known is not None:
        needed = {each.name.lower(): each for each in (*missing, *wishes.offered)}
        yield from (CreateLabel(label=each) for name, each in needed.items() if name not in held.known)
    if missing:
        yield AddLabels(names=tuple(each.name for each in missing))
    if wishes.labels is None:
        return
    kept = {each.name.lower() for each in wanted}
    for name in sorted(on.keys() & wishes.owned - kept):
        event = last.get(name)
        if event is not None and event.on and event.actor.named(held.login):
            yield RemoveLabel(name=on[name])


def _left_off(label: Label, last: Mapping[str, LabelEvent], wishes: Wishes, held: Held) -> bool:
    """Tell whether a person took a label off, and the pull request does the same as then.

    What it did then is in the first line of our comment; without a comment, nothing says that it is another change.
    """
    event = last.get(label.name.lower())
    if event is None or event.on or event.actor.named(held.login):
        return False
    then = _CHANGE.match(held.comments[0].body) if held.comments else None
    return then is None or then[1] == wishes.change


def _comment(wishes: Wishes, held: Held) -> Iterator[Write]:
    body = wishes.comment
    if body is None:
        return
    if not held.comments:
        if wishes.wanted:
            yield CreateComment(body=body)
        return
    first, *others = held.comments
    if not same_text(first.body, body):
        yield EditComment(number=first.number, body=body)
    yield from (DeleteComment(number=each.number) for each in others)


def same_text(one: str, other: str) -> bool:
    """Compare bodies as GitHub keeps them: it may change line ends, and trims the end."""
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()


def inline_key(body: str) -> tuple[str, bool] | None:
    """Return what one of our comments on a line is about, and whether it is settled."""
    found = _INLINE.match(body)
    return (found[2], found[1] == "settled") if found else None


def _inline(wishes: Wishes, held: Held) -> Iterator[Write]:
    if wishes.inline is None:
        return
    wanted = {each.key: each for each in wishes.inline}
    standing: set[str] = set()
    replied = {each.parent for each in held.inline if each.parent is not None}
    for comment, key, done in ours(held.inline, held.login):
        wish = wanted.get(key)
        fits = wish is not None and _stands(comment, wish) and key not in standing
        if wish is not None and fits:
            standing.add(key)
            if not same_text(comment.body, wish.body):
                yield EditInline(number=comment.number, body=wish.body)
        elif comment.number not in replied:
            yield DeleteInline(number=comment.number)
        elif not done:
            yield EditInline(number=comment.number, body=settled(comment.body, key))
    fresh = tuple(each for key, each in wanted.items() if key not in standing)
    if fresh:
        yield CreateReview(comments=fresh)


def _stands(comment: Inline, wish: InlineWish) -> bool:
    """Tell whether a comment is where it should be: a suggestion replaces the lines that it stands on."""
    return (comment.path, comment.line, comment.first) == (wish.path, wish.line, wish.first)


def ours(comments: Iterable[Inline], login: str) -> Iterator[tuple[Inline, str, bool]]:
    """Yield our comments on lines, the oldest first, with what each is about and whether it is settled."""
    for comment in comments:
        key = inline_key(comment.body)
        if key is not None and comment.author.named(login) and comment.parent is None:
            yield comment, *key


def settled(body: str, key: str) -> str:
    """Return what a comment says once its finding is gone, for those who replied to it."""
    _, _, rest = body.partition("\n")
    return f"{SETTLED_MARK}{key} -->\n✅ **Settled.** This was:\n\n{rest}"


__all__ = [
    "INLINE_MARK",
    "SETTLED_MARK",
    "AddLabels",
    "CreateComment",
    "CreateLabel",
    "CreateReview",
    "DeleteComment",
    "DeleteInline",
    "EditComment",
    "EditInline",
    "Held",
    "InlineWish",
    "RecordWaiver",
    "RemoveLabel",
    "SetStatus",
    "StatusWish",
    "Surface",
    "Wishes",
    "Write",
    "differing",
    "inline_key",
    "ours",
    "plan",
    "same_text",
    "settled",
]
