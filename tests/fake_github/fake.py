"""The fake GitHub: start it, play the people, look at what is there afterwards."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fake_github import git_http
from tests.fake_github.api import GRAPHQL, Api, Plan, Seen, When
from tests.fake_github.budget import Budget
from tests.fake_github.clock import Clock
from tests.fake_github.faults import Fault
from tests.fake_github.people import People
from tests.fake_github.repository import GitData
from tests.fake_github.server import Server
from tests.fake_github.state import Hub, Token
from tests.fake_github.wire import Ask, Reply

BOT = "github-actions[bot]"
APP_TOKEN = "ghs_bot"
# What a workflow's token may do that names what Ruleward needs.
PERMISSIONS = {
    "contents": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
# What it may do on a pull request from a fork.
READ_ONLY = dict.fromkeys(PERMISSIONS, "read")
_ALWAYS = 10**9


class FakeGitHub(People):
    """GitHub on loopback, for one repository.

    Attributes:
        server_url: what ``GITHUB_SERVER_URL`` would say; git's side is ``git_url``.
        api_url: what ``GITHUB_API_URL`` would say.
        git_calls: every request of git's, apart from the API's.
    """

    def __init__(
        self,
        git: Path,
        *,
        repo: str = "acme/rules",
        api_path: str = "/api/v3",
        private: bool = False,
        git_needs_token: bool = True,
        clock: Clock | None = None,
        described: bool = True,
    ) -> None:
        """Hold a repository; nothing listens before ``start``. ``described``: hold all to GitHub's description."""
        owner, _, name = repo.partition("/")
        time = clock or Clock()
        super().__init__(
            Hub(owner=owner, name=name, private=private, git=GitData(git), clock=time, budget=Budget(time))
        )
        self.api = Api(hub=self.hub, lock=self.lock)
        self.git_calls: list[Seen] = []
        self._git_failures: list[int] = []
        self._git_needs_token = git_needs_token
        self._git_directory = self.hub.git.directory()
        self._server = Server(self._answer, self.api.violations.append)
        self._api_path = api_path
        self.server_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.api_url = self.hub.root = self.server_url + api_path
        self.hub.web = self.server_url
        self.api.contract.held = described
        self.git_url = f"{self.server_url}/{repo}.git"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.add_token(APP_TOKEN, login=BOT, app=True, permissions=PERMISSIONS)

    @property
    def clock(self) -> Clock:
        """The time here; every write moves it by a second."""
        return self.hub.clock

    @property
    def budget(self) -> Budget:
        """How many requests the hour has; ``limit`` may be set."""
        return self.hub.budget

    @property
    def calls(self) -> list[Seen]:
        """Every request of the API: method, path, status."""
        return self.api.calls

    @property
    def writes(self) -> list[Seen]:
        """The requests that would change something."""
        return [each for each in self.api.calls if each.method != "GET" and each.path != GRAPHQL]

    @property
    def violations(self) -> list[str]:
        """What broke GitHub's published description, on either side."""
        return self.api.violations

    @property
    def page_size(self) -> int | None:
        """How many things a page has, whatever the caller asks for; None for what GitHub does."""
        return self.api.page_size

    @page_size.setter
    def page_size(self, size: int | None) -> None:
        self.api.page_size = size

    def add_token(
        self, secret: str, *, login: str = BOT, app: bool = False, permissions: Mapping[str, str] | None = None
    ) -> str:
        """Let a token in; one of an app may do what its permissions say, one of a person what the person may."""
        with self.lock:
            person = self.hub.person(login)
            self.hub.tokens[secret] = Token(person=person, app=app, permissions=dict(permissions or {}))
            return secret

    def fail(self, fault: Fault, *, at: int | None = None, when: When | None = None, times: int | None = None) -> None:
        """Let something go wrong: at the n-th request from now, or at those whose method and path fit.

        Without either it is the next request. A fault comes once; with ``when`` it may come more often, ``times=0``
        meaning always.
        """
        with self.lock:
            number = None if when and at is None else self.api.count + (at or 1)
            often = _ALWAYS if times == 0 else times or 1
            self.api.plans.append(Plan(fault=fault, at=number, when=when, times=often))

    def fail_git(self, *statuses: int) -> None:
        """Let git's next requests fail, each with a status."""
        with self.lock:
            self._git_failures += statuses

    def forget(self) -> None:
        """Empty the logs, and call off the faults that did not come."""
        with self.lock:
            self.api.calls.clear()
            self.api.plans.clear()
            self._git_failures.clear()
            self.git_calls.clear()

    def _answer(self, ask: Ask) -> Reply | None:
        home = f"{self.server_url}{ask.path}".removeprefix(self.git_url).removeprefix(self.git_url.removesuffix(".git"))
        if home in {"/info/refs", "/git-upload-pack"}:
            return self._git(ask, home)
        if ask.path == self._api_path.removesuffix("/v3") + GRAPHQL:
            return self.api.handle(replace(ask, path=GRAPHQL))
        if not ask.path.startswith(f"{self._api_path}/"):
            self.violations.append(f"{ask.method} {ask.path}: is neither the API's nor the repository's")
            return Reply(HTTPStatus.NOT_FOUND)
        reply = self.api.handle(replace(ask, path=ask.path.removeprefix(self._api_path)))
        date = {"Date": format_datetime(self.clock.now, usegmt=True)}
        return reply and replace(reply, headers={**date, **reply.headers})

    def _git(self, ask: Ask, tail: str) -> Reply:
        with self.lock:
            failure = self._git_failures.pop(0) if self._git_failures else None
        if failure:
            reply = Reply(failure)
        elif self._git_needs_token and not git_http.allowed(ask.headers.get("authorization", ""), self.hub.tokens):
            reply = Reply(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Basic realm="GitHub"'})
        else:
            reply = git_http.serve(self._git_directory, tail, ask)
        with self.lock:
            self.git_calls.append(Seen(ask.method, ask.path, int(reply.status)))
        return reply

    def start(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; every connection ends."""
        self._server.stop()
        self._thread.join()

    def __enter__(self) -> Self:
        """Listen."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and fail the test if GitHub's published description was broken and nothing else failed."""
        self.stop()
        if not self.violations:
            return
        told = "GitHub's description of its API was broken:\n" + "\n".join(self.violations)
        if error is None:
            raise AssertionError(told)
        error.add_note(told)
