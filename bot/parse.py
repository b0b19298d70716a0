"""Text to rule: every way a file can be bad becomes an ``Unreadable`` with its place, never an exception."""

from __future__ import annotations

import tomli

from bot.layout import too_deep
from bot.model import Blob, NoRule, Parsed, Rule, Unreadable

MAX_DEPTH = 50
"""How deep tables and lists may nest: real rules reach 8."""

_LFS = b"version https://git-lfs.github.com/spec/"


def parse(blob: Blob, *, max_bytes: int) -> Parsed:
    """Read one file as a rule.

    Args:
        blob: the file.
        max_bytes: files larger than this are not read.
    """

    def unreadable(reason: str, line: int | None = 1, column: int | None = 1) -> Unreadable:
        return Unreadable(path=blob.path, reason=reason, line=line, column=column, oid=blob.oid)

    if blob.mode == Blob.SYMLINK:
        return unreadable("it is a symbolic link, which is never followed", None, None)
    if blob.mode == Blob.SUBMODULE:
        return unreadable("it is a submodule, not a file", None, None)
    data = blob.data
    if data is None or len(data) > max_bytes:
        return unreadable(f"it has {blob.size:,} bytes, more than the {max_bytes:,} that rules.max_bytes allows")
    if data.startswith(_LFS):
        return unreadable("it is a Git LFS pointer; the rule itself is not in git")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        return unreadable(f"byte 0x{data[error.start]:02x} is not UTF-8", *_place(before, len(before)))
    deep = too_deep(text, MAX_DEPTH)
    if deep is not None:
        return unreadable(f"brackets nest deeper than {MAX_DEPTH}", *_place(text, deep))
    try:
        tables = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        return unreadable(f"not TOML: {_lower_first(error.msg)}", error.lineno, error.colno)
    except (ValueError, RecursionError) as error:  # a number of too many digits, a key of too many dots
        return unreadable(f"not TOML that can be read: {error}")
    if _deeper(tables, MAX_DEPTH):
        return unreadable(f"tables nest deeper than {MAX_DEPTH}")
    if not isinstance(tables.get("rule"), dict):
        return NoRule(path=blob.path, oid=blob.oid)
    if not isinstance(tables.get("metadata"), dict):
        return unreadable("it has no [metadata] table")
    return Rule(path=blob.path, text=text, data=tables, oid=blob.oid)


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, 1-based, of a character offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _deeper(value: object, most: int) -> bool:
    """Whether tables and lists nest deeper than ``most``; without recursion, for dotted keys have no brackets."""
    level: list[object] = [value]
    for _ in range(most + 1):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
