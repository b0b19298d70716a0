"""Sentences about a rule that know which of their parts are the rule's: whoever prints them can set those apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Self

_BACKTICKS = re.compile("`+")
_OPEN, _CLOSE = "\ue010", "\ue011"
_NONE = str.maketrans("", "", _OPEN + _CLOSE)
_SIGNS = {"\n": "↵", "\r": "↵", "\t": "⇥"}


class Told(str):
    """A sentence, plain as any text.

    Attributes:
        values: where the values of the rule stand in it, as offsets of first and last, in characters.
    """

    __slots__ = ("values",)
    values: tuple[tuple[int, int], ...]

    def __new__(cls, text: str, values: Iterable[tuple[int, int]] = ()) -> Self:
        """Make a sentence of its text and the places of its values."""
        made = super().__new__(cls, text)
        made.values = tuple(values)
        return made

    def parts(self) -> Iterator[tuple[str, bool]]:
        """Yield the pieces in order, each with whether it is a value."""
        at = 0
        for first, last in self.values:
            yield self[at:first], False
            yield self[first:last], True
            at = last
        yield self[at:], False


def printable(text: str) -> str:
    """Write a text so that every character can be seen: by a sign, or by its number, where it does not print."""
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return "".join(char if char.isprintable() else _SIGNS.get(char, f"⟨U+{ord(char):04X}⟩") for char in text)


def quoted(text: str) -> str:
    """Write a piece of a file in quotes, for a sentence."""
    mark = '"' if "'" in text and '"' not in text else "'"
    return f"{mark}{printable(text)}{mark}"


def again(sentence: str) -> str:
    """Mark the values of a finished sentence, so that it can be a part of another one."""
    if not isinstance(sentence, Told):
        return sentence.translate(_NONE)
    return "".join(marked(part) if quoted else part for part, quoted in sentence.parts())


def marked(text: object) -> str:
    """Mark a value inside a sentence that is being put together; what is marked inside it counts as a part of it."""
    return f"{_OPEN}{str(text).translate(_NONE)}{_CLOSE}"


def finished(text: str) -> Told:
    """Finish a sentence in which values are marked."""
    plain, values = "", list[tuple[int, int]]()
    for number, piece in enumerate(text.split(_OPEN)):
        inner, _, rest = piece.partition(_CLOSE) if number else ("", "", piece)
        if inner:
            values.append((len(plain), len(plain) + len(inner)))
        plain += inner + rest.translate(_NONE)
    return Told(plain, values)


def coded(value: object) -> str:
    """Write a value as a code span of Markdown, its fence longer than any run of backticks in it."""
    text = str(value) or '""'
    fence = "`" * (max(map(len, _BACKTICKS.findall(text)), default=0) + 1)
    ends = {text[0], text[-1]}
    pad = " " if "`" in ends or (len(fence) > 1 and ends == {" "}) else ""  # Markdown takes one blank off both ends
    return f"{fence}{pad}{text}{pad}{fence}"


__all__ = ["Told", "again", "coded", "finished", "marked", "printable", "quoted"]
