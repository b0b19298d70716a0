"""The git side: the repository over smart HTTP, as ``git fetch`` speaks to it."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from tests.fake_github.routing import Json
from tests.fake_github.state import Token
from tests.fake_github.wire import Ask, Reply

_CONFIG = {
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
    "http.receivepack": "false",
    "safe.directory": "*",
}


def allowed(header: str, tokens: Mapping[str, Token]) -> bool:
    """Tell whether an ``Authorization`` header names a token that may read the contents."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        login, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return False
    token = tokens.get(secret)
    if token is None or not login:
        return False
    return not token.app or token.permissions.get("contents", "none") != "none"


def serve(directory: Path, tail: str, ask: Ask) -> Reply:
    """Let git itself answer."""
    settings: Json = {f"GIT_CONFIG_KEY_{index}": key for index, key in enumerate(_CONFIG)}
    settings |= {f"GIT_CONFIG_VALUE_{index}": value for index, value in enumerate(_CONFIG.values())}
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_COUNT": str(len(_CONFIG)),
        **settings,
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": ask.headers.get("git-protocol", ""),
        "PATH_TRANSLATED": f"{directory}{tail}",
        "REQUEST_METHOD": ask.method,
        "QUERY_STRING": ask.query,
        "CONTENT_TYPE": ask.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(ask.body)),
        "HTTP_CONTENT_ENCODING": ask.headers.get("content-encoding", ""),
        "REMOTE_ADDR": "127.0.0.1",
    }
    done = subprocess.run(["git", "http-backend"], input=ask.body, env=environment, check=False, capture_output=True)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    answer = dict(line.split(": ", 1) for line in head.decode("ascii", "replace").splitlines() if ": " in line)
    status = int(answer.pop("Status", "200").split()[0]) if head else HTTPStatus.INTERNAL_SERVER_ERROR
    return Reply(status, answer, content)
