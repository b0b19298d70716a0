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
    that is asked only where another app than the workflow's wrote what may be ours.
    """

    def __init__(self, client: Client, login: str = "") -> None:
        """Ask nothing yet; ``login`` is the name where it is known."""
        self._client = client
        self._login = login
        self._refused = False

    @property
    def taken(self) -> str:
        """Who the token is taken for so far; empty where nothing was asked, and nothing is asked now."""
        return self._login or (APP if self._refused else "")

    def name(self, authors: Iterable[str] = ()) -> str:
        """Return who the token writes as, as surely as it takes to tell which of some authors that is."""
        if not self.taken:
            try:
                self._login = str(self._client.get("/user", root=True)["login"])
            except RefusedError:
                self._refused = True
        if not self._login and any(each.endswith(_APPS) and not same_login(each, APP) for each in authors):
            self._login = self._viewer() or APP
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
