"""What git says of each rule's age: the newest commit that changed what it detects, renames followed.

Newest history first; a rule is settled at its first hit, and what two blobs have in common is remembered by their ids.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Protocol

from bot.audited import Commit, FileEdit, RuleHistory
from bot.history.cache import Cache, Likeness


class Library(Protocol):
    """Where blobs come from."""

    def texts(self, oids: Sequence[str]) -> dict[str, bytes]:
        """Return the content of every blob that can be had."""
        ...

    def renames(self, sha: str) -> dict[str, str]:
        """Return new path to old path of what a commit renames, by similarity."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A rule whose history is asked for.

    Attributes:
        announced: whether its name announces a deprecation, so that it matters since when.
        waiting: whether it has not shipped yet, so that it matters since when.
    """

    path: str
    oid: str
    announced: bool = False
    waiting: bool = False


Compare = Callable[[bytes, bytes], Likeness]
Identify = Callable[[bytes], "str | None"]


@dataclass(slots=True)
class _Trail:
    """One rule, followed back.

    Attributes:
        path: where it stood before the commits that were looked at.
        at: how many commits were looked at.
        newer: the oldest version known to have the rule's logic, and readable.
        broken: the newest commit of a run of unreadable versions, None while there is none.
        since: the day of the oldest commit known to leave the rule as it is.
    """

    subject: Subject
    path: str
    newer: str
    at: int = 0
    broken: Commit | None = None
    since: date | None = None
    changed: date | None = None
    noticed: date | None = None
    matured: date | None = None
    bound: date | None = None
    mass: int = 0
    logic_open: bool = True
    notice_open: bool = False
    maturity_open: bool = False

    @property
    def open(self) -> bool:
        """Whether anything is left to be found."""
        return self.logic_open or self.notice_open or self.maturity_open

    def close(self) -> None:
        """Give up what is not found."""
        self.logic_open = self.notice_open = self.maturity_open = False


class _Walk:
    def __init__(
        self, commits: Sequence[Commit], library: Library, compare: Compare, identify: Identify, cache: Cache
    ) -> None:
        self.commits = commits
        self.library = library
        self.compare = compare
        self.identify = identify
        self.cache = cache
        self.texts: dict[str, bytes] = {}
        self.asked: set[str] = set()
        self.places: dict[str, list[int]] = defaultdict(list)
        self.edits: dict[tuple[int, str], FileEdit] = {}
        self.gone: dict[int, tuple[FileEdit, ...]] = {}
        self.renames: dict[str, dict[str, str]] = {}
        for number, commit in enumerate(commits):
            for edit in commit.edits:
                self.places[edit.path].append(number)
                self.edits[number, edit.path] = edit
            self.gone[number] = tuple(edit for edit in commit.edits if not edit.new)

    def read(self, oids: Iterable[str]) -> None:
        """Have these blobs, and no others, in memory."""
        self.asked = set(oids)
        self.texts = self.library.texts(sorted(self.asked)) if self.asked else {}

    def hops(self, trail: _Trail) -> Iterator[tuple[int, FileEdit]]:
        """Yield the commits that touch a rule where it stands, as far as they are not looked at yet."""
        places = self.places.get(trail.path, [])
        for number in places[bisect_left(places, trail.at) :]:
            yield number, self.edits[number, trail.path]

    def wanted(self, trail: _Trail, most: int) -> Iterator[str]:
        """Yield the blobs that the next steps of a rule will read, unless it moves or breaks on the way."""
        newer = trail.newer
        for number, edit in islice(self.hops(trail), most):
            yield from self._needs(newer, number, edit)
            if not edit.old:
                return
            newer = edit.old

    def _needs(self, newer: str, number: int, edit: FileEdit) -> Iterator[str]:
        """Yield the blobs that one step has to read."""
        gone = () if self.commits[number].first else self.gone[number]
        known = self.cache.get(newer, edit.old) if edit.old and newer != edit.old else None
        if edit.old and known is None and newer != edit.old:
            yield newer
            yield edit.old
        if not gone or newer == edit.old or (known is not None and known.identity):
            return
        oids = (edit.new, *(each.old for each in gone))
        if any(oid not in self.cache.ids for oid in oids) and all(each.old != edit.new for each in gone):
            yield newer
            yield from oids
            return
        origin = self._elsewhere(number, edit)
        if origin is not None and newer != origin.old and self.cache.get(newer, origin.old) is None:
            yield newer
            yield origin.old

    def follow(self, trail: _Trail, most: int, bulk: int) -> None:
        """Take the next steps of one rule, as far as their blobs were asked for."""
        for _ in range(most):
            if not trail.open:
                return
            following = next(self.hops(trail), None)
            if following is None:
                trail.bound = trail.since
                trail.close()
                return
            number, edit = following
            if not self.asked.issuperset(self._needs(trail.newer, number, edit)):
                return
            self._step(trail, number, edit, bulk)

    def _step(self, trail: _Trail, number: int, edit: FileEdit, bulk: int) -> None:
        commit = self.commits[number]
        trail.at = number + 1
        if commit.first:
            self._begins(trail, commit)
            return
        origin = self._origin(trail, number, edit)
        if origin is None:
            self._born(trail, commit)
            return
        likeness = self._likeness(trail.newer, origin.old)
        if likeness is None:
            trail.bound = trail.since
            trail.close()
            return
        trail.since = commit.day
        self._judge(trail, commit, likeness, mass=len(commit.edits) >= bulk)
        trail.path = origin.path
        if likeness.readable:
            trail.newer = origin.old

    def _judge(self, trail: _Trail, commit: Commit, likeness: Likeness, *, mass: bool) -> None:
        """Settle what this commit changed; a run of unreadable versions ends with the commit that made it readable."""
        if not likeness.readable:
            trail.broken = trail.broken or commit
            trail.mass += mass and trail.logic_open
            return
        day = (trail.broken or commit).day
        trail.broken = None
        if trail.logic_open and not likeness.logic:
            trail.changed, trail.logic_open = day, False
        if trail.notice_open and not likeness.notice:
            trail.noticed, trail.notice_open = day, False
        if trail.maturity_open and not likeness.maturity:
            trail.matured, trail.maturity_open = day, False
        trail.mass += mass and trail.logic_open

    def _begins(self, trail: _Trail, commit: Commit) -> None:
        """Settle a rule that history begins with: its logic is as old as that, unless the clone was cut off there.

        Since when it has been announced or waited is left to the dates that it brought along.
        """
        if commit.cut:
            trail.bound = commit.day
        elif trail.logic_open:
            trail.changed = (trail.broken or commit).day
        trail.close()

    def _born(self, trail: _Trail, commit: Commit) -> None:
        day = (trail.broken or commit).day
        trail.changed = day if trail.logic_open else trail.changed
        trail.noticed = day if trail.notice_open else trail.noticed
        trail.matured = day if trail.maturity_open else trail.matured
        trail.close()

    def _likeness(self, newer: str, older: str) -> Likeness | None:
        """Compare two blobs; None where one of them cannot be had."""
        if newer == older:
            return Likeness(logic=True, notice=True, maturity=True, identity=True)
        known = self.cache.get(newer, older)
        if known is None:
            one, other = self.texts.get(newer), self.texts.get(older)
            if one is None or other is None:
                return None
            known = self.cache.put(newer, older, self.compare(one, other))
        return known

    def _identity(self, oid: str) -> str | None:
        if oid in self.cache.ids:
            return self.cache.identity(oid)
        text = self.texts.get(oid)
        return None if text is None else self.cache.name(oid, self.identify(text))

    def _origin(self, trail: _Trail, number: int, edit: FileEdit) -> FileEdit | None:
        """Find the file that this one was before a commit: itself, or one that went away in it."""
        if not self.gone[number] or trail.newer == edit.old:
            return edit if edit.old else None
        if not edit.old:
            return self._elsewhere(number, edit)
        likeness = self._likeness(trail.newer, edit.old)
        moved = None if likeness is None or likeness.identity else self._elsewhere(number, edit)
        return moved or edit

    def _elsewhere(self, number: int, edit: FileEdit) -> FileEdit | None:
        """Find the file that a commit moved here: of the same bytes, of the same id, or as git sees it."""
        gone = self.gone[number]
        same = next((each for each in gone if each.old == edit.new), None)
        return same or self._same_id(edit.new, gone) or (None if edit.old else self._renamed(number, edit, gone))

    def _same_id(self, oid: str, gone: Iterable[FileEdit]) -> FileEdit | None:
        identity = self._identity(oid)
        if identity is None:
            return None
        return next((each for each in gone if self._identity(each.old) == identity), None)

    def _renamed(self, number: int, edit: FileEdit, gone: Iterable[FileEdit]) -> FileEdit | None:
        sha = self.commits[number].sha
        if sha not in self.renames:
            self.renames[sha] = self.library.renames(sha) if sha else {}
        origin = self.renames[sha].get(edit.path)
        return next((each for each in gone if each.path == origin), None)


def histories(
    subjects: Iterable[Subject],
    commits: Sequence[Commit],
    library: Library,
    *,
    compare: Compare,
    identify: Identify,
    cache: Cache,
    bulk_threshold: int,
) -> dict[str, RuleHistory]:
    """Follow every rule back to the commit that last changed its logic; path to what was found.

    Args:
        subjects: the rules as they are now.
        commits: along one line, the newest first.
        library: where blobs come from.
        compare: tells in what a newer and an older text are alike.
        identify: tells the ``rule_id`` of a text.
        cache: what is known already; it learns.
        bulk_threshold: a commit that touches so many rules is a mass edit.
    """
    walk = _Walk(commits, library, compare, identify, cache)
    trails = [
        _Trail(
            subject=subject,
            path=subject.path,
            newer=subject.oid,
            notice_open=subject.announced,
            maturity_open=subject.waiting,
        )
        for subject in subjects
    ]
    most = 1
    going: list[_Trail] = trails
    while going:
        for start in range(0, len(going), _AT_ONCE):
            part: list[_Trail] = going[start : start + _AT_ONCE]
            walk.read(oid for trail in part for oid in walk.wanted(trail, most))
            for trail in part:
                walk.follow(trail, most, bulk_threshold)
        going = [trail for trail in going if trail.open]
        most = min(most * 2, _STEPS)
    return {trail.subject.path: _history(trail) for trail in trails}


_AT_ONCE = 1_000  # rules whose blobs are in memory together
_STEPS = 4


def _history(trail: _Trail) -> RuleHistory:
    return RuleHistory(
        changed=trail.changed,
        unchanged_since=None if trail.changed else trail.bound,
        noticed=trail.noticed,
        matured=trail.matured,
        mass_edits=trail.mass,
    )


__all__ = ["Compare", "Identify", "Library", "Subject", "histories"]
