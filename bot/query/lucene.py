"""Lucene query strings are compared token by token and no further: their and/or is not boolean."""

from __future__ import annotations

import re
from functools import cache

from bot.query.text import fail, quote


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


_CLOSING = {"(": ")", "[": "]}", "{": "]}"}


def check(query: str) -> None:
    """Stop at the first bracket that has no other.

    Raises:
        QueryError: there is one, or the query cannot be cut.
    """
    tokens(query)
    open_at: list[int] = []
    for match in _pattern().finditer(query):
        if match.lastgroup != "paren":
            continue
        if match[0] in _CLOSING:
            open_at.append(match.start())
        elif not open_at or match[0] not in _CLOSING[query[open_at.pop()]]:
            fail(f"unexpected {quote(match[0])}", match.start())
    if open_at:
        fail(f"{quote(query[open_at[-1]])} is never closed", open_at[-1])


def tokens(query: str) -> tuple[str, ...]:
    """Cut a Lucene query at its spaces, outside quotes and regular expressions."""
    scan = _pattern().match
    found: list[str] = []
    at, glued = 0, False
    while at < len(query):
        match = scan(query, at)
        if match is None:
            fail(f"unexpected character {quote(query[at])}", at)
        if match.lastgroup == "space":
            glued = False
        elif glued:  # `field:"x"` is one thing, `field: "x"` might not be
            found[-1] += match.group()
        else:
            found.append(match.group())
            glued = True
        at = match.end()
    return tuple(found)
