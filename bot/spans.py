"""Spans of time as rules write them: ``5m``, and moments before a run, ``now-9m``."""

from __future__ import annotations

import re

_SPAN = re.compile(r"([0-9]{1,9})([smhdw])")
_MOMENT = re.compile(rf"now(?:-{_SPAN.pattern})?")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def seconds(span: object) -> int | None:
    """Return how many seconds a span lasts, None where it is written in a way that is not read here."""
    return _length(_SPAN, span)


def before_now(moment: object) -> int | None:
    """Return how many seconds before a run a moment lies, 0 for the run itself; None as for a span."""
    return _length(_MOMENT, moment)


def _length(pattern: re.Pattern[str], text: object) -> int | None:
    match = pattern.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    return int(match[1]) * _SECONDS[match[2]] if match[1] else 0


__all__ = ["before_now", "seconds"]
