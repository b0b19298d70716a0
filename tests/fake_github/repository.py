"""What GitHub knows from the git repository: commits, and the diff of a pull request, file by file."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_STATUSES = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "C": "copied", "T": "changed"}
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_ZERO = "0" * 40
GITHUB = "noreply@github.com"
"""Who commits what is done on GitHub's pages; anybody may write that into a commit, but not sign it."""

_COMMIT = "%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B%x1e"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who wrote a commit, and when."""

    name: str
    email: str
    date: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file of a diff; ``patch`` starts with its first hunk, and is None where GitHub gives none."""

    path: str
    previous: str | None
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a line stands in a patch: counted from the first hunk's head, and in which hunk."""

    position: int
    hunk: int


def spots(patch: str) -> dict[tuple[str, int], Spot]:
    """Return the lines that a comment may stand on, by side and number."""
    found: dict[tuple[str, int], Spot] = {}
    left = right = 0
    hunk = -1
    for position, line in enumerate(patch.split("\n")):
        if head := _HUNK.match(line):
            left, right = int(head[1]), int(head[3])
            hunk += 1
            continue
        spot = Spot(position, hunk)
        if line[:1] in {" ", "-"}:
            found["LEFT", left] = spot
        if line[:1] in {" ", "+"}:
            found["RIGHT", right] = spot
        left += line[:1] in {" ", "-"}
        right += line[:1] in {" ", "+"}
    return found


