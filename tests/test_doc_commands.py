"""Every command of the README and of docs/ runs as it stands, in a repository like the reader's."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import cli
from tests.repository import Repository, new_repository, other_id, rule_text
from tests.test_docs import PAGES, fences

ELSEWHERE = ("git clone https://", "cd ruleward", "make ", "pipx ")
"""Commands that fetch or install: other tests do what they do."""

BLOCKS = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(fences(page, "console"), 1)
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the repositories of which the documents speak, with the files that they name."""
    folder = tmp_path_factory.mktemp("reader")
    repo = new_repository(folder / "my-rules")
    rule, other = "rules/linux/a.toml", "rules/windows/b.toml"
    repo.commit({rule: rule_text(), other: rule_text(rule_id=other_id(2), name="Another rule")}, day="2024-12-01")
    repo.git("tag", "v1.0")
    repo.commit({rule: rule_text(query="any where true")}, day="2025-02-03")
    repo.git("checkout", "--quiet", "-b", "my-branch")
    repo.commit({other: rule_text(rule_id=other_id(2), name="Another rule", updated="2025/03/04")}, day="2025-03-04")
    repo.git("checkout", "--quiet", "main")
    repo.git("clone", "--quiet", "--bare", ".", "../my-rules.git")
    repo.write(
        {
            rule: rule_text(query="any where false"),
            "old.toml": rule_text(),
            "new.toml": rule_text(query="any where false"),
            "draft.toml": '[policies]\nupdated-date-not-bumped = "warning"\n',
        }
    )
    for name, audited in (("one", "my-rules"), ("two", "my-rules.git")):
        options = ["--repo", str(folder / audited), "--format", "json", "--output", str(repo.path / f"{name}.json")]
        assert CliRunner().invoke(cli, ["audit", *options]).exit_code == 0
    return folder


@pytest.fixture
def reader(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The reader's repository, theirs to change."""
    shutil.copytree(home, tmp_path / "home")
    monkeypatch.chdir(tmp_path / "home" / "my-rules")
    return Repository(Path.cwd())


def run(line: str) -> None:
    """Run one line as a shell would; commands of ours in this process, which is a start-up a line faster."""
    command, _, target = line.partition(" > ")
    words = shlex.split(command, comments=True)
    if words[0] == "cd":
        os.chdir(words[1])
    elif words[0] == "ruleward":
        done = CliRunner().invoke(cli, words[1:], catch_exceptions=False)
        assert done.exit_code in {0, 1}, done.output
        if target:
            Path(shlex.split(target, comments=True)[0]).write_text(done.stdout, encoding="utf-8")
    else:
        subprocess.run(words, check=True, capture_output=True)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.usefixtures("reader")
def test_the_commands_of_a_block_run_one_after_the_other(block: str) -> None:
    for line in block.splitlines():
        if not line.startswith(ELSEWHERE):
            run(line)


def test_what_the_commands_write_is_there(reader: Repository) -> None:
    for block in (each.values[0] for each in BLOCKS):
        for line in str(block).splitlines():
            if "--output" in line or " > " in line:
                run(line)
    written = {path.relative_to(reader.path).as_posix() for path in reader.path.rglob("*")}
    assert {"review.md", "replay.md", "audit.html", "ruleward.schema.json"} <= written


def test_a_command_that_is_wrong_is_found() -> None:
    with pytest.raises(AssertionError, match="No such option"):
        run("ruleward review --no-such-option")
