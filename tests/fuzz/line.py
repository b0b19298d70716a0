"""The command line: whatever is typed ends in a status that is documented, without a traceback."""

# ruff: noqa: E501 - rows of bait
from __future__ import annotations

import contextlib
import os
import tempfile
from functools import cache
from pathlib import Path

import click
from click.testing import CliRunner
from hypothesis import strategies as st

from bot.cli import cli
from bot.model import RulewardError
from tests.fuzz.target import Target
from tests.fuzz.texts import soup
from tests.repository import new_repository, rule_text

_COMMANDS = ["review", "check", "fix", "audit", "diff", "replay", "explain", "schema", "doctor"]
_WORDS = [
    "--base", "--head", "--repo", "--config", "--today", "--format", "--fail-on", "--since", "--until", "--ranges", "--merge", "--version",
    "--dry-run", "--help", "main", "HEAD", "main..HEAD", "HEAD:rules/a.toml", "rules/a.toml", "rules", ".", "..", "/", "json", "text", "html",
    "markdown", "sarif", "github", "2026-11-24", "2026-02-30", "never", "error", "file-name", "report", "config", "-", "--", "", "@{u}",
    "HEAD^{tree}", "HEAD:", ":/x", "--upload-pack=x", "-x",
]  # fmt: skip


@cache
def _place() -> Path:
    repo = new_repository(Path(tempfile.mkdtemp(prefix="ruleward-fuzz-")))
    repo.commit({"rules/a.toml": rule_text()})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({"rules/a.toml": rule_text(query="any where true")})
    return repo.path


def _check(drawn: tuple[str, list[str]]) -> None:
    command, words = drawn
    arguments = [command, *(word.replace("\x00", "") for word in words)]
    before = Path.cwd()
    os.chdir(_place())
    try:
        result = CliRunner().invoke(cli, arguments, standalone_mode=True)
    finally:
        os.chdir(before)
    if result.exception is None or isinstance(result.exception, SystemExit | click.exceptions.Exit):
        assert result.exit_code in {0, 1, 2, 3}, arguments
        return
    with contextlib.suppress(RulewardError):
        raise result.exception


arguments = Target(
    name="arguments",
    values=st.tuples(st.sampled_from(_COMMANDS) | soup, st.lists(st.sampled_from(_WORDS) | soup, max_size=5)),
    check=_check,
    few=25,
)
