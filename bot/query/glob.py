"""Wildcard patterns, and when one lies inside another.

A pattern is a string in which two private characters stand for the wildcards, so that a ``*`` that a query means
literally stays one. A pattern that folds ignores the case of ASCII letters, as Elasticsearch does.
"""

# ruff: noqa: FBT001 - the booleans here are truth values and tests, not switches
from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

ANY = "\ue000"
"""Stands for any run of characters, the empty one too."""

ONE = "\ue001"
"""Stands for exactly one character."""

_CAPITAL = re.compile("[A-Z]")
_UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_LOWER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


def fold(text: str) -> str:
    """Lower the ASCII letters and no others."""
    if text.isascii():
        return text.lower()
    return text.translate(_UPPER) if _CAPITAL.search(text) else text


def unfold(text: str) -> str:
    """Raise the ASCII letters and no others."""
    return text.upper() if text.isascii() else text.translate(_LOWER)


def clean(text: str) -> bool:
    """Tell whether a text is free of the two characters that stand for wildcards here."""
    return ANY not in text and ONE not in text


def is_literal(text: str) -> bool:
    """Tell whether a pattern has no wildcard, so that it matches one string only."""
    return text.isascii() or clean(text)


def from_wildcards(text: str) -> str:
    """Read ``*`` and ``?`` as wildcards, runs of ``*`` as one."""
    if "*" not in text and "?" not in text:
        return text
    text = text.replace("*", ANY).replace("?", ONE)
    while ANY + ANY in text:
        text = text.replace(ANY + ANY, ANY)
    return text


def to_wildcards(text: str) -> str:
    """Show a pattern with ``*`` and ``?``."""
    return text if text.isascii() else text.replace(ANY, "*").replace(ONE, "?")


@lru_cache(maxsize=4096)
def matcher(text: str) -> Callable[[str], bool]:
    """Return a test of whole strings against a pattern; it takes linear time for each piece between two ``*``."""
    if ONE in text:
        first, *rest = text.split(ANY)
        source = _piece(first)
        if rest:  # once the piece after a * is found, nothing is tried again
            source += "".join(f"(?>.*?{_piece(piece)})" for piece in rest[:-1] if piece) + ".*" + _piece(rest[-1])
        match = re.compile(source, re.DOTALL).fullmatch
        return lambda string: match(string) is not None
    if ANY not in text:
        return text.__eq__
    start, *middle, end = text.split(ANY)
    least = len(start) + len(end)
    if not middle:
        return lambda string: len(string) >= least and string.startswith(start) and string.endswith(end)

    def found(string: str) -> bool:
        if len(string) < least or not (string.startswith(start) and string.endswith(end)):
            return False
        at, stop = len(start), len(string) - len(end)
        for piece in middle:
            at = string.find(piece, at, stop)
            if at < 0:
                return False
            at += len(piece)
        return True

    return found


def _piece(text: str) -> str:
    return f"[^{ANY}]".join(map(re.escape, text.split(ONE)))


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern matches a text of which every character is plain; case counts."""
    return matcher(pattern)(text)


def inside(one: str, one_folds: bool, other: str, other_folds: bool) -> bool:
    """Tell whether whatever the one pattern matches, the other matches as well.

    The wildcards of the one are taken as characters that only wildcards of the other absorb; right whenever it says
    yes, and nearly always when it says no.
    """
    match = matcher(other)
    if other_folds:
        return match(fold(one))
    if not one_folds:
        return match(one)
    return match(fold(one)) and match(unfold(one))
