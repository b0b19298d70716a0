"""The command line: exit statuses, streams, and errors without a traceback."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import IO

import pytest

from bot import __version__, cli
from bot.cli.options import coloured
from bot.config import read_config
from bot.diff import diff, pair
from bot.judge import judge
from bot.model import Blob, RuleRef
from bot.parse import parse
from bot.policy import all_policies
from bot.settings import CONFIG_PATH
from tests.repository import Repository, new_repository, other_id, rule_text
from tests.schemas import validate

ROOT = Path(__file__).parents[1]


def ruleward(
    *arguments: str, cwd: Path = ROOT, stdout: IO[bytes] | int = subprocess.PIPE, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd,
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def branch(repo: Repository) -> Repository:
    repo.commit({"rules/a.toml": rule_text(), "rules/b.toml": rule_text(rule_id=other_id(2), name="B")})
    repo.git("switch", "--quiet", "--create", "topic")
    return repo


def reviewed(repo: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    return ruleward("review", "--base", "main", "--today", "2026-11-24", *arguments, cwd=repo.path)


def test_a_terminal_is_coloured_unless_no_color_says_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured()
    for value, expected in (("", True), ("0", False), ("1", False)):
        monkeypatch.setenv("NO_COLOR", value)
        assert coloured() is expected, value


def test_a_review_of_no_rule_file_says_so(repo: Repository) -> None:
    repo.commit({"detections/a.toml": rule_text()})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({"detections/a.toml": rule_text(query="any where true")})
    done = reviewed(repo)
    assert done.returncode == 0
    assert "no file here is a rule by `rules.include`" in " ".join(done.stdout.split())
    assert "name the folders of your rules there" in " ".join(done.stdout.split())
    repo.commit({"rules/a.toml": rule_text(updated="2026/11/24", created="2026/11/24")})
    assert "rules.include" not in reviewed(repo).stdout


@pytest.mark.parametrize("committed", [False, True])
def test_a_config_that_is_not_merged_yet_is_said_not_to_count(repo: Repository, *, committed: bool) -> None:
    repo.commit({"detections/a.toml": rule_text()})
    repo.git("switch", "--quiet", "--create", "topic")
    (repo.commit if committed else repo.write)({CONFIG_PATH: '[rules]\ninclude = ["detections/**/*.toml"]\n'})
    said = " ".join(reviewed(repo, *(["--head", "topic"] if committed else [])).stdout.split())
    assert "of the base branch (`rules/**/*.toml`, `rules_building_block/**/*.toml`)" in said
    assert "that of this change (`detections/**/*.toml`) counts once it is merged" in said
    assert "`ruleward review --config .github/ruleward.toml`" in said
    assert "name the folders of your rules there" not in said
    assert "rules.include" not in reviewed(repo, "--config", CONFIG_PATH).stdout


@pytest.mark.parametrize("text", ['[rules]\ninclude = ["other/**"]\n', "broken"])
def test_a_config_to_come_that_finds_no_rule_either_is_no_way_out(repo: Repository, text: str) -> None:
    repo.commit({"detections/a.toml": rule_text()})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({CONFIG_PATH: text})
    assert "name the folders of your rules there" in " ".join(reviewed(repo).stdout.split())


def test_a_branch_that_changes_no_rule_passes_without_a_word_on_folders(branch: Repository) -> None:
    branch.commit({"README.md": "more"})
    assert "rules.include" not in reviewed(branch).stdout


def test_the_version_is_told() -> None:
    assert ruleward("--version").stdout == f"ruleward {__version__}\n"


@pytest.mark.parametrize(
    ("text", "fail_on", "status"),
    [
        (rule_text(query="any where true", updated="2026/11/24"), "error", 0),
        (rule_text(query="any where true"), "error", 1),
        (rule_text(query="any where true"), "never", 0),
        (rule_text(created="2024/02/02", updated="2026/11/24"), "error", 0),
        (rule_text(created="2024/02/02", updated="2026/11/24"), "warning", 1),
    ],
)
def test_the_exit_status_follows_the_findings(branch: Repository, text: str, fail_on: str, status: int) -> None:
    branch.commit({"rules/a.toml": text})
    assert reviewed(branch, "--head", "topic", "--fail-on", fail_on).returncode == status


def test_an_incomplete_review_never_looks_like_a_pass(branch: Repository) -> None:
    branch.commit({"rules/a.toml": rule_text(query="any where true", updated="2026/11/24")})
    oid = branch.git("rev-parse", "HEAD:rules/a.toml")
    (branch.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    assert reviewed(branch, "--head", "topic", "--fail-on", "never").returncode == 3


def test_a_crash_of_ours_is_an_incomplete_review(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli.cli, "main", crash)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 3


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--head", "nowhere"), 2, "ruleward: nowhere: no such commit"),
        (("--today", "24.11.2026"), 2, "is no day"),
        (("--config", "none.toml"), 2, "ruleward: none.toml: cannot be read"),
        (("--format", "pdf"), 2, "is not one of"),
        (("--repo", "/nonexistent"), 2, "no such folder"),
        (("--output", "/nonexistent/x"), 2, "cannot be written"),
    ],
)
def test_a_wrong_call_is_told_in_a_line(branch: Repository, arguments: tuple[str, ...], status: int, said: str) -> None:
    done = reviewed(branch, *arguments)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("arguments", [("review", "--base", "main"), ("explain",), ("--version",)])
def test_a_report_that_does_not_fit_on_the_disk_is_told_in_a_line(branch: Repository, arguments: tuple[str]) -> None:
    with FULL.open("wb") as full:
        done = ruleward(*arguments, cwd=branch.path, stdout=full)
    assert done.returncode == 3
    assert done.stderr == "ruleward: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_the_status_holds_where_not_even_the_error_can_be_written(branch: Repository) -> None:
    script = f"exec {shlex.quote(sys.executable)} -m bot review --base main >/dev/full 2>&1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(["sh", "-c", script], cwd=branch.path, env=environment, check=False).returncode == 3


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of its own there")
@pytest.mark.parametrize("arguments", ["review --base main", "audit", "doctor", "explain", "--version"])
def test_a_closed_stdout_changes_no_exit_status(branch: Repository, arguments: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m bot {arguments}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(line: str) -> tuple[int, bytes]:
        done = subprocess.run(["sh", "-c", line], cwd=branch.path, env=environment, capture_output=True, check=False)
        return done.returncode, done.stderr

    assert run(f"exec {command} >&-") == run(f"exec {command}")


def test_a_python_that_drops_docstrings_is_told_in_a_line(branch: Repository) -> None:
    done = ruleward("review", "--base", "main", cwd=branch.path, PYTHONOPTIMIZE="2")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith("unset PYTHONOPTIMIZE, or set it to 1")
    assert ruleward("review", "--base", "main", cwd=branch.path, PYTHONOPTIMIZE="1").returncode == 0


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="file names are Unicode there, whatever the locale")
def test_a_path_that_the_locale_cannot_name_is_told_in_a_line(tmp_path: Path) -> None:
    repo = new_repository(tmp_path / "r\u00fcles")
    repo.commit({"rules/a.toml": rule_text()})
    done = ruleward("review", "--base", "main", cwd=repo.path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("ruleward: this locale (ascii) cannot name '")
    assert line.endswith("r\\xfcles': set LC_ALL=C.UTF-8 or PYTHONUTF8=1")
    assert ruleward("review", "--base", "main", cwd=repo.path, LC_ALL="C", PYTHONUTF8="1").returncode == 0


@pytest.mark.parametrize("today", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_of_the_calendar_are_days(branch: Repository, today: str) -> None:
    branch.commit({"rules/a.toml": rule_text(maturity="deprecated"), "rules/b.toml": rule_text(updated="2024/01/01")})
    for command in (("review", "--base", "main"), ("check", "--base", "main"), ("audit",)):
        done = ruleward(*command, "--today", today, cwd=branch.path)
        assert done.returncode == (0 if command == ("audit",) else 1), done.stderr
        assert "Traceback" not in done.stderr


def test_a_broken_config_is_told_by_its_place(branch: Repository) -> None:
    branch.write({"mine.toml": "[rules]\nincluded = []\n"})
    done = reviewed(branch, "--config", "mine.toml")
    assert done.returncode == 2
    assert done.stderr.startswith("mine.toml:2:1: unknown key `included` in [rules]; known here: include")


@pytest.mark.parametrize("format_name", ["text", "markdown", "json", "sarif", "github"])
def test_every_format_is_the_same_twice_and_stands_alone_on_stdout(branch: Repository, format_name: str) -> None:
    branch.commit({"rules/a.toml": rule_text(query="any where true"), "rules/c.toml": "broken ["})
    first, second = (reviewed(branch, "--head", "topic", "--format", format_name) for _ in range(2))
    assert first.stdout == second.stdout
    assert "rules/a.toml" in first.stdout
    assert first.stderr == ""
    assert first.returncode == 1


def test_the_json_report_is_what_its_schema_says(branch: Repository) -> None:
    branch.commit(
        {
            "rules/a.toml": rule_text(query="any where true"),
            "rules/c.toml": "broken [",
            "rules/d.toml": rule_text(name="D"),
        }
    )
    report = json.loads(reviewed(branch, "--head", "topic", "--format", "json").stdout)
    validate(report, json.loads(ruleward("schema", "report").stdout))
    assert report["verdict"] == "block"
    assert [rule["kind"] for rule in report["rules"]] == ["tuning", "unreadable", "new"]
    policies = {finding["policy"] for rule in report["rules"] for finding in rule["findings"]}
    assert policies == {"updated-date-not-bumped", "unreadable-rule", "duplicate-rule-id"}
    assert report["labels"] == sorted(report["labels"])
    assert {"governance: blocked", "impact: logic", "rule: new", "rule: tuning"} <= set(report["labels"])


def test_a_report_goes_to_a_file(branch: Repository) -> None:
    done = reviewed(branch, "--format", "json", "--output", "report.json")
    assert done.stdout == ""
    assert json.loads((branch.path / "report.json").read_text("utf-8"))["verdict"] == "pass"


def test_the_help_cuts_no_sentence() -> None:
    assert "..." not in ruleward("--help").stdout.partition("Commands:")[2]


def test_every_policy_explains_itself() -> None:
    table = ruleward("explain").stdout
    assert all(policy in table for policy in all_policies())
    assert "Why: " in ruleward("explain", "rule-removed").stdout
    for identity in ("config-invalid", "exception-expired", "no-rule-files"):
        assert identity in table
        assert ruleward("explain", identity).stdout.startswith(f"{identity}\n\n")
    assert "`window_days = 30`" in ruleward("explain", "updated-date-lagging").stdout
    assert "\n\nCan be waived: " in ruleward("explain", "updated-date-lagging").stdout


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("rule-removal", "did you mean `rule-removed`?"),
        ("ecs-field", "did you mean `ecs-field-unknown`?"),
        ("duplicate", "did you mean `duplicate-rule-id`, `duplicate-rule-name`, `duplicate-query-value`?"),
        ("qqqqqqqq", "`ruleward explain` lists them all"),
    ],
)
def test_an_unknown_policy_is_told_with_the_nearest_one(asked: str, hint: str) -> None:
    done = ruleward("explain", asked)
    assert (done.returncode, done.stderr) == (2, f"ruleward: {asked}: no such policy; {hint}\n")


def test_the_projects_own_rules_are_clean() -> None:
    """The pack, as one new pull request, has no finding at all."""
    settings = read_config((ROOT / ".github/ruleward.toml").read_bytes())
    paths = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("rules*/**/*.toml"))]
    blobs = [Blob(path=path, data=(ROOT / path).read_bytes()) for path in paths]
    rules = {blob.path: parse(blob, max_bytes=10**6) for blob in blobs}
    changes = diff(pair(rules, rules), settings)
    fresh = diff(pair({}, rules), settings)
    ids: dict[str, tuple[RuleRef, ...]] = {}
    for change in fresh.rules:
        assert change.head is not None, change.path
        held = RuleRef(path=change.path, rule_id=change.head.rule_id, name=change.head.name, deprecated=False)
        ids[change.head.rule_id or ""] = (*ids.get(change.head.rule_id or "", ()), held)
    assert len(rules) >= 12
    assert all(rule.findings == () for rule in judge(changes, settings, today=date(2026, 11, 24)).rules)
    wrong = [
        (finding.path, finding.policy, finding.message)
        for rule in judge(fresh, settings, today=date(2026, 11, 24), ids=ids).rules
        for finding in rule.findings
        if finding.policy != "maturity-transition"  # deprecated rules do not begin as such
    ]
    assert not wrong
