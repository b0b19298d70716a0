"""Lucene regular expressions, as far as they mean the same in Python; the rest is unsure."""

# ruff: noqa: FBT001 - the booleans here are truth values and tests, not switches
from __future__ import annotations

import re
import warnings
from functools import lru_cache

_SAFE = re.compile(
    r"""(?:
        \\[^A-Za-z0-9]                          # an escaped sign
      | \[\^?(?:\\[^A-Za-z0-9]|[^\\\[\]&"~^-]|(?<=\w)-(?=\w))+\]  # a plain class
      | [^\\\[\](){}|.*+?^$~&@#<>"]             # a plain character
      | \((?!\?) | \) | \| | \.
      | (?<!^)(?:\*\??|\+(?!\?)|\?(?!\?)|\{[0-9]{1,3}(?:,[0-9]{0,3})?\}(?!\?))
    )*""",
    re.VERBOSE | re.DOTALL,
)
_MOST = 1_000_000
_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./\\ :=,;!@#"


@lru_cache(maxsize=256)
def compiled(pattern: str, folds: bool) -> re.Pattern[str] | None:
    """The pattern for Python's ``fullmatch``, None where the two dialects may differ."""
    if len(pattern) > 2000 or not pattern.isascii() or _SAFE.fullmatch(pattern) is None:  # noqa: PLR2004 - a small number
        return None
    if re.search(r"[*+?}][*+?{]", re.sub(r"\\.", "x", pattern).replace("*?", "*")):
        return None
    if re.search(r"[*+?{|][^()]*\)[*+{]|\)\)[*+{]", pattern):  # nested repeats may take for ever
        return None
    try:
        return _python(pattern, re.DOTALL | (re.IGNORECASE | re.ASCII if folds else 0))
    except (re.error, OverflowError, RecursionError):
        return None


def _python(pattern: str, flags: int = 0) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # what `[[` or `--` may mean to Python one day
        return re.compile(pattern, flags)


def _effort(pattern: str, length: int) -> int:
    """How many steps going back over a text may take at most, roughly."""
    loops = len(re.findall(r"(?<!\\)[*+{]", pattern))
    forks = len(re.findall(r"(?<!\\)\?|\|[^()]*\)", pattern))
    return int((length + 1) ** min(loops, 12)) << min(forks, 30)


def matches(pattern: str, folds: bool, text: str) -> bool | None:
    """Tell whether a pattern matches a whole text, None where that is not sure."""
    expression = compiled(pattern, folds)
    if expression is None or not text.isascii() or _effort(pattern, len(text)) > _MOST:
        return None
    return expression.fullmatch(text) is not None


def sample(pattern: str) -> str:
    """A text that a pattern probably matches: the first alternative, the fewest repeats."""
    try:
        return _either(pattern, 0)[0]
    except (IndexError, RecursionError, ValueError, re.error):  # never closed, too deep, too long a number, no range
        return ""


def _either(pattern: str, at: int) -> tuple[str, int]:
    """A text for alternatives, and where they end."""
    first: str | None = None
    text = ""
    while at < len(pattern) and pattern[at] != ")":
        if pattern[at] == "|":
            first = text if first is None else first
            text = ""
            at += 1
            continue
        piece, at = _piece(pattern, at)
        count, at = _repeats(pattern, at)
        text += piece * count
    return (text if first is None else first), at


def _piece(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at]
    if char == "(":
        text, at = _either(pattern, at + 1)
        return text, at + 1
    if char == "\\":
        return pattern[at + 1], at + 2
    if char == "[":
        end = at + 1
        while pattern[end] != "]":
            end += 2 if pattern[end] == "\\" else 1
        inside = _python(pattern[at : end + 1])
        return next((one for one in _CHARACTERS if inside.match(one)), ""), end + 1
    return ("x" if char == "." else char), at + 1


def _repeats(pattern: str, at: int) -> tuple[int, int]:
    """How often the piece before stands, and where its quantifier ends."""
    quantifier = re.compile(r"\*\??|\+|\?|\{([0-9]+)[^}]*\}").match(pattern, at)
    if quantifier is None:
        return 1, at
    least = int(quantifier[1]) if quantifier[1] else 1 if quantifier[0] == "+" else 0
    return min(least, 50), quantifier.end()
