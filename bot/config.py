"""``ruleward.toml`` to ``Settings``: every fault with the line and column of its key, and the keys known there."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeGuard, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import tomli

from bot.ecs import parse_version
from bot.layout import Layout
from bot.model import KeyPath, Level, RulewardError, dotted, is_list, is_table
from bot.policy import Policy, all_policies, meant
from bot.settings import (
    CONFIG_PATH,
    DERIVED,
    Audit,
    Bump,
    Comment,
    CommitStatus,
    Ecs,
    LabelStyle,
    Maturity,
    Place,
    PolicySetting,
    Removal,
    RuleFiles,
    Settings,
    StandingException,
    Waivers,
    is_pattern,
    is_quick,
)

_T = TypeVar("_T")

LABELS = (
    *(
        f"rule: {kind}"
        for kind in (
            "new",
            "tuning",
            "deprecation",
            "promotion",
            "demotion",
            "restoration",
            "removal",
            "metadata",
        )
    ),
    *(f"impact: {part}" for part in ("logic", "scope", "schedule", "severity", "threat", "response")),
    "impact: narrowed",
    "impact: broadened",
    *(f"governance: {part}" for part in ("blocked", "waived", "bulk", "stale-rules", "recheck")),
)
"""The ids of all labels that the bot owns."""

SECTIONS: Mapping[str, type] = {
    "rules": RuleFiles,
    "bump": Bump,
    "maturity": Maturity,
    "ecs": Ecs,
    "waivers": Waivers,
    "comment": Comment,
    "removal": Removal,
    "audit": Audit,
    "status": CommitStatus,
}
"""The tables whose keys are fixed, in the order in which they are shown."""

_TOP = (*SECTIONS, "policies", "labels", "exceptions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a config; line and column are 1-based."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Write it as compilers do."""
        return f"{self.path}:{self.line}:{self.column}: {self.message}"

    @classmethod
    def at(cls, place: Place, message: str) -> Fault:
        """Say what is wrong at a place."""
        return cls(path=place.path, line=place.line, column=place.column, message=message)


class ConfigError(RulewardError):
    """A config that cannot be used.

    Attributes:
        faults: everything that is wrong with it.
        reported: what it says of the commit status, by which that is told as well; the default where it cannot be read.
    """

    def __init__(self, faults: tuple[Fault, ...], reported: CommitStatus | None = None) -> None:
        """Keep the faults; the message has one line for each."""
        super().__init__("\n".join(map(str, faults)), located=True)
        self.faults = faults
        self.reported = reported or CommitStatus()


def read_config(data: bytes | None, path: str = CONFIG_PATH) -> Settings:
    """Read a config; None means there is none, and the defaults hold.

    Args:
        data: the file.
        path: how errors name it.

    Raises:
        ConfigError: it is not TOML, or names an unknown key, or a value has the wrong type.
    """
    if data is None:
        return Settings()
    try:
        text = data.decode("utf-8")
        tables = tomli.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError((Fault(path=path, line=line, column=1, message="not UTF-8"),)) from error
    except tomli.TOMLDecodeError as error:
        said = "it begins with a byte order mark (U+FEFF)" if data.startswith(BOM_UTF8) else error.msg
        fault = Fault(path=path, line=error.lineno, column=error.colno, message=f"not TOML: {said}")
        raise ConfigError((fault,)) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError((Fault(path=path, line=1, column=1, message=f"not TOML: {error}"),)) from error
    reader = _Reader(path, text)
    settings = reader.settings(tables)
    if reader.faults:
        faults = sorted(reader.faults, key=lambda fault: (fault.line, fault.column, fault.message))
        raise ConfigError(tuple(faults), settings.status)
    return settings


def missing(settings: Settings, key: str, message: str) -> ConfigError:
    """Return the error of a key such as ``ecs.schemas`` that names what is not there."""
    return ConfigError((Fault.at(settings.place(key), f"{key}: {message}"),))


