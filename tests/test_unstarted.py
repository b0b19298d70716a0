"""Where Ruleward cannot even start, no older verdict stands, and nothing hides what went wrong."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bot import start, unstarted
from bot.settings import CONFIG_PATH, CommitStatus
from tests.actions import run
from tests.fake_github import APP_TOKEN, FakeGitHub
from tests.fake_github.server import Server
from tests.fake_github.wire import Ask, Reply
from tests.repository import new_repository, rule_text

SHA = "a" * 40
GROUP = {"head_sha": "b" * 40, "base_sha": "c" * 40, "base_ref": "refs/heads/rel/8", "head_ref": "refs/heads/q/pr-5-c"}
PULL = {"number": 5, "state": "open", "head": {"sha": SHA}, "base": {"ref": "rel/8"}}


class Hub:
    """A GitHub that holds a config, or none, and notes what it is asked."""

    def __init__(self) -> None:
        self.config: str | None = None
        self.refuses: int = 0
        self.asked: list[Ask] = []
        self.server = Server(self.answer, print)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, ask: Ask) -> Reply:
        self.asked.append(ask)
        if self.refuses:
            return Reply(self.refuses)
        if ask.method == "POST":
            return Reply(201, body=b"{}")
        if self.config is None:
            return Reply(404)
        content = base64.encodebytes(self.config.encode()).decode()
        return Reply(200, body=json.dumps({"content": content, "encoding": "base64"}).encode())

    @property
    def statuses(self) -> list[Any]:
        return [json.loads(ask.body) for ask in self.asked if ask.method == "POST"]


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.stop()
    thread.join()


@pytest.fixture
def told(hub: Hub, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Tell as a run of some event would, with variables of its own."""

    def tell(event: str = "pull_request_target", pull: object = PULL, **more: str) -> dict[str, str]:
        payload = tmp_path / "event.json"
        payload.write_text(json.dumps({"number": 1, "pull_request": pull, "merge_group": GROUP}))
        environment = {
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_API_URL": hub.url,
            "GITHUB_SERVER_URL": "https://github.example.org",
            "GITHUB_REPOSITORY": "acme/rules",
            "GITHUB_RUN_ID": "77",
            "INPUT_TOKEN": "ghs_secret",
            **more,
        }
        unstarted.tell(environment)
        return environment

    return tell


def test_the_standard_library_is_enough() -> None:
    root = Path(__file__).parent.parent
    script = f"import sys; sys.path.append({str(root)!r}); from bot.unstarted import tell; tell({{}})"
    subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True)


def test_the_default_name_and_the_config_are_those_of_a_review() -> None:
    assert CommitStatus().context == unstarted.CONTEXT
    assert CONFIG_PATH == unstarted.CONFIG


def test_the_head_gets_an_error_under_the_name_that_a_review_gives(
    hub: Hub, told: Callable[..., dict[str, str]]
) -> None:
    told()
    read, wrote = hub.asked
    assert (read.path, read.query) == ("/repos/acme/rules/contents/.github/ruleward.toml", "ref=refs%2Fheads%2Frel%2F8")
    assert (wrote.path, wrote.headers["authorization"]) == (f"/repos/acme/rules/statuses/{SHA}", "Bearer ghs_secret")
    assert hub.statuses == [
        {
            "state": "error",
            "context": "ruleward: rel/8",
            "description": unstarted.DESCRIPTION,
            "target_url": "https://github.example.org/acme/rules/actions/runs/77?pr=5",
        }
    ]


def test_what_a_queue_is_about_to_merge_gets_one_too(hub: Hub, told: Callable[..., dict[str, str]]) -> None:
    told("merge_group")
    read, wrote = hub.asked
    assert (read.query, wrote.path) == ("ref=refs%2Fheads%2Frel%2F8", f"/repos/acme/rules/statuses/{'b' * 40}")
    (status,) = hub.statuses
    assert (status["state"], status["context"]) == ("error", "ruleward: rel/8")
    assert status["target_url"].endswith("/runs/77")


def test_a_name_that_the_base_branch_configures_is_used(hub: Hub, told: Callable[..., dict[str, str]]) -> None:
    hub.config = '[status]\ncontext = "rules ({base})"\n'
    told()
    assert [each["context"] for each in hub.statuses] == ["rules (rel/8)"]


