"""Commits of a repository on a server, in a bare repository of our own: no work tree, and blobs only when wanted."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bot.collect.git import ENVIRONMENT, Git, GitError, Held, RawChange
from bot.model import RulewardError

_ATTEMPTS = 4
_QUIET = ("--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no", "--quiet")
_SLOW = {"http.lowSpeedLimit": "1000", "http.lowSpeedTime": "30"}  # bytes a second, seconds
_PER_FETCH = 5_000


class Remote(Git):
    """A bare repository that fetches what it is asked for.

    Raises:
        RulewardError: git is not installed, or the folder cannot be written.
    """

    def __init__(self, folder: Path, url: str, token: str, pause: Callable[[float], None]) -> None:
        """Make an empty repository.

        Args:
            folder: a new one, outside every work tree.
            url: of the repository on the server.
            token: goes into a header, by the environment: no argument, file or log shows it. Empty for none.
            pause: waits so many seconds between attempts.
        """
        self._url = url
        self._pause = pause
        self._here: frozenset[str] = frozenset()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True, capture_output=True)
        except FileNotFoundError as error:
            raise GitError("git is not installed, or not on PATH") from error
        except (OSError, subprocess.CalledProcessError) as error:
            raise RulewardError(f"{folder}: cannot make a repository there: {error}", status=3) from error
        super().__init__(folder)
        settings = dict(_SLOW)
        if token:
            place = urlsplit(url)
            login = base64.b64encode(f"x-access-token:{token}".encode()).decode("ascii")
            settings[f"http.{place.scheme}://{place.netloc}/.extraheader"] = f"AUTHORIZATION: basic {login}"
        # what an outer git command or a runner set for itself is none of ours
        outer = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        self._environment = {**outer, **ENVIRONMENT, "GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_COUNT": str(len(settings))}
        for number, (key, value) in enumerate(settings.items()):
            self._environment[f"GIT_CONFIG_KEY_{number}"] = key
            self._environment[f"GIT_CONFIG_VALUE_{number}"] = value
        for key, value in (
            ("remote.origin.url", url),
            ("remote.origin.promisor", "true"),
            ("remote.origin.partialclonefilter", "blob:none"),
            ("core.repositoryformatversion", "1"),
            ("extensions.partialClone", "origin"),
        ):
            self.run("config", key, value)

    def obtain(self, commits: Iterable[str]) -> None:
        """Fetch commits with their trees and nothing else.

        Raises:
            GitError: the server does not hand them out.
        """
        self._fetch("--depth=1", "--filter=blob:none", "origin", *dict.fromkeys(commits))

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """Return the size in bytes of every blob, after fetching those that are missing."""
        asked = list(dict.fromkeys(oids))
        self._want(asked)
        return super().sizes(asked)

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """Return the content of every blob, after fetching those that are missing."""
        asked = list(dict.fromkeys(oids))
        self._want(asked)
        return super().blobs(asked)

    def changes(
        self, old: str, new: str | None, roots: Sequence[str], *, renames: bool = False
    ) -> tuple[RawChange, ...]:
        """Return the files that differ; what renames are found by is fetched before."""
        if renames:
            plain = super().changes(old, new, roots)
            self._want(side.oid for row in plain for side in (row.old, row.new) if side.present)
        return super().changes(old, new, roots, renames=renames)

    def mentions(self, commit: str | None, words: Sequence[str], roots: Sequence[str]) -> tuple[str, ...]:
        """Return the files that hold one of some words, after fetching all that are searched."""
        if commit is not None:
            self._want(side.oid for side in self.tree(commit, roots))
        return super().mentions(commit, words, roots)

    def held(self, commit: str, paths: Sequence[str]) -> Held:
        """Return every blob id that some paths held, after fetching the history, without its blobs."""
        if self.shallow():
            self._fetch("--unshallow", "--filter=blob:none", "origin", commit)
        return super().held(commit, paths)

    def _want(self, oids: Iterable[str]) -> None:
        """Fetch the blobs of some ids that are not here, in one batch."""
        asked = [oid for oid in dict.fromkeys(oids) if oid.strip("0")]
        if not set(asked) <= self._here:
            # asked for one by one, git would end at the first that is missing
            listed = self.run("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
            self._here = frozenset(listed.decode("ascii").split())
        missing = [oid for oid in asked if oid not in self._here]
        for start in range(0, len(missing), _PER_FETCH):
            given = "".join(f"{oid}\n" for oid in missing[start : start + _PER_FETCH]).encode("ascii")
            self._fetch("--filter=blob:none", "--stdin", "origin", stdin=given)

    def _fetch(self, *arguments: str, stdin: bytes | None = None) -> None:
        """Fetch, and try again when the network fails; what the server refuses is refused for good."""
        for attempt in range(_ATTEMPTS):
            try:
                self.run("-c", "fetch.negotiationAlgorithm=noop", "fetch", *_QUIET, *arguments, stdin=stdin)
            except GitError as error:
                final = attempt == _ATTEMPTS - 1 or any(word in str(error) for word in _FINAL)
                if final:
                    raise GitError(f"{self._url}: {error}") from error
                self._pause(2.0**attempt)
            else:
                return


_FINAL = ("not our ref", "Authentication failed", "could not read Username", "repository not found")

__all__ = ["Remote"]