class _Reader:
    """Walks a parsed config beside its dataclasses and collects every fault."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.layout = Layout(text)
        self.faults: list[Fault] = []

    def fault(self, at: KeyPath, message: str) -> None:
        """Note a fault at the place of a key."""
        self.faults.append(Fault.at(self.place(at), message))

    def place(self, at: KeyPath) -> Place:
        """Find a key, or what stands around it."""
        span = self.layout.span(at)
        offset = span.key if span else 0
        column = offset - self.layout.text.rfind("\n", 0, offset)
        return Place(path=self.path, line=self.layout.line(offset), column=column)

    def unknown(self, at: KeyPath, known: tuple[str, ...]) -> None:
        """Note a key that means nothing here."""
        *table, key = at
        place = f" in [{dotted(tuple(table))}]" if table else ""
        self.fault(at, f"unknown key `{key}`{place}; known here: {', '.join(known)}")

    def settings(self, tables: Mapping[str, object]) -> Settings:
        """Read the whole file."""
        made: dict[str, Any] = {}
        for key, value in tables.items():
            if key in SECTIONS:
                made[key] = self.record(SECTIONS[key], value, (key,))
            elif key == "policies":
                made[key] = dict(self.policies(value))
            elif key == "labels":
                made[key] = dict(self.labels(value))
            elif key == "exceptions":
                made[key] = tuple(self.exceptions(value))
            else:
                self.unknown((key,), _TOP)
        settings = Settings(**{key: value for key, value in made.items() if value is not None})
        self.patterns(settings.rules)
        self.maturity(settings.maturity, tables.get("maturity"))
        self.ecs(settings.ecs)
        if not settings.status.context.strip():
            self.fault(("status", "context"), "a commit status needs a name")
            settings = replace(settings, status=CommitStatus())
        return replace(settings, places=dict(self.named(settings)))

    def named(self, settings: Settings) -> Iterator[tuple[str, Place]]:
        """Find the keys that name other files."""
        for table, key, path in (
            ("comment", "template", settings.comment.template),
            ("ecs", "schemas", settings.ecs.schemas),
            ("ecs", "stack_map", settings.ecs.stack_map),
        ):
            if path:
                yield f"{table}.{key}", self.place((table, key))

    def table(self, value: object, at: KeyPath) -> Mapping[str, object]:
        """Return a table, an empty one (and a fault) where there is something else."""
        if is_table(value):
            return value
        self.fault(at, f"`{dotted(at)}` must be a table")
        return {}

    def record(self, kind: type[_T], value: object, at: KeyPath, *, skip: frozenset[str] = frozenset()) -> _T | None:
        """Make a dataclass of a table, or None where it lacks something that is needed."""
        hints = _hints(cast("Hashable", kind))
        known = {field.name: field for field in _given(kind)}
        given: dict[str, object] = {}
        table = self.table(value, at)
        for key, item in table.items():
            if key in skip:
                continue
            if key not in known:
                self.unknown((*at, key), (*sorted(skip), *known))
                continue
            good, made = self.value(hints[key], item, (*at, key))
            if good:
                given[key] = made
        missing = [name for name, field in known.items() if _needed(field) and name not in table]
        for name in missing:
            self.fault(at, f"`{dotted(at)}` needs `{name}`")
        lacking = [name for name, field in known.items() if _needed(field) and name not in given]
        return None if lacking else kind(**given)

    def value(self, hint: object, value: object, at: KeyPath) -> tuple[bool, object]:
        """Check one value against a type; (whether it is good, the value as the dataclass wants it)."""
        kind: object = get_origin(hint) or hint
        maker = _MAKERS.get(kind)
        if _is_choice(hint):
            return self.choice(hint, value, at)
        if maker is not None:
            return maker(self, hint, value, at)
        expected = _NAMES.get(hint, "something else")
        if (
            isinstance(hint, type)
            and type(value) is hint
            and not (hint is int and isinstance(value, int) and value < 0)
        ):
            return True, value
        self.fault(at, f"`{dotted(at)}` must be {expected}")
        return False, None

    def choice(self, hint: type[StrEnum], value: object, at: KeyPath) -> tuple[bool, object]:
        """Check one of a set of words."""
        words = [member.value for member in hint]
        if isinstance(value, str) and value in words:
            return True, hint(value)
        self.fault(at, f"`{dotted(at)}` must be one of {', '.join(words)}")
        return False, None

    def union(self, hint: object, value: object, at: KeyPath) -> tuple[bool, object]:
        """Check ``X | None``, which in TOML is X."""
        return self.value(next(arg for arg in get_args(hint) if arg is not type(None)), value, at)

    def sequence(self, hint: object, value: object, at: KeyPath) -> tuple[bool, object]:
        """Check a list of one type."""
        item = get_args(hint)[0]
        if not is_list(value):
            self.fault(at, f"`{dotted(at)}` must be a list")
            return False, None
        results = [self.value(item, each, (*at, index)) for index, each in enumerate(value)]
        items = tuple(each for _, each in results)
        return all(good for good, _ in results), frozenset(items) if get_origin(hint) is frozenset else items

    def mapping(self, hint: object, value: object, at: KeyPath) -> tuple[bool, object]:
        """Check a table whose keys are free."""
        if not is_table(value):
            self.fault(at, f"`{dotted(at)}` must be a table")
            return False, None
        item = get_args(hint)[1]
        results = {key: self.value(item, each, (*at, key)) for key, each in value.items()}
        return all(good for good, _ in results.values()), {key: each for key, (_, each) in results.items()}

    def day(self, _hint: object, value: object, at: KeyPath) -> tuple[bool, object]:
        """Check a day: a TOML date, or the same in quotes."""
        if type(value) is date:
            return True, value
        if isinstance(value, str):
            try:
                return True, date.fromisoformat(value.replace("/", "-"))
            except ValueError:
                pass
        self.fault(at, f"`{dotted(at)}` must be a day, for example 2027-01-31")
        return False, None

    def policies(self, value: object) -> Iterator[tuple[str, PolicySetting]]:
        """Read ``[policies]``: a level, or a table with a level and the options of that policy."""
        known = all_policies()
        for key, given in self.table(value, ("policies",)).items():
            at: KeyPath = ("policies", key)
            policy = known.get(key)
            if policy is None:
                self.fault(at, f"unknown policy `{key}`{_meant(key)}; known here: {', '.join(sorted(known))}")
            elif is_table(given):
                yield key, self.policy_table(policy, given, at)
            else:
                good, level = self.choice(Level, given, at)
                yield key, PolicySetting(level=level if good and isinstance(level, Level) else None)

    def policy_table(self, policy: Policy, given: Mapping[str, object], at: KeyPath) -> PolicySetting:
        """Read one policy's table."""
        level = self.choice(Level, given["level"], (*at, "level"))[1] if "level" in given else None
        options: object = None
        if policy.options is not None:
            options = self.record(cast("type[object]", policy.options), given, at, skip=frozenset({"level"}))
        else:
            for key in given:
                if key != "level":
                    self.unknown((*at, key), ("level",))
        return PolicySetting(level=level if isinstance(level, Level) else None, options=options)

    def labels(self, value: object) -> Iterator[tuple[str, LabelStyle]]:
        """Read ``[labels]``, within what GitHub allows: so much of a name and of a description, and six hex digits."""
        for key, given in self.table(value, ("labels",)).items():
            at: KeyPath = ("labels", key)
            if key not in LABELS:
                self.unknown(at, LABELS)
                continue
            style = self.record(LabelStyle, given, at)
            if not isinstance(style, LabelStyle):
                continue
            if style.name is not None and not 1 <= len(style.name) <= _NAME_LIMIT:
                self.fault((*at, "name"), f"a label's name has 1 to {_NAME_LIMIT} characters")
            self.label_description(style.description or "", (*at, "description"))
            if style.color is not None and not (len(style.color) == _HEX and set(style.color.lower()) <= _HEX_DIGITS):
                self.fault((*at, "color"), "a label's color is six hex digits, without `#`")
            yield key, style

    def label_description(self, text: str, at: KeyPath) -> None:
        """Check a label's description; its name may hold an emoji, but this may not."""
        if len(text) > _DESCRIPTION_LIMIT:
            self.fault(at, f"a label's description has at most {_DESCRIPTION_LIMIT} characters")
        beyond = next((char for char in text if char > _LAST), None)
        if beyond is not None:
            message = f"GitHub takes no `{beyond}` in a label's description, nor anything beyond U+FFFF: leave it out"
            self.fault(at, message)

    def exceptions(self, value: object) -> Iterator[StandingException]:
        """Read ``[[exceptions]]``: a policy, a rule_id or a path, a reason, and the last day."""
        if not is_list(value):
            self.fault(("exceptions",), "`exceptions` must be a list of tables, [[exceptions]]")
            return
        for index, given in enumerate(value):
            at: KeyPath = ("exceptions", index)
            made = self.record(StandingException, given, at)
            if not isinstance(made, StandingException):
                continue
            policy = all_policies().get(made.policy)
            if policy is None:
                self.fault((*at, "policy"), f"unknown policy `{made.policy}`{_meant(made.policy)}")
            elif not policy.waivable:
                self.fault((*at, "policy"), f"`{made.policy}` cannot be excepted")
            if (made.rule_id is None) == (made.path is None):
                self.fault(at, "an exception names either `rule_id` or `path`")
            if not made.reason.strip():
                self.fault((*at, "reason"), "an exception needs a reason")
            lines = self.layout.lines(at)
            yield replace(made, line=lines[0] if lines else None)

    def patterns(self, rules: RuleFiles) -> None:
        """Check that every glob is one."""
        for key, patterns in (("include", rules.include), ("exclude", rules.exclude), ("deprecated", rules.deprecated)):
            for index, pattern in enumerate(patterns):
                if not is_pattern(pattern):
                    self.fault(("rules", key, index), f"`{pattern}` is no path pattern; write it as in .gitignore")
                elif not is_quick(pattern):
                    self.fault(
                        ("rules", key, index),
                        f"`{pattern}` has more stars than can be matched quickly: at most two `**`, less one for each "
                        "star after the first in a name",
                    )

    def maturity(self, maturity: Maturity, given: object) -> None:
        """Check that every state that is named is one, a fault a key; a default stands nowhere, so `states` does."""
        table = given if is_table(given) else {}
        named: dict[str, tuple[str, ...]] = {"entry": maturity.entry, "shipping": maturity.shipping}
        named["edges"] = tuple(each for state, after in maturity.edges.items() for each in (state, *after))
        for key, states in named.items():
            strange = [f"`{each}`" for each in dict.fromkeys(states) if each not in maturity.states]
            if not strange:
                continue
            listed, are = ", ".join(strange), "is" if len(strange) == 1 else "are"
            if key in table:
                self.fault(("maturity", key), f"{listed} in `maturity.{key}` {are} not among maturity.states")
            else:
                message = f"`maturity.{key}` is not set, and {listed} in its default {are} not among maturity.states"
                self.fault(("maturity", "states"), f"{message}; set `maturity.{key}` too")

    def ecs(self, ecs: Ecs) -> None:
        """Check that versions are versions."""
        for key, versions in (("minimum", (ecs.minimum,) if ecs.minimum else ()), ("versions", ecs.versions)):
            for version in versions:
                if parse_version(version) is None:
                    self.fault(("ecs", key), f"`{version}` is no version; write it like 8.11.0")


