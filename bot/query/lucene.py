"""Lucene query strings are compared token by token and no further: their and/or is not boolean."""

from __future__ import annotations

import re
from functools import cache

from bot.query.text import fail


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        r"""
        (?P<space>[ \t\r\n\u3000]++)
      | (?P<quoted>"(?:\\.|[^"\\])*+")
      | (?P<regex>/(?:\\.|[^/\\])*+/)
      | (?P<paren>[()\[\]{}])
      | (?P<word>(?:\\.|[^\s"/()\[\]{}\\])++)
        """,
        re.VERBOSE | re.DOTALL,
    )


def tokens(query: str) -> tuple[str, ...]:
    """Cut a Lucene query at its spaces, outside quotes and regular expressions."""
    scan = _pattern().match
    found: list[str] = []
    at, glued = 0, False
    while at < len(query):
        match = scan(query, at)
        if match is None:
            fail(f"unexpected character {query[at]!r}", at)
        if match.lastgroup == "space":
            glued = False
        elif glued:  # `field:"x"` is one thing, `field: "x"` might not be
            found[-1] += match.group()
        else:
            found.append(match.group())
            glued = True
        at = match.end()
    return tuple(found)
