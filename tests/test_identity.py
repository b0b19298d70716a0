"""Whom a token is taken for: asked once, GraphQL only where another app wrote or a guess will not do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.github.client import Client
from bot.github.identity import APP, Identity, same_login
from tests.actions import VirtualClock
from tests.fake_github import APP_TOKEN, PERMISSIONS, FakeGitHub, Fault
from tests.repository import new_repository

OURS = "rules[bot]"
NO_GRAPHQL = Fault(name="no GraphQL", effect=False, status=403, body={"message": "Forbidden"})


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    repo = new_repository(tmp_path / "repo")
    repo.commit({"a.md": "a"})
    with FakeGitHub(repo.path) as made:
        made.add_token("ghs_ours", login=OURS, app=True, permissions=PERMISSIONS)
        made.add_token("ghp_person", login="grace", permissions=PERMISSIONS)
        yield made


def identity(github: FakeGitHub, token: str, login: str = "") -> Identity:
    return Identity(Client(github.api_url, token, "acme/rules", VirtualClock(github.clock)), login)


def test_nobody_is_asked_before_it_matters(github: FakeGitHub) -> None:
    assert identity(github, "ghs_ours").taken == ""
    assert identity(github, "ghs_ours", OURS).taken == OURS
    assert github.calls == []


def test_a_person_and_a_name_that_was_given_are_taken_for_what_they_say(github: FakeGitHub) -> None:
    assert identity(github, "ghp_person").name(["other[bot]"], sure=True) == "grace"
    assert identity(github, "ghs_ours", "given[bot]").name(["other[bot]"], sure=True) == "given[bot]"
    assert [each.path for each in github.calls] == ["/user"]


def test_a_workflow_s_token_costs_no_second_question(github: FakeGitHub) -> None:
    who = identity(github, APP_TOKEN)
    assert (who.name(), who.taken) == (APP, APP)
    assert who.name(["grace", "GitHub-Actions[bot]"]) == APP
    assert not who.mistaken
    assert [each.path for each in github.calls] == ["/user"]


@pytest.mark.parametrize(("authors", "sure"), [(["grace", APP, "else[bot]"], False), ([], True), ([APP], True)])
def test_an_app_is_known_where_another_wrote_or_a_guess_will_not_do(
    github: FakeGitHub, authors: list[str], sure: bool  # noqa: FBT001 - a row of the table
) -> None:  # fmt: skip
    who = identity(github, "ghs_ours")
    assert who.name(authors, sure=sure) == who.taken == OURS
    assert not who.mistaken
    assert who.name(["third[bot]"]) == OURS
    assert [each.path for each in github.calls] == ["/user", "/graphql"]


def test_a_name_that_was_given_too_early_is_owned_up_to(github: FakeGitHub) -> None:
    who = identity(github, "ghs_ours")
    assert who.name([APP]) == APP
    assert not who.mistaken
    assert who.name(["else[bot]"]) == OURS
    assert who.mistaken


def test_where_nothing_tells_it_is_the_workflow_s(github: FakeGitHub) -> None:
    github.fail(NO_GRAPHQL, when=lambda _, path: path == "/graphql", times=0)
    who = identity(github, "ghs_ours")
    assert who.name(["else[bot]"]) == APP
    assert not who.mistaken


def test_case_means_nothing_and_no_name_is_nobody_s() -> None:
    assert same_login("Grace", "grace")
    assert not same_login("grace", "ada")
    assert not same_login("", "")