@pytest.mark.parametrize("inside", [True, False])
def test_a_config_that_the_workflow_names_is_read_where_a_review_reads_it(
    hub: Hub, told: Callable[..., dict[str, str]], tmp_path: Path, *, inside: bool
) -> None:
    hub.config = '[status]\ncontext = "of the base"\n'
    file = tmp_path / "other.toml"
    file.write_text('[status]\ncontext = "of the machine"\n')
    told(INPUT_CONFIG=str(file), GITHUB_WORKSPACE=str(tmp_path if inside else tmp_path / "workspace"))
    assert [each["context"] for each in hub.statuses] == ["of the base" if inside else "of the machine"]
    assert [ask.path for ask in hub.asked if ask.method == "GET"] == ["/repos/acme/rules/contents/other.toml"] * inside


@pytest.mark.parametrize(
    "config", ["[status", "status = 1", "[status]\ncontext = 1", "[status]\ncontext = ' '", "[bump]\n"]
)
def test_a_config_that_names_none_leaves_the_default(config: str) -> None:
    assert unstarted.context_of(config.encode()) == unstarted.CONTEXT


@pytest.mark.parametrize(
    "how",
    [
        {"event": "merge_group", "INPUT_STATUS": "false"},
        {"event": "schedule"},
        {"INPUT_COMMAND": "audit"},
        {"INPUT_STATUS": "false"},
        {"INPUT_DRY_RUN": "true"},
        {"pull": {**PULL, "state": "closed"}},
    ],
)
def test_what_would_set_no_status_sets_none(hub: Hub, told: Callable[..., dict[str, str]], how: dict[str, str]) -> None:
    told(**how)
    assert hub.asked == []


@pytest.mark.parametrize("refuses", [403, 500])
def test_a_refusal_is_a_line_of_the_log_and_no_status_goes_by_a_guess(
    hub: Hub, told: Callable[..., dict[str, str]], capsys: pytest.CaptureFixture[str], refuses: int
) -> None:
    hub.refuses = refuses
    told()
    assert hub.statuses == []
    assert capsys.readouterr().err.startswith(f"the commit status could not be set: HTTP Error {refuses}")


@pytest.mark.parametrize(
    "broken", [{"GITHUB_API_URL": "nowhere"}, {"INPUT_TOKEN": "ghs_\nsecret"}, {"GITHUB_EVENT_PATH": "/none"}]
)
def test_nothing_that_goes_wrong_is_raised_or_shows_the_token(
    told: Callable[..., dict[str, str]], capsys: pytest.CaptureFixture[str], broken: dict[str, str]
) -> None:
    told(**broken)
    said = capsys.readouterr().err
    assert said.startswith("the commit status could not be set: ")
    assert "secret" not in said


def test_an_older_green_does_not_stand_and_the_next_run_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise start.InstallError("uv ended with status 2")

    repo = new_repository(tmp_path / "git")
    repo.commit({"rules/a.toml": rule_text(updated="2026/01/01")})
    repo.git("checkout", "--quiet", "-b", "topic")
    head = repo.commit({"docs/a.md": "a"})
    event = tmp_path / "event.json"
    pull = {"number": 1, "state": "open", "head": {"sha": head}, "base": {"ref": "main"}}
    event.write_text(json.dumps({"pull_request": pull}))
    with FakeGitHub(repo.path) as github:
        github.open_pull(1, head=head)
        assert run(github, tmp_path).result.status == 0
        monkeypatch.setattr(start, "_install", fails)
        for name, value in {
            "RUNNER_TOOL_CACHE": str(tmp_path),
            "GITHUB_EVENT_NAME": "pull_request_target",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_API_URL": github.api_url,
            "GITHUB_SERVER_URL": github.server_url,
            "GITHUB_REPOSITORY": github.hub.full_name,
            "INPUT_CONFIG": str(tmp_path / "none.toml"),
            "INPUT_TOKEN": APP_TOKEN,
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.syspath_prepend(str(start.__file__))  # what main adds to the path goes again
        with pytest.raises(SystemExit):
            start.main()
        assert capsys.readouterr().out.startswith("::error::")
        assert [each.state for each in github.hub.statuses] == ["success", "error"]
        assert {each.context for each in github.hub.statuses} == {"ruleward: main"}
        assert run(github, tmp_path).result.status == 0
        assert github.hub.statuses[-1].state == "success"
