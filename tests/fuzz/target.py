"""What a target is."""

# ruff: noqa: TC002 - a dataclass wants it
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True, kw_only=True)
class Target:
    """One door.

    Attributes:
        values: what a stranger may send.
        check: sends one of them; raises where a promise is broken.
        few: how many examples a run of the tests takes.
    """

    name: str
    values: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    few: int = 60
