"""What a pull request or a merge queue is told where Ruleward cannot even start.

The standard library is all that there is then.

A status of an earlier run would stay as it is otherwise, and a green one let through what nobody reviewed.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

CONTEXT = "ruleward: {base}"
"""What the status is called where no config says otherwise; `bot.settings`, which knows it too, needs packages."""

CONFIG = ".github/ruleward.toml"
DESCRIPTION = "Not reviewed: Ruleward's dependencies could not be installed"

_PULLS = frozenset({"pull_request", "pull_request_target"})
_QUEUE = "merge_group"
_BRANCHES = "refs/heads/"
_TIMEOUT = 10  # seconds


def tell(environment: Mapping[str, str]) -> None:
    """Set the commit status to ``error``; what hinders that is a line of the log and masks nothing."""
    try:
        if wanted(environment):
            _tell(environment)
    except Exception as error:  # noqa: BLE001 - the run ends with what kept it from starting, whatever happens here
        # an OSError quotes no header, which holds the token; others may
        why = error if isinstance(error, OSError) else type(error).__name__
        print(f"the commit status could not be set: {why}", file=sys.stderr)  # noqa: T201 - the log is all there is


def wanted(environment: Mapping[str, str]) -> bool:
    """Tell whether this run would have set the status of a pull request, or of what a merge queue is about to merge."""
    return (
        environment.get("GITHUB_EVENT_NAME") in {*_PULLS, _QUEUE}
        and environment.get("INPUT_COMMAND", "auto") != "audit"
        and environment.get("INPUT_STATUS", "true").lower() == "true"
        and environment.get("INPUT_DRY_RUN", "false").lower() == "false"
    )


def _tell(environment: Mapping[str, str]) -> None:
    payload = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_bytes())
    if environment.get("GITHUB_EVENT_NAME") == _QUEUE:
        group = payload["merge_group"]
        head, base, about = group["head_sha"], group["base_ref"].removeprefix(_BRANCHES), ""
    else:
        pull = payload["pull_request"]
        if pull["state"] != "open":
            return
        head, base, about = pull["head"]["sha"], pull["base"]["ref"], f"?pr={pull['number']}"
    status = {
        "state": "error",
        "context": _context(environment, base).replace("{base}", base),
        "description": DESCRIPTION,
    }
    if environment.get("GITHUB_RUN_ID"):
        server, repository = environment["GITHUB_SERVER_URL"], environment["GITHUB_REPOSITORY"]
        status["target_url"] = f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}{about}"
    _ask(environment, f"statuses/{quote(head)}", status)


def _context(environment: Mapping[str, str], base: str) -> str:
    """Read what the status is called from where a review would: a file that is given, or one of the base branch."""
    workspace = environment.get("GITHUB_WORKSPACE")
    path = Path(environment.get("INPUT_CONFIG") or CONFIG)
    if workspace and path.is_relative_to(workspace):
        path = path.relative_to(workspace)
    try:
        return context_of(path.read_bytes() if path.is_absolute() else _file(environment, path, base))
    except FileNotFoundError:
        return CONTEXT


def context_of(config: bytes) -> str:
    """Return what a config calls the status: the default where it says nothing, or nothing that can be read."""
    try:
        context = tomllib.loads(config.decode("utf-8"))["status"]["context"]
    except (ValueError, KeyError, TypeError):
        return CONTEXT
    return context if isinstance(context, str) and context.strip() else CONTEXT


def _file(environment: Mapping[str, str], path: Path, base: str) -> bytes:
    """Return a file of the base branch, named in full: a tag may have its name as well.

    Raises:
        FileNotFoundError: it has none of that name.
    """
    try:
        answer = _ask(environment, f"contents/{quote(path.as_posix())}?ref={quote(_BRANCHES + base, safe='')}")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == HTTPStatus.NOT_FOUND:
            raise FileNotFoundError(path) from error
        raise
    return base64.b64decode(answer["content"])


def _ask(environment: Mapping[str, str], path: str, body: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Ask GitHub for something of the repository, or with a body to write it."""
    api = environment["GITHUB_API_URL"].rstrip("/")
    request = urllib.request.Request(  # noqa: S310 - the address is the runner's
        f"{api}/repos/{environment['GITHUB_REPOSITORY']}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "User-Agent": "ruleward",
        },
    )
    request.add_unredirected_header("Authorization", f"Bearer {environment['INPUT_TOKEN']}")
    trusted = ssl.create_default_context(cafile=environment.get("REQUESTS_CA_BUNDLE") or None)
    with urllib.request.urlopen(request, timeout=_TIMEOUT, context=trusted) as answer:  # noqa: S310 - likewise
        return json.load(answer)


__all__ = ["CONFIG", "CONTEXT", "DESCRIPTION", "context_of", "tell", "wanted"]
