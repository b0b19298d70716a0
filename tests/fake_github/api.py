"""One request of the API after the other: who asks, what for, what is answered, and what goes wrong meanwhile."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import RLock
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qsl, unquote, urlencode

import tests.fake_github.endpoints  # noqa: F401  # adds the routes
from tests.fake_github.faults import RESET, Fault
from tests.fake_github.limits import PAGE_MOST
from tests.fake_github.routing import Answer, Call, Json, Page, Refusal, Route, find, not_found
from tests.fake_github.schema import Contract
from tests.fake_github.state import Hub, Token
from tests.fake_github.wire import Ask, Reply

When: TypeAlias = Callable[[str, str], bool]


class Seen(NamedTuple):
    """A request and what was answered; status 0 is a connection that broke."""

    method: str
    path: str
    status: int


@dataclass(slots=True, kw_only=True)
class Plan:
    """A fault and when it comes: at a request by its number, or at each that fits, so many times."""

    fault: Fault
    at: int | None = None
    when: When | None = None
    times: int = 1

    def takes(self, number: int, method: str, path: str) -> bool:
        """Tell whether this request gets the fault; each one counts."""
        if self.times < 1 or self.at not in {None, number} or (self.when and not self.when(method, path)):
            return False
        self.times -= 1
        return True


GRAPHQL = "/graphql"
_TRUTH = Fault(name="none")
# What GitHub would answer with in place of JSON, or with more of it.
_OTHER_MEDIA = re.compile(r"\.(diff|full|html|patch|raw|sha|text)\b")


@dataclass(kw_only=True)
class Api:
    """Answers requests.

    Attributes:
        lock: held while a request takes effect.
        count: how many requests there were.
        page_size: how many things a page has whatever the caller asks for.
        calls: every request, in order.
        violations: what broke GitHub's published description, on either side, and operations that the fake has not.
        plans: the faults to come.
    """

    hub: Hub
    lock: RLock
    count: int = 0
    page_size: int | None = None
    calls: list[Seen] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    contract: Contract = field(default_factory=Contract)

    def handle(self, ask: Ask) -> Reply | None:
        """Answer one request; None breaks the connection.

        What a fault calls back runs without the lock: it may hold one client up until another is done.
        """
        path = unquote(ask.path)
        with self.lock:
            self.count += 1
            fault = next((each.fault for each in self.plans if each.takes(self.count, ask.method, path)), _TRUTH)
        fault.before()
        with self.lock:
            reply = self._answer(ask, fault.hidden) if fault.effect else None
            if fault.status is not None:
                reply = None if fault.status == RESET else self._instead(fault)
            self.calls.append(Seen(ask.method, path, int(reply.status) if reply else RESET))
        fault.after()
        return reply

    def _instead(self, fault: Fault) -> Reply:
        page = isinstance(fault.body, str)
        content = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
        kind = "text/html" if page else "application/json"
        headers = {"Content-Type": f"{kind}; charset=utf-8", **fault.headers_now(self.hub.budget)}
        return Reply(fault.status or 0, headers, content.encode())

    def _answer(self, ask: Ask, hidden: int) -> Reply:
        if (ask.method, ask.path) == ("POST", GRAPHQL):
            return self._queried(ask)
        found = find(ask.method, ask.path)
        if found is None:
            self.violations.append(f"{ask.method} {ask.path}: no operation of the fake")
            return self._reply(Answer(not_found().payload, HTTPStatus.NOT_FOUND))
        route, names = found
        more: Mapping[str, str] = {}
        try:
            answer, more = self._asked(route, names, ask, hidden)
        except Refusal as no:
            answer, more = Answer(no.payload, no.status), no.headers
        except Exception:  # noqa: BLE001  # the test has to see it, not the server's thread
            self.violations.append(f"{route.name}: {traceback.format_exc()}")
            answer = Answer({"message": "Server Error"}, HTTPStatus.INTERNAL_SERVER_ERROR)
        self.violations += self.contract.answer(route.name, answer.status, answer.body)
        return self._reply(answer, more)

    def _queried(self, ask: Ask) -> Reply:
        """Answer GraphQL's one question: who asks. The token of an app may ask it too."""
        try:
            token = self._token(ask.headers.get("authorization", ""))
        except Refusal as no:
            return self._reply(Answer(no.payload, no.status))
        query = "".join(str(json.loads(ask.body).get("query", "")).split())
        if query not in {"query{viewer{login}}", "{viewer{login}}"}:
            self.violations.append(f"POST /graphql: the fake knows no answer to {query}")
            return self._reply(Answer({"errors": [{"message": "Parse error"}]}))
        return self._reply(Answer({"data": {"viewer": {"login": token.person.login}}}))

    def _reply(self, answer: Answer, more: Mapping[str, str] | None = None) -> Reply:
        headers = {"X-GitHub-Media-Type": "github.v3; format=json", **self.hub.budget.headers, **(more or {})}
        if answer.body is None:
            return Reply(answer.status, headers)
        headers["Content-Type"] = "application/json; charset=utf-8"
        return Reply(answer.status, headers, json.dumps(answer.body).encode())

    def _asked(self, route: Route, names: Mapping[str, str], ask: Ask, hidden: int) -> tuple[Answer, Mapping[str, str]]:
        hub = self.hub
        token = self._token(ask.headers.get("authorization", ""))
        if route.name != "GET /rate_limit" and not hub.budget.spend():
            raise Refusal(HTTPStatus.FORBIDDEN, "API rate limit exceeded for installation.")
        if _OTHER_MEDIA.search(ask.headers.get("accept", "")):
            self.violations.append(f"{route.name}: the fake does not speak {ask.headers['accept']}")
        if "owner" in names and f"{names['owner']}/{names['repo']}".lower() != hub.full_name.lower():
            raise not_found()
        query = dict(parse_qsl(ask.query, keep_blank_values=True))
        call = Call(hub=hub, token=token, names=names, query=query, body=self._content(route, query, ask.body))
        hub.hide = hidden
        try:
            answer = route.endpoint(call)
        finally:
            hub.hide = 0
        if isinstance(answer.body, Page):
            return self._page(answer.body, hub.root + ask.path, query)
        return answer, {}

    def _token(self, header: str) -> Token:
        if not header:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Requires authentication")
        token = self.hub.tokens.get(header.partition(" ")[2])
        if token is None:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Bad credentials")
        return token

    def _content(self, route: Route, query: dict[str, str], body: bytes) -> Json:
        self.violations += self.contract.unknown(route.name, query)
        try:
            content = json.loads(body) if body else None
        except ValueError:
            self.violations.append(f"{route.name}: the body is no JSON")
            raise Refusal(HTTPStatus.BAD_REQUEST, "Problems parsing JSON") from None
        if wrong := self.contract.query(route.name, query) + self.contract.body(route.name, content):
            self.violations += wrong
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid request.\n\n" + "\n".join(wrong))
        return {"labels": content} if isinstance(content, list) else content or {}

    def _page(self, page: Page, url: str, query: dict[str, str]) -> tuple[Answer, Mapping[str, str]]:
        size = self.page_size or max(1, min(int(query.get("per_page", page.size)), max(PAGE_MOST, page.size)))
        number = max(1, int(query.get("page", "1")))
        items = list(page.items)
        shown = [page.render(each) for each in items[(number - 1) * size : number * size]]
        last = max(1, -(-len(items) // size))
        links = {"next": number + 1, "last": last} if number < last else {}
        links |= {"prev": number - 1, "first": 1} if number > 1 else {}
        header = ", ".join(f'<{url}?{urlencode({**query, "page": to})}>; rel="{name}"' for name, to in links.items())
        return Answer(page.wrap(shown) if page.wrap else shown), {"Link": header} if header else {}
