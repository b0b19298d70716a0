"""Two commits (or one and the working tree) to the rule files that differ: effects end here."""

from __future__ import annotations

import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.collect.git import Git, Side
from bot.collect.worktree import is_named, read
from bot.model import Absent, Blob, Revision, RulewardError, Unevaluated
from bot.settings import CONFIG_PATH, RuleFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The changed rule files of one comparison.

    Attributes:
        old: path to file, at the merge base; only files that changed.
        new: the same at the head.
        absent: the paths whose content could not be had on one of the sides, or both.
        unevaluated: each of these paths once, and why.
    """

    base: Revision
    head: Revision
    old: Mapping[str, Blob]
    new: Mapping[str, Blob]
    absent: Absent = field(default_factory=Absent)
    unevaluated: tuple[Unevaluated, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The two ends of a comparison, resolved to commits."""

    base: Revision
    head: Revision

    @property
    def merge_base(self) -> str:
        """The commit that the head is compared with."""
        return self.base.merge_base or self.base.sha or ""


def resolve(git: Git, base: str | None, head: str | None, merge_base: str | None = None) -> Ends:
    """Find the commits to compare; ``base`` None is the default branch, ``head`` None the working tree.

    ``merge_base`` is given where somebody else knows it: a clone without history cannot tell.

    Raises:
        RulewardError: a revision does not exist, or a bare repository is asked for its working tree.
        GitError: the histories do not meet in this clone.
    """
    if head is None and git.top is None:
        raise RulewardError("a bare repository has no working tree: name the commit with --head")
    if base is None and head is None and git.unborn():
        empty = git.empty_tree()  # before the first commit every file is new
        return Ends(
            base=Revision(ref="nothing", sha=empty, merge_base=empty), head=Revision(ref="working tree", sha=None)
        )
    known = git.commits(each for each in (base, head or "HEAD") if each)
    ref, base_sha = (base, known.get(base) or git.commit(base)) if base else git.default_branch()
    head_sha = known.get(head or "HEAD") or git.commit(head or "HEAD")
    merge_base = merge_base or git.merge_base(base_sha, head_sha)
    return Ends(
        base=Revision(ref=ref, sha=base_sha, merge_base=merge_base),
        head=Revision(ref=head or "working tree", sha=head_sha if head else None),
    )


def collect(
    git: Git, ends: Ends, rules: RuleFiles, *, only: frozenset[str] | None = None, disk: bool = False
) -> Snapshot:
    """Read the rule files that differ between the merge base and the head, each side in one batch.

    Args:
        git: the repository.
        ends: what to compare.
        rules: which files are rules.
        only: paths and folders to look at; removed files are read all the same, for one may be what a file was.
        disk: read each file of a working tree as it is there, for it shall be edited, not git's copy of it.
    """
    rows = git.changes(ends.merge_base, ends.head.sha, rules.included.roots())
    rows = tuple(row for row in rows if is_named(row.new.path, only) or not row.new.present)
    old = [row.old for row in rows if row.old.present and rules.governs(row.old.path)]
    new = [row.new for row in rows if row.new.present and rules.governs(row.new.path)]
    if disk:
        new = [replace(side, oid="") for side in new]
    blobs, lacking = _read(git, [*old, *new], rules.max_bytes)
    old_absent = {side.path: lacking[side.path, side.oid] for side in old if (side.path, side.oid) in lacking}
    new_absent = {side.path: lacking[side.path, side.oid] for side in new if (side.path, side.oid) in lacking}
    in_tree: dict[str, Blob] = {}
    for side in new:
        if not side.oid.strip("0"):
            found = read(git.top or git.directory, side.path, rules.max_bytes)
            if isinstance(found, Unevaluated):
                new_absent[side.path] = found
            elif found is not None:
                in_tree[side.path] = found
    return Snapshot(
        base=ends.base,
        head=ends.head,
        old={side.path: blobs[side.path, side.oid] for side in old if (side.path, side.oid) in blobs},
        new={side.path: blobs[side.path, side.oid] for side in new if (side.path, side.oid) in blobs} | in_tree,
        absent=Absent(old=frozenset(old_absent), new=frozenset(new_absent)),
        unevaluated=tuple(each for _, each in sorted((old_absent | new_absent).items())),
    )


_Key = tuple[str, str]


def _read(git: Git, sides: Iterable[Side], max_bytes: int) -> tuple[dict[_Key, Blob], dict[_Key, Unevaluated]]:
    """Read the blobs of some sides that git holds; the unreadable modes and the too large ones stay without data."""
    held = [side for side in sides if side.oid.strip("0")]
    plain = [side for side in held if stat.S_ISREG(side.mode)]
    sizes = git.sizes(side.oid for side in plain)
    contents = git.blobs(oid for oid, size in sizes.items() if size <= max_bytes)
    blobs: dict[_Key, Blob] = {}
    lacking: dict[_Key, Unevaluated] = {}
    for side in held:
        key = (side.path, side.oid)
        size = sizes.get(side.oid)
        if stat.S_ISREG(side.mode) and (size is None or (size <= max_bytes and side.oid not in contents)):
            lacking[key] = absent(side)
        else:
            blobs[key] = Blob(path=side.path, mode=side.mode, oid=side.oid, size=size or 0, data=contents.get(side.oid))
    return blobs, lacking


