"""Which changes of a history to replay, each with its day and its title."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.collect.git import Git
from bot.collect.snapshot import Ends
from bot.model import Revision, RulewardError


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One change: its two ends, the day (UTC) on which its head was committed, and that commit's subject."""

    ends: Ends
    day: date
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    sha: str
    parent: str
    day: date
    subject: str


def merged(git: Git, roots: Sequence[str], since: date | str | None, until: date | str | None) -> tuple[Span, ...]:
    """Return the first-parent commits that touch some folders, the oldest first, each against its parent.

    Args:
        git: the repository.
        roots: folders; all of the tree, where none is named.
        since: the first day, or a revision whose successors are meant.
        until: the last day, or the newest revision; by default the default branch.

    Raises:
        RulewardError: a revision does not exist.
    """
    tip = git.commit(until) if isinstance(until, str) else _newest(git)
    limits = [tip, f"^{git.commit(since)}"] if isinstance(since, str) else [tip]
    first = since if isinstance(since, date) else date.min
    last = until if isinstance(until, date) else date.max
    found = [
        each
        for each in _commits(git, "--first-parent", *limits, "--", *roots)
        if each.parent and first <= each.day <= last  # the very first commit changes nothing: it brings
    ]
    return tuple(_span(each.parent, each, each.parent) for each in reversed(found))


def _newest(git: Git) -> str:
    try:
        return git.default_branch()[1]
    except RulewardError:  # no branch of a usual name
        return git.commit("HEAD")


def ranges(git: Git, lines: Iterable[str], name: str) -> tuple[Span, ...]:
    """Read ``base..head``, one a line; empty lines and those that begin with ``#`` are passed over.

    Args:
        git: the repository.
        lines: the file.
        name: of the file, for errors.

    Raises:
        RulewardError: a line is no range, or names no commit.
        GitError: the two ends of a range share no history.
    """
    pairs: list[tuple[str, str]] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        base, dots, head = text.partition("..")
        head = head.removeprefix(".")
        if not base or not dots or not head:
            raise RulewardError(f"{name}:{number}: `{text}` is no range; write base..head")
        pairs.append((base, head))
    known = git.commits(ref for pair in pairs for ref in pair)
    for ref in dict.fromkeys(ref for pair in pairs for ref in pair):
        if ref not in known:
            raise RulewardError(f"{name}: {ref}: no such commit in {git.directory}")
    heads = sorted({known[head] for _, head in pairs})
    facts = {each.sha: each for each in _commits(git, "--no-walk=unsorted", stdin=heads)} if heads else {}
    return tuple(
        _span(known[base], facts[known[head]], git.merge_base(known[base], known[head])) for base, head in pairs
    )


def _span(base: str, head: _Commit, merge_base: str) -> Span:
    ends = Ends(
        base=Revision(ref=base, sha=base, merge_base=merge_base),
        head=Revision(ref=head.sha, sha=head.sha),
    )
    return Span(ends=ends, day=head.day, title=head.subject)


def _commits(git: Git, *arguments: str, stdin: Sequence[str] = ()) -> list[_Commit]:
    given = ("--stdin",) if stdin else ()
    output = git.run(
        "log", "-z", "--format=%H%n%P%n%ct%n%s", *given, *arguments, stdin="\n".join(stdin).encode("ascii") or None
    )
    found: list[_Commit] = []
    for record in output.decode("utf-8", "replace").split("\0"):
        if record:
            sha, parents, seconds, subject = record.split("\n", 3)
            day = datetime.fromtimestamp(int(seconds), UTC).date()
            found.append(_Commit(sha=sha, parent=parents.partition(" ")[0], day=day, subject=subject))
    return found
