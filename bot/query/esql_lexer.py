"""ES|QL's tokens: comments dropped, strings as written, index names whole."""

from __future__ import annotations

import re
from functools import cache

from bot.query.text import Token, fail, quote

_LAYOUT = r"(?:[ \t\r\n]++|//[^\r\n]*+|/\*.*?\*/)*+"
_STRINGS = r'''
    (?P<raw>"""(?:(?!""").)*+"{3,5})
  | (?P<string>"(?:[^\\"\r\n]++|\\.)*+")
'''


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        rf"""
      (?:
        (?P<name>[@A-Za-z_][@A-Za-z0-9_]*+)
      | {_STRINGS}
      | (?P<quoted>`(?:[^`]|``)*+`)
      | (?P<number>[0-9]++(?:\.[0-9]*+)?(?:[eE][+-]?[0-9]++)?|\.[0-9]++(?:[eE][+-]?[0-9]++)?)
      | (?P<op>::|==|!=|<=|>=|=~|[=:?<>+\-*/%.,|()\[\]{{}}])
      ){_LAYOUT}
        """,
        re.VERBOSE | re.DOTALL,
    )


@cache
def _source() -> re.Pattern[str]:
    return re.compile(
        rf"""
      (?:
        {_STRINGS}
      | (?P<op>::|[=:,|()\[\]])
      | (?P<source>(?:[^:"=|,\[\]/() \t\r\n]|/(?![*/]))++)
      ){_LAYOUT}
        """,
        re.VERBOSE | re.DOTALL,
    )


@cache
def _layout() -> re.Pattern[str]:
    return re.compile(_LAYOUT, re.DOTALL)


def scan(query: str) -> list[Token]:
    """Cut a query into tokens; after FROM, TS and METRICS the index names are tokens of their own kind."""
    found: list[Token] = []
    blank = _layout().match(query)
    at = blank.end() if blank else 0
    pattern, start = _pattern(), True
    while at < len(query):
        match = pattern.match(query, at)
        if match is None:
            fail("unterminated string" if query[at] == '"' else f"unexpected character {quote(query[at])}", at)
        kind = match.lastgroup or ""
        text = match[kind]
        if kind == "source" and text.lower() == "metadata":
            kind, pattern = "name", _pattern()
        found.append(Token(kind, text, at))
        if start and text.lower() in {"from", "ts", "metrics"}:
            pattern = _source()
        start = text == "|"
        if start:
            pattern = _pattern()
        at = match.end()
    return found


def tokens(query: str) -> tuple[str, ...]:
    """The texts of the tokens; two queries with the same ones mean the same."""
    return tuple(token.text for token in scan(query))
