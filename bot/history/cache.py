"""What two versions of a rule have in common, remembered by their blob ids from one run to the next."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from bot.model import is_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """In what two versions of a rule are alike.

    Attributes:
        logic: every leaf of the categories logic and scope; the layout of a query counts for nothing.
        notice: whether the name announces a deprecation.
        maturity: the state.
        identity: the ``rule_id``.
        readable: whether the older one is a rule that can be read at all.
    """

    logic: bool
    notice: bool
    maturity: bool
    identity: bool
    readable: bool = True

    def pack(self) -> int:
        """Write it as a number for the cache."""
        flags = (self.logic, self.notice, self.maturity, self.identity, self.readable)
        return sum(flag << place for place, flag in enumerate(flags))


def unpack(number: int) -> Likeness:
    """Read what `Likeness.pack` wrote."""
    logic, notice, maturity, identity, readable = (bool(number >> place & 1) for place in range(_FLAGS))
    return Likeness(logic=logic, notice=notice, maturity=maturity, identity=identity, readable=readable)


_FLAGS = 5


@dataclass(slots=True)
class Cache:
    """What is known of pairs of blobs, and of single ones; what a run does not use is dropped.

    Attributes:
        pairs: ``newer older`` to a packed likeness.
        ids: blob to ``rule_id``.
        note: why a cache that was there is not used, empty where it is.
    """

    version: str
    pairs: dict[str, int] = field(default_factory=dict[str, int])
    ids: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    note: str = ""
    used_pairs: set[str] = field(default_factory=set[str])
    used_ids: set[str] = field(default_factory=set[str])

    @classmethod
    def read(cls, data: bytes | None, version: str) -> Cache:
        """Read a cache; one that is damaged, or of another version, is left aside and says so."""
        empty = cls(version=version)
        if data is None:
            return empty
        try:
            held: object = json.loads(data)
        except (ValueError, RecursionError):
            held = None
        if not is_table(held) or held.get("kind") != _KIND:
            empty.note = "the cache of logic ages is damaged, and left aside"
            return empty
        if held.get("version") != version:
            empty.note = "the cache of logic ages was made by another version, and is left aside"
            return empty
        pairs, ids = held.get("pairs"), held.get("ids")
        if not is_table(pairs) or not is_table(ids):
            empty.note = "the cache of logic ages is damaged, and left aside"
            return empty
        known = {key: value for key, value in pairs.items() if type(value) is int and 0 <= value < 1 << _FLAGS}
        named = {key: value for key, value in ids.items() if value is None or isinstance(value, str)}
        return cls(version=version, pairs=known, ids=named)

    def get(self, newer: str, older: str) -> Likeness | None:
        """Return what is known of two blobs."""
        key = f"{newer} {older}"
        packed = self.pairs.get(key)
        if packed is None:
            return None
        self.used_pairs.add(key)
        return unpack(packed)

    def put(self, newer: str, older: str, likeness: Likeness) -> Likeness:
        """Learn what two blobs have in common."""
        key = f"{newer} {older}"
        self.pairs[key] = likeness.pack()
        self.used_pairs.add(key)
        return likeness

    def identity(self, oid: str) -> str | None:
        """Return the ``rule_id`` of a blob that is in ``ids``."""
        self.used_ids.add(oid)
        return self.ids[oid]

    def name(self, oid: str, identity: str | None) -> str | None:
        """Learn the ``rule_id`` of a blob."""
        self.ids[oid] = identity
        self.used_ids.add(oid)
        return identity

    def write(self) -> bytes:
        """Write what this run has used, sorted: the same run gives the same bytes."""
        content = {
            "kind": _KIND,
            "version": self.version,
            "pairs": {key: self.pairs[key] for key in sorted(self.used_pairs)},
            "ids": {key: self.ids[key] for key in sorted(self.used_ids)},
        }
        return (json.dumps(content, indent=0, ensure_ascii=True) + "\n").encode("ascii")


_KIND = "ruleward logic ages"

__all__ = ["Cache", "Likeness", "unpack"]
