"""EQL's tokens: comments dropped, strings as they are written."""

from __future__ import annotations

import re
from functools import cache

from bot.query.text import Token, fail, quote

_LAYOUT = frozenset({"space", "comment"})


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        r'''
      (?:
        (?P<comment>//[^\r\n]*+|/\*.*?\*/)
      | (?P<raw>"""(?:(?!""").)*+"{3,5})
      | (?P<string>"(?:\\.|[^\\"\r\n])*+")
      | (?P<old>\?"(?:\\"|[^"\r\n])*+"|\??'(?:\\'|[^'\r\n])*+')
      | (?P<quoted>`(?:[^`]|``)*+`)
      | (?P<number>[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|\.[0-9]++(?:[eE][+-]?[0-9]++)?)
      | (?P<name>[@A-Za-z_][@A-Za-z0-9_]*+~?+)
      | (?P<op>==|!=|<=|>=|![\[]|=|[:?!<>+\-*/%.,|()\[\]])
      | (?P<space>[ \t\r\n])
      )[ \t\r\n]*+
        ''',
        re.VERBOSE | re.DOTALL,
    )


def scan(query: str) -> list[Token]:
    """Cut a query into tokens, comments and layout left out."""
    found: list[Token] = []
    at = 0
    for match in _pattern().finditer(query):
        start, end = match.span()
        if start != at:
            break
        kind = match.lastgroup or ""
        if kind not in _LAYOUT:
            found.append(Token(kind, match[kind], at))
        at = end
    if at < len(query):
        fail("unterminated string" if query[at] in "\"'" else f"unexpected character {quote(query[at])}", at)
    return found


def tokens(query: str) -> tuple[str, ...]:
    """The texts of the tokens; two queries with the same ones mean the same."""
    return tuple(token.text for token in scan(query))
