"""KQL's tokens, as Kibana cuts them: unquoted text may hold spaces, keywords need spaces around them."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from bot.query.text import Token, fail, quote

SPACE = " \t\r\n\xa0"
_KEYWORDS = frozenset({"or", "and", "not"})


@cache
def _pattern() -> re.Pattern[str]:
    space = r"[ \t\r\n\xa0]"
    layout = rf"(?:{space}++(?!(?:or|and){space}))?+"  # taken here, it costs no piece of its own
    return re.compile(
        rf"""
        (?P<or>{space}++or{space}++)
      | (?P<and>{space}++and{space}++)
      | (?P<space>{space}++)
      | (?P<not>not{space}++)
      | (?P<quoted>"(?:\\["\\]|[^"])*+"){layout}
      | (?P<range><=|>=|<|>){layout}
      | (?P<punct>[():{{}}]){layout}
      | (?P<text>(?:
            (?-i:[^\\():<>"{{}}nN \t\r\n\xa0]++ | \\[trn])
          | \\[\\():<>"*{{}}] | (?-i:\\u)[0-9a-f]{{4}} | \\(?:or|and|not)
          | (?!{space}++(?:or|and){space}|not{space})[^\\():<>"{{}}]
        )++)
        """,
        re.VERBOSE | re.IGNORECASE,
    )


@lru_cache(maxsize=8)  # a parser and a policy ask about one query, one after the other
def scan(query: str) -> tuple[Token, ...]:
    """Cut a query into tokens; spaces between them are gone, those inside unquoted text are kept.

    The kind of a piece of punctuation is the piece itself.
    """
    found: list[Token] = []
    at = 0
    for match in _pattern().finditer(query):
        start, end = match.span()
        if start != at:
            break
        at, kind = end, match.lastgroup or ""
        text = match[kind]
        if kind == "text":
            found.append(Token(kind, text.rstrip(SPACE), start))
        elif kind == "punct":
            found.append(Token(text, text, start))
        elif kind in _KEYWORDS:
            found.append(Token(kind, kind, end - len(text.lstrip(SPACE))))
        elif kind != "space":
            found.append(Token(kind, text, start))
    if at < len(query):
        fail("unterminated quote" if query[at] == '"' else f"unexpected character {quote(query[at])}", at)
    return tuple(found)


def values_over_lines(query: str) -> list[Token]:
    """The unquoted values that a line break stands in."""
    return [token for token in scan(query) if token.kind == "text" and "\n" in token.text]


def tokens(query: str) -> tuple[str, ...]:
    """The texts of the tokens; two queries with the same ones mean the same."""
    return tuple(f"{token.kind}\0" * (token.kind in _KEYWORDS) + token.text for token in scan(query))
