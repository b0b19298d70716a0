"""EQL's string literals: what they say, and which the engine refuses."""

from __future__ import annotations

import re
from functools import cache

from bot.query import glob
from bot.query.text import QueryError, UnsupportedError, fail

_SIMPLE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_LEAST, _MOST = 2, 8
_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


@cache
def _escapes() -> re.Pattern[str]:
    return re.compile(r"\\(u\{[0-9a-fA-F]++\}|.)", re.DOTALL)


def string_of(token: str) -> str:
    """What a string literal says; raises ``QueryError``, with an offset in the literal, where the engine refuses it."""
    if not (token.isascii() or glob.clean(token)):
        raise UnsupportedError("private-use characters in a literal")
    if token[:3] == '"""':
        return token[3:-3]
    if token[0] == "?":
        fail('EQL wants three double quotes (""") around a string without escapes, not ? and quotes', 0)
    if token[0] == "'":
        fail('EQL wants double quotes (") around a string, not single ones', 0)
    return _escapes().sub(_unescape, token[1:-1]) if "\\" in token else token[1:-1]


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] == "u" and len(code) > 1:
        return _character(code[2:-1], match.start() + 1)
    if code not in _SIMPLE:
        raise QueryError(f"{match[0]} is no escape of EQL, where a backslash is written \\\\", match.start() + 1)
    return _SIMPLE[code]


def _character(digits: str, at: int) -> str:
    """The character with this number."""
    if not _LEAST <= len(digits) <= _MOST:
        fail(f"\\u{{{digits}}} has {len(digits)} digits, where {_LEAST} to {_MOST} are wanted", at)
    number = int(digits, 16)
    if number > _LAST or number in _SURROGATES:
        fail(f"\\u{{{digits}}} names no character", at)
    return chr(number)


__all__ = ["string_of"]
