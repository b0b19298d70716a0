"""What the evaluators share: documents, three truth values, matching of single values, and hints for event makers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

Doc: TypeAlias = "Mapping[str, tuple[object, ...]]"
"""An event: field to its values; a missing field is absent or has no values."""

Truth: TypeAlias = "bool | None"
"""True, false, or null."""


class UnsupportedError(Exception):
    """The oracle does not know what this means, so it does not judge it."""


class QuerySyntaxError(UnsupportedError):
    """The text is no query of the language."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A condition that an event maker can aim at.

    Attributes:
        kind: exact, glob, range, cidr, exists or nested.
        value: the constant, a glob as a string in which ``GLOB_STAR`` and ``GLOB_ANY`` are the wildcards.
        op: for a range, the comparison.
    """

    field: str
    kind: str
    value: object = None
    op: str = ""


GLOB_STAR = "\ue000"
GLOB_ANY = "\ue001"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of what the documentation leaves open.

    Attributes:
        name: for reports.
        false_kinds: the kinds of predicate that are false on a missing field; the others are null.
        late_missing: whether missing events of a sequence are looked for when its other events are complete, and
            not while it grows.
    """

    name: str
    false_kinds: frozenset[str] = frozenset()
    late_missing: bool = False

    def missing(self, kind: str) -> Truth:
        """What a predicate of this kind says of a missing field."""
        return False if kind in self.false_kinds else None


class Node:
    """A condition over one document."""

    __slots__ = ()

    def value(self, doc: Doc, reading: Reading) -> Truth:
        """Evaluate against a document."""
        raise NotImplementedError

    def children(self) -> Sequence[Node]:
        """The conditions below."""
        return ()

    def hints(self) -> Sequence[Hint]:
        """Conditions that make this one true, for a leaf."""
        return ()


@dataclass(frozen=True, slots=True)
class Const(Node):
    """A condition that does not look at the document."""

    truth: Truth

    def value(self, doc: Doc, reading: Reading) -> Truth:  # noqa: ARG002 - as the others take it
        """Return the constant."""
        return self.truth


@dataclass(frozen=True, slots=True)
class Not(Node):
    """Negation; of null it is null."""

    part: Node

    def value(self, doc: Doc, reading: Reading) -> Truth:
        """Negate."""
        truth = self.part.value(doc, reading)
        return None if truth is None else not truth

    def children(self) -> Sequence[Node]:
        """The negated condition."""
        return (self.part,)


@dataclass(frozen=True, slots=True)
class And(Node):
    """Conjunction: false wins, then null."""

    parts: tuple[Node, ...]

    def value(self, doc: Doc, reading: Reading) -> Truth:
        """Conjoin."""
        result: Truth = True
        for part in self.parts:
            truth = part.value(doc, reading)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    def children(self) -> Sequence[Node]:
        """The conjuncts."""
        return self.parts


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Disjunction: true wins, then null."""

    parts: tuple[Node, ...]

    def value(self, doc: Doc, reading: Reading) -> Truth:
        """Disjoin."""
        result: Truth = False
        for part in self.parts:
            truth = part.value(doc, reading)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    def children(self) -> Sequence[Node]:
        """The disjuncts."""
        return self.parts


@dataclass(frozen=True, slots=True)
class Leaf(Node):
    """A predicate written as a function, with the hints that make it true."""

    test: Callable[[Doc, Reading], Truth]
    aims: tuple[Hint, ...] = ()
    note: str = field(default="", compare=False)

    def value(self, doc: Doc, reading: Reading) -> Truth:
        """Ask the function."""
        return self.test(doc, reading)

    def hints(self) -> Sequence[Hint]:
        """What makes it true."""
        return self.aims


def walk(node: Node) -> Iterator[Node]:
    """Every condition of a tree, the root first."""
    yield node
    for child in node.children():
        yield from walk(child)


def all_hints(node: Node) -> list[Hint]:
    """Every hint of a tree."""
    return [hint for part in walk(node) for hint in part.hints()]


def glob_from(text: str, *, any_char: bool) -> str:
    """Turn a pattern in which ``*`` (and ``?`` if asked) are wildcards into the internal form."""
    text = text.replace("*", GLOB_STAR)
    return text.replace("?", GLOB_ANY) if any_char else text


def is_glob(pattern: str) -> bool:
    """Tell whether an internal pattern has a wildcard."""
    return GLOB_STAR in pattern or GLOB_ANY in pattern


@lru_cache(maxsize=65536)
def _glob_regex(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    for char in pattern:
        if char == GLOB_STAR:
            if not parts or parts[-1] != ".*":
                parts.append(".*")
        elif char == GLOB_ANY:
            parts.append(".")
        else:
            parts.append(re.escape(char))
    return re.compile("".join(parts), re.DOTALL)


def glob_match(pattern: str, text: str, *, fold: bool = False) -> bool:
    """Match a whole string against an internal pattern."""
    if fold:
        pattern, text = pattern.lower(), text.lower()
    if not is_glob(pattern):
        return pattern == text
    return _glob_regex(pattern).fullmatch(text) is not None


def is_number(value: object) -> bool:
    """Tell a number from a bool and from anything else."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def text_of(value: object) -> str:
    """The text under which a value is found."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def number_of(text: str) -> float | None:
    """Read a plain decimal number, None for anything else."""
    return float(text) if re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", text) else None


@lru_cache(maxsize=65536)
def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an IP address, None for anything else."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Read an address block that has a prefix length, None for anything else."""
    if "/" not in text:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def in_block(text: str, block: str) -> bool:
    """Tell whether an address lies in a block (a bare address is a block of one)."""
    address = address_of(text)
    if address is None:
        return False
    network = network_of(block)
    if network is None:
        return address == address_of(block)
    if network.version == 4:
        address = getattr(address, "ipv4_mapped", None) or address
    elif address.version == 4:
        address = ipaddress.IPv6Address(f"::ffff:{address}")
    return address.version == network.version and address in network


def is_address_field(name: str) -> bool:
    """Tell by its name whether a field is mapped as an address."""
    last = name.rsplit(".", 1)[-1].lower()
    return last in ("ip", "resolved_ip") or last.endswith(("_ip", "ip_address"))


def equal_addresses(one: object, other: object) -> bool:
    """Tell whether two texts write the same address."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    left = address_of(one)
    return left is not None and left == address_of(other)


TEXT_FIELDS = frozenset({"message", "powershell.file.script_block_text", "event.original", "error.message"})


def is_text_field(name: str) -> bool:
    """Tell by its name whether a field is analysed, so that matching is by words."""
    return name in TEXT_FIELDS or name.endswith((".text", ".caseless"))


def holds(op: str, left: object, right: object) -> bool:
    """Compare two values of one type by ``<``, ``<=``, ``>`` or ``>=``."""
    if is_number(left) and is_number(right):
        one, other = float(left), float(right)  # type: ignore[arg-type]
        return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[op]
    if isinstance(left, str) and isinstance(right, str):
        a, b = left.encode(), right.encode()
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
    return False
