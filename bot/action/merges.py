"""Merges that changed nothing by themselves, as those of the button "Update branch" do: proven by the trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.collect.git import Git, GitError
from bot.collect.remote import Remote
from bot.github.client import RefusedError
from bot.github.facts import Commit


def plain(git: Git, parting: Callable[[str, str], str], merge: Commit) -> bool:
    """Tell whether a merge of two commits holds every file as the side left it that changed it.

    Where both sides changed a file, and not alike, its lines were merged, and who did that may have written some: what
    is resolved in GitHub's editor is signed by GitHub as well. So this is no plain merge, whatever came out.

    Args:
        git: holds its trees, or fetches them.
        parting: finds out where two commits part whose history is not in git.
        merge: the merge.

    Raises:
        RulewardError: its trees could not be fetched, or nobody tells where its sides part.
    """
    ours, theirs = merge.parents
    base = _parting(git, parting, ours, theirs)
    if base is None:
        return False
    if isinstance(git, Remote):
        git.take((base, ours, theirs, merge.sha))
    left, right, made = (_edits(git, base, tip) for tip in (ours, theirs, merge.sha))
    alike = all(left[path] == right[path] for path in left.keys() & right.keys())
    return alike and made == {**left, **right}


def _parting(git: Git, parting: Callable[[str, str], str], ours: str, theirs: str) -> str | None:
    """Return where two commits part, None where their histories never meet."""
    try:
        return parting(theirs, ours) if isinstance(git, Remote) else git.merge_base(theirs, ours)
    except (GitError, RefusedError):
        return None


def _edits(git: Git, base: str, tip: str) -> Mapping[str, tuple[int, str]]:
    """Return what a commit makes of each file that it changes: mode and blob."""
    return {row.new.path: (row.new.mode, row.new.oid) for row in git.changes(base, tip, ())}


__all__ = ["plain"]
