"""The one issue that an audit keeps: found by our mark and our authorship, never by its title; never a second one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bot.github.apply import ensure_label
from bot.github.client import Client, Json
from bot.github.facts import marked, read_person
from bot.github.identity import Identity
from bot.github.labels import Label
from bot.github.plan import same_text


class Wish(Protocol):
    """What the issue should be."""

    @property
    def title(self) -> str:
        """Its title."""
        ...

    @property
    def body(self) -> str:
        """Its body, our mark first."""
        ...

    @property
    def open(self) -> bool:
        """Whether there is anything to do."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Our issue as GitHub holds it.

    Attributes:
        labels: their names.
        url: of its page.
    """

    number: int
    title: str
    body: str
    open: bool
    labels: tuple[str, ...]
    url: str


class Rolling:
    """The issue of one repository."""

    def __init__(self, client: Client, label: Label, *, login: str = "") -> None:
        """Read nothing yet.

        Args:
            client: of the repository.
            label: that the issue bears.
            login: who the token writes as, empty to ask GitHub.
        """
        self._client = client
        self._label = label
        self._identity = Identity(client, login)

    def find(self) -> tuple[Kept, ...]:
        """Return our issues, the oldest first; one, unless two runs at once made two.

        Looked for by label, which is one page; where the label was taken off, among everything that we ever opened.

        Raises:
            GitHubError: GitHub could not be asked.
        """
        found = self._listed(labels=self._label.name)
        return found or self._listed(creator=self._identity.name(sure=True))

    def _listed(self, **where: str) -> tuple[Kept, ...]:
        return tuple(
            sorted(self._ours(self._client.pages("/issues", state="all", **where)), key=lambda each: each.number)
        )

    def _ours(self, listed: Iterable[Json]) -> Iterable[Kept]:
        bearing = [(read_person(each.get("user")), each) for each in listed if _bears_our_mark(each)]
        login = self._identity.name(author.login for author, _ in bearing)
        return [_kept(each) for author, each in bearing if author.named(login)]

    def agree(self, wish: Wish, found: tuple[Kept, ...], said: list[str], *, labelled: bool) -> Kept | None:
        """Make the issue what it should be: created, rewritten, closed or opened again, and a second one folded.

        Args:
            wish: what it should be.
            found: what there is.
            said: collects what was done, a line each.
            labelled: whether labels may be written.

        Raises:
            RefusedError: the token may not write issues.
            GitHubError: GitHub could not be asked; the next run finishes.
        """
        if not found:
            if not wish.open:
                return None
            made = self._create(wish, said, labelled=labelled)
            found = self.find() or (made,)  # a run at the same time may have been first
        kept, *others = found
        for other in others:
            self._fold(other, kept, said)
        return self._edit(wish, kept, said, labelled=labelled)

    def _create(self, wish: Wish, said: list[str], *, labelled: bool) -> Kept:
        if labelled:
            ensure_label(self._client, self._label)
        body: dict[str, object] = {"title": wish.title, "body": wish.body}
        if labelled:
            body["labels"] = [self._label.name]

        def lost() -> Json:
            ours = self.find()
            return _data(ours[0]) if ours else None

        made = _kept(self._client.create("/issues", body, lost))
        said.append(f"opened issue #{made.number}")
        return made

    def _edit(self, wish: Wish, kept: Kept, said: list[str], *, labelled: bool) -> Kept:
        changes: dict[str, object] = {}
        if not same_text(kept.body, wish.body):
            changes["body"] = wish.body
        if kept.title != wish.title:
            changes["title"] = wish.title
        if kept.open != wish.open:
            changes |= {"state": "open"} if wish.open else {"state": "closed", "state_reason": "completed"}
        if labelled and self._label.name.lower() not in {name.lower() for name in kept.labels}:
            ensure_label(self._client, self._label)
            self._client.change("POST", f"/issues/{kept.number}/labels", {"labels": [self._label.name]})
            said.append(f"labelled issue #{kept.number}")
        if not changes:
            return kept
        what = {"open": "opened again", "closed": "closed"}.get(str(changes.get("state")), "rewrote")
        said.append(f"{what} issue #{kept.number}")
        return _kept(self._client.change("PATCH", f"/issues/{kept.number}", changes))

    def _fold(self, other: Kept, kept: Kept, said: list[str]) -> None:
        """Close a second issue and take our mark off it; an issue cannot be deleted."""
        changes = {"body": f"This is #{kept.number}.\n", "state": "closed", "state_reason": "not_planned"}
        self._client.change("PATCH", f"/issues/{other.number}", changes)
        said.append(f"closed issue #{other.number}, a second one")


def _bears_our_mark(data: Json) -> bool:
    return marked(str(data.get("body") or "")) == "audit" and "pull_request" not in data


def _kept(data: Json) -> Kept:
    labels = data.get("labels") or ()
    return Kept(
        number=int(data["number"]),
        title=str(data.get("title") or ""),
        body=str(data.get("body") or ""),
        open=data.get("state") == "open",
        labels=tuple(str(each if isinstance(each, str) else each.get("name") or "") for each in labels),
        url=str(data.get("html_url") or ""),
    )


def _data(kept: Kept) -> Json:
    return {
        "number": kept.number,
        "title": kept.title,
        "body": kept.body,
        "state": "open" if kept.open else "closed",
        "labels": list(kept.labels),
        "html_url": kept.url,
    }


__all__ = ["Kept", "Rolling", "Wish"]
