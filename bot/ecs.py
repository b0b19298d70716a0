"""Versions of the Elastic Common Schema: which were released, and how they compare."""

from __future__ import annotations

import re
from typing import TypeAlias

from bot.model import items

Version: TypeAlias = "tuple[int, int, int]"

RELEASED: tuple[str, ...] = (
    *("1.0.0", "1.0.1", "1.1.0", "1.2.0", "1.3.0", "1.3.1", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0", "1.9.0"),
    *("1.10.0", "1.11.0", "1.12.0", "1.12.1", "1.12.2"),
    *("8.0.0", "8.0.1", "8.1.0", "8.2.0", "8.2.1", "8.3.0", "8.3.1", "8.4.0", "8.5.0", "8.5.1", "8.5.2", "8.6.0"),
    *("8.6.1", "8.7.0", "8.8.0", "8.9.0", "8.10.0", "8.11.0", "8.16.0", "8.17.0"),
    *("9.0.0", "9.1.0", "9.2.0", "9.3.0", "9.4.0", "9.5.0"),
)
"""Every version that ECS has released, oldest first; ``ecs.versions`` in the config adds to them."""

_NUMBER = r"(0|[1-9][0-9]{0,8})"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}")


def parse_version(text: object) -> Version | None:
    """Read ``x.y.z`` and nothing else; None for anything that is no version."""
    match = _VERSION.fullmatch(text) if isinstance(text, str) else None
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def declared(value: object) -> tuple[Version, ...]:
    """Return the versions that a list holds, each once, passing over what is none; nothing for what is no list."""
    return tuple(dict.fromkeys(version for version in map(parse_version, items(value)) if version is not None))


def newest(value: object) -> Version | None:
    """Return the newest of the versions that a list holds, None where it holds none."""
    return max(declared(value), default=None)


def written(version: Version) -> str:
    """Write a version as ``x.y.z``."""
    return ".".join(map(str, version))


__all__ = ["RELEASED", "Version", "declared", "newest", "parse_version", "written"]