@dataclass
class GitData:
    """Reads a repository; what a pair of commits holds never changes, so it is kept.

    Attributes:
        path: a work tree or a bare repository.
        patch_lines: a file with more changed lines has no ``patch``.
    """

    path: Path
    patch_lines: int = 3000
    _diffs: dict[tuple[str, str, int], tuple[FileDiff, ...]] = field(default_factory=dict)
    _logs: dict[tuple[str, ...], tuple[Commit, ...]] = field(default_factory=dict)
    _bases: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def git(self, *arguments: str, check: bool = True, author: tuple[str, str] | None = None) -> str:
        """Run git with no setting of the user's, and return what it wrote; ``author`` is a name and an address."""
        name, email = author or ("GitHub", GITHUB)
        environment = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": email,
            "GIT_COMMITTER_NAME": "GitHub",
            "GIT_COMMITTER_EMAIL": GITHUB,
        }
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=environment,
            check=check,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return done.stdout.decode("utf-8", "replace")

    def resolve(self, revision: str) -> str | None:
        """Return the commit that a name or an id stands for."""
        if revision in self._known:
            return revision
        named = f"{revision}^{{commit}}"
        found = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", named, check=False).strip()
        self._known |= {found} - {""}
        return found or None

    def branch(self, name: str) -> str | None:
        """Return the tip of a branch."""
        return self.resolve(f"refs/heads/{name}")

    def text(self, commit: str, path: str) -> tuple[str, str] | None:
        """Return the id and the text of a file of a commit, None where there is none."""
        found = self.git("rev-parse", "--verify", "--quiet", f"{commit}:{path}", check=False).strip()
        if not found or self.git("cat-file", "-t", found).strip() != "blob":
            return None
        return found, self.git("cat-file", "blob", found)

    def directory(self) -> Path:
        """Return where the objects are."""
        return Path(self.git("rev-parse", "--absolute-git-dir").strip())

    def merge_base(self, base: str, head: str) -> str | None:
        """Return the newest commit that both sides have."""
        if (base, head) not in self._bases:
            self._bases[base, head] = self.git("merge-base", base, head, check=False).strip() or None
        return self._bases[base, head]

    def commit(self, sha: str) -> Commit:
        """Return one commit."""
        return self._log("--max-count=1", sha)[0]

    def commits(self, base: str, head: str) -> tuple[Commit, ...]:
        """Return what head has and base has not, oldest first."""
        return self._log("--reverse", "--topo-order", f"{base}..{head}")

    def _log(self, *arguments: str) -> tuple[Commit, ...]:
        if arguments not in self._logs:
            text = self.git("log", f"--format={_COMMIT}", *arguments, "--")
            self._logs[arguments] = tuple(_commit(each) for each in text.split("\x1e") if each.strip())
        return self._logs[arguments]

    def files(self, base: str, head: str) -> tuple[FileDiff, ...]:
        """Return what head changed since it left base."""
        key = (base, head, self.patch_lines)
        if key not in self._diffs:
            start = self.merge_base(base, head) or base
            raw = self.git("diff", "--raw", "-z", "--no-abbrev", "-M", start, head, "--").split("\0")
            text = self.git("diff", "--no-color", "--no-ext-diff", "-M", "-U3", start, head, "--")
            sections = re.split(r"^(?=diff --git )", text, flags=re.MULTILINE)[1:]
            self._diffs[key] = tuple(self._file_diffs(raw, iter(sections)))
        return self._diffs[key]

    def _file_diffs(self, raw: list[str], sections: Iterator[str]) -> Iterator[FileDiff]:
        fields = iter(raw)
        for entry in fields:
            if not entry:
                continue
            _, _, old, new, kind = entry.split(" ")
            first = next(fields)
            previous, path = (first, next(fields)) if kind[0] in "RC" else (None, first)
            # Another type of entry: git writes a removal and an addition.
            parts = [next(sections) for _ in range(2 if kind[0] == "T" else 1)]
            hunks = [part[head.start() :] for part in parts if (head := _HUNK.search(part))]
            patch = "".join(hunks).removesuffix("\n") or None
            lines = patch.split("\n") if patch else []
            additions = sum(line.startswith("+") for line in lines)
            deletions = sum(line.startswith("-") for line in lines)
            yield FileDiff(
                path=path,
                previous=previous,
                status=_STATUSES[kind[0]],
                sha=old if new == _ZERO else new,
                additions=additions,
                deletions=deletions,
                patch=patch if additions + deletions <= self.patch_lines else None,
            )

    def moved_line(self, path: str, line: int, old: str, new: str) -> int | None:
        """Return where a line of a file at one commit stands at another, or None if it was touched."""
        text = self.git("diff", "--no-color", "--no-ext-diff", "-U0", old, new, "--", f":(literal){path}")
        shift = 0
        for head in _HUNK.finditer(text):
            start, count, _, added = (int(each) if each is not None else 1 for each in head.groups())
            first = start + (count == 0)  # lines put in stand after the line that git names
            if line < first:
                break
            if line < first + count:
                return None
            shift += added - count
        return line + shift

    def merge(self, base: str, head: str, title: str) -> str:
        """Merge a commit into a branch, as the button does, and return the merge commit."""
        tip = self.branch(base) or ""
        tree = self.git("merge-tree", "--write-tree", tip, head).split("\n")[0]
        made = self.git("commit-tree", tree, "-p", tip, "-p", head, "-m", title).strip()
        self.git("update-ref", f"refs/heads/{base}", made)
        return made

    def update(self, head: str, base: str, author: tuple[str, str], tree: str | None = None) -> str:
        """Merge a branch into a commit, as "Update branch" does or, with a tree, the editor of conflicts."""
        tip = self.branch(base) or ""
        tree = tree or self.git("merge-tree", "--write-tree", head, tip).split("\n")[0]
        title = f"Merge branch '{base}' into topic"
        return self.git("commit-tree", tree, "-p", head, "-p", tip, "-m", title, author=author).strip()


def _commit(text: str) -> Commit:
    sha, tree, parents, *people, message = text.lstrip("\n").split("\x1f")
    return Commit(
        sha=sha,
        tree=tree,
        parents=tuple(parents.split()),
        author=Signature(*people[:3]),
        committer=Signature(*people[3:]),
        message=message.rstrip("\n"),
    )
