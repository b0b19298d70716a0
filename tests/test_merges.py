"""A merge makes nobody an author only where its trees prove that it changed nothing by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.action.merges import plain
from bot.collect.git import Git
from bot.github.client import RefusedError
from bot.github.facts import Commit
from tests.repository import Repository, new_repository


@pytest.fixture
def forked(tmp_path: Path) -> Repository:
    """A file of the base changed on main, another one on the branch; the branch is checked out."""
    repo = new_repository(tmp_path / "r")
    repo.commit({"a": "1\n", "b": "1\n", "c": "1\n"})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit({"a": "2\n"})
    repo.git("checkout", "--quiet", "main")
    repo.commit({"b": "2\n"})
    repo.git("checkout", "--quiet", "topic")
    return repo


def refused(_one: str, _other: str) -> str:
    raise RefusedError("no common history", 404)


def merged(repo: Repository, files: dict[str, str | bytes | None], *more: str) -> bool:
    """Merge main by hand, with these files in the merge, and ask."""
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", *more, "main")
    repo.write(files)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "Merge")
    sha, *parents = repo.git("rev-list", "--parents", "--max-count=1", "HEAD").split()
    commit = Commit(sha=sha, people=frozenset({"grace"}), parents=tuple(parents), signed=True)
    return plain(Git(repo.path), refused, commit)


def test_a_merge_that_takes_each_side_as_it_is_is_plain(forked: Repository) -> None:
    assert merged(forked, {})


@pytest.mark.parametrize("files", [{"c": "2\n"}, {"d": "1\n"}, {"b": "3\n"}, {"a": "1\n"}, {"c": None}])
def test_one_that_changes_takes_back_or_brings_anything_is_not(
    forked: Repository, files: dict[str, str | bytes | None]
) -> None:
    assert not merged(forked, files)


def test_one_of_histories_that_never_met_is_not(forked: Repository) -> None:
    forked.git("checkout", "--quiet", "--orphan", "apart")
    forked.git("rm", "--quiet", "-r", "--force", ".")
    forked.commit({"z": "1\n"})
    assert not merged(forked, {}, "--allow-unrelated-histories")
