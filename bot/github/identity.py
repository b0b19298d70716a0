"""Who the token writes as: asked as late as it can be, and of whom it takes."""

from __future__ import annotations

from collections.abc import Iterable

from bot.github.client import Client, Json, RefusedError
from bot.model import is_table

APP = "github-actions[bot]"
"""Who writes with a workflow's own token."""

_APPS = "[bot]"  # what the names of apps end in, and those of people cannot
_VIEWER = "query { viewer { login } }"


class Identity:
    """Who a token writes as.

    ``GET /user`` is refused to the token of every app, a workflow's own among them. GraphQL tells the name of each, but
    that is asked only where another app than the workflow's wrote what may be ours, or where a guess will not do.
    """

    def __init__(self, client: Client, login: str = "") -> None:
        """Ask nothing yet; ``login`` is the name where it is known."""
        self._client = client
        self._login = login
        self._refused = False
        self._given = False
        self.mistaken = False  # whether a name was given that turned out to be another's

    @property
    def taken(self) -> str:
        """Who the token is taken for so far; empty where nothing was asked, and nothing is asked now."""
        return self._login or (APP if self._refused else "")

    def name(self, authors: Iterable[str] = (), *, sure: bool = False) -> str:
        """Return who the token writes as, as surely as it takes to tell which of some authors that is, or for sure."""
        if not self.taken:
            try:
                self._login = str(self._client.get("/user", root=True)["login"])
            except RefusedError:
                self._refused = True
        others = (each for each in authors if each.endswith(_APPS) and not same_login(each, APP))
        if not self._login and (sure or any(others)):
            self._login = self._viewer() or APP
            self.mistaken = self._given and not same_login(self._login, APP)
        self._given = True
        return self.taken

    def _viewer(self) -> str:
        """Ask GraphQL; empty where that is refused, too."""
        try:
            answer: Json = self._client.query(_VIEWER)
        except RefusedError:
            return ""
        data = answer.get("data") if is_table(answer) else None
        viewer = data.get("viewer") if is_table(data) else None
        return str(viewer.get("login") or "") if is_table(viewer) else ""


def same_login(one: str, other: str) -> bool:
    """Tell whether two names are one account's, for which case means nothing; an account that is gone has none."""
    return bool(one) and one.casefold() == other.casefold()


__all__ = ["APP", "Identity", "same_login"]
