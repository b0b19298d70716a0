"""Who owns a file, as CODEOWNERS says: the last pattern that matches wins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.settings import is_quick

if TYPE_CHECKING:
    from codeowners import CodeOwners

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_LARGEST = 3_000_000  # GitHub reads no larger one


class Owners:
    """The owners of every path."""

    def __init__(self, data: bytes | None) -> None:
        """Read a CODEOWNERS file; None means that there is none. A line that makes no sense is passed over.

        So is a pattern of so many stars that some path could make it slow.
        """
        self._lines: tuple[CodeOwners, ...] = ()
        if data is None or len(data) > _LARGEST:
            return
        from codeowners import CodeOwners  # only an audit of a repository that has owners pays for it

        read: list[CodeOwners] = []
        for line in data.decode("utf-8", "replace").splitlines():
            text = _COMMENT.sub("", line).strip()
            if not text or text.startswith("!") or not is_quick(text.split()[0]):
                continue
            try:
                read.append(CodeOwners(text))
            except (ValueError, re.error):
                continue
        self._lines = tuple(reversed(read))

    def of(self, path: str) -> tuple[str, ...]:
        """Return the owners of a path, none where nobody is named."""
        for line in self._lines:
            owners, number, _, _ = line.matching_line(path)
            if number is not None:
                return tuple(dict.fromkeys(name for _, name in owners))
        return ()


__all__ = ["Owners"]
