"""Nodes of queries: values that a parser makes by the hundred."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[_Class]) -> type[_Class]:
    """Make a dataclass that is equal and hashed by its values, and frozen for type checkers alone.

    Freezing it at run time would triple the price of making one.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


__all__ = ["node"]
