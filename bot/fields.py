"""Which fields each version of ECS has, and those that a repository adds."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import cast

from bot.ecs import Version, parse_version
from bot.model import RulewardError, is_list, is_table

_DATA = "ecs_fields.txt"
_LISTS = "ecs_lists.txt"
_IN_PATH = re.compile(r"(?<![0-9.])[0-9]+\.[0-9]+\.[0-9]+(?![0-9.]*[0-9])")
_LIKE = 0.85
_DEEPEST = 20
_OPEN = frozenset({"object", "flattened", "nested"})


@dataclass(frozen=True, kw_only=True)
class FieldSets:
    """The field sets of ECS versions; a name that ends in ``.*`` may hold any field below it.

    Attributes:
        sets: version to the names of its fields.
        own: fields that the repository adds to every version.
        stacks: version of the stack to the version of ECS that it ships.
    """

    sets: Mapping[Version, frozenset[str]]
    own: frozenset[str] = frozenset()
    stacks: Mapping[Version, Version] = field(default_factory=dict[Version, Version])

    @cached_property
    def _groups(self) -> Mapping[Version, frozenset[str]]:
        """The field sets of each version: what stands before the first dot."""
        return {version: frozenset(name.partition(".")[0] for name in names) for version, names in self.sets.items()}

    @cached_property
    def _judged(self) -> dict[tuple[str, tuple[Version, ...]], bool]:
        """What was asked before: the rules of a repository ask about the same few hundred fields."""
        return {}

    @cached_property
    def _prefixes(self) -> frozenset[str]:
        """Every object that holds a field of any version or of the repository."""
        found: set[str] = set()
        for name in self.own.union(*self.sets.values()):
            parts = name.split(".")
            found.update(".".join(parts[:end]) for end in range(1, len(parts)))
        return frozenset(found)

    def shipped(self, stack: Version) -> Version | None:
        """Return the version of ECS that a version of the stack ships, or the next one that the map names."""
        later = [version for version in self.stacks if version >= stack]
        return self.stacks[min(later)] if later else None

    def covers(self, version: Version) -> bool:
        """Tell whether a version is not newer than the newest one known here."""
        return version <= max(self.sets)

    def unknown(self, name: str, versions: Iterable[Version]) -> bool:
        """Tell whether a field stands inside a field set of ECS and none of some versions has it.

        Not judged: sets and objects that ECS does not have, custom names with a capital, multi-fields of a known field
        (an index may index it any way), and objects that hold fields. A version without a set has the next newer one's.
        """
        key = name, tuple(versions)
        if key not in self._judged:
            self._judged[key] = self._unknown(*key)
        return self._judged[key]

    def _unknown(self, name: str, versions: Iterable[Version]) -> bool:
        chosen = {min(each for each in self.sets if each >= version) for version in versions if self.covers(version)}
        parts = name.split(".")
        if len(parts) == 1 or any(part[:1].isupper() or "*" in part for part in parts):
            return False
        if not all(parts[0] in self._groups[version] for version in chosen) or name in self._prefixes:
            return False
        parent = name.rpartition(".")[0]
        above = {f"{name[:at]}.*" for at, char in enumerate(name) if char == "."} | {name, f"{name}.*", parent}
        held = any(above & names for names in (self.own, *(self.sets[version] for version in chosen)))
        return not held and (parent in self._prefixes or self.like(name) is not None)

    def since(self, name: str) -> Version | None:
        """Return the oldest version that has a field, None where none has it."""
        return min((version for version, names in self.sets.items() if name in names), default=None)

    def like(self, name: str) -> str | None:
        """Return the field that a name most resembles, None where it resembles none."""
        from difflib import get_close_matches  # what is misspelt pays for it

        group = name.partition(".")[0] + "."
        known = self.sets[max(self.sets)] | self.own
        beside = sorted(each for each in known if each.startswith(group) and not each.endswith("*") and each != name)
        return next(iter(get_close_matches(name, beside, n=1, cutoff=_LIKE)), None)

    def and_schemas(self, schemas: Mapping[str, bytes]) -> FieldSets:
        """Add a repository's flat schemas: path to YAML.

        A path that names a version of ECS is that version's field set, any other is the repository's own.

        Raises:
            RulewardError: a file is no flat schema.
        """
        sets: dict[Version, set[str]] = {}
        own = set(self.own)
        for path, data in sorted(schemas.items()):
            found = _IN_PATH.findall(path)
            version = parse_version(found[-1]) if found else None
            (own if version is None else sets.setdefault(version, set())).update(_flat(path, data))
        return replace(
            self,
            sets={**self.sets, **{version: frozenset(names) for version, names in sets.items()}},
            own=frozenset(own),
        )

    def and_stacks(self, path: str, data: bytes) -> FieldSets:
        """Add a map of stack versions, ``"8.12.0": {ecs: "8.11.0"}``.

        Raises:
            RulewardError: the file is no such map.
        """
        stacks: dict[Version, Version] = {}
        for stack, shipped in _mapping(path, data).items():
            version = parse_version(stack)
            schema = parse_version(shipped.get("ecs")) if is_table(shipped) else None
            if version is None or schema is None:
                example = '"8.12.0": {ecs: "8.11.0"}'
                raise RulewardError(
                    f"{path}: `{stack}` does not map a version of the stack to one of ECS, as in {example}"
                )
            stacks[version] = schema
        return replace(self, stacks=stacks)


def _flat(path: str, data: bytes) -> Iterable[str]:
    """Read the names of a flat schema: fields, multi-fields, and objects that may hold anything."""
    schema = _mapping(path, data)
    parents = {name.rpartition(".")[0] for name in schema}
    for name, entry in schema.items():
        if not is_table(entry) or not isinstance(entry.get("type"), str):
            raise RulewardError(f"{path}: no flat schema of ECS, for `{name}` has no type")
        if entry["type"] not in _OPEN:
            yield name
        elif name not in parents:
            yield f"{name}.*"
        several = entry.get("multi_fields")
        for each in several if is_list(several) else ():
            if is_table(each) and isinstance(each.get("name"), str):
                yield f"{name}.{each['name']}"


def _mapping(path: str, data: bytes) -> dict[str, object]:
    """Read a YAML mapping of names."""
    import yaml  # 40 ms that only a repository with schemas of its own pays

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C reads a schema of 2 MB in a second
    depth = 0
    try:
        for event in yaml.parse(data, loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:  # the one in C would take the interpreter down
                raise RulewardError(f"{path}: no YAML that can be read: nested too deep")
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                # each may double what the one before it holds
                raise RulewardError(f"{path}: no YAML that can be read: it has merge keys (`<<`)")
        loaded: object = yaml.load(data, loader)  # noqa: S506 - both loaders are safe
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        at = f":{where.line + 1}:{where.column + 1}" if where else ""
        raise RulewardError(f"{path}{at}: no YAML: {getattr(error, 'problem', None) or error}") from error
    if not is_table(loaded) or not all(isinstance(key, str) for key in cast("dict[object, object]", loaded)):
        raise RulewardError(f"{path}: no mapping of names at its top")
    return loaded


def _lines(name: str) -> list[str]:
    """Read a file that comes with Ruleward."""
    data = pkgutil.get_data("bot", f"data/{name}")  # importlib.resources takes 13 ms to load
    return (data or b"").decode("utf-8").splitlines()


@lru_cache(maxsize=1)
def _lists() -> frozenset[str]:
    return frozenset(_lines(_LISTS))


def single(name: str) -> bool | None:
    """Tell whether ECS says of a field that it holds one value, None where it does not know the field.

    A multi-field holds what its field does.
    """
    fields = built_in()
    known = fields.sets[max(fields.sets)]
    return _lists().isdisjoint((name, name.rpartition(".")[0])) if name in known else None


@lru_cache(maxsize=1)
def built_in() -> FieldSets:
    """Return the field sets that Ruleward brings."""
    sets: dict[Version, set[str]] = {}
    section: list[Version] = []
    for line in _lines(_DATA):
        if line.startswith("["):
            section = [version for version in map(parse_version, line.strip("[]").split()) if version]
        elif line and not line.startswith("#"):
            for version in section:
                sets.setdefault(version, set()).add(line)
    return FieldSets(sets={version: frozenset(names) for version, names in sets.items()})


__all__ = ["FieldSets", "built_in", "single"]
