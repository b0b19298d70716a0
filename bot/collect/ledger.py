"""A file that remembers what is done, so that a long run goes on where it was stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from bot.model import RulewardError, is_table

_FIRST = '{"ruleward": "replay", "format": 1}'


class Ledger:
    """Records by key, a line each; a line that was cut off is done again.

    Raises:
        RulewardError: the file is something else, or cannot be read.
    """

    def __init__(self, place: Path | None) -> None:
        """Read what is there; None remembers nothing."""
        self._place = place
        self._known: dict[str, dict[str, Any]] = {}
        self._whole = True
        if place is None or not place.exists():
            return
        try:
            text = place.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            text = "no UTF-8"
        except OSError as error:
            raise RulewardError(f"{place}: cannot be read: {error.strerror}") from error
        first, *lines = text.split("\n")
        if first != _FIRST and text:
            raise RulewardError(f"{place}: no file that a replay wrote; name another with --cache")
        self._whole = not text or text.endswith("\n")
        for line in lines:
            self._learn(line)

    def _learn(self, line: str) -> None:
        try:
            record: object = json.loads(line)
        except ValueError:
            return
        if is_table(record) and isinstance(record.get("key"), str) and is_table(record.get("entry")):
            self._known[cast("str", record["key"])] = cast("dict[str, Any]", record["entry"])

    def get(self, key: str) -> Mapping[str, Any] | None:
        """Return what was noted under a key."""
        return self._known.get(key)

    def note(self, key: str, entry: Mapping[str, Any]) -> None:
        """Add a record; it is on the disk when this returns.

        Raises:
            RulewardError: the disk says no.
        """
        if self._place is None:
            return
        line = json.dumps({"key": key, "entry": entry}) + "\n"
        try:
            with self._place.open("a", encoding="utf-8", newline="\n") as file:
                if file.tell() == 0:
                    file.write(_FIRST + "\n")
                file.write(line if self._whole else f"\n{line}")
        except OSError as error:
            raise RulewardError(f"{self._place}: cannot be written: {error.strerror}") from error
        self._whole = True


def key_of(*parts: str | bytes) -> str:
    """Return a name for some inputs and for the code that judges them: a change of either is another name."""
    mark = hashlib.sha256(_code())
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        mark.update(len(data).to_bytes(8, "big") + data)
    return mark.hexdigest()[:32]


@lru_cache(maxsize=1)
def _code() -> bytes:
    """Digest every file of this package."""
    package = Path(__file__).parent.parent
    mark = hashlib.sha256()
    for place in sorted(package.rglob("*")):
        if place.is_file() and place.suffix not in {".pyc", ".pyo"}:
            mark.update(place.relative_to(package).as_posix().encode() + b"\0" + place.read_bytes() + b"\0")
    return mark.digest()
