"""How many requests an hour the repository's tokens have together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fake_github.clock import Clock

_WINDOW = timedelta(hours=1)


@dataclass(slots=True)
class Budget:
    """What is left of the hour."""

    clock: Clock
    limit: int = 1000
    used: int = 0
    start: datetime | None = None

    @property
    def reset(self) -> int:
        """Return when the hour ends, in seconds since 1970."""
        return int(((self.start or self.clock.now) + _WINDOW).timestamp())

    @property
    def remaining(self) -> int:
        """Return how many requests are left."""
        return max(0, self.limit - self.used)

    def spend(self) -> bool:
        """Take one request off, and tell whether there was one."""
        if self.start is None or self.clock.now >= self.start + _WINDOW:
            self.start, self.used = self.clock.now, 0
        self.used += 1
        return self.used <= self.limit

    @property
    def headers(self) -> dict[str, str]:
        """Return what every answer says about it."""
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-used": str(min(self.used, self.limit)),
            "x-ratelimit-reset": str(self.reset),
            "x-ratelimit-resource": "core",
        }

    @property
    def payload(self) -> dict[str, int]:
        """Return the same as JSON."""
        return {"limit": self.limit, "used": self.used, "remaining": self.remaining, "reset": self.reset}
