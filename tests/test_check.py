"""The commit hook's face: the working tree alone, a line a finding, silent where there is nothing to say."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.model import Finding, Level, Review, Revision, Unevaluated, Verdict, format_date
from bot.render.as_lines import line, render
from tests.repository import Repository, new_repository, other_id, rule_text
from tests.test_cli import ROOT, ruleward

TODAY = "2026-11-24"
CHANGED = rule_text(query="any where true")


@pytest.fixture
def branch(repo: Repository) -> Repository:
    repo.commit({"rules/a.toml": rule_text(), "rules/b.toml": rule_text(rule_id=other_id(2), name="B")})
    repo.git("switch", "--quiet", "--create", "topic")
    return repo


def checked(repo: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    return ruleward("check", "--base", "main", "--today", TODAY, *arguments, cwd=repo.path)


def test_nothing_is_said_of_clean_rules_and_of_other_files(branch: Repository) -> None:
    branch.write(
        {
            "rules/a.toml": CHANGED.replace("2025/01/01", "2026/11/24"),
            "pyproject.toml": "no [ toml",
            "README.md": "# Rules\n",
            "rules/b.toml": rule_text(rule_id=other_id(2), name="B") + "# a comment\n",
            "tables/c.toml": "x = 1\n",
        }
    )
    for files in ([], ["rules/a.toml", "README.md", "pyproject.toml"]):
        done = checked(branch, *files)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_error_is_a_line_and_status_1(branch: Repository) -> None:
    branch.write({"rules/a.toml": CHANGED, "rules/b.toml": "broken ["})
    done = checked(branch)
    assert done.returncode == 1
    first, second, last = done.stdout.splitlines()
    assert first.startswith("rules/a.toml:4: error: `updated_date` is still `2025/01/01`")
    assert first.endswith("[updated-date-not-bumped]")
    assert second.startswith("rules/b.toml:1: error: cannot be read as a rule")
    assert last == "2 errors; `ruleward fix` mends 1 of them"


def test_a_file_that_is_not_named_is_not_looked_at(branch: Repository) -> None:
    branch.write({"rules/a.toml": CHANGED})
    assert checked(branch, "rules/b.toml").returncode == 0
    assert checked(branch, "rules/a.toml").returncode == 1
    assert checked(branch, "rules").returncode == 1


def test_a_warning_is_told_and_passes(branch: Repository) -> None:
    branch.write({"rules/a.toml": rule_text(created="2024/02/02", updated="2026/11/24")})
    done = checked(branch)
    assert done.returncode == 0
    assert "warning: `creation_date` was" in done.stdout


def test_a_removed_rule_may_be_named(branch: Repository) -> None:
    branch.write({"rules/a.toml": None})
    assert "[rule-removed]" in checked(branch, "rules/a.toml").stdout
    assert checked(branch, "rules/b.toml").stdout == ""


def test_a_broken_config_is_an_error_where_it_is_named_or_nothing_is(branch: Repository) -> None:
    branch.write({".github/ruleward.toml": "[ruels]\n", "rules/a.toml": rule_text(updated="2026/11/24")})
    assert checked(branch, "rules/a.toml").returncode == 0
    for files in ([], [".github/ruleward.toml"]):
        done = checked(branch, *files)
        assert done.returncode == 1
        (said,) = [each for each in done.stdout.splitlines() if each.endswith("[config-invalid]")]
        assert said.startswith(".github/ruleward.toml:1:1: unknown key `ruels`; known here: ")


def test_it_works_from_a_folder_inside(branch: Repository) -> None:
    branch.write({"rules/a.toml": CHANGED})
    done = ruleward("check", "--base", "main", "--today", TODAY, "a.toml", cwd=branch.path / "rules")
    assert done.stdout.startswith("rules/a.toml:4: error")


def test_a_link_in_place_of_a_rule_is_an_error(branch: Repository) -> None:
    branch.write({"rules/a.toml": None})
    (branch.path / "rules/a.toml").symlink_to("b.toml")
    assert "symbolic link" in checked(branch, "rules/a.toml").stdout


def test_before_the_first_commit_every_rule_is_new(repo: Repository) -> None:
    repo.write({"rules/a.toml": rule_text(updated="2027/01/01"), ".github/ruleward.toml": "[rules]\n"})
    done = ruleward("check", "--today", TODAY, "rules/a.toml", cwd=repo.path)
    assert done.returncode == 1
    assert "rules/a.toml:4: error: `updated_date` is `2027/01/01`" in done.stdout
    assert ruleward("check", "--today", TODAY, "rules/b.toml", cwd=repo.path).returncode == 2
    repo.git("add", "--all")
    assert ruleward("fix", "--today", TODAY, cwd=repo.path).returncode == 0
    assert ruleward("check", "--today", TODAY, cwd=repo.path).returncode == 0


def test_what_could_not_be_judged_and_odd_paths_are_told_safely() -> None:
    end = Revision(ref="main", sha=None)
    odd = Finding(policy="p", severity=Level.NOTICE, message="m\x1b[0m", path="", paths=("a\n", "b"))
    unread = Unevaluated(path="rules/\x07.toml", reason="gone")
    review = Review(
        base=end,
        head=end,
        today=date.fromisoformat(TODAY),
        verdict=Verdict.INCOMPLETE,
        findings=(odd,),
        unevaluated=(unread,),
    )
    assert render(review) == "a↵, b: notice: m⟨U+001B⟩[0m [p]\nrules/⟨U+0007⟩.toml: not judged: gone\n"
    assert line(Finding(policy="p", severity=Level.ERROR, message="m", path="")).startswith(
        "the pull request: error: m"
    )


# --- pre-commit itself ------------------------------------------------------------------------------------------------


def environment(home: Path) -> dict[str, str]:
    """What the hook runs in: a home of its own, so that nothing is left and nothing of the user's is read."""
    names = {"GIT_AUTHOR_NAME": "Ada", "GIT_COMMITTER_NAME": "Ada"}
    names |= {"GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_EMAIL": "ada@example.org"}
    places = {"PRE_COMMIT_HOME": str(home / "hooks"), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return {**os.environ, **names, **places}


def committed(repo: Repository, message: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Commit everything, as a person would whose hook is installed."""
    return subprocess.run(
        ["git", "commit", "--all", "--message", message],
        cwd=repo.path,
        env=environment(home),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.long
def test_pre_commit_passes_fails_and_fixes(repo: Repository, tmp_path: Path) -> None:
    """With this repository, its last commit and what is not committed yet, as the source of the hooks."""
    source = new_repository(tmp_path / "ruleward")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    kept = [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]
    revision = source.commit({name: (ROOT / name).read_bytes() for name in kept})
    hooks = "".join(f"      - id: ruleward-{hook}\n" for hook in ("fix", "check"))
    config = f"repos:\n  - repo: {source.path}\n    rev: {revision}\n    hooks:\n{hooks}"
    today = datetime.now(UTC).date()
    text = rule_text(updated=format_date(today - timedelta(days=300)))
    repo.commit({".pre-commit-config.yaml": config, "rules/a.toml": text})
    repo.git("switch", "--quiet", "--create", "topic")
    install = [sys.executable, "-m", "pre_commit", "install", "--install-hooks"]
    subprocess.run(install, cwd=repo.path, env=environment(tmp_path), check=True, capture_output=True)

    repo.write({"rules/a.toml": text.replace("a.exe", "b.exe")})
    refused = committed(repo, "Tune", tmp_path)
    assert refused.returncode == 1, refused.stderr
    assert "files were modified by this hook" in refused.stderr
    mended = (repo.path / "rules/a.toml").read_text("utf-8")
    assert mended.splitlines()[3][:16] == 'updated_date = "'
    assert mended != text.replace("a.exe", "b.exe")
    assert committed(repo, "Tune", tmp_path).returncode == 0
    assert repo.git("log", "--format=%s", "-1") == "Tune"

    repo.write({"rules/a.toml": mended.replace('maturity = "production"', 'maturity = "old"')})
    refused = committed(repo, "Age", tmp_path)
    assert refused.returncode == 1
    assert "unknown-maturity" in refused.stderr
    assert repo.git("log", "--format=%s", "-1") == "Tune"
