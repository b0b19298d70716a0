"""Where the commits of a review come from: the workspace, or the server."""

from __future__ import annotations

from pathlib import Path

from bot.collect.git import Git
from bot.collect.named import Config, ConfigText, config_data
from bot.collect.remote import Remote
from bot.config import ConfigError, read_config
from bot.github.client import Client, GitHubError
from bot.github.facts import Thread
from bot.github.runner import Inputs, Runner
from bot.model import RulewardError
from bot.settings import CONFIG_PATH, Settings


def objects(runner: Runner, client: Client, thread: Thread, base: str, head: str) -> tuple[Git, str]:
    """Return a repository that holds two commits, and their merge base.

    A workspace that has both is read, and left as it is; else they are fetched into a bare repository of this run's
    own. Nothing of the head is checked out anywhere.
    """
    workspace = _workspace(runner, base, head)
    if workspace is not None:
        return workspace
    merge_base = parting(runner, client, thread, base, head)
    made = _remote(runner, client, "objects.git")
    made.take((base, head, merge_base))
    return made, merge_base


def parting(runner: Runner, client: Client, thread: Thread, base: str, head: str) -> str:
    """Return where two commits part: as GitHub says, or as git finds where GitHub cannot make the diff beside it.

    Raises:
        GitHubError: neither tells; what GitHub said.
    """
    try:
        return thread.merge_base(base, head)
    except GitHubError as error:
        runner.say(f"git is asked for the merge base, for GitHub does not tell it: {error}")
        try:
            return _remote(runner, client, "history.git").parting(base, head)
        except RulewardError as other:
            runner.say(f"nor does git: {other}")
            raise error from other


def _remote(runner: Runner, client: Client, folder: str) -> Remote:
    return Remote(runner.temp / folder, f"{runner.server_url}/{runner.repository}.git", runner.token, client.pause)


def _workspace(runner: Runner, base: str, head: str) -> tuple[Git, str] | None:
    """Return the workspace's repository where it has both commits and their history, and where they part."""
    if runner.workspace is None:
        return None
    try:
        git = Git(runner.workspace)
        if git.shallow() or git.promisor():
            return None
        return git, git.merge_base(base, head)
    except RulewardError:  # no repository, somebody else's, or without these commits: fetching is no worse
        return None


def config_of(runner: Runner, inputs: Inputs, git: Git, base: str) -> Config:
    """Return the config that the workflow names: one of the repository is read at the base commit, never in a checkout.

    A checkout may be that of the head, which would judge itself.

    Raises:
        RulewardError: the base has no such file.
    """
    path = place_of(runner, inputs)
    if path is None or path.is_absolute():
        return path
    data = git.file(base, path.as_posix())
    if data is None:
        raise RulewardError(f"{path.as_posix()}: the base branch has no such file; the input `config` names it")
    return ConfigText(name=path.as_posix(), data=data)


def names_of(git: Git | None, config: Config, base: str) -> Settings:
    """Read what the status and the labels are called, as far as the config can be read: the defaults else."""
    try:
        if config is not None:
            return read_config(config_data(config))
        return read_config(git.file(base, CONFIG_PATH)) if git is not None else Settings()
    except ConfigError as error:
        return Settings(status=error.reported)
    except RulewardError:
        return Settings()


def place_of(runner: Runner, inputs: Inputs) -> Path | None:
    """Return where the config is that the workflow names, None for none: one of the repository from its top."""
    path, top = inputs.config, runner.workspace
    return path.relative_to(top) if path is not None and top is not None and path.is_relative_to(top) else path
