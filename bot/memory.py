"""What was parsed and compared before: one for many reviews of one repository, so that each blob is parsed once."""

from __future__ import annotations

from functools import lru_cache

from bot import query as queries
from bot.model import Blob, Parsed, QueryChange, Rule
from bot.parse import parse

_FILES = 3_000
_PAIRS = 1_000


class Memory:
    """Two memories of fixed size; what both hold is a function of the blobs alone, so nothing in it grows old."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._parse = lru_cache(maxsize=_FILES)(_parse)
        self._compare = lru_cache(maxsize=_PAIRS)(queries.compare)

    def parse(self, blob: Blob, *, max_bytes: int) -> Parsed:
        """Parse a file; the same file is the same object the next time."""
        return self._parse(blob, max_bytes)

    def compare(self, old: Rule, new: Rule) -> QueryChange | None:
        """Compare two queries; rules are told apart by identity, which ``parse`` makes mean something."""
        return self._compare(old, new)


def _parse(blob: Blob, max_bytes: int) -> Parsed:
    return parse(blob, max_bytes=max_bytes)
