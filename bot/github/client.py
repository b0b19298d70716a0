"""GitHub's REST interface: PyGithub carries the requests, when to repeat one is decided here.

PyGithub's own retries are off: they send a POST again that may have had its effect, never a PATCH, never a bare 429,
and sleep up to an hour (measured on PyGithub 2.10).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit

from bot.model import RulewardError, is_list, is_table

if TYPE_CHECKING:
    from github.Requester import Requester

Json: TypeAlias = Any
"""What GitHub answers; who asked takes from it what is needed, and turns it into a value of a known type."""

BUDGET = 300.0
"""Seconds that a run waits for GitHub at most, all waits together."""

_PER_PAGE = 100
_TIMEOUT = 20
_ATTEMPTS = 7
_LIMITED_WAIT = 60.0  # GitHub asks for a minute at least where it names no time
_LONGEST_PAUSE = 30.0
_UNKNOWN, _FORBIDDEN, _NOT_FOUND, _GONE, _INVALID, _TOO_MANY = 401, 403, 404, 410, 422, 429
_TOO_QUICK = "was submitted too quickly"  # of many comments in a short time, in place of the limit's own answer
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_NO_CONTENT = 204
_GOOD = range(200, 300)
_BROKEN = range(500, 600)
_NEXT = re.compile(r'<([^>]*)>;\s*rel="next"')


class Clock(Protocol):
    """Time, as far as waiting needs it."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class GitHubError(RulewardError):
    """GitHub could not be asked: the run is incomplete (exit status 3)."""

    def __init__(self, message: str) -> None:
        """Keep what happened, and to which request."""
        super().__init__(message, status=3)


