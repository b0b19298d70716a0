"""What a manual says of a dataclass of the settings: the name, type, default and meaning of each field."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import NoneType, UnionType
from typing import Union, cast, get_args, get_origin, get_type_hints

from bot.model import toml_string
from bot.settings import DERIVED

_ATTRIBUTE = re.compile(r"^ +(\w+): (.+(?:\n {8,}.+)*)", re.MULTILINE)
_WORDS: Mapping[object, str] = {str: "string", int: "whole number", bool: "`true` or `false`", date: "day"}


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a table; the default is as TOML writes it, empty where there is none."""

    name: str
    type: str
    default: str
    meaning: str
    needed: bool


def keys(kind: type) -> Iterator[Key]:
    """Yield the keys of a dataclass of the settings, each with its line under ``Attributes:``."""
    hints = get_type_hints(kind)
    meanings = dict(_ATTRIBUTE.findall((inspect.getdoc(kind) or "").partition("Attributes:")[2]))
    for field in dataclasses.fields(kind):
        if DERIVED in field.metadata:
            continue
        given = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        factory = field.default_factory
        default = factory() if factory is not dataclasses.MISSING else field.default
        yield Key(
            name=field.name,
            type=type_name(hints[field.name]),
            default=toml(default) if given and default is not None else "",
            meaning=markdown(" ".join(meanings.get(field.name, "").split())),
            needed=not given,
        )


def first_line(kind: type) -> str:
    """Return the first line of a docstring, in Markdown."""
    return markdown((inspect.getdoc(kind) or "").splitlines()[0])


def markdown(text: str) -> str:
    """Write a docstring's code spans as Markdown does."""
    return text.replace("``", "`")


def type_name(hint: object) -> str:
    """Say in words what a value may be."""
    origin = get_origin(hint)
    if origin in {UnionType, Union}:
        return type_name(next(each for each in get_args(hint) if each is not NoneType))
    if origin in {tuple, frozenset}:
        item = get_args(hint)[0]
        return "list of categories" if isinstance(item, type) and issubclass(item, StrEnum) else "list of strings"
    if origin is Mapping:
        return "table of lists"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return " or ".join(f"`{each.value}`" for each in hint)
    return _WORDS[hint]


def toml(value: object) -> str:
    """Write a value as the config would."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        table = cast("Mapping[str, object]", value)
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in table.items()) + " }"
    if isinstance(value, frozenset):
        return toml(sorted(cast("frozenset[str]", value)))
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(toml, cast("Sequence[object]", value))) + "]"
    return toml_string(value) if isinstance(value, str) else str(value)


__all__ = ["Key", "first_line", "keys", "markdown", "toml", "type_name"]
