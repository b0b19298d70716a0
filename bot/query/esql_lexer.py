"""ES|QL's tokens: comments dropped, strings as written, index names whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from bot.query.text import Token, dotted, fail, quote

_LAYOUT = r"(?:[ \t\r\n]++|//[^\r\n]*+|/\*.*?\*/)*+"
_NAME = r"[@A-Za-z_][@A-Za-z0-9_]*+"
_STRINGS = r'''
    (?P<raw>"""(?:(?!""").)*+"{3,5})
  | (?P<string>"(?:[^\\"\r\n]++|\\.)*+")
'''


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        rf"""
      (?:
        (?P<name>{_NAME}(?:\.{_NAME})*+)
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
    """Cut a query into tokens, dotted names whole; after FROM, TS and METRICS index names are of their own kind."""
    found: list[Token] = []
    blank = _layout().match(query)
    at = blank.end() if blank else 0
    while at < len(query):
        begin = at
        for match in _pattern().finditer(query, at):
            kind = match.lastgroup or ""
            text = match[kind]
            if match.start() != at:
                break
            found.append(Token(kind, text, at))
            at = match.end()
            if kind == "name" and (len(found) == 1 or found[-2].text == "|") and text.lower() in _SOURCES:
                at = _indexes(query, at, found)
                break
        if at == begin:
            fail("unterminated string" if query[at] == '"' else f"unexpected character {quote(query[at])}", at)
    return found


def _indexes(query: str, at: int, found: list[Token]) -> int:
    """Take index names, up to METADATA or a pipe; returns the offset behind what is taken."""
    for match in _source().finditer(query, at):
        if match.start() != at or query[at] == "|":
            break
        kind = match.lastgroup or ""
        metadata = kind == "source" and match[kind].lower() == "metadata"
        found.append(Token("name" if metadata else kind, match[kind], at))
        at = match.end()
        if metadata:
            break
    return at


def tokens(query: str) -> tuple[str, ...]:
    """The texts of the tokens, dotted names in their parts; two queries with the same ones mean the same."""
    return tuple(parts(scan(query)))


def parts(found: Iterable[Token]) -> list[str]:
    """The texts of some tokens, as if there were layout around the dots of names."""
    return [part for token in found for part in (dotted(token.text) if token.kind == "name" else (token.text,))]


_SOURCES = frozenset({"from", "ts", "metrics"})