def absent(side: Side) -> Unevaluated:
    """Say that a blob cannot be had."""
    return Unevaluated(
        path=side.path, reason=f"blob {side.oid[:12]} is not in this clone; run `git fetch` and try again"
    )


def renamed(git: Git, ends: Ends, paths: Sequence[str]) -> dict[str, str]:
    """Return new path to old path of the files below some folders, or among some files, that git holds to be renamed.

    Asked only where a removed and an added rule are left over, for it reads blobs, and stops at one that is absent.
    """
    rows = git.changes(ends.merge_base, ends.head.sha, paths, renames=True)
    return {row.new.path: row.old.path for row in rows if row.new.path != row.old.path and row.new.present}


def candidates(git: Git, ends: Ends, rules: RuleFiles, words: Iterable[str]) -> Iterator[Blob | Unevaluated]:
    """Yield the head's rule files that may hold one of some words, for finding who else holds an id or a name.

    A few words git searches for, and only the hits are read. Its search takes as long as there are words, so for many
    of them every rule file is a candidate. So it is where one of the files is absent: git's search would pass over it
    in silence, or stop there.
    """
    wanted = [word for word in dict.fromkeys(words) if word and "\n" not in word]
    if not wanted:
        return
    roots = rules.included.roots()
    commit = ends.head.sha
    everything = [side for side in git.tree(commit, roots) if stat.S_ISREG(side.mode)]
    sides = [side for side in everything if rules.governs(side.path)]
    searched = everything if len(wanted) <= _SEARCHED else sides
    sizes = {} if commit is None else git.sizes(side.oid for side in searched)
    if len(wanted) <= _SEARCHED and (commit is None or all(side.oid in sizes for side in searched)):
        hits = frozenset(git.mentions(commit, wanted, roots))
        sides = [side for side in sides if side.path in hits]
    if commit is None:
        found = (read(git.top or git.directory, side.path, rules.max_bytes) for side in sides)
        yield from (each for each in found if each is not None)
    else:
        small = (side for side in sides if sizes.get(side.oid, 0) <= rules.max_bytes)
        yield from contents(git, small, rules.max_bytes)


_SEARCHED = 500
"""How many words git is asked to search for: about where it takes as long as reading and parsing every file."""


def contents(git: Git, sides: Iterable[Side], max_bytes: int) -> Iterator[Blob | Unevaluated]:
    """Yield the files that git holds, as it reads them; the unreadable modes and the too large ones without data."""
    wanted: dict[str, list[Side]] = defaultdict(list)
    for side in sides:
        if stat.S_ISREG(side.mode):
            wanted[side.oid].append(side)
        else:
            yield Blob(path=side.path, mode=side.mode, oid=side.oid)
    for oid, data in git.stream(tuple(wanted)):
        kept = data if len(data) <= max_bytes else None
        for side in wanted.pop(oid):
            yield Blob(path=side.path, mode=side.mode, oid=oid, size=len(data), data=kept)
    for missing in wanted.values():
        yield from (absent(side) for side in missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFiles:
    """The config as the base branch holds it, and as the pull request would leave it.

    Attributes:
        base: None where there is none.
        head: None where there is none.
        edited: whether the pull request changes it.
    """

    base: bytes | None
    head: bytes | None
    edited: bool


def config_files(git: Git, ends: Ends) -> ConfigFiles:
    """Read the config at the tip of the base branch, and see whether the head changes it."""
    before = git.file(ends.merge_base, CONFIG_PATH)
    head = git.file(ends.head.sha, CONFIG_PATH)
    base = before if ends.base.sha == ends.merge_base else git.file(ends.base.sha, CONFIG_PATH)
    return ConfigFiles(base=base, head=head, edited=before != head)


def schemas(git: Git, commit: str | None, folder: str, place: str) -> dict[str, bytes]:
    """Read the YAML files below a folder of one commit: path to text; ``place`` is how errors call that commit.

    Raises:
        RulewardError: there are none, or git does not hold one of them here.
    """
    below = (side for side in git.tree(commit, [folder.strip("/")]) if stat.S_ISREG(side.mode))
    sides = [side for side in below if side.path.endswith((".yml", ".yaml"))]
    if not sides:
        raise RulewardError(f"{folder}: {place} has no YAML file there; `ecs.schemas` in {CONFIG_PATH} names it")
    blobs = git.blobs(side.oid for side in sides)
    absent = next((side for side in sides if side.oid not in blobs), None)
    if absent is not None:
        raise RulewardError(f"{absent.path}: its blob is not in this clone; run `git fetch` and try again", status=3)
    return {side.path: blobs[side.oid] for side in sides}
