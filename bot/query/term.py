"""Terms: what queries compute from fields before they test it, and whole EQL and ES|QL expressions while parsing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeAlias

from bot.query.node import node

Scalar: TypeAlias = "str | int | float | bool | None"


@node
class Name:
    """A field or a column."""

    name: str


@node
class Value:
    """A literal; ``unit`` marks a time span (``5 minutes``) and what else is no plain value."""

    value: Scalar
    unit: str = ""


@node
class Call:
    """A function or an operator and its arguments; the name is in small letters."""

    name: str
    args: tuple[Term, ...]


Term: TypeAlias = "Name | Value | Call"


def show(term: Term) -> str:
    """Write a term so that equal texts mean equal terms."""
    if isinstance(term, Name):
        return term.name
    if isinstance(term, Value):
        return json.dumps(term.value) + (f" {term.unit}" if term.unit else "")
    return f"{term.name}({', '.join(map(show, term.args))})"


def names(term: Term) -> Iterator[str]:
    """Every name in a term, from left to right."""
    stack: list[Term] = [term]
    while stack:
        node = stack.pop()
        if isinstance(node, Name):
            yield node.name
        elif isinstance(node, Call):
            stack.extend(reversed(node.args))


_COUNTS = frozenset({"count", "count_distinct", "length", "mv_count"})
_AGGREGATE = re.compile(r"of[0-9]+")


def counts(term: Term | None) -> bool:
    """Tell whether a term can only be a whole number, or null: a count of events, of values or of characters."""
    while isinstance(term, Call) and term.args and (term.name == "where" or _AGGREGATE.fullmatch(term.name)):
        term = term.args[0]
    return isinstance(term, Call) and term.name in _COUNTS


def replace(term: Term, meaning: dict[str, Term]) -> Term:
    """Put terms in the place of names."""
    if isinstance(term, Name):
        return meaning.get(term.name, term)
    if isinstance(term, Call):
        return Call(term.name, tuple([replace(arg, meaning) for arg in term.args]))
    return term


def size(term: Term) -> int:
    """How many nodes a term has."""
    count, stack = 0, [term]
    while stack:
        node = stack.pop()
        count += 1
        if isinstance(node, Call):
            stack.extend(node.args)
    return count
