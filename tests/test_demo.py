"""The demo shows what it promises."""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import Repository, rule_text
from tools import demo

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def output() -> str:
    """What ``make demo`` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def parts(output: str) -> dict[str, str]:
    """What was done, the comment and the terminal's review."""
    told, _, rest = output.partition("the comment, in Markdown")
    comment, _, rest = rest.partition("and beside it")
    beside, _, terminal = rest.partition("the review in a terminal")
    return {"told": told, "comment": html.unescape(comment), "beside": beside, "terminal": terminal}


def _path_in(told: str, word: str) -> str:
    """The rule that a line of the account is about."""
    (line,) = (line for line in told.splitlines() if word in line)
    return next(part for part in line.split() if part.endswith(".toml"))


@pytest.mark.parametrize("part", ["comment", "terminal"])
@pytest.mark.parametrize(
    ("word", "policy"),
    [
        ("no TOML any more", "unreadable-rule"),
        ("its updated_date stays", "updated-date-not-bumped"),
        ("is called deprecated", "deprecation-incomplete"),
        ("goes back to ecs_version", "ecs-version-lowered"),
    ],
)
def test_the_review_names_the_rule_and_what_is_wrong(parts: dict[str, str], part: str, word: str, policy: str) -> None:
    review = parts[part]
    assert policy in review
    assert Path(_path_in(parts["told"], word)).stem in review.replace("\n", "")


def test_github_holds_labels_a_status_and_comments_on_lines(parts: dict[str, str]) -> None:
    beside = parts["beside"]
    assert "Commit status  failure  ruleward: main  Blocked: 5 errors" in beside
    assert "Labels         governance: blocked, impact: logic, impact: narrowed" in beside
    assert f"On {_path_in(parts['told'], 'no TOML any more')}:17\n" in beside
    assert '```suggestion\n    updated_date = "2026/11/24"\n    deprecation_date = "2026/11/24"\n    ```' in beside
    assert "writes 0 times" in beside


def test_the_page_shows_the_pull_request(output: str) -> None:
    assert "build/demo.html" in output
    page = demo.PAGE.read_text(encoding="utf-8")
    assert "<h1>Rename a tag <span>#42</span></h1>" in page
    assert page.count("<div class=inline>") == 4
    assert "<b>ruleward: main</b>" in page
    assert "127.0.0.1" not in page


def test_the_comment_shows_the_query_that_the_tag_change_hides(parts: dict[str, str]) -> None:
    assert parts["comment"].lstrip("= \n").splitlines()[1].startswith("**1 of ")
    assert Path(_path_in(parts["told"], "gains an exclusion")).stem in parts["comment"]
    assert '\n+  not process.working_directory : "/var/www/*"\n' in parts["comment"]


def test_the_terminal_says_of_one_rule_that_its_query_is_narrowed(parts: dict[str, str]) -> None:
    lines = parts["terminal"].splitlines()
    (place,) = (number for number, line in enumerate(lines) if "query narrowed" in line)
    assert lines[place - 1].split() == ["tuning", _path_in(parts["told"], "gains an exclusion")]
    assert "• adds exclusion: " in lines[place + 1]


def test_the_demo_says_the_same_twice(output: str) -> None:
    assert demo.review("text").strip() in output
    assert demo.review("markdown").splitlines()[1] in output


def _own(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.demo_own", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


def test_the_action_runs_on_a_branch_of_one_s_own_repository_and_leaves_that_alone(repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text()})
    repo.git("branch", "--move", "main", "master")
    repo.git("switch", "--quiet", "--create", "tune")
    repo.commit({"rules/a.toml": rule_text(query="any where true")}, message="Tune it")
    repo.git("switch", "--quiet", "master")
    before = repo.git("for-each-ref"), repo.git("status", "--porcelain")
    done = _own(str(repo.path), "tune")
    assert done.returncode == 0, done.stderr
    assert "Commit status  failure  ruleward: master  Blocked: 1 error" in done.stdout
    assert "`updated_date` is still `2025/01/01`" in done.stdout
    assert (repo.git("for-each-ref"), repo.git("status", "--porcelain")) == before
    assert "Commit status  success  ruleward: master  No rule changes" in _own(str(repo.path), "HEAD").stdout


def test_a_maintainer_puts_a_label_on_and_the_action_runs_again(repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text()})
    repo.git("switch", "--quiet", "--create", "tune")
    repo.commit({"rules/a.toml": rule_text(query="any where true")}, message="Tune it")
    repo.git("switch", "--quiet", "main")
    done = _own(str(repo.path), "tune", "waive: updated-date-not-bumped, governance: recheck")
    assert done.returncode == 0, done.stderr
    first, _, rest = done.stdout.partition("puts the label `waive: updated-date-not-bumped` on")
    assert "Commit status  failure  ruleward: main  Blocked: 1 error" in first
    assert "puts the label `governance: recheck` on" in rest
    assert "Commit status  success  ruleward: main  Passed: 1 waived" in rest
    assert "waived by `grace`" in rest
    (labels,) = (line for line in rest.splitlines() if line.startswith("Labels "))
    assert "waive: updated-date-not-bumped" in labels
    assert "governance: recheck" not in labels


def test_a_shallow_clone_will_do(repo: Repository, tmp_path: Path) -> None:
    for number in range(2):
        repo.commit({"rules/a.toml": rule_text(name=f"Rule {number}")})
    repo.git("switch", "--quiet", "--create", "tune")
    repo.commit({"rules/a.toml": rule_text(query="any where true")})
    clone = tmp_path / "clone"
    repo.git("clone", "--quiet", "--depth=2", repo.path.as_uri(), str(clone))
    shallow = Repository(path=clone)
    shallow.git("branch", "main", "HEAD~1")
    shallow.git("remote", "remove", "origin")
    done = _own(str(clone), "tune")
    assert done.returncode == 0, done.stderr
    assert "Commit status  failure  ruleward: main  Blocked: 1 error" in done.stdout


def test_a_repository_with_ids_that_the_demo_s_github_lacks_is_said_in_a_line(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--object-format=sha256", tmp_path], check=True)
    done = _own(str(tmp_path), "tune")
    assert done.returncode == 1
    assert done.stderr == f"demo: {tmp_path}: its ids are of sha256; the demo's GitHub knows sha1 alone\n"


def test_a_branch_that_is_not_there_is_said_in_a_line(repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text()})
    done = _own(str(repo.path), "nope")
    assert done.returncode == 1
    assert done.stderr == f"demo: nope: no such commit in {repo.path}\n"


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("given", ["BRANCH=tune", "LABEL=governance: recheck"])
def test_a_branch_or_a_label_without_a_repository_is_said(given: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "demo", given], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 2
    assert "BRANCH and LABEL are for a repository of your own: name it with REPO" in done.stderr


def test_a_pack_that_lacks_what_the_demo_needs_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="the rule pack has no rule of some kind"):
        demo.Pack(tmp_path).one("rule of some kind", lambda _text, _rule: True)
