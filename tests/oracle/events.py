"""Events aimed at the conditions of two queries, so that random ones hit more than nothing."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterable, Sequence

from .logic import (
    GLOB_ANY,
    GLOB_STAR,
    And,
    Const,
    Hint,
    Node,
    Not,
    Or,
    Reading,
    address_of,
    all_hints,
    is_address_field,
    is_glob,
    is_number,
    network_of,
    number_of,
    text_of,
)

Event = dict[str, tuple[object, ...]]

_FILL = ("", "", "a", "x", "Z9", "/opt/a", "\\b", ".exe", " ", "1")


class Maker:
    """Makes values, events and near misses from the hints of some queries."""

    def __init__(self, nodes: Sequence[Node], rng: random.Random, *, arrays: float, loose: bool = False) -> None:
        """Gather the hints of all conditions.

        Args:
            nodes: the conditions, the old one first and the new one last.
            rng: where chance comes from.
            arrays: how often a field gets a further value.
            loose: whether a number in a query may be looked for in a field of text, as in KQL.
        """
        self.loose = loose
        self.nodes = nodes
        self.rng = rng
        self.arrays = arrays
        self.by_field: dict[str, list[Hint]] = {}
        for node in nodes:
            for hint in all_hints(node):
                self.by_field.setdefault(hint.field, []).append(hint)
        self.fields = sorted(self.by_field)
        sides = [{(h.field, str(h.value), h.op) for h in all_hints(node)} for node in nodes]
        shared = {hint for hint in sides[0] if all(hint in side for side in sides)} if sides else set()
        changed = {hint for side in sides for hint in side} - shared
        self.changed = sorted({name for name, _, _ in changed}) or self.fields
        self.numeric = {name for name, hints in self.by_field.items() if self._is_numeric(hints)}
        self.single = {name for name, hints in self.by_field.items() if any(h.kind == "size" for h in hints)}

    def _is_numeric(self, hints: list[Hint]) -> bool:
        if any(hint.kind == "range" and is_number(hint.value) for hint in hints):
            return not self.loose or self.rng.random() < 0.7
        texts = [hint.value for hint in hints if hint.kind in ("exact", "glob")]
        if any(is_number(value) for value in texts):
            return True
        plain = [isinstance(value, str) and (number_of(value) is not None) for value in texts]
        canonical = all(isinstance(v, str) and text_of(number_of(v) or 0.0) == v for v in texts)
        return bool(plain) and all(plain) and canonical and self.rng.random() < 0.2

    # --- values -------------------------------------------------------------------------------------------------------

    def value(self, hint: Hint) -> object:  # noqa: PLR0911 - one branch a case
        """A value that meets a hint, most of the time."""
        if hint.kind == "glob":
            return self.expand(str(hint.value))
        if hint.kind == "exact":
            return self.exact(hint)
        if hint.kind == "range":
            return self.ranged(hint)
        if hint.kind == "cidr":
            return self.address(str(hint.value))
        if hint.kind == "size" and is_number(hint.value):
            return "x" * max(0, int(hint.value) + self.rng.choice((-1, 0, 1)))  # type: ignore[call-overload]
        if hint.kind == "nested" and isinstance(hint.value, Node):
            return Maker([hint.value], self.rng, arrays=self.arrays).event(hint.value)
        return self.filler(hint.field)

    def exact(self, hint: Hint) -> object:
        """The constant, or another way to write it."""
        value = hint.value
        if not isinstance(value, str):
            return value
        if hint.field in self.numeric:
            number = number_of(value)
            return value if number is None else int(number) if number.is_integer() else number
        if self.rng.random() < 0.15 and not is_address_field(hint.field):
            return self.rng.choice((value.upper(), value.lower(), value.swapcase()))
        return value

    def expand(self, pattern: str) -> str:
        """A text that fits a pattern."""
        text = "".join(
            self.rng.choice(_FILL) if char == GLOB_STAR else self.rng.choice("cCZ1_é") if char == GLOB_ANY else char
            for char in pattern
        )
        return self.rng.choice((text.upper(), text.lower())) if self.rng.random() < 0.1 else text

    def ranged(self, hint: Hint) -> object:
        """A value on, just inside or just outside a bound."""
        if is_number(hint.value):
            step = self.rng.choice((-1, 0, 0, 1, 1000, -1000, 0.5))
            moved = float(hint.value) + step  # type: ignore[arg-type]
            number = int(moved) if moved.is_integer() else moved
            if hint.field in self.numeric:
                return number
            return self.rng.choice((text_of(number), text_of(number) + "0", "1" + text_of(number), "x"))
        text = str(hint.value)
        return self.rng.choice((text, text + "0", text[:-1], "~", ""))

    def address(self, block: str) -> str:
        """An address at the edge of a block, in it or beside it."""
        network = network_of(block)
        if network is None:
            return block
        first, last = int(network.network_address), int(network.broadcast_address)
        limit = (1 << network.max_prefixlen) - 1
        number = self.rng.choice((first, last, self.rng.randint(first, last), max(0, first - 1), min(limit, last + 1)))
        return str(ipaddress.IPv4Address(number) if network.version == 4 else ipaddress.IPv6Address(number))

    def filler(self, name: str) -> object:
        """A value for a field that only has to exist."""
        others = [hint for hint in self.by_field.get(name, ()) if hint.kind in ("exact", "glob", "range", "cidr")]
        if others and self.rng.random() < 0.7:
            return self.value(self.rng.choice(others))
        if name in self.numeric:
            return self.rng.choice((0, 1, 443, 99999))
        if is_address_field(name):
            return self.rng.choice(("8.8.8.8", "10.0.0.1", "::1"))
        return self.rng.choice(("x", "other", "", "Root"))

    def near(self, hint: Hint) -> object:
        """A value that just misses a hint."""
        value = self.value(hint)
        if not isinstance(value, str) or address_of(value) is not None:
            return self.filler(hint.field) if not isinstance(value, dict) else value
        near = (value + "x", "x" + value, value[:-1], value[1:], value.swapcase(), value.replace("\\", "/"))
        return self.rng.choice(near)

    # --- events -------------------------------------------------------------------------------------------------------

    def aim(self, event: Event, node: Node, reading: Reading, *, want: bool) -> None:
        """Change an event so that a condition holds (or does not)."""
        if isinstance(node, Not):
            self.aim(event, node.part, reading, want=not want)
        elif isinstance(node, (And, Or)):
            if isinstance(node, And) is want:
                for part in node.parts:
                    self.aim(event, part, reading, want=want)
            elif node.parts:
                self.aim(event, self.rng.choice(node.parts), reading, want=want)
        elif not isinstance(node, Const) and (node.value(event, reading) is True) is not want:
            hints = node.hints()
            if hints:
                self.set(event, self.rng.choice(hints), want=want)

    def set(self, event: Event, hint: Hint, *, want: bool) -> None:
        """Write a field so that a hint is met (or not)."""
        if (hint.kind == "missing") is want:
            event.pop(hint.field, None)
        elif want:
            self.put(event, hint.field, self.value(hint))
        elif hint.kind == "exists" or self.rng.random() < 0.4:
            event.pop(hint.field, None)
        else:
            event[hint.field] = (self.near(hint),)

    def put(self, event: Event, name: str, value: object) -> None:
        """Write a value, beside those that are there or in their place."""
        old = event.get(name, ())
        keep = old and self.arrays and name not in self.single and self.rng.random() < max(0.5, self.arrays)
        event[name] = (*old, value) if keep else (value,)

    def mutate(self, event: Event) -> None:
        """Change one field at random, most often one that the edit touches."""
        if not self.fields:
            return
        name = self.rng.choice(self.changed if self.rng.random() < 0.6 else self.fields)
        hints = self.by_field[name]
        dice = self.rng.random()
        if dice < 0.15:
            event.pop(name, None)
        elif dice < 0.6:
            event[name] = (self.value(self.rng.choice(hints)),)
        elif dice < 0.75:
            event[name] = (self.near(self.rng.choice(hints)),)
        elif self.arrays and name not in self.single:
            event[name] = (*event.get(name, ()), self.value(self.rng.choice(hints)))

    def event(self, *wants: Node, misses: Iterable[Node] = (), reading: Reading | None = None) -> Event:
        """An event that meets some conditions and misses others, as far as luck goes."""
        reading = reading or Reading("")
        event: Event = {}
        for _ in range(2):
            for node in misses:
                self.aim(event, node, reading, want=False)
            for node in wants:
                self.aim(event, node, reading, want=True)
        if self.arrays and event and self.rng.random() < self.arrays:
            name = self.rng.choice(sorted(event))
            if name in self.by_field and name not in self.single:
                event[name] = (*event[name], self.value(self.rng.choice(self.by_field[name])))
        return event

    def some(self, reading: Reading | None = None) -> Event:
        """An event for the pair of conditions: meeting one of them or only one of them, then mutated or not."""
        old, new = self.nodes[0], self.nodes[-1]
        dice = self.rng.random()
        if dice < 0.3:
            event = self.event(old, misses=(new,), reading=reading)
        elif dice < 0.6:
            event = self.event(new, misses=(old,), reading=reading)
        else:
            event = self.event(self.rng.choice((old, new)), reading=reading)
        for _ in range(self.rng.choice((0, 0, 1, 1, 2))):
            self.mutate(event)
        return event


def has_wildcard(hint: Hint) -> bool:
    """Tell whether a hint is a pattern."""
    return isinstance(hint.value, str) and is_glob(hint.value)
