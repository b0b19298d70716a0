"""Spans of time, as rules write them: ``5m``, and back from now, ``now-5m``."""

from __future__ import annotations

import re

_SPAN = re.compile(r"([0-9]{1,9})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def seconds(value: object) -> int | None:
    """Return how long a span is, None where it is written in a way that is not read here."""
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) * _SECONDS[match[2]] if match else None


def back(value: object) -> int | None:
    """Return how far back from now a moment is, None where it is written in a way that is not read here."""
    if value == "now":
        return 0
    return seconds(value.removeprefix("now-")) if isinstance(value, str) and value.startswith("now-") else None
