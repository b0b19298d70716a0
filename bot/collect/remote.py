"""Commits of a repository on a server, in a bare repository of our own: no work tree, and blobs only when wanted."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bot.collect.git import Git, GitError, GitMissingError, Held, RawChange, Version
from bot.model import RulewardError

_ID_LENGTHS = frozenset({40, 64})  # hex digits
_KEPT = ("GIT_SSL_", "GIT_PROXY_")  # how a server is reached
_ATTEMPTS = 4
_SLOW = (("http.lowSpeedLimit", "1000"), ("http.lowSpeedTime", "30"))  # bytes a second, seconds


class RemoteError(RulewardError):
    """A server did not give what was asked for; unlike what git says of this repository, nothing can be made of it."""

    def __init__(self, message: str) -> None:
        """Keep what the server said; the review cannot be completed (exit status 3)."""
        super().__init__(message, status=3)


class Remote(Git):
    """A bare repository that fetches what it is asked for.

    Raises:
        RulewardError: git is not installed, or the folder cannot be written.
    """

    def __init__(
        self, folder: Path, url: str, token: str, pause: Callable[[float], None], *, beside: Path | None = None
    ) -> None:
        """Make an empty repository.

        Args:
            folder: a new one, outside every work tree.
            url: of the repository on the server.
            token: goes into a header, by the environment: no argument, file or log shows it. Empty for none.
            pause: waits so many seconds between attempts.
            beside: the objects of a clone of the same repository, which are read and need not be fetched again.
        """
        self._url = url
        self._pause = pause
        # what an outer git command or a runner set for itself is none of ours
        outer = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key.startswith(_KEPT)}
        making = ("git", "init", "--quiet", "--bare", "--template=", str(folder))  # no hook of the machine's
        try:
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(making, check=True, capture_output=True, env=outer)
            if beside is not None:
                (folder / "objects" / "info" / "alternates").write_text(f"{beside}\n", encoding="utf-8")
        except FileNotFoundError as error:
            raise GitMissingError from error
        except (OSError, subprocess.CalledProcessError) as error:
            raise RulewardError(f"{folder}: cannot make a repository there: {error}", status=3) from error
        super().__init__(folder, outer)
        settings = [*_SLOW, *_direct(url, token)]
        self._environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_COUNT": str(len(settings))}
        for number, (key, value) in enumerate(settings):
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

    def take(self, commits: Iterable[str]) -> None:
        """Fetch commits with their trees and nothing else.

        Raises:
            RemoteError: the server does not hand them out.
        """
        self.fetch("--depth=1", "--filter=blob:none", "origin", *dict.fromkeys(commits))

    def take_history(self, commit: str) -> None:
        """Fetch a commit with all that led to it, without any blob.

        Raises:
            RemoteError: the server does not hand it out.
        """
        if not self.holds(commit):
            self.fetch("--filter=blob:none", "origin", commit)

    def parting(self, base: str, head: str) -> str:
        """Return where two commits part, after fetching all that led to them: commits alone, without a tree.

        For a repository that is used for nothing else.

        Raises:
            RulewardError: the server does not hand them out, or they share no history.
        """
        self.fetch("--filter=tree:0", "origin", base, head)
        return self.merge_base(base, head)

    def changes(
        self, old: str, new: str | None, roots: Sequence[str], *, renames: bool = False
    ) -> tuple[RawChange, ...]:
        """Return the files that differ; what renames are found by is fetched before."""
        if renames:
            plain = super().changes(old, new, roots)
            self.obtain(side.oid for row in plain for side in (row.old, row.new) if side.present)
        return super().changes(old, new, roots, renames=renames)

    def mentions(self, commit: str | None, words: Sequence[str], roots: Sequence[str]) -> tuple[str, ...]:
        """Return the files that hold one of some words, after fetching all that are searched."""
        if commit is not None:
            self.obtain(side.oid for side in self.tree(commit, roots))
        return super().mentions(commit, words, roots)

    def versions(self, commit: str, path: str) -> tuple[Version, ...]:
        """Return what a file was, after fetching the history and what renames are found by."""
        self._deepen(commit)
        logged = self.run("log", "--format=", "--raw", "--no-abbrev", "--no-renames", commit, "--", path)
        self.obtain(word for word in logged.decode("ascii", "replace").split() if len(word) in _ID_LENGTHS)
        return super().versions(commit, path)

    def held(self, commit: str, paths: Sequence[str]) -> Held:
        """Return every blob id that some paths held, after fetching the history, without its blobs."""
        self._deepen(commit)
        return super().held(commit, paths)

    def _deepen(self, commit: str) -> None:
        """Fetch all that led to a commit, without any blob, where history was cut off."""
        if self.shallow():
            self.fetch("--unshallow", "--filter=blob:none", "origin", commit)

    def fetch(self, *arguments: str, stdin: bytes | None = None) -> None:
        """Fetch, and try again when the network fails; what the server refuses is refused for good.

        Raises:
            RemoteError: it is refused, or the network keeps failing.
        """
        for attempt in range(_ATTEMPTS):
            try:
                super().fetch(*arguments, stdin=stdin)
            except GitError as error:
                if attempt == _ATTEMPTS - 1 or any(word in str(error) for word in _FINAL):
                    raise RemoteError(f"{self._url}: {error}") from error
                self._pause(2.0**attempt)
            else:
                return


def _direct(url: str, token: str) -> Iterator[tuple[str, str]]:
    """Say that a repository is asked at its own address and with our token alone, whatever this machine's git is told.

    GitHub refuses a request with two ``Authorization`` headers, and a rewritten address may carry a login of its own.
    Settings of the whole address are the narrowest that there are, so that no other one comes after them.
    """
    yield f"url.{url}.insteadOf", url
    if token:
        login = base64.b64encode(f"x-access-token:{token}".encode()).decode("ascii")
        yield f"http.{url}.extraheader", ""  # an empty one takes back those before it
        yield f"http.{url}.extraheader", f"AUTHORIZATION: basic {login}"


_FINAL = ("not our ref", "Authentication failed", "could not read Username", "repository not found")

__all__ = ["Remote", "RemoteError"]