class RefusedError(GitHubError):
    """GitHub understood and said no; ``status`` is HTTP's, in ``code``."""

    def __init__(self, message: str, code: int, said: str = "") -> None:
        """Keep the answer; ``said`` is GitHub's own sentence."""
        super().__init__(message)
        self.code = code
        self.said = said or f"status {code}"

    @property
    def not_permitted(self) -> bool:
        """Whether the token lacks a right: GitHub hides what one may not see behind a 404."""
        return self.code in {_UNKNOWN, _FORBIDDEN, _NOT_FOUND, _GONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One answer; ``data`` is None where there was no JSON.

    Attributes:
        status: HTTP's; 0 where no answer came.
        whole: whether the answer is one that GitHub itself gave: JSON, or rightly empty.
    """

    status: int
    headers: Mapping[str, str]
    data: Json
    whole: bool
    said: str

    @property
    def good(self) -> bool:
        """Whether the request did what it should."""
        return self.status in _GOOD and self.whole

    @property
    def limited(self) -> bool:
        """Whether a rate limit answered: nothing was done, and the request may be sent again later."""
        if self.status == _TOO_MANY or (self.status == _INVALID and _TOO_QUICK in self.said):
            return True
        if self.status != _FORBIDDEN:
            return False
        spent = self.headers.get("x-ratelimit-remaining") == "0"
        return spent or "retry-after" in self.headers or "rate limit" in self.said.lower()

    @property
    def lost(self) -> bool:
        """Whether nobody knows if the request had its effect: no answer, a broken server, a gateway's page."""
        return self.status == 0 or self.status in _BROKEN or (self.status in _GOOD and not self.whole)


class Client:
    """One repository on GitHub.

    Attributes:
        calls: how many requests were sent.
        waited: seconds spent waiting, and on answers that were none.
    """

    def __init__(self, api_url: str, token: str, repository: str, clock: Clock, *, budget: float = BUDGET) -> None:
        """Connect nothing yet.

        Args:
            api_url: such as ``https://api.github.com``.
            token: sent in a header, and never shown.
            repository: ``owner/name``.
            clock: waits, and knows the time that rate limits are reset at.
            budget: seconds to wait at most, all waits together.
        """
        from github import Auth, Github  # 230 ms that only a run on GitHub pays

        made = Github(
            base_url=api_url.rstrip("/"),
            auth=Auth.Token(token),
            retry=None,
            timeout=_TIMEOUT,
            seconds_between_requests=0,
            seconds_between_writes=0,
        )
        self._requester: Requester = made.requester
        self._repository = f"/repos/{repository}"
        self._clock = clock
        self._budget = budget
        self.calls = 0
        self.waited = 0.0

    def get(self, path: str, *, root: bool = False, attempts: int = _ATTEMPTS, **parameters: str | int) -> Json:
        """Return one resource below the repository (with ``root``, of the whole API).

        Raises:
            RefusedError: it is not there, or the token may not see it.
            GitHubError: GitHub could not be reached in time.
        """
        return self._call("GET", path if root else self._repository + path, parameters, attempts=attempts).data

    def pages(self, path: str, **parameters: str | int) -> list[Json]:
        """Return every item of a list, all its pages.

        Raises:
            RefusedError: it is not there, or the token may not see it.
            GitHubError: GitHub could not be reached in time.
        """
        return list(self._items(path, {"per_page": _PER_PAGE, **parameters}))

    def _items(self, path: str, parameters: Mapping[str, str | int]) -> Iterator[Json]:
        while True:
            answer = self._call("GET", self._repository + path, parameters)
            yield from cast("list[Json]", answer.data) if is_list(answer.data) else ()
            found = _NEXT.search(answer.headers.get("link", ""))
            if found is None:
                return
            following = dict(parse_qsl(urlsplit(found[1]).query))
            if following == parameters:  # a redirect, such as that of a renamed repository, lost the number of the page
                raise GitHubError(f"GitHub answers GET {path} with one page again and again; run this again later")
            parameters = following

    def change(self, verb: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        """Send what may be sent twice: PATCH, PUT, DELETE, and a POST that adds to a set.

        Raises:
            RefusedError: GitHub said no. A DELETE of what is gone already is no refusal.
            GitHubError: GitHub could not be reached in time.
        """
        try:
            return self._call(verb, self._repository + path, {}, body).data
        except RefusedError as error:
            if verb == "DELETE" and error.code == _NOT_FOUND:
                return None
            raise

    def create(self, path: str, body: Mapping[str, object], find: Callable[[], Json]) -> Json:
        """Send a POST that must have its effect once.

        Args:
            path: below the repository.
            body: what to create.
            find: looks for what was created, None where there is nothing; asked before a request whose answer was
                lost is sent again.

        Raises:
            RefusedError: GitHub said no.
            GitHubError: GitHub could not be reached in time.
        """
        return self._call("POST", self._repository + path, {}, body, find).data

    def query(self, text: str) -> Json:
        """Ask GraphQL, which stands beside the REST interface.

        Raises:
            RefusedError: it may not be asked.
            GitHubError: GitHub could not be reached in time.
        """
        return self._call("POST", self._requester.graphql_url, {}, {"query": text}).data

    def pause(self, seconds: float) -> None:
        """Wait a little, where the budget allows it, for what GitHub shows late."""
        if self.waited + seconds <= self._budget:
            self.waited += seconds
            self._clock.sleep(seconds)

    def hurry(self, seconds: float) -> None:
        """Wait so many seconds more at most, whatever is left: for what is worth no longer wait."""
        self._budget = min(self._budget, self.waited + seconds)

    def _call(
        self,
        verb: str,
        path: str,
        parameters: Mapping[str, str | int],
        body: Mapping[str, object] | None = None,
        find: Callable[[], Json] | None = None,
        *,
        attempts: int = _ATTEMPTS,
    ) -> _Answer:
        """Send a request until it is answered."""
        for attempt in range(attempts):
            asked = self._clock.now()
            answer = self._once(verb, path, parameters, body)
            if answer.good:
                return answer
            self.waited += max(0.0, self._clock.now() - asked)
            if not (answer.limited or answer.lost):
                told = f"GitHub answered {answer.status} to {verb} {path}: {answer.said}"
                raise RefusedError(told, answer.status, answer.said)
            self._wait(answer, attempt, f"{verb} {path}")
            if answer.lost and find is not None:
                found = find()
                if found is not None:
                    return _Answer(status=201, headers={}, data=found, whole=True, said="")
        raise GitHubError(f"GitHub did not answer {verb} {path} in {attempts} attempts; run this again later")

    def _once(
        self, verb: str, path: str, parameters: Mapping[str, str | int], body: Mapping[str, object] | None
    ) -> _Answer:
        import requests

        self.calls += 1
        try:
            status, headers, text = self._requester.requestJson(
                verb, path, dict(parameters), {"Accept": "application/vnd.github+json"}, body
            )
        except (requests.RequestException, OSError) as error:
            if _UNTRUSTED in str(error):
                raise GitHubError(
                    f"the certificate of {self._requester.base_url} is signed by nobody whom Python trusts here; where "
                    "a server has an authority of its own, name the file of its certificate in REQUESTS_CA_BUNDLE"
                ) from error
            return _Answer(status=0, headers={}, data=None, whole=False, said=type(error).__name__)
        data, whole = _read(text, verb, status)
        message = data.get("message") if is_table(data) else None
        said = message if isinstance(message, str) else text.strip()[:80] or "nothing"
        return _Answer(status=status, headers=headers, data=data, whole=whole, said=_with_details(said, data))

    def _wait(self, answer: _Answer, attempt: int, request: str) -> None:
        """Wait for as long as GitHub asks, or longer each time.

        Raises:
            GitHubError: that is longer than this run may wait.
        """
        seconds = self._asked(answer)
        if seconds is None:
            seconds = _LIMITED_WAIT * 2**attempt if answer.limited else min(2.0**attempt, _LONGEST_PAUSE)
        if self.waited + seconds > self._budget:
            what = "its rate limit" if answer.limited else f"status {answer.status}" if answer.status else answer.said
            raise GitHubError(
                f"GitHub keeps answering {request} with {what}; waiting {seconds:.0f} s more is more than the "
                f"{self._budget:.0f} s that a run may wait. Run this again later"
            )
        self.waited += seconds
        self._clock.sleep(seconds)

    def _asked(self, answer: _Answer) -> float | None:
        """The wait that the answer's headers name."""
        after = answer.headers.get("retry-after", "")
        if after.isdecimal():
            return float(after)
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.limited and answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
            return max(1.0, float(reset) - self._clock.now() + 1)
        return None


def _read(text: str, verb: str, status: int) -> tuple[Json, bool]:
    """Read an answer's JSON; only a 204 and a DELETE may rightly have none."""
    if not text.strip():
        return None, status == _NO_CONTENT or verb == "DELETE"
    try:
        return json.loads(text), True
    except ValueError:
        return None, False


def _with_details(said: str, data: object) -> str:
    """Add what GitHub says of the single fields."""
    errors = data.get("errors") if is_table(data) else None
    if not errors:
        return said
    return f"{said} ({json.dumps(errors, ensure_ascii=False)[:300]})"


__all__ = ["BUDGET", "Client", "Clock", "GitHubError", "Json", "RefusedError"]
