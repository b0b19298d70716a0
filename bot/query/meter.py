"""How much work one comparison may cost, counted in steps and not in seconds: the same input, the same answer."""

from __future__ import annotations


class ExhaustedError(Exception):
    """The budget ran out before an answer."""


class Meter:
    """Steps that are left: about as many take a second, whatever they are spent on."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        """Start with so many steps."""
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Count work that is done or about to be done; raises ``ExhaustedError`` where there is none left to spend."""
        self.left -= steps
        if self.left < 0:
            raise ExhaustedError

    def part(self, steps: int) -> Meter:
        """A meter of its own for work that may fail alone; what it may spend is gone from here."""
        steps = max(0, min(steps, self.left))
        self.left -= steps
        return Meter(steps)

    def back(self, part: Meter) -> None:
        """Take back what a part did not spend."""
        self.left += max(0, part.left)
