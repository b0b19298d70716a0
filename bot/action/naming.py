"""What the status and the labels are called, wherever the config is to be had: in git, in a file, or from GitHub."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bot.action.objects import config_of, names_of, place_of
from bot.collect.git import Git
from bot.collect.named import Config, ConfigText
from bot.github.client import Client, RefusedError
from bot.github.runner import Inputs, Runner
from bot.model import RulewardError, is_table
from bot.settings import CONFIG_PATH, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Finds out what the status and the labels are called without what a review has at hand."""

    runner: Runner
    inputs: Inputs
    client: Client

    def here(self, base: str) -> Settings | None:
        """Read them where that takes no request and no fetch, of a given file or the workspace.

        None where neither tells. What a workspace has under the name of a branch may be the head's: only a commit is
        looked for there.
        """
        given = place_of(self.runner, self.inputs)
        if given is not None and given.is_absolute():
            return names_of(None, given, base)
        workspace = self.runner.workspace
        try:
            git = Git(workspace) if workspace is not None else None
            if git is not None and git.commits([base]).get(base) == base and not git.promisor():
                return names_of(git, config_of(self.runner, self.inputs, git, base), base)
        except RulewardError as error:  # no repository, or somebody else's
            self.runner.say(f"the workspace is not read: {error}")
        return None

    def there(self, base: str) -> Settings:
        """Read them by one request, of the config that GitHub shows at a commit or a branch (``refs/heads/…``).

        Raises:
            GitHubError: GitHub could not be reached; that it has no config to show is no error.
        """
        path = place_of(self.runner, self.inputs) or Path(CONFIG_PATH)
        try:
            data = self.client.get(f"/contents/{quote(path.as_posix())}", ref=base)
        except RefusedError:
            return Settings()
        content = data.get("content") if is_table(data) else None
        text = base64.b64decode(content) if isinstance(content, str) else b""
        return names_of(None, ConfigText(name=path.as_posix(), data=text), base)

    def after(self, git: Git | None, config: Config, base: str) -> Settings:
        """Find them out after something failed: the defaults where nothing tells.

        Args:
            git: what holds the base, None where the run did not come so far.
            config: what was read of it.
            base: the commit, or the branch (``refs/heads/…``) where its tip is not known.
        """
        try:
            return names_of(git, config, base) if git is not None else self.here(base) or self.there(base)
        except Exception:  # noqa: BLE001 - what failed first is to be told, and may well fail here too
            return Settings()
