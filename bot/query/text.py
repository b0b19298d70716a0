"""Query text: tokens with their places, and faults that know where they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from bot.told import quoted

_DIGITS = 20
"""As many as the largest whole number of 64 bits has."""


class Token(NamedTuple):
    """A piece of a query.

    Attributes:
        kind: what the lexer of the language calls it.
        text: the piece as it is written.
        at: its offset in the query.
    """

    kind: str
    text: str
    at: int


class QueryError(Exception):
    """A query that cannot be read, with the offset where it stops making sense."""

    def __init__(self, message: str, at: int) -> None:
        """Keep the sentence and the offset."""
        super().__init__(message)
        self.message = message
        self.at = at


class UnsupportedError(Exception):
    """A query that is right for all we know, but that this program does not understand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxFault:
    """Where and why a query does not parse.

    Attributes:
        at: the offset in the query.
        line: 1-based, inside the query text.
        column: 1-based, in characters.
        complete: whether the language's parser is complete enough to call this an error.
    """

    message: str
    at: int
    line: int
    column: int
    complete: bool


def fail(message: str, at: int) -> NoReturn:
    """Stop reading the query here."""
    raise QueryError(message, at)


def dotted(name: str) -> list[str]:
    """Cut a dotted name into its parts and the dots between them, as if there were layout around the dots."""
    return _DOT.split(name)


_DOT = re.compile(r"(\.)")


def whole(digits: str) -> int:
    """Read a whole number that stands in a query; raises ``UnsupportedError`` where no engine could hold it."""
    if len(digits) > _DIGITS:
        raise UnsupportedError(f"a number of {len(digits):,} digits")
    return int(digits)


def numeral(text: str) -> int | float:
    """Read a number that stands in a query: whole where a whole number of 64 bits holds it, else a double."""
    whole = text.isdigit() and len(text) <= _DIGITS and int(text) < 1 << 64
    return int(text) if whole else float(text)


def fault(error: QueryError, text: str, *, complete: bool) -> SyntaxFault:
    """Turn an offset into a line and a column."""
    at = min(error.at, len(text))
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return SyntaxFault(message=error.message, at=at, line=line, column=column, complete=complete)


def quote(text: str, limit: int = 30) -> str:
    """Show a piece of a query in a message."""
    return quoted(text if len(text) <= limit else text[: limit - 1] + "…")
