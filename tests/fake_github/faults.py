"""What may go wrong between a client and GitHub, as values.

A fault says whether the request takes effect, what is answered in place of the true answer, and what happens meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.fake_github.budget import Budget
from tests.fake_github.routing import Json, Refusal

RESET = 0
_PAGE = "<!DOCTYPE html>\n<html><head><title>Unicorn!</title></head><body><p>Please try again.</p></body></html>\n"
_TOO_LONG = "Sorry, this diff is taking too long to generate."
_SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to go wrong.

    Attributes:
        name: what it is called in tables.
        effect: whether the request does what it asks for.
        status: what is answered in place of the truth: a status, or ``RESET`` for a connection that breaks; None for
            the truth.
        headers: the answer's headers.
        body: the answer's body; text is sent as a web page.
        spent: the answer says that the hour's requests are used up, and when they come back.
        before: is called before the request is looked at.
        after: is called when it has taken effect and nothing is answered yet.
        hidden: how many lists do not show what the request made.
    """

    name: str
    effect: bool = True
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json | str = ""
    spent: int | None = None
    before: Callable[[], object] = _nothing
    after: Callable[[], object] = _nothing
    hidden: int = 0

    def headers_now(self, budget: Budget) -> dict[str, str]:
        """Return the headers, with those that the time decides."""
        if self.spent is None:
            return {**budget.headers, **self.headers}
        reset = int(budget.clock.now.timestamp()) + self.spent
        return {**budget.headers, "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset), **self.headers}


def _said(status: int, message: str) -> Json:
    return Refusal(status, message).payload


def status(code: int = 502, *, effect: bool = False) -> Fault:
    """GitHub fails, before the effect or after it."""
    return Fault(
        name=f"{code}{' after the effect' * effect}", effect=effect, status=code, body=_said(code, "Server Error")
    )


def reset() -> Fault:
    """The connection breaks before anything happens."""
    return Fault(name="reset", effect=False, status=RESET)


def lost(code: int = RESET) -> Fault:
    """The request takes effect, and its answer is lost."""
    return Fault(name=f"answer lost ({code or 'reset'})", status=code, body=_PAGE)


def too_long(code: int = 500) -> Fault:
    """The diff that a comparison shows takes GitHub too long; the status varies."""
    return Fault(name=f"diff too long ({code})", effect=False, status=code, body=_said(code, _TOO_LONG))


def bare_429() -> Fault:
    """Too many requests, and not a word on when to come back."""
    return Fault(name="bare 429", effect=False, status=429, body=_said(429, "Too Many Requests"))


def retry_after_429(seconds: int = 2) -> Fault:
    """Too many requests; come back in so many seconds."""
    headers = {"retry-after": str(seconds)}
    return Fault(
        name="429 retry-after", effect=False, status=429, headers=headers, body=_said(429, "Too Many Requests")
    )


def secondary(retry_after: int | None = None) -> Fault:
    """The secondary limit: a 403 that differs from a missing permission in its message alone."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    name = "secondary limit" + " retry-after" * (retry_after is not None)
    return Fault(name=name, effect=False, status=403, headers=headers, body=_said(403, _SECONDARY))


def too_quick() -> Fault:
    """The limit on what is written in a short time, dressed as a fault of what was sent."""
    error = {"resource": "IssueComment", "code": "unprocessable", "message": "was submitted too quickly"}
    body = Refusal(422, "Validation Failed", [error]).payload
    return Fault(name="submitted too quickly", effect=False, status=422, body=body)


def primary(seconds: int = 5) -> Fault:
    """The hour's requests are used up; they come back in so many seconds of the fake's clock."""
    message = "API rate limit exceeded for installation."
    return Fault(name="primary limit", effect=False, status=403, spent=seconds, body=_said(403, message))


def html_200(*, effect: bool = False) -> Fault:
    """A gateway's page with the status of a success."""
    return Fault(name=f"html 200{' after the effect' * effect}", effect=effect, status=200, body=_PAGE)


def late(reads: int = 2) -> Fault:
    """What the request makes stays out of the next lists."""
    return Fault(name="late", hidden=reads)


def moved(act: Callable[[], object]) -> Fault:
    """Something happens before the request arrives: a push, a label, a comment."""
    return Fault(name="moved", before=act)


def kill(act: Callable[[], object], *, after: bool = False) -> Fault:
    """Call something that ends the client, before the request takes effect or after; either way nothing is answered."""
    if after:
        return Fault(name="killed after", status=RESET, after=act)
    return Fault(name="killed before", effect=False, status=RESET, before=act)


# Every fault that needs no callback: for tests that try each at every request.
EVERY: tuple[Fault, ...] = (
    status(500),
    status(502),
    status(503),
    status(502, effect=True),
    reset(),
    lost(),
    lost(502),
    bare_429(),
    retry_after_429(),
    secondary(),
    secondary(retry_after=2),
    primary(),
    html_200(),
    html_200(effect=True),
    late(),
)
