"""One file that a person names: a path, or a path at a revision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from bot.collect.git import Git
from bot.model import Blob, RulewardError
from bot.settings import CONFIG_PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigText:
    """A config that somebody has read already, and how errors name it."""

    name: str
    data: bytes


Config: TypeAlias = Path | ConfigText | None
"""What to judge by: a file, a text, or (None) what the branch says."""


def config_data(config: Path | ConfigText) -> bytes:
    """Return what a config says.

    Raises:
        RulewardError: its file cannot be read.
    """
    return config.data if isinstance(config, ConfigText) else content(config)


def config_name(config: Config) -> str:
    """Return how errors name a config."""
    return config.name if isinstance(config, ConfigText) else str(config or CONFIG_PATH)


def content(file: Path) -> bytes:
    """Read a file that a person named.

    Raises:
        RulewardError: it is not there, or cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise RulewardError(f"{file}: cannot be read: {error.strerror}") from error


def named(repo: Path, name: str) -> Blob:
    """Read a file, or ``REV:PATH`` of a repository; a file that exists goes first.

    A path that leads nowhere from here is tried from the top of the repository, for so every report names its rules.

    Raises:
        RulewardError: there is neither.
    """
    place = Path(name)
    try:
        if place.is_file():
            data = place.read_bytes()
            return Blob(path=place.as_posix(), size=len(data), data=data)
    except OSError as error:
        raise RulewardError(f"{name}: cannot be read: {error.strerror}") from error
    if place.is_dir():
        raise RulewardError(f"{name}: a folder; name one rule file in it")
    revision, colon, path = name.partition(":")
    if not colon or not path:
        at_top = _at_top(repo, name)
        if at_top is not None:
            data = content(at_top)
            return Blob(path=place.as_posix(), size=len(data), data=data)
        raise RulewardError(f"{name}: no such file; name a file, or one at a revision, such as main:rules/a.toml")
    git = Git(repo)
    commit = git.commit(revision)
    found = git.file(commit, path) if _is_below_top(path) else None
    if found is None:
        raise RulewardError(f"{name}: {revision} has no such file; write its path from the top of the repository")
    return Blob(path=path, size=len(found), data=found)


def _is_below_top(path: str) -> bool:
    """Tell whether a path can name a file of a commit; of another one git says that the repository ends there."""
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts


def _at_top(repo: Path, name: str) -> Path | None:
    try:
        top = Git(repo).top
    except RulewardError:
        return None  # where there is no repository, there is no other place to look
    return top / name if top is not None and (top / name).is_file() else None
