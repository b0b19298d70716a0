"""A YAML document whose values know their lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from yaml.nodes import Node


class NotYamlError(Exception):
    """A text that is no YAML document; ``line`` is where, from 1."""

    def __init__(self, message: str, line: int) -> None:
        """Keep what is wrong, and where."""
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Value:
    """One value: a mapping, a list or a text; anything asked of it that it is not is empty."""

    node: Node
    line: int

    @property
    def text(self) -> str:
        """The text of a scalar, empty for anything else and for ``null``."""
        if isinstance(self.node, ScalarNode) and not self.node.tag.endswith(":null"):
            return str(self.node.value)
        return ""

    def items(self) -> Iterator[tuple[str, Value]]:
        """Yield the keys and values of a mapping; a value's line is its key's."""
        if isinstance(self.node, MappingNode):
            for key, value in self.node.value:
                if isinstance(key, ScalarNode):
                    yield str(key.value), Value(value, key.start_mark.line + 1)

    def get(self, *keys: str) -> Value | None:
        """Return what stands under some keys, one inside the other."""
        found: Value | None = self
        for key in keys:
            found = next((value for name, value in found.items() if name == key), None) if found else None
        return found

    def list(self) -> Iterator[Value]:
        """Yield the items of a list."""
        if isinstance(self.node, SequenceNode):
            for each in self.node.value:
                yield Value(each, each.start_mark.line + 1)

    def words(self) -> tuple[str, ...]:
        """Return a text, or the texts of a list, or the keys of a mapping."""
        if self.text:
            return (self.text,)
        return (*(each.text for each in self.list()), *(key for key, _ in self.items()))


def read(text: str) -> Value:
    """Read a document.

    Raises:
        NotYamlError: it is none.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise NotYamlError(error.problem or "cannot be read", line) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise NotYamlError(str(error).partition("\n")[0], 1) from error
    if node is None:
        raise NotYamlError("it is empty", 1)
    return Value(node, node.start_mark.line + 1)


__all__ = ["NotYamlError", "Value", "read"]
