"""One formula for every language: and, or, not over tests of one field.

A test says what a value must be; what a missing field or several values do to it is the business of a reading (see
``bot.query.truth``). Tests know when one implies another whatever the value, and that is all the logic they have.
"""

# ruff: noqa: FBT003 - the booleans here are truth values and tests, not switches
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import TypeAlias

from bot.query import glob
from bot.query.node import node
from bot.query.term import Term

KQL = "kql:"
"""Marks a field that a KQL query inside ES|QL asks about, by KQL's logic."""

Number: TypeAlias = "int | float"


@node
class Exists:
    """The field has a value."""


@node
class Glob:
    """A string that a pattern matches; without a wildcard, that one string.

    Attributes:
        text: the pattern as ``bot.query.glob`` writes it; its ASCII letters are small if it folds.
        folds: the case of ASCII letters does not count.
        shown: as the query wrote it.
    """

    text: str
    folds: bool = False
    shown: str = field(default="", compare=False)

    @property
    def literal(self) -> bool:
        """Whether it matches one string only, case apart."""
        return glob.is_literal(self.text)


@node
class Range:
    """A number between two bounds, None where there is no bound.

    Attributes:
        loose: the field may hold strings for all we know, and would then be compared as text.
        whole: what is compared is a count: a whole number, whatever the event.
    """

    low: Number | None = None
    low_open: bool = False
    high: Number | None = None
    high_open: bool = False
    loose: bool = False
    whole: bool = False


@node
class Block:
    """An address inside a network, written ``10.0.0.0/8``."""

    network: str


@node
class Truth:
    """A boolean."""

    value: bool


@node
class Opaque:
    """A test that is equal to itself and otherwise unknown, unless its term can be computed.

    Attributes:
        text: tells one opaque test from another; ``regex:``, ``regex~:`` and ``wildcard:`` before a pattern can be
            judged in part, ``=`` and ``~`` mark words on a field that may be analysed.
        shown: the whole test as the query writes it, where nobody could tell that from the text.
    """

    text: str
    shown: str = field(default="", compare=False, repr=False)


Test: TypeAlias = "Exists | Glob | Range | Block | Truth | Opaque"


@node
class Atom:
    """One test of one subject.

    Attributes:
        subject: a field's name, or the text of a term over fields.
        kind: how the engine runs the test; tests of one kind agree about a missing field.
        term: how to compute the subject (or, under an opaque test, the whole test); None for a plain field.
    """

    subject: str
    test: Test
    kind: str = "term"
    term: Term | None = field(default=None, compare=False)


@node
class Constant:
    """True or false whatever the event."""

    value: bool


@node
class Not:
    """Holds where its part is false; unknown stays unknown."""

    part: Formula


@node
class And:
    """Holds where every part does."""

    parts: tuple[Formula, ...]


@node
class Or:
    """Holds where a part does."""

    parts: tuple[Formula, ...]


Formula: TypeAlias = "Atom | Constant | Not | And | Or"

TRUE = Constant(True)
FALSE = Constant(False)


def conjunction(parts: Iterable[Formula]) -> Formula:
    """And, flattened; a single part stands for itself."""
    flat: list[Formula] = []
    for part in parts:
        if isinstance(part, And):
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else And(tuple(flat)) if flat else TRUE


def disjunction(parts: Iterable[Formula]) -> Formula:
    """Or, flattened; a single part stands for itself."""
    flat: list[Formula] = []
    for part in parts:
        if isinstance(part, Or):
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else Or(tuple(flat)) if flat else FALSE


def negation(part: Formula) -> Formula:
    """Not; two of them are none, in every reading we know."""
    if isinstance(part, Not):
        return part.part
    return Constant(not part.value) if isinstance(part, Constant) else Not(part)


def atoms(formula: Formula) -> list[Atom]:
    """Every atom, from left to right, as often as it occurs."""
    found: list[Atom] = []
    stack = [formula]
    while stack:
        node = stack.pop()
        if isinstance(node, Atom):
            found.append(node)
        elif isinstance(node, Not):
            stack.append(node.part)
        elif not isinstance(node, Constant):
            stack.extend(reversed(node.parts))
    return found
