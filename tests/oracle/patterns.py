"""Lucene's regular expressions, as far as Python can stand in for them."""

from __future__ import annotations

import re
from functools import lru_cache

from .logic import UnsupportedError

_CLASSES = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "s": r"[ \t\n\r]",
    "S": r"[^ \t\n\r]",
    "w": "[a-zA-Z0-9_]",
    "W": "[^a-zA-Z0-9_]",
}


def _bracket(pattern: str, start: int) -> tuple[str, int]:
    """Translate a character class; returns it and the index behind its end."""
    out, at = ["["], start + 1
    if pattern[at : at + 1] == "^":
        out.append("^")
        at += 1
    first = True
    while at < len(pattern) and (pattern[at] != "]" or first):
        char = pattern[at]
        if char == "\\" and at + 1 < len(pattern):
            following = pattern[at + 1]
            out.append({"d": "0-9", "w": "a-zA-Z0-9_", "s": r" \t\n\r"}.get(following, re.escape(following)))
            at += 2
        else:
            out.append("-" if char == "-" else re.escape(char))
            at += 1
        first = False
    if at >= len(pattern):
        raise UnsupportedError("an unclosed character class")
    return "".join(out) + "]", at + 1


@lru_cache(maxsize=4096)
def lucene_regex(pattern: str, *, fold: bool = False) -> re.Pattern[str]:  # noqa: C901 - one branch a case
    """Translate a pattern that has to match a whole string; `UnsupportedError` where Python has no such operator."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            if at + 1 >= len(pattern):
                raise UnsupportedError("a trailing backslash")
            following = pattern[at + 1]
            out.append(_CLASSES.get(following, re.escape(following)))
            at += 2
        elif char == "[":
            text, at = _bracket(pattern, at)
            out.append(text)
        elif char == "(":
            if pattern[at + 1 : at + 2] == "?":
                raise UnsupportedError("a group with a flag")
            out.append("(?:")
            at += 1
        elif char in '@&~#<>"':
            raise UnsupportedError(f"the operator {char}")
        elif char in "*+?}" and pattern[at + 1 : at + 2] and pattern[at + 1] in "?+*":
            if char in "}?":
                raise UnsupportedError("a quantifier of a quantifier")
            out.append("+" if char == "+" and pattern[at + 1] == "+" else "*")
            at += 2
        elif char in "^$":
            out.append("\\" + char)
            at += 1
        else:
            out.append(char if char in ".*+?{}|)" else re.escape(char) if not char.isdigit() and char != "," else char)
            at += 1
    try:
        return re.compile("".join(out), re.DOTALL | (re.IGNORECASE if fold else 0))
    except re.error as error:
        raise UnsupportedError(f"a regular expression: {error}") from None
