"""EQL's tokens: comments dropped, strings as they are written.

A token is its text alone, since its first character says what it is (``kind``). Where it stands is asked only when
something is wrong with the query (``places``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from bot.query.text import dotted, fail, quote

_LAYOUT = r"(?:[ \t\r\n]++|//[^\r\n]*+|/\*.*?\*/)*+"
_NAME = r"[@A-Za-z_][@A-Za-z0-9_]*+~?+"
_TOKEN = rf'''
    {_NAME}(?:\.{_NAME})*+
  | """(?:(?!""").)*+"{{3,5}}
  | "(?:[^\\"\r\n]++|\\.)*+"
  | \?"(?:\\"|[^"\r\n])*+" | \??'(?:\\'|[^'\r\n])*+'
  | `(?:[^`]|``)*+`
  | [0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)? | \.[0-9]++(?:[eE][+-]?[0-9]++)?
  | ==|!=|<=|>=|!\[|[=:?!<>+\-*/%.,|()\[\]]
'''


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Layout, a token, and as many tokens as there are, each with the layout behind it."""
    flags = re.VERBOSE | re.DOTALL
    token = rf"({_TOKEN}){_LAYOUT}"
    return re.compile(_LAYOUT, flags), re.compile(token, flags), re.compile(rf"(?:{token})*+", flags)


def scan(query: str) -> list[str]:
    """Cut a query into the texts of its tokens, comments and layout left out."""
    layout, token, every = _patterns()
    start = _end(layout, query)
    end = _end(every, query, start)
    if end < len(query):
        fail("unterminated string" if query[end] in "\"'" else f"unexpected character {quote(query[end])}", end)
    return token.findall(query, start)


def places(query: str) -> list[int]:
    """Return the offset of every token, and that of the end of the last one."""
    layout, token, _ = _patterns()
    spans = [match.span(1) for match in token.finditer(query, _end(layout, query))]
    return [*(start for start, _ in spans), *(end for _, end in spans[-1:] or [(0, 0)])]


def _end(pattern: re.Pattern[str], query: str, start: int = 0) -> int:
    match = pattern.match(query, start)
    return match.end() if match else start


def kind(text: str) -> str:
    """Tell what a token is: name, string, raw, old, quoted, number or op; end for the empty text behind the last."""
    if text[:3] == '"""':
        return "raw"
    if text[:1] in _KINDS:
        return _KINDS[text[:1]]
    if len(text) > 1 and text[0] in "?.":
        return "old" if text[0] == "?" else "number"
    return "op"


_KINDS = (
    dict.fromkeys("@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz", "name")
    | dict.fromkeys("0123456789", "number")
    | {'"': "string", "'": "old", "`": "quoted", "": "end"}
)


def tokens(query: str) -> tuple[str, ...]:
    """The texts of the tokens, dotted names in their parts; two queries with the same ones mean the same."""
    return tuple(split(scan(query)))


def split(texts: Iterable[str]) -> list[str]:
    """Cut dotted names into their parts, as if there were layout between them."""
    return [part for text in texts for part in (dotted(text) if kind(text) == "name" else (text,))]
