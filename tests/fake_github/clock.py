"""A clock that moves when something is written, and when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Clock:
    """The time at the fake GitHub."""

    def __init__(self, now: datetime = START) -> None:
        """Start at a given moment."""
        self.now = now

    def tick(self, seconds: float = 1) -> datetime:
        """Let time pass, and return what it is then."""
        self.now += timedelta(seconds=seconds)
        return self.now


def stamp(moment: datetime) -> str:
    """Return a moment as GitHub writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
