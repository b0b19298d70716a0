"""What git says of each rule's age: when what it detects last changed, renames followed."""

from __future__ import annotations

from bot.history.cache import Cache, Likeness
from bot.history.walk import Compare, Identify, Library, Subject, histories

__all__ = ["Cache", "Compare", "Identify", "Library", "Likeness", "Subject", "histories"]
