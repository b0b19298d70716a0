"""One whole tree and the way it came about: every rule file, the config, the owners, and the commits behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from bot.audited import Commit, FileEdit
from bot.collect.git import Git, RawChange, Side
from bot.collect.snapshot import contents
from bot.collect.worktree import read
from bot.model import Blob, Revision, RulewardError, Unevaluated
from bot.settings import RuleFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Which rule files a commit, or the working tree, has.

    Attributes:
        commit: the commit that the tree is, or that the working tree stands on.
        files: what git holds, to be read yet, and the files that only the working tree holds, which have the ids that
            git would give them; sorted by path.
        edits: what the working tree changes, none for a commit.
        written: the content of the files that only the working tree holds, by that id.
    """

    head: Revision
    commit: str
    files: tuple[Side | Blob, ...]
    edits: tuple[FileEdit, ...] = ()
    written: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    unevaluated: tuple[Unevaluated, ...] = field(default=())


def locate(git: Git, ref: str | None) -> tuple[Revision, str]:
    """Find what to audit: a commit, or (None) the working tree, and in a bare repository HEAD; with its commit.

    Raises:
        RulewardError: there is no such commit.
    """
    if ref is None and git.top is None:
        ref = "HEAD"
    if ref in {None, "HEAD"} and git.unborn():
        raise RulewardError("there is no commit yet: an audit asks the history how old things are")
    commit = git.commit(ref or "HEAD")
    return Revision(ref=ref or "working tree", sha=commit if ref else None), commit


def list_tree(git: Git, head: Revision, commit: str, rules: RuleFiles) -> Tree:
    """List every rule file; of a working tree what differs is read from the disk, and nothing else is read.

    Args:
        git: the repository.
        head: what to list.
        commit: the commit that it is, or stands on.
        rules: which files are rules.
    """
    roots = rules.included.roots()
    files: dict[str, Side | Blob] = {side.path: side for side in git.tree(commit, roots) if rules.governs(side.path)}
    changed = git.changes(commit, None, roots) if head.sha is None else ()
    edits: list[FileEdit] = []
    written: dict[str, bytes] = {}
    unevaluated: list[Unevaluated] = []
    for row in changed:
        files.pop(row.old.path, None)
        blob = _working_file(git, row, rules)
        oid = ""
        if isinstance(blob, Unevaluated):
            unevaluated.append(blob)
        elif blob is not None:
            files[blob.path] = blob
            oid = blob.oid
            written |= {oid: blob.data} if blob.data is not None else {}
        if rules.governs(row.old.path):
            edits.append(FileEdit(path=row.new.path, old=_oid(row.old), new=oid))
    return Tree(
        head=head,
        commit=commit,
        files=tuple(file for _, file in sorted(files.items())),
        edits=tuple(edits),
        written=written,
        unevaluated=tuple(unevaluated),
    )


def read_files(git: Git, files: Iterable[Side | Blob], max_bytes: int) -> Iterator[Blob | Unevaluated]:
    """Yield files of a tree, as git reads them, all through one process."""
    sides: list[Side] = []
    for file in files:
        if isinstance(file, Blob):
            yield file
        else:
            sides.append(file)
    yield from contents(git, sides, max_bytes)


def _working_file(git: Git, row: RawChange, rules: RuleFiles) -> Blob | Unevaluated | None:
    if not row.new.present or not rules.governs(row.new.path):
        return None
    blob = read(git.top or git.directory, row.new.path, rules.max_bytes)
    if isinstance(blob, Blob) and blob.data is not None:
        return replace(blob, oid=git.blob_id(blob.data))
    return blob


def _oid(side: Side) -> str:
    return side.oid if side.present else ""


def commits(git: Git, commit: str, rules: RuleFiles) -> tuple[Commit, ...]:
    """Return the commits that changed a rule file, the newest first; trees are read for it, no blobs.

    Along the first parents: each says what reached this branch when, merges included, and there is one order.
    """
    boundary = git.boundary()
    found: list[Commit] = []
    for logged in git.log(commit, rules.included.roots()):
        edits = [
            FileEdit(path=row.new.path, old=_oid(row.old), new=_oid(row.new))
            for row in logged.rows
            if rules.governs(row.new.path)
        ]
        if edits:
            first, cut = not logged.parents, logged.sha in boundary
            found.append(Commit(sha=logged.sha, day=logged.day, first=first, cut=cut, edits=tuple(edits)))
    return tuple(found)


class Library:
    """Blobs by id: read in batches, fetched in batches where the clone has left them out."""

    def __init__(self, git: Git, rules: RuleFiles, written: Mapping[str, bytes]) -> None:
        """Keep where to read, the largest file to read, and the files that git does not hold."""
        self._git = git
        self._rules = rules
        self._written = written

    def texts(self, oids: Sequence[str]) -> dict[str, bytes]:
        """Return the content of every blob that can be had and is not too large."""
        known = {oid: self._written[oid] for oid in oids if oid in self._written}
        sizes = self._git.sizes(oid for oid in oids if oid not in known)
        return known | self._git.blobs(oid for oid, size in sizes.items() if size <= self._rules.max_bytes)

    def renames(self, sha: str) -> dict[str, str]:
        """Return new path to old path of what git holds to be renamed in a commit; needed seldom, reads blobs."""
        rows = self._git.changes(f"{sha}^1", sha, self._rules.included.roots(), renames=True)
        return {row.new.path: row.old.path for row in rows if row.new.path != row.old.path and row.new.present}


def tree_file(git: Git, head: Revision, commit: str, path: str) -> bytes | None:
    """Return one file of what is audited, None where there is none.

    Raises:
        RulewardError: the path leads out of the repository.
    """
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise RulewardError(f"{path}: not a path inside the repository")
    return git.file(None if head.sha is None else commit, path)


def repository_name(git: Git) -> str:
    """Return ``owner/name`` of the repository that this is a clone of, or the name of its folder."""
    url = git.text("config", "--get", "remote.origin.url", codes=(0, 1))
    words = [word for word in url.replace(":", "/").removesuffix("/").removesuffix(".git").split("/") if word]
    if "@" in url or "://" in url:
        return "/".join(words[-2:])
    place = git.top or git.directory
    return words[-1] if words else place.resolve().name.removesuffix(".git")


def names_of(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the places at which GitHub looks for code owners, a configured one first."""
    return tuple(dict.fromkeys((*paths, ".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")))


__all__ = [
    "Library",
    "Tree",
    "commits",
    "list_tree",
    "locate",
    "names_of",
    "read_files",
    "repository_name",
    "tree_file",
]
