"""Where the commits of a review come from: the workspace, or the server."""

from __future__ import annotations

from bot.collect.git import Git
from bot.collect.remote import Remote
from bot.github.client import Client
from bot.github.facts import Thread
from bot.github.runner import Runner
from bot.model import RulewardError


def objects(runner: Runner, client: Client, thread: Thread, base: str, head: str) -> tuple[Git, str]:
    """Return a repository that holds two commits, and their merge base.

    A workspace that has both is read, and left as it is; else they are fetched into a bare repository of this run's
    own. Nothing of the head is checked out anywhere.
    """
    workspace = _workspace(runner, base, head)
    if workspace is not None:
        return workspace, workspace.merge_base(base, head)
    merge_base = thread.merge_base(base, head)
    url = f"{runner.server_url}/{runner.repository}.git"
    made = Remote(runner.temp / "objects.git", url, runner.token, client.pause)
    made.take((base, head, merge_base))
    return made, merge_base


def _workspace(runner: Runner, base: str, head: str) -> Git | None:
    """Return the workspace's repository where it has all that is needed: both commits, and their history."""
    if runner.workspace is None:
        return None
    try:
        git = Git(runner.workspace)
        if git.shallow() or git.promisor():
            return None
        git.commit(base)
        git.commit(head)
        git.merge_base(base, head)
    except RulewardError:  # no repository, somebody else's, or without these commits: fetching is no worse
        return None
    return git
