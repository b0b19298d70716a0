"""EQL's tokens: comments dropped, strings as they are written."""

from __future__ import annotations

import re
from functools import cache

from bot.query.text import Token, fail, quote


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        r'''
        (?P<space>[ \t\r\n]++)
      | (?P<comment>//[^\r\n]*+|/\*.*?\*/)
      | (?P<raw>"""(?:(?!""").)*+"{3,5})
      | (?P<string>"(?:\\.|[^\\"\r\n])*+")
      | (?P<old>\?"(?:\\"|[^"\r\n])*+"|\??'(?:\\'|[^'\r\n])*+')
      | (?P<quoted>`(?:[^`]|``)*+`)
      | (?P<number>[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|\.[0-9]++(?:[eE][+-]?[0-9]++)?)
      | (?P<name>[@A-Za-z_][@A-Za-z0-9_]*+~?+)
      | (?P<op>==|!=|<=|>=|![\[]|=|[:?!<>+\-*/%.,|()\[\]])
        ''',
        re.VERBOSE | re.DOTALL,
    )


def scan(query: str) -> list[Token]:
    """Cut a query into tokens, comments and layout left out."""
    match_at = _pattern().match
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = match_at(query, at)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            fail("unterminated string" if query[at] in "\"'" else f"unexpected character {quote(query[at])}", at)
        if kind not in {"space", "comment"}:
            found.append(Token(kind, match.group(), at))
        at = match.end()
    return found


def tokens(query: str) -> tuple[str, ...]:
    """The texts of the tokens; two queries with the same ones mean the same."""
    return tuple(token.text for token in scan(query))
