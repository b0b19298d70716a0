"""Which function answers to what, and how a question and its answer look inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import unquote

from tests.fake_github.state import Hub, Issue, Token

Json: TypeAlias = dict[str, Any]

_PARAMETER = re.compile(r"\{(\w+)\}")
# A name of these may hold slashes: GitHub takes them as they are.
_LONG = frozenset({"basehead", "branch", "name", "path", "ref"})


class Refusal(Exception):  # noqa: N818  # an answer like any other, not a fault of ours
    """GitHub says no."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[Json] | list[str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Say no with a status and a sentence."""
        super().__init__(message)
        self.status = status
        self.errors = errors
        self.headers = headers or {}

    @property
    def words(self) -> str:
        """What is wrong, for a person."""
        return "; ".join(
            each if isinstance(each, str) else str(each.get("message", each)) for each in self.errors or ()
        )

    @property
    def payload(self) -> Json:
        """What the body says."""
        made: Json = {
            "message": str(self),
            "documentation_url": "https://docs.github.com/rest",
            "status": str(self.status),
        }
        return made if self.errors is None else {**made, "errors": self.errors}


def not_found() -> Refusal:
    """Nothing is there, or nothing that the caller may know of."""
    return Refusal(HTTPStatus.NOT_FOUND, "Not Found")


def forbidden(message: str = "Resource not accessible by integration") -> Refusal:
    """The token does not allow it."""
    return Refusal(HTTPStatus.FORBIDDEN, message)


def invalid(resource: str, field_name: str, code: str = "invalid", message: str | None = None) -> Refusal:
    """What was sent breaks a rule."""
    error = {"resource": resource, "field": field_name, "code": code}
    errors = [error if message is None else {**error, "message": message}]
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was understood."""

    hub: Hub
    token: Token
    names: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)

    def number(self, name: str) -> int:
        """Return a number of the path."""
        return int(self.names[name]) if self.names[name].isdecimal() else 0

    @property
    def issue(self) -> Issue:
        """The issue or pull request that the path names."""
        found = self.hub.issues.get(self.number("issue_number"))
        if found is None:
            raise not_found()
        return found

    @property
    def pull_issue(self) -> Issue:
        """The pull request that the path names."""
        found = self.hub.issues.get(self.number("pull_number"))
        if found is None or found.pull is None:
            raise not_found()
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """A list, of which the caller sees a page; ``wrap`` puts the page into what stands around it."""

    items: Iterable[Any]
    render: Callable[[Any], Json]
    wrap: Callable[[list[Json]], Json] | None = None
    size: int = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body."""

    body: Json | list[Json] | Page | None
    status: int = HTTPStatus.OK


Endpoint: TypeAlias = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path, as GitHub's description names them, and who answers."""

    name: str
    endpoint: Endpoint
    pattern: re.Pattern[str]


ROUTES: list[Route] = []


def route(name: str, *, legacy: str | None = None) -> Callable[[Endpoint], Endpoint]:
    """Let a function answer to an operation, and to the older path that the server still takes for it."""

    def add(endpoint: Endpoint) -> Endpoint:
        ROUTES.append(Route(name, endpoint, _pattern(name)))
        if legacy:
            ROUTES.append(Route(name, endpoint, _pattern(legacy)))
        # The most literal path first: `/commits/{ref}` would take what `/commits/{ref}/status` is for.
        ROUTES.sort(key=lambda each: -len(_PARAMETER.sub("", each.name)))
        return endpoint

    return add


def _pattern(name: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(name)
    return re.compile(
        "".join(
            re.escape(part) if index % 2 == 0 else f"(?P<{part}>{'.+' if part in _LONG else '[^/]+'})"
            for index, part in enumerate(parts)
        )
    )


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return who answers to a path, and the names in it."""
    for each in ROUTES:
        if match := each.pattern.fullmatch(f"{method} {path}"):
            return each, {name: unquote(value) for name, value in match.groupdict().items()}
    return None
