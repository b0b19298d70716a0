"""When a request is sent again and when not, by verb and answer, under a clock that only waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from github.Requester import Requester

from bot.github.client import BUDGET, Client, GitHubError, RefusedError
from tests.actions import VirtualClock
from tests.fake_github import APP_TOKEN, FakeGitHub, Fault, faults
from tests.repository import new_repository

COMMENTS = "/issues/1/comments"
LIMITED = {
    "bare 429": 60.0,
    "429 retry-after": 2.0,
    "secondary limit": 60.0,
    "secondary limit retry-after": 2.0,
    "primary limit": 6.0,
}
HARMLESS = ("late", "none")


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    repo = new_repository(tmp_path / "repo")
    head = repo.commit({"a.md": "a"})
    with FakeGitHub(repo.path) as made:
        made.open_pull(1, head=head)
        yield made


def client(github: FakeGitHub, *, token: str = APP_TOKEN, budget: float = BUDGET) -> Client:
    return Client(github.api_url, token, "acme/rules", VirtualClock(github.clock), budget=budget)


def post(at: Client, body: str = "Hello") -> object:
    """Post a comment as the bot does: looked for before it is sent again."""

    def find() -> object:
        return next((each for each in at.pages(COMMENTS) if each["body"] == body), None)

    return at.create(COMMENTS, {"body": body}, find)


def said(github: FakeGitHub) -> list[str]:
    return [each["body"] for each in github.state()["issues"][1]["comments"]]


def edit(at: Client) -> object:
    number = next(iter(at.pages(COMMENTS)))["id"]
    return at.change("PATCH", f"/issues/comments/{number}", {"body": "Changed"})


def delete(at: Client) -> object:
    number = next(iter(at.pages(COMMENTS)))["id"]
    return at.change("DELETE", f"/issues/comments/{number}")


def label(at: Client) -> object:
    return at.change("POST", "/issues/1/labels", {"labels": ["x"]})


def unlabel(at: Client) -> object:
    return at.change("DELETE", "/issues/1/labels/x")


VERBS: dict[str, tuple[Callable[[Client], object], str, list[str], list[str]]] = {
    "GET": (lambda at: at.get("/pulls/1"), "GET", ["Hello"], []),
    "POST": (lambda at: post(at, "New"), "POST", ["Hello", "New"], []),
    "PATCH": (edit, "PATCH", ["Changed"], []),
    "DELETE": (delete, "DELETE", [], []),
    "POST labels": (label, "POST", ["Hello"], ["x"]),
    "DELETE label": (unlabel, "DELETE", ["Hello"], []),
}


@pytest.mark.parametrize("fault", faults.EVERY, ids=lambda each: each.name)
@pytest.mark.parametrize("verb", VERBS)
def test_a_request_has_its_effect_once_whatever_answers_first(github: FakeGitHub, fault: Fault, verb: str) -> None:
    act, method, comments, labels = VERBS[verb]
    github.comment_as("ada", "Hello")
    if verb == "DELETE label":
        github.label_as("ada", "x")
    at = client(github)
    github.fail(fault, when=lambda each, _: each == method)
    act(at)
    assert said(github) == comments
    assert github.state()["issues"][1]["labels"] == labels
    waited = LIMITED.get(fault.name, 0.0 if fault.name in HARMLESS else 1.0)
    assert at.waited - waited in {0.0, 1.0}, "a second passes with each write"
    assert at.calls == len(github.calls)


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (faults.status(502), [1, 2, 4, 8, 16, 30, 30]),
        (faults.reset(), [1, 2, 4, 8, 16, 30, 30]),
        (faults.html_200(), [1, 2, 4, 8, 16, 30, 30]),
        (faults.retry_after_429(5), [5] * 7),
    ],
    ids=lambda each: each.name if isinstance(each, Fault) else "",
)
def test_seven_attempts_are_enough(github: FakeGitHub, fault: Fault, waits: list[float]) -> None:
    at = client(github)
    github.fail(fault, when=lambda *_: True, times=0)
    with pytest.raises(GitHubError, match=r"did not answer GET /repos/acme/rules/pulls/1 in 7 attempts") as caught:
        at.get("/pulls/1")
    assert caught.value.status == 3
    assert not isinstance(caught.value, RefusedError)
    assert at.waited == sum(waits)
    assert len(github.calls) == 7


@pytest.mark.parametrize(
    ("fault", "waited", "calls"),
    [
        (faults.bare_429(), 180, 3),  # a minute, two, and four would be too many
        (faults.secondary(), 180, 3),
        (faults.retry_after_429(301), 0, 1),
        (faults.primary(3600), 0, 1),
    ],
    ids=lambda each: each.name if isinstance(each, Fault) else "",
)
def test_nobody_waits_longer_than_the_budget(github: FakeGitHub, fault: Fault, waited: float, calls: int) -> None:
    at = client(github)
    github.fail(fault, when=lambda *_: True, times=0)
    with pytest.raises(GitHubError, match=r"more than the 300 s that a run may wait\. Run this again later") as caught:
        at.get("/pulls/1")
    assert "its rate limit" in str(caught.value)
    assert (at.waited, len(github.calls)) == (waited, calls)


def test_the_budget_is_for_all_requests_together(github: FakeGitHub) -> None:
    at = client(github, budget=10)
    github.fail(faults.retry_after_429(6), when=lambda *_: True)
    at.get("/pulls/1")
    github.fail(faults.retry_after_429(6), when=lambda *_: True)
    with pytest.raises(GitHubError, match="waiting 6 s more is more than the 10 s"):
        at.get("/pulls/1")
    at.pause(5)
    assert at.waited == 6


def test_time_spent_on_answers_that_never_came_counts(github: FakeGitHub) -> None:
    at = client(github, budget=30)
    slow = Fault(name="slow", effect=False, status=502, before=lambda: github.clock.tick(20), body={})
    github.fail(slow, when=lambda *_: True, times=0)
    with pytest.raises(GitHubError, match="more than the 30 s"):
        at.get("/pulls/1")
    assert len(github.calls) == 2


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 410, 422])
@pytest.mark.parametrize("verb", ["GET", "POST", "PATCH"])
def test_a_no_is_a_no(github: FakeGitHub, verb: str, code: int) -> None:
    act, method, _, _ = VERBS[verb]
    github.comment_as("ada", "Hello")
    at = client(github)
    no = Fault(name="no", effect=False, status=code, body={"message": "Not like this"})
    github.fail(no, when=lambda each, _: each == method)
    with pytest.raises(RefusedError, match=f"GitHub answered {code} to {method} .*: Not like this") as caught:
        act(at)
    assert caught.value.code == code
    assert at.waited == 0


def test_what_came_too_quickly_is_sent_again_later(github: FakeGitHub) -> None:
    at = client(github)
    github.fail(faults.too_quick(), when=lambda verb, _: verb == "POST")
    post(at)
    assert said(github) == ["Hello"]
    assert at.waited >= 60


def test_a_certificate_that_nobody_trusts_is_told_at_once(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed'))"

    def untrusted(*_: object) -> None:
        raise requests.exceptions.SSLError(said)

    at = client(github)
    monkeypatch.setattr(Requester, "requestJson", untrusted)
    with pytest.raises(GitHubError, match="REQUESTS_CA_BUNDLE"):
        at.get("/pulls/1")
    assert (at.calls, at.waited) == (1, 0)


def test_what_is_gone_is_deleted(github: FakeGitHub) -> None:
    at = client(github)
    assert at.change("DELETE", "/issues/comments/4711") is None
    assert at.change("DELETE", "/issues/1/labels/never") is None


def test_a_comment_that_is_listed_late_may_be_posted_twice_and_is_never_lost(github: FakeGitHub) -> None:
    at = client(github)
    github.fail(Fault(name="lost and late", status=faults.RESET, hidden=1), when=lambda each, _: each == "POST")
    post(at)
    assert said(github) == ["Hello", "Hello"]


def test_a_redirect_that_loses_the_number_of_the_page_has_an_end(
    github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(13):
        github.comment_as("ada", f"{number}")
    github.page_size = 5
    request = Requester.requestJson

    def redirected(self: Requester, verb: str, path: str, *_: object) -> object:
        return request(self, verb, path)

    monkeypatch.setattr(Requester, "requestJson", redirected)
    with pytest.raises(GitHubError, match="one page again and again"):
        client(github).pages(COMMENTS)


@pytest.mark.parametrize("size", [1, 7, None])
def test_every_page_is_read(github: FakeGitHub, size: int | None) -> None:
    for number in range(13):
        github.comment_as("ada", f"{number}")
    github.page_size = size
    at = client(github)
    assert [each["body"] for each in at.pages(COMMENTS)] == [f"{number}" for number in range(13)]
    assert at.calls == {1: 13, 7: 2, None: 1}[size]


def test_what_is_wrong_with_a_field_is_told(github: FakeGitHub) -> None:
    at = client(github)
    with pytest.raises(RefusedError, match=r"Validation Failed \(.*body is too long"):
        at.create(COMMENTS, {"body": "x" * 65_537}, lambda: None)


def test_no_error_shows_the_token(github: FakeGitHub) -> None:
    secret = "ghs_secret_of_somebody"
    github.fail(faults.status(502), when=lambda *_: True, times=0)
    at = client(github, token=secret)
    with pytest.raises(GitHubError) as caught:
        at.get("/pulls/1")
    assert secret not in repr(caught.value)
    assert secret not in str(caught.value.__cause__) + str(caught.value.__context__)
    github.forget()
    with pytest.raises(RefusedError, match="Bad credentials") as refused:
        at.get("/pulls/1")
    assert secret not in repr(refused.value)
    assert secret not in repr(at)
