"""What a runner tells a step, and what is said where it tells too little."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.github.runner import Machine, Result, Runner, hand_over, read_runner
from bot.model import RulewardError

TOKEN = "ghs_x"  # no secret of anybody


def environment(folder: Path, payload: str = '{"number": 1}', **more: str) -> dict[str, str]:
    (folder / "event.json").write_text(payload)
    return {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": "acme/rules",
        "RUNNER_TEMP": str(folder),
        **more,
    }


def read(given: dict[str, str], token: str = TOKEN) -> Runner:
    return read_runner(given, token=token, today=date(2026, 11, 24), clock=Machine(), say=lambda _: None)


def test_what_is_not_told_is_github_com(tmp_path: Path) -> None:
    for more in ({}, {"GITHUB_API_URL": "", "GITHUB_SERVER_URL": "", "GITHUB_WORKSPACE": "", "GITHUB_RUN_ID": ""}):
        found = read(environment(tmp_path, **more))
        assert (found.api_url, found.server_url) == ("https://api.github.com", "https://github.com")
        assert (found.workspace, found.run_url, found.rerun) == (None, "", False)
        assert found.temp.parent == tmp_path


def test_an_enterprise_server_is_where_it_says(tmp_path: Path) -> None:
    found = read(
        environment(
            tmp_path,
            GITHUB_API_URL="https://ghe.example/api/v3",
            GITHUB_SERVER_URL="https://ghe.example/",
            GITHUB_RUN_ID="7",
            GITHUB_RUN_ATTEMPT="2",
            GITHUB_WORKSPACE="/w",
        )
    )
    assert found.api_url == "https://ghe.example/api/v3"
    assert found.run_url == "https://ghe.example/acme/rules/actions/runs/7"
    assert found.workspace == Path("/w")
    assert found.rerun


@pytest.mark.parametrize("name", ["GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY"])
def test_what_every_runner_tells_is_asked_for(tmp_path: Path, name: str) -> None:
    given = environment(tmp_path)
    del given[name]
    with pytest.raises(RulewardError, match=f"{name} is not set"):
        read(given)


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(RulewardError, match="there is no token"):
        read(environment(tmp_path), token="")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [("", "cannot be read"), ("{", "cannot be read"), ("[" * 100_000, "cannot be read"), ("[]", "is no object")],
)
def test_a_payload_that_is_none_is_an_error(tmp_path: Path, payload: str, reason: str) -> None:
    with pytest.raises(RulewardError, match=reason):
        read(environment(tmp_path, payload))


def test_what_is_handed_over_is_added_to_what_is_there(tmp_path: Path) -> None:
    output, summary = tmp_path / "output", tmp_path / "summary"
    output.write_text("a=b\n")
    summary.write_text("Hello\n")
    given = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    hand_over(Result(outputs={"verdict": "pass"}, summary="✅\n"), given)
    name, value, fence = output.read_text().splitlines()[1:]
    assert (name, value) == (f"verdict<<{fence}", "pass")
    assert summary.read_text(encoding="utf-8") == "Hello\n✅\n"
    hand_over(Result(outputs={"verdict": "pass"}), given)
    assert len({line for line in output.read_text().splitlines() if line.startswith("ruleward-")}) == 2
    hand_over(Result(outputs={"verdict": "pass"}, summary="x"), {})
