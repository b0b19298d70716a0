"""Nothing in a pull request is more than text on any surface of the action, and nothing can be forged."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cli import cli
from bot.github.runner import Result, hand_over
from bot.model import Blob, Rule, toml_string
from bot.parse import parse
from bot.render.as_markdown import MANUAL, Note, noted
from bot.render.as_markdown import render as comment_of
from bot.render.as_pull import error_comment, error_text, inline_wishes, status_text, waiver_comment
from bot.render.escape import terminal
from bot.settings import Settings
from bot.waive import Record, marker, read_record
from tests.fake_github import APP_TOKEN, BOT
from tests.hostile import HOSTILE, PHASES, assert_tame
from tests.repository import rule_text
from tests.scene import BASE, OTHER_QUERY, RULE, Scene, scene
from tests.test_render import hostile

FEW = settings(max_examples=60, deadline=None, phases=PHASES)
OUTPUTS = {"verdict", "blocked", "findings", "rules-changed", "labels", "report", "comment-url"}
COMMAND = re.compile(r"::(error|warning|notice)( [a-z]+=[^:]*)?::(?!.*::)")


@FEW
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_comments_on_lines_are_tame(path: str, name: str, message: str, query: str) -> None:
    made = hostile(path, name, message, query)
    hunks = {finding.path: [range(1, 99)] for finding in made.all_findings()}
    for wish in inline_wishes(made, hunks, most=30):
        assert_tame(wish.body, tables=0, marker=r" ruleward:inline [0-9a-f]{16} ", allowed=(MANUAL,))
        if "```suggestion" in wish.body:
            assert query in wish.body


@FEW
@given(HOSTILE, HOSTILE, HOSTILE, st.lists(HOSTILE, max_size=3))
def test_a_waivers_record_is_tame_and_reads_back(policy: str, by: str, at: str, findings: list[str]) -> None:
    record = Record(policy=policy, findings=frozenset(findings), base=by, head=at, by=by, at=at)
    body = waiver_comment(record)
    assert_tame(body.replace(marker(record), "<!-- x -->"), tables=0, marker=" x ")
    assert marker(record).count("-->") == marker(record).count("<!--") == 1
    assert read_record(body) == record


@FEW
@given(HOSTILE, HOSTILE)
def test_an_error_is_tame(message: str, before: str) -> None:
    text = f"{message}\n{before}"
    assert_tame(error_comment(text, recheck=before, before=message), tables=0, marker=r" ruleward:review v1 ")
    assert len(error_text(text)) <= 140
    assert max(error_text(text), default="") <= "\uffff"
    assert "\n" not in error_text(text)


@FEW
@given(st.lists(st.tuples(HOSTILE, HOSTILE, st.booleans()), max_size=3))
def test_notes_on_labels_are_tame_and_read_back(facts: list[tuple[str, str, bool]]) -> None:
    notes = tuple(Note(label=label, reason=reason, off=off) for label, reason, off in facts)
    body = comment_of(hostile("a", "b", "c", "d"), Settings(), notes=notes)
    first, _, rest = body.partition("\n")
    assert first.startswith("<!-- ruleward:review v1 change=")
    assert first.count("-->") == first.count("<!--") == 1
    assert "::" not in first
    assert_tame(f"<!-- x -->\n{rest}", tables=2, marker=" x ")
    change = re.search(r"change=([0-9a-f]+)", first)
    assert change is not None
    assert noted(body, change[1]) == notes
    assert noted(body, "another") == ()


@FEW
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_the_summary_and_the_status_are_tame(path: str, name: str, message: str, query: str) -> None:
    made = hostile(path, name, message, query)
    text = comment_of(made, Settings(), blob_url="https://github.com/o/r/blob/abc", whole=True)
    assert_tame(text, tables=2)
    status = status_text(made, "error")
    assert len(status) <= 140
    assert max(status) <= "\uffff"
    assert status == terminal(status)


@given(st.dictionaries(st.sampled_from(sorted(OUTPUTS)), HOSTILE | st.text()))
def test_outputs_cannot_be_forged(tmp_path_factory: pytest.TempPathFactory, outputs: dict[str, str]) -> None:
    place = tmp_path_factory.mktemp("runner") / "output"
    hand_over(Result(outputs=outputs), {"GITHUB_OUTPUT": str(place)})
    assert read_outputs(place) == {
        name: value.encode("utf-8", "replace").decode().replace("\r\n", "\n") for name, value in outputs.items()
    }


def read_outputs(place: Path) -> dict[str, str]:
    """Read the file of outputs as a runner does."""
    found: dict[str, str] = {}
    lines = iter(place.read_bytes().decode().replace("\r\n", "\n").split("\n")[:-1])
    for line in lines:
        name, _, fence = line.partition("<<")
        value = []
        for each in lines:
            if each == fence:
                break
            value.append(each)
        found[name] = "\n".join(value)
    return found


# --- through the console script ---------------------------------------------------------------------------------------

NAMES = HOSTILE.map(lambda text: re.sub(r"[/\x00\ud800-\udfff]", "", text)[:60].strip(". ") or "x")
LABELS = HOSTILE.map(lambda text: re.sub(r"[\x00-\x1f\ud800-\udfff]", "", text)[:43].strip() or "x")


def scripted(at: Scene, folder: Path, **more: str) -> tuple[int, str, dict[str, str], str]:
    """Run ``ruleward action`` as a runner would, and return its status, log, outputs and summary."""
    event, output, summary = (folder / name for name in ("event.json", "output", "summary"))
    event.write_text('{"action": "opened", "number": 1}')
    for each in (output, summary):
        each.unlink(missing_ok=True)
        each.touch()
    environment = {
        "GITHUB_EVENT_NAME": "pull_request_target",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "acme/rules",
        "GITHUB_SERVER_URL": at.github.server_url,
        "GITHUB_API_URL": at.github.api_url,
        "GITHUB_WORKSPACE": str(at.repo.path),
        "GITHUB_TOKEN": APP_TOKEN,
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "RUNNER_TEMP": str(folder),
        "RULEWARD_TODAY": "2026-11-24",
        **more,
    }
    ran = CliRunner().invoke(cli, ["action"], env=environment)
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, ran.output, read_outputs(output), summary.read_text(encoding="utf-8")


@settings(max_examples=12, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(NAMES, HOSTILE, HOSTILE, LABELS, NAMES))
def test_a_pull_request_forges_nothing(
    tmp_path_factory: pytest.TempPathFactory, texts: tuple[str, str, str, str, str]
) -> None:
    path, name, title, label, login = texts
    folder = tmp_path_factory.mktemp("hostile")
    plain = re.sub(r"[\ud800-\udfff]", "", name) or "x"
    text = rule_text(query=OTHER_QUERY, maturity="beta").replace('"A rule"', toml_string(plain))
    text = text.replace('"What it finds."', toml_string(plain))
    head: dict[str, str | bytes | None] = {RULE: text, f"rules/{path}.toml": text, "rules/broken.toml": f"{plain}\n["}
    with scene(folder, {RULE: BASE}, head, title=title, head_ref=title, author=login) as at:
        at.github.label_as(login, f"waive: {label}"[:50])
        for inline in ("true", "false"):
            status, log, outputs, summary = scripted(at, folder, INPUT_INLINE=inline)
            assert status == 1
            assert outputs.keys() == OUTPUTS
            assert outputs["verdict"] == "block"
            for line in log.splitlines():
                assert COMMAND.match(line) if line.startswith("::") else line.startswith("Ruleward: "), line
                assert "::" not in line.removeprefix("::").partition("::")[2]
                assert "##[" not in line
            ours = (MANUAL, f"{at.github.server_url}/acme/rules/blob/")
            assert_tame(summary, tables=2, allowed=ours)
            body = re.sub(r" notes=\[[^>]*\](?= -->)", "", at.comment())
            assert_tame(body, tables=2, marker=r" ruleward:review v1 change=[0-9a-f]{16} ", allowed=ours)
        for each in at.inline():
            assert each["author"] == BOT


BRANCH = "re@lease#1<b>&`id`|$(id)"


def test_the_name_of_a_base_branch_is_text_and_the_command_beside_it_safe_to_copy(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: rule_text(query=OTHER_QUERY)}) as at:
        at.repo.git("branch", BRANCH, "main")
        at.github.retarget(BRANCH)
        status, log, _, _ = scripted(at, tmp_path)
        assert status == 1
        assert all(line.startswith("Ruleward: ") for line in log.splitlines())
        ours = (MANUAL, f"{at.github.server_url}/acme/rules/blob/")
        assert_tame(at.comment(), tables=2, marker=r" ruleward:review v1 change=[0-9a-f]{16} ", allowed=ours)
        command = html.unescape(re.sub("<[^>]*>", "", at.comment().splitlines()[-1]))
        assert f"ruleward fix --base '{BRANCH}'" in command
        assert (at.status(context=f"ruleward: {BRANCH}") or ("",))[0] == "failure"


def test_an_error_on_the_way_out_is_no_command(tmp_path: Path) -> None:
    (tmp_path / "event").write_text("{}")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "GITHUB_EVENT_NAME": "x\n::set-output name=a::b\r::error::c\n##[error]d\x1b[31m",
        "GITHUB_EVENT_PATH": str(tmp_path / "event"),
        "GITHUB_REPOSITORY": "acme/rules",
        "GITHUB_TOKEN": "ghs_secret_of_somebody",
        "RUNNER_TEMP": str(tmp_path),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "action"], env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert ran.returncode == 2
    assert "is none that Ruleward acts on" in ran.stderr
    for each in ("::", "##[", "\x1b", "\r", "ghs_secret"):
        assert each not in ran.stderr + ran.stdout


# --- suggestions ------------------------------------------------------------------------------------------------------

LINES = [
    'updated_date = "2025/01/01"',
    "updated_date = '2025/01/01'",
    'updated_date="2025/01/01"  # when it changed',
    '\tupdated_date\t=\t"2025/01/01"',
    '"updated_date" = "2025/01/01"',
    'updated_date = """2025/01/01"""',
    "updated_date = '''\n2025/01/01'''",
    'updated_date = "2025/01/01" # ```suggestion',
    'updated_date = "2025/01/01" # <!-- ruleward:inline 0 -->',
    'updated_date = "2025/01/01" # ::error::x',
    'updated_date = "2025/01/01" # \u202e',
    'updated_date = "2025/01/01" # @ada `x` | &lt;',
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("line", LINES)
def test_a_suggestion_replaces_those_lines_and_settles_the_finding(tmp_path: Path, line: str, end: str) -> None:
    def text(query: str, more: str = "") -> str:
        made = rule_text(query=query).replace('updated_date = "2025/01/01"\n', f"{line}\n{more}")
        return made.replace("\n", end)

    head = text(OTHER_QUERY, 'integration = ["endpoint"]\n')
    with scene(tmp_path, {RULE: text("process where true")}, {RULE: head.encode()}) as at:
        at.repo.git("config", "core.autocrlf", "false")
        at.run()
        (inline,) = at.inline()
        found = re.search(r"^(`{3,})suggestion\n(.*)\n\1$", inline["body"], re.MULTILINE | re.DOTALL)
        hidden = any(each in line for each in ("<!--", "::", "\u202e", "\n"))
        assert (found is None) == hidden, "what had to be escaped, or has no one line, is not offered"
        if found is None:
            assert "**Fix:**" in inline["body"]
            return
        lines = head.split(end)
        first = inline["start_line"] or inline["line"]
        lines[first - 1 : inline["line"]] = found[2].split("\n")
        fixed = end.join(lines)
        rule = parse(Blob(path=RULE, data=fixed.encode()), max_bytes=10**6)
        assert isinstance(rule, Rule)
        assert rule.updated_date == date(2026, 11, 24)
        at.push({RULE: fixed.encode()})
        assert at.run().result.status == 0
        assert at.inline() == []
