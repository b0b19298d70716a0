"""ES|QL's tokens: comments dropped, strings as written, index names whole."""

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
      | (?P<quoted>`(?:[^`]|``)*+`)
      | (?P<number>[0-9]++(?:\.[0-9]*+)?(?:[eE][+-]?[0-9]++)?|\.[0-9]++(?:[eE][+-]?[0-9]++)?)
      | (?P<name>[@A-Za-z_][@A-Za-z0-9_]*+)
      | (?P<op>::|==|!=|<=|>=|=~|[=:?<>+\-*/%.,|()\[\]{}])
        ''',
        re.VERBOSE | re.DOTALL,
    )


@cache
def _source() -> re.Pattern[str]:
    return re.compile(
        r'''
        (?P<space>[ \t\r\n]++)
      | (?P<comment>//[^\r\n]*+|/\*.*?\*/)
      | (?P<raw>"""(?:(?!""").)*+"{3,5})
      | (?P<string>"(?:\\.|[^\\"\r\n])*+")
      | (?P<op>::|[=:,|()\[\]])
      | (?P<source>(?:[^:"=|,\[\]/() \t\r\n]|/(?![*/]))++)
        ''',
        re.VERBOSE | re.DOTALL,
    )


def scan(query: str) -> list[Token]:
    """Cut a query into tokens; after FROM, TS and METRICS the index names are tokens of their own kind."""
    found: list[Token] = []
    at, source = 0, False
    start = True
    while at < len(query):
        match = (_source() if source else _pattern()).match(query, at)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            fail("unterminated string" if query[at] == '"' else f"unexpected character {quote(query[at])}", at)
        text = match.group()
        if kind not in {"space", "comment"}:
            if source and kind == "source" and text.lower() == "metadata":
                kind, source = "name", False
            found.append(Token(kind, text, at))
            if start and text.lower() in {"from", "ts", "metrics"}:
                source = True
            start = text == "|"
            source = source and text != "|"
        at = match.end()
    return found


def tokens(query: str) -> tuple[str, ...]:
    """The texts of the tokens; two queries with the same ones mean the same."""
    return tuple(token.text for token in scan(query))
