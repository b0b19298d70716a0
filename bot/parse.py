"""Text to rule: every way a file can be bad becomes an ``Unreadable`` with its place, never an exception."""

from __future__ import annotations

import tomli

from bot.layout import too_deep
from bot.model import Blob, NoRule, Parsed, Rule, Unreadable, is_table, items
from bot.told import quoted

MAX_DEPTH = 50
"""How deep tables and lists may nest: real rules reach 8."""

_LFS = b"version https://git-lfs.github.com/spec/"


def parse(blob: Blob, *, max_bytes: int) -> Parsed:
    """Read one file as a rule.

    Args:
        blob: the file.
        max_bytes: files larger than this are not read.
    """
    read = _text(blob, max_bytes)
    if isinstance(read, Unreadable):
        return read
    tables = _tables(blob, read)
    if isinstance(tables, Unreadable):
        return tables
    if not is_table(tables.get("rule")):
        return NoRule(path=blob.path, oid=blob.oid)
    if not is_table(tables.get("metadata")):
        return _unreadable(blob, "it has no [metadata] table")
    return Rule(path=blob.path, text=read, data=tables, oid=blob.oid)


def _unreadable(blob: Blob, reason: str, line: int | None = 1, column: int | None = 1) -> Unreadable:
    return Unreadable(path=blob.path, reason=reason, line=line, column=column, oid=blob.oid)


def _text(blob: Blob, max_bytes: int) -> str | Unreadable:
    """Return the text of a file, unless it is no plain UTF-8 file of a size to read."""
    if blob.mode in _ODD:
        return _unreadable(blob, _ODD[blob.mode], None, None)
    data = blob.data
    if data is None or len(data) > max_bytes:
        return _unreadable(blob, f"it has {blob.size:,} bytes, more than the {max_bytes:,} that rules.max_bytes allows")
    if data.startswith(_LFS):
        return _unreadable(blob, "it is a Git LFS pointer; the rule itself is not in git")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        return _unreadable(blob, f"byte 0x{data[error.start]:02x} is not UTF-8", *_place(before, len(before)))


def _tables(blob: Blob, text: str) -> dict[str, object] | Unreadable:
    """Return the tables of a text, unless it is no TOML or nests too deep."""
    if text.startswith("\ufeff"):
        return _unreadable(blob, "not TOML: it begins with a byte order mark (U+FEFF)", 1, 1)
    deep = too_deep(text, MAX_DEPTH)
    if deep is not None:
        return _unreadable(blob, f"brackets nest deeper than {MAX_DEPTH}", *_place(text, deep))
    try:
        tables: dict[str, object] = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        told = f"illegal character {quoted(error.doc[error.pos])}" if error.msg.startswith(_ILLEGAL) else error.msg
        return _unreadable(blob, f"not TOML: {_lower_first(told)}", error.lineno, error.colno)
    except (ValueError, RecursionError) as error:  # a number of too many digits, a key of too many dots
        return _unreadable(blob, f"not TOML that can be read: {error}")
    if _deeper(tables, MAX_DEPTH):
        return _unreadable(blob, f"tables nest deeper than {MAX_DEPTH}")
    return tables


_ILLEGAL = "Illegal character"
_ODD = {
    Blob.SYMLINK: "it is a symbolic link, which is never followed",
    Blob.SUBMODULE: "it is a submodule, not a file",
}


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, 1-based, of a character offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _deeper(value: object, most: int) -> bool:
    """Whether tables and lists nest deeper than ``most``; without recursion, for dotted keys have no brackets."""
    level: list[object] = [value]
    for _ in range(most + 1):
        inner: list[object] = []
        for each in level:
            children = each.values() if is_table(each) else items(each)
            inner += [child for child in children if type(child) in _NESTED]
        if not inner:
            return False
        level = inner
    return True


_NESTED = frozenset({dict, list})
