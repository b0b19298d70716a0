"""Who owns a file, as CODEOWNERS says: the last pattern that matches wins."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from bot.settings import is_quick

if TYPE_CHECKING:
    from codeowners import CodeOwners

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_SIGN = re.compile(r"[*?\\]")
_LARGEST = 3_000_000  # GitHub reads no larger one


class Owners:
    """The owners of every path."""

    def __init__(self, data: bytes | None) -> None:
        """Read a CODEOWNERS file; None means that there is none. A line that means nothing to GitHub is passed over.

        It knows neither ``!`` nor ``[ ]``
        (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners).
        Left out, too, is a pattern of so many stars that some path could make it slow.
        """
        text = "" if data is None or len(data) > _LARGEST else data.decode("utf-8", "replace")
        lines = (_COMMENT.sub("", line).strip() for line in text.splitlines())
        self._lines = tuple(_Line(line) for line in lines if line and _means_something(line))

    def of(self, path: str) -> tuple[str, ...]:
        """Return the owners of a path, none where nobody is named."""
        for line in reversed(self._lines):
            owners = line.of(path) if line.plain in path else None
            if owners is not None:
                return owners
        return ()


def _means_something(line: str) -> bool:
    pattern = line.replace("\\ ", "/").split()[0]  # a blank of its own ends no pattern, and is compiled as slashes
    return not pattern.startswith("!") and "[" not in pattern and is_quick(pattern)


class _Line:
    """One line, compiled for the first path that it may match: there can be many thousands, most of other folders.

    Attributes:
        plain: what its pattern begins with and stands in every path that it matches, empty for a star.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.plain = text.split(maxsplit=1)[0].strip("/")
        sign = _SIGN.search(self.plain)
        if sign:
            self.plain = self.plain[: sign.start()].rstrip("/")

    @cached_property
    def _compiled(self) -> CodeOwners:
        from codeowners import CodeOwners  # only an audit of a repository that has owners pays for it

        return CodeOwners(self._text)

    def of(self, path: str) -> tuple[str, ...] | None:
        """Return whom it names, None where its pattern does not match a path."""
        owners, number, _, _ = self._compiled.matching_line(path)
        return None if number is None else tuple(dict.fromkeys(name for _, name in owners))


__all__ = ["Owners"]