_NAME_LIMIT = 50
_DESCRIPTION_LIMIT = 100
_LAST = "\uffff"  # what lies beyond takes four bytes in UTF-8
_HEX = 6
_HEX_DIGITS = frozenset("0123456789abcdef")
_NAMES: Mapping[object, str] = {
    str: "a string",
    int: "a whole number, 0 or more",
    bool: "true or false",
}


def _is_choice(hint: object) -> TypeGuard[type[StrEnum]]:
    return isinstance(hint, type) and issubclass(hint, StrEnum)


@cache  # a config of thousands of exceptions has records of few kinds
def _hints(kind: Hashable) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _given(kind: type) -> tuple[Field[Any], ...]:
    """The fields that a config may give, in order."""
    return tuple(field for field in fields(cast("Any", kind)) if DERIVED not in field.metadata)


def _needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


_Maker = Callable[[_Reader, object, object, KeyPath], tuple[bool, object]]
_MAKERS: Mapping[object, _Maker] = {
    tuple: _Reader.sequence,
    frozenset: _Reader.sequence,
    Mapping: _Reader.mapping,
    UnionType: _Reader.union,
    Union: _Reader.union,
    date: _Reader.day,
}


def _meant(policy: str) -> str:
    names = ", ".join(f"`{name}`" for name in meant(policy, all_policies()))
    return f" (did you mean {names}?)" if names else ""


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``ruleward.toml``, made of the same dataclasses that reading uses."""
    level = {"enum": [each.value for each in Level]}
    policies: dict[str, Any] = {}
    for policy in all_policies().values():
        options = _properties(policy.options) if policy.options else {}
        table = {"type": "object", "properties": {"level": level, **options}, "additionalProperties": False}
        policies[policy.id] = {
            "description": policy.summary,
            "default": policy.level.value,
            "anyOf": [level, table],
        }
    style = _schema(LabelStyle)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": CONFIG_PATH,
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{key: _schema(kind) for key, kind in SECTIONS.items()},
            "policies": {"type": "object", "properties": policies, "additionalProperties": False},
            "labels": {"type": "object", "properties": dict.fromkeys(LABELS, style), "additionalProperties": False},
            "exceptions": {"type": "array", "items": _schema(StandingException)},
        },
    }


def _schema(hint: object) -> dict[str, Any]:
    """JSON Schema of one type of the settings."""
    origin = get_origin(hint)
    if origin in (UnionType, Union):
        return _schema(next(arg for arg in get_args(hint) if arg is not type(None)))
    if origin in (tuple, frozenset):
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(get_args(hint)[1])}
    if is_dataclass(hint) and isinstance(hint, type):
        needed = [field.name for field in fields(hint) if _needed(field)]
        made: dict[str, Any] = {"type": "object", "properties": _properties(hint), "additionalProperties": False}
        return {**made, "required": needed} if needed else made
    if _is_choice(hint):
        return {"enum": [member.value for member in hint]}
    return dict(_JSON_TYPES[hint])


def _properties(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: _schema(hints[field.name]) for field in _given(kind)}


_JSON_TYPES: Mapping[object, Mapping[str, object]] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": 0},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
}

__all__ = ["SECTIONS", "ConfigError", "Fault", "config_schema", "missing", "read_config"]
