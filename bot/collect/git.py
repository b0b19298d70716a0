"""Git, asked through its own commands: plumbing only, nothing of a work tree is ever run or checked out."""

from __future__ import annotations

import io
import os
import re
import subprocess
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Self

from bot.model import RulewardError

ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
_PLACES = frozenset({"GIT_COMMON_DIR", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"})
_OPTIONS = (
    *("-c", "core.quotePath=false"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "diff.renameLimit=4000"),
    *("-c", "advice.graftFileDeprecated=false"),  # the empty graft file is to keep others out, no use of grafts
)


class GitError(RulewardError):
    """Git said no; the review cannot be completed (exit status 3)."""

    def __init__(self, message: str, *, status: int = 3) -> None:
        """Keep what git said."""
        super().__init__(message, status=status)


class GitMissingError(GitError):
    """There is no git to ask, which says nothing about the repository."""

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__("git is not installed, or not on PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a changed file.

    Attributes:
        mode: as git writes it; 0 where the file is absent.
        oid: all zeros where it is absent or only in the working tree.
    """

    path: str
    mode: int
    oid: str

    @property
    def present(self) -> bool:
        """Whether the file is there on this side."""
        return self.mode != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RawChange:
    """One row of ``git diff --raw``; ``old.path`` and ``new.path`` differ only where renames were asked for."""

    old: Side
    new: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One commit of a log.

    Attributes:
        day: of the commit, in UTC.
        parents: none for a commit at which the history, or a shallow clone's part of it, begins.
        rows: what differs from the first parent.
    """

    sha: str
    day: date
    parents: tuple[str, ...]
    rows: tuple[RawChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The blobs that some paths held in a history.

    Attributes:
        oids: path to blob ids.
        complete: False where the clone is shallow, so that more may have been held.
    """

    oids: Mapping[str, frozenset[str]]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a file, and the day (UTC) on which it was committed."""

    day: date
    oid: str


class Git:
    """One repository, with a work tree or bare.

    Raises:
        RulewardError: the directory is no git repository.
        GitError: git is not installed.
    """

    def __init__(self, directory: Path, surroundings: Mapping[str, str] = os.environ) -> None:
        """Find the repository that a directory belongs to; ``surroundings`` are the variables that git is given."""
        self.directory = directory
        self._readers: tuple[_Reader, _Reader] | None = None
        self._local: set[str] | None = None
        self._promisor: str | None = None
        here = directory == Path()  # there a hook's variables hold; a folder that is named is another repository's
        outer = {key: value for key, value in surroundings.items() if here or key not in _PLACES}
        self._environment = {**outer, **ENVIRONMENT}
        if not directory.is_dir():
            raise RulewardError(f"{directory}: no such folder")
        try:
            top = self.text("rev-parse", "--show-toplevel")
        except GitMissingError:
            raise
        except GitError as error:
            if self.text("rev-parse", "--is-bare-repository", codes=(0, 128)) != "true":
                raise RulewardError(f"{directory}: not a git repository ({error})") from error
            top = ""
        self.top = Path(top) if top else None
        if self.top is not None:
            self.directory = self.top

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start git, to talk to it through its pipes."""
        return subprocess.Popen(
            ["git", *_OPTIONS, *arguments],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, *arguments: str, stdin: bytes | None = None, codes: Sequence[int] = (0,)) -> bytes:
        """Run git and return what it wrote.

        Raises:
            GitError: git is missing or left with a status that is not among ``codes``.
        """
        try:
            done = subprocess.run(
                ["git", *_OPTIONS, *arguments],
                cwd=self.directory,
                env=self._environment,
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise GitMissingError from error
        if done.returncode not in codes:
            said = done.stderr.decode("utf-8", "replace").strip() or f"exit status {done.returncode}"
            raise GitError(f"git {arguments[0]}: {said}")
        return done.stdout

    def text(self, *arguments: str, codes: Sequence[int] = (0,)) -> str:
        """Run git and return its one line."""
        return self.run(*arguments, codes=codes).decode("utf-8", "surrogateescape").strip()

    def commit(self, ref: str) -> str:
        """Return the commit id of a revision.

        Raises:
            RulewardError: there is no such commit here.
        """
        sha = self._commit_or_none(ref)
        if sha is None:
            hint = "; there is none yet" if ref == "HEAD" and self.unborn() else ""
            hint = "; this clone is shallow, `git fetch` the commit first" if self.shallow() else hint
            raise RulewardError(f"{ref}: no such commit in {self.directory}{hint}")
        return sha

    def commits(self, refs: Iterable[str]) -> dict[str, str]:
        """Return the commit ids of those revisions that are here, all through one process."""
        asked = [ref for ref in dict.fromkeys(refs) if ref.isprintable()]
        given = _lines(f"{ref}^{{commit}}" for ref in asked)
        output = self.run("cat-file", "--batch-check", stdin=given).decode("ascii", "replace") if asked else ""
        rows = zip(asked, map(str.split, output.splitlines()), strict=True)
        return {ref: words[0] for ref, words in rows if len(words) == _FOUND and words[1] == "commit"}

    def holds(self, commit: str) -> bool:
        """Tell whether a commit is here."""
        return self._commit_or_none(commit) is not None

    def objects(self) -> Path:
        """Return the folder of this repository's objects."""
        return (self.directory / self.text("rev-parse", "--git-path", "objects")).resolve()

    def _commit_or_none(self, ref: str) -> str | None:
        name = self.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", codes=(0, 1, 128))
        return name or None

    def shallow(self) -> bool:
        """Tell whether history was cut off when this repository was cloned."""
        return self.text("rev-parse", "--is-shallow-repository") == "true"

    def boundary(self) -> frozenset[str]:
        """Return the commits whose parents were left out when this repository was cloned; none of a whole one.

        Git's own list holds a root as well, where the depth asked for ended just there.
        """
        place = self.directory / self.text("rev-parse", "--git-path", "shallow")
        listed = place.read_text(encoding="ascii").split() if place.is_file() else []
        output = self.run("cat-file", "--batch", stdin=_lines(listed)) if listed else b""
        commits = _objects(listed, io.BytesIO(output), content=True)
        return frozenset(sha for sha, _, content in commits if b"\nparent " in content.partition(b"\n\n")[0])

    def unborn(self) -> bool:
        """Tell whether the current branch has no commit yet."""
        return self._commit_or_none("HEAD") is None

    def empty_tree(self) -> str:
        """Return the id of a tree without files, which git knows without holding it."""
        return self.run("hash-object", "-t", "tree", "--stdin", stdin=b"").decode("ascii").strip()

    def default_branch(self) -> tuple[str, str]:
        """Return the branch that pull requests go to, and its commit: what origin says, else main, else master.

        The commit is the branch's own: a tag may have the same name, and git would take that.

        Raises:
            RulewardError: there is none of them.
        """
        for ref in ("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master"):
            commit = self._commit_or_none(ref)
            if commit is not None:
                name = self.text("rev-parse", "--abbrev-ref", ref) if ref.endswith("/HEAD") else ref
                return name.removeprefix("refs/heads/"), commit
        raise RulewardError(
            "no default branch found (origin/HEAD, main, master): name one with --base, "
            "or let `git remote set-head origin --auto` ask the remote"
        )

    def merge_base(self, base: str, head: str) -> str:
        """Return the commit where two histories part.

        Raises:
            GitError: they never meet, or the clone is too shallow to tell.
        """
        found = self.text("merge-base", base, head, codes=(0, 1))
        if found:
            return found
        if self.shallow():
            raise GitError(
                f"the merge base of {base[:12]} and {head[:12]} is not in this shallow clone: "
                "run `git fetch --unshallow` (or `git fetch --deepen=500`) and try again"
            )
        raise GitError(f"{base[:12]} and {head[:12]} share no history, so there is no merge base to compare with")

    def changes(
        self, old: str, new: str | None, roots: Sequence[str], *, renames: bool = False
    ) -> tuple[RawChange, ...]:
        """Return the files that differ below some folders (all, where none is named); the working tree is None.

        Untracked files that are not ignored count as added. With ``renames`` git pairs removed and added files that
        are at least half alike, which reads their blobs; without, no blob is touched.
        """
        pairing = "-M50%" if renames else "--no-renames"
        options = ("-r", "-z", "--raw", "--no-abbrev", "--no-ext-diff", pairing)
        if new is None:
            output = self.run("diff", *options[1:], "--ignore-submodules=dirty", old, "--", *roots)
        else:
            output = self.run("diff-tree", *options, old, new, "--", *roots)
        rows = list(_raw(output))
        if new is None:
            seen = {row.new.path for row in rows}
            untracked = self.run("ls-files", "-z", "--others", "--exclude-standard", "--", *roots)
            rows += [
                RawChange(old=Side(path=path, mode=0, oid=_ABSENT), new=Side(path=path, mode=_PLAIN, oid=_ABSENT))
                for path in _names(untracked)
                if path not in seen
            ]
        return tuple(sorted(rows, key=lambda row: (row.new.path, row.old.path)))

    def tree(self, commit: str | None, roots: Sequence[str]) -> tuple[Side, ...]:
        """Return every file below some folders, of a commit or (None) of the working tree."""
        if commit is None:
            listed = _names(self.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *roots))
            return tuple(Side(path=path, mode=_PLAIN, oid=_ABSENT) for path in sorted(set(listed)))
        output = self.run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *roots)
        sides: list[Side] = []
        for row in output.split(b"\0")[:-1]:
            facts, _, path = row.partition(b"\t")
            mode, _, oid = facts.decode("ascii").split(" ")
            sides.append(Side(path=_decoded(path), mode=int(mode, 8), oid=oid))
        return tuple(sides)

    @contextmanager
    def reading(self) -> Generator[None, None, None]:
        """Keep one pair of processes for all objects that are read meanwhile, for many reviews in a row."""
        with _Reader(self, "--batch-check") as sizes, _Reader(self, "--batch") as contents:
            self._readers = (sizes, contents)
            try:
                yield
            finally:
                self._readers = None

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """Return the size in bytes of every blob that can be had."""
        asked = self.obtain(oids)
        if self._readers is not None:
            return {oid: size for oid, size, _ in self._readers[0].ask(asked, content=False)}
        output = self.run("cat-file", "--batch-check", stdin=_lines(asked)) if asked else b""
        return {oid: size for oid, size, _ in _objects(asked, io.BytesIO(output), content=False)}

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """Return the content of every blob that can be had, all through one process."""
        asked = self.obtain(oids)
        if self._readers is not None:
            return {oid: data for oid, _, data in self._readers[1].ask(asked, content=True)}
        output = self.run("cat-file", "--batch", stdin=_lines(asked)) if asked else b""
        return {oid: data for oid, _, data in _objects(asked, io.BytesIO(output), content=True)}

    def stream(self, oids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield every blob that can be had as soon as git has read it, so that both can work at once.

        Raises:
            GitError: git stopped.
        """
        asked = self.obtain(oids)
        if self._readers is not None:
            yield from ((oid, data) for oid, _, data in self._readers[1].ask(asked, content=True))
            return
        with _Reader(self, "--batch") as reader:
            yield from ((oid, data) for oid, _, data in reader.ask(asked, content=True))

    def file(self, commit: str | None, path: str) -> bytes | None:
        """Return one plain file of a commit, or of the working tree (None); None where there is none.

        What a sparse checkout leaves out of the working tree is as the index has it.

        Raises:
            GitError: there is one, but its content is not in this clone.
        """
        if commit is None:
            place = (self.top or self.directory) / path
            if place.is_file() and not place.is_symlink():
                return place.read_bytes()
            wanted = self._left_out(path)
        else:
            sides = (side for side in self.tree(commit, [path]) if side.path == path)
            wanted = [side.oid for side in sides if side.mode & _REGULAR == _REGULAR]
        found = self.blobs(wanted)
        if wanted and not found:
            raise GitError(f"{path}: its blob is not in this clone; run `git fetch` and try again")
        return next(iter(found.values()), None)

    def _left_out(self, path: str) -> list[str]:
        """Return the blob id of a plain file that a sparse checkout leaves out, nothing where it does not."""
        rows = self.run("ls-files", "-z", "-t", "--stage", "--full-name", "--", path).decode("utf-8", "surrogateescape")
        return [row.split()[2] for row in rows.split("\0") if row.startswith("S 100") and row.endswith(f"\t{path}")]

    def tracked(self, path: str) -> bool:
        """Tell whether the last commit holds a file or a folder of this name."""
        return not self.unborn() and bool(self.run("ls-tree", "--full-tree", "--name-only", "HEAD", "--", path))

    def mentions(self, commit: str | None, words: Sequence[str], roots: Sequence[str]) -> tuple[str, ...]:
        """Return the files of a commit, or of the working tree (None), that hold one of some literal words."""
        tree = ("--untracked",) if commit is None else (commit,)
        output = self.run(
            "grep", "-l", "-z", "-F", "-I", "-f", "-", *tree, "--", *roots, stdin=_lines(words), codes=(0, 1)
        )
        prefix = "" if commit is None else f"{commit}:"
        return tuple(sorted(name.removeprefix(prefix) for name in _names(output)))

    def held(self, commit: str, paths: Sequence[str]) -> Held:
        """Return every blob id that some paths held in the history of a commit; trees are read for it, no blobs.

        One walk for many paths, with every merged branch on the way: what a path held depends on no other path.
        """
        found: dict[str, set[str]] = {path: set() for path in paths}
        options = ("--format=", "--raw", "-z", "--no-abbrev", "--no-renames", "--full-history", "-m")
        for start in range(0, len(paths), _WORDS):
            output = self.run("log", *options, commit, "--", *paths[start : start + _WORDS])
            for row in _raw(output):
                for side in (row.old, row.new):
                    if side.path in found:  # a folder of that name, once, is no file of that name
                        found[side.path].add(side.oid)
        return Held(oids={path: frozenset(oids) for path, oids in found.items()}, complete=not self.shallow())

    def hunks(self, base: str, head: str, paths: Sequence[str], roots: Sequence[str]) -> dict[str, tuple[range, ...]]:
        """Return, for some paths of a head, the lines (1-based) that a diff with three lines of context shows.

        A line outside of them takes no review comment: GitHub refuses the whole review for it. Renames are followed
        below ``roots``, as GitHub does.
        """
        rows = {row.new.path: row for row in self.changes(base, head, roots, renames=True) if row.new.present}
        found: dict[str, tuple[range, ...]] = {}
        for path in paths:
            row = rows.get(path)
            if row is None or row.old.oid == row.new.oid:
                continue
            if not row.old.present:
                text = self.blobs([row.new.oid]).get(row.new.oid, b"")
                found[path] = (range(1, text.count(b"\n") + (not text.endswith(b"\n")) + 1),)
                continue
            output = self.run("diff", *_HUNKS, row.old.oid, row.new.oid)
            found[path] = tuple(
                range(int(match[1]), int(match[1]) + int(match[2] or 1)) for match in _HUNK.finditer(output)
            )
        return found

    def versions(self, commit: str, path: str) -> tuple[Version, ...]:
        """Return what a file was in the history of a commit, the newest first; renames are followed."""
        options = ("--follow", "-M50%", "--format=%x01%ct", "--raw", "-z", "--no-abbrev")
        output = self.run("log", *options, commit, "--", path)
        found: list[Version] = []
        for part in output.split(b"\x01")[1:]:
            seconds, _, rows = part.partition(b"\0")
            day = datetime.fromtimestamp(int(seconds), UTC).date()
            found += [Version(day=day, oid=row.new.oid) for row in _raw(rows) if row.new.present]
        return tuple(found)

    def log(self, commit: str, roots: Sequence[str]) -> tuple[Logged, ...]:
        """Return the commits along the first parents that changed a file below some folders, the newest first."""
        options = ("-z", "--raw", "--no-abbrev", "--no-renames", "--first-parent", "--diff-merges=first-parent")
        output = self.run("log", *options, "--format=%H %ct %P", commit, "--", *roots)
        return tuple(_logged(output))

    def promisor(self) -> str:
        """Return the remote that a partial clone gets the blobs from that it was made without, empty for a full one."""
        if self._promisor is None:
            self._promisor = self._find_promisor()
        return self._promisor

    def _find_promisor(self) -> str:
        found = self.text("config", "--get-regexp", r"^remote\..*\.promisor$", codes=(0, 1))
        words = found.split("\n", 1)[0].split()
        return words[0].removeprefix("remote.").removesuffix(".promisor") if words else ""

    def obtain(self, oids: Iterable[str]) -> tuple[str, ...]:
        """Return which of some blobs can be read, having fetched in one go what a partial clone lacks.

        Left alone, git would fetch them one by one. What cannot be had is left out.
        """
        asked = tuple(dict.fromkeys(oid for oid in oids if oid.strip("0")))
        remote = self.promisor() if asked else ""
        if not remote:
            return asked
        if self._local is None:
            listed = self.run("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
            self._local = set(listed.decode("ascii").split())
        missing = [oid for oid in asked if oid not in self._local]
        if missing:
            try:
                self.fetch("--filter=blob:none", "--stdin", remote, stdin=_lines(missing))
            except GitError:
                return tuple(oid for oid in asked if oid in self._local)
            self._local.update(missing)
        return asked

    def fetch(self, *arguments: str, stdin: bytes | None = None) -> None:
        """Fetch objects alone: no tag, no reference, nothing of a submodule.

        Raises:
            GitError: the server does not hand them out, or cannot be reached.
        """
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no")
        self.run("-c", "fetch.negotiationAlgorithm=noop", "fetch", *options, *arguments, stdin=stdin)

    def blob_id(self, data: bytes) -> str:
        """Return the id that git gives to a blob of this content."""
        return self.run("hash-object", "-t", "blob", "--stdin", stdin=data).decode("ascii").strip()


class _Reader:
    """One ``git cat-file`` that stays open."""

    def __init__(self, git: Git, mode: str) -> None:
        self._process = git.start("cat-file", mode)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, oids: Sequence[str], *, content: bool) -> Iterator[tuple[str, int, bytes]]:
        """Yield what is here of some objects; asked in parts that fit a pipe, so that neither side waits for ever."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise GitError("git cat-file: no way to talk to it")
        for start in range(0, len(oids), _WORDS):
            part = oids[start : start + _WORDS]
            try:
                stdin.write(_lines(part))
                stdin.flush()
            except BrokenPipeError as error:
                raise GitError("git cat-file: it stopped") from error
            yield from _objects(part, stdout, content=content)


def _objects(oids: Sequence[str], output: IO[bytes], *, content: bool) -> Iterator[tuple[str, int, bytes]]:
    """Read the answers of ``git cat-file``: id, size and content of every object that is here."""
    for oid in oids:
        row = output.readline()
        if not row:
            raise GitError("git cat-file: it stopped")
        words = row.split()
        if len(words) == _FOUND:
            size = int(words[2])
            yield oid, size, output.read(size + 1)[:size] if content else b""


_ABSENT = "0" * 40
_HUNKS = (  # whatever a config says: hunks as GitHub shows them
    *("--no-color", "--no-ext-diff", "--no-textconv", "--text"),
    *("-U3", "--inter-hunk-context=0", "--diff-algorithm=default", "--indent-heuristic"),
)
_HUNK = re.compile(rb"^@@ -[0-9,]+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_PLAIN = 0o100644
_REGULAR = 0o100000
_FOUND = 3  # "<oid> <type> <size>"; an absent object has two words
_WORDS = 500


def _lines(words: Iterable[str]) -> bytes:
    return "".join(f"{word}\n" for word in words).encode("utf-8", "surrogateescape")


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _names(output: bytes) -> list[str]:
    return [_decoded(name) for name in output.split(b"\0") if name]


def _raw(output: bytes) -> Iterator[RawChange]:
    """Read ``--raw -z`` rows: ``:modes oids status`` and one path, or two for a rename."""
    fields = iter(output.split(b"\0"))
    for facts in fields:
        if facts.lstrip(b"\n").startswith(b":"):
            yield _row(facts, fields)


def _row(facts: bytes, fields: Iterator[bytes]) -> RawChange:
    old_mode, new_mode, old_oid, new_oid, status = facts.lstrip(b"\n")[1:].decode("ascii").split(" ")
    old_path = _decoded(next(fields))
    new_path = _decoded(next(fields)) if status[0] in "RC" else old_path
    return RawChange(
        old=Side(path=old_path, mode=int(old_mode, 8), oid=old_oid),
        new=Side(path=new_path, mode=int(new_mode, 8), oid=new_oid),
    )


def _logged(output: bytes) -> Iterator[Logged]:
    """Read a log whose commits begin with id, second and parents; a row takes its paths along, whatever they say."""
    fields = iter(output.split(b"\0"))
    facts: list[str] = []
    rows: list[RawChange] = []
    for field in fields:
        if field.lstrip(b"\n").startswith(b":"):
            rows.append(_row(field, fields))
        elif field.strip():
            if facts:
                yield _commit(facts, rows)
            facts, rows = field.decode("ascii").split(), []
    if facts:
        yield _commit(facts, rows)


def _commit(facts: list[str], rows: list[RawChange]) -> Logged:
    sha, seconds, *parents = facts
    day = datetime.fromtimestamp(int(seconds), UTC).date()
    return Logged(sha=sha, day=day, parents=tuple(parents), rows=tuple(rows))


__all__ = ["ENVIRONMENT", "Git", "GitError", "Held", "Logged", "RawChange", "Side", "Version"]
