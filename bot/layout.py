"""Where each key of a TOML file stands: an index over text that is known to parse, and edits of single lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.model import KeyPath, LineFix, toml_string

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*+")
_SPACE = re.compile(r"[ \t]*+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]++")
_STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}+(?!"))*+"{3,5}'
    r"|'''(?:[^']++|'{1,2}+(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]++|\\.)*+"'
    r"|'[^'\n]*+'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]++")
_BRACKETS = re.compile(
    r'"""(?:[^"\\]++|\\(?:.|\Z)|"{1,2}+(?!"))*+(?:"{3,5}|\Z)'
    r"|'''(?:[^']++|'{1,2}+(?!'))*+(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]++|\\(?:.|\Z))*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+"
    r"|[\[\]{}]",
    re.DOTALL,
)
"""Strings, comments and brackets of any text: a string that never ends takes the rest, so a scan stays linear."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a key and its value stand; character offsets, the end exclusive.

    Attributes:
        key: where the key (or the item, or the table's header) begins.
        value: where its value begins.
        end: where its value ends (a table's: the end of its header).
    """

    key: int
    value: int
    end: int


class Layout:
    """The place of every key of one TOML text, read as far as it is asked for: most questions are of its first keys."""

    def __init__(self, text: str) -> None:
        """Take a text that tomli has accepted, so that no key stands in it twice."""
        self.text = text
        self._spans: dict[KeyPath, Span] = {}
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._items: dict[KeyPath, int] = {}
        self._table: KeyPath = ()
        self._at = 0

    @property
    def spans(self) -> Mapping[KeyPath, Span]:
        """The place of every key."""
        while self._scan():
            pass
        return self._spans

    def span(self, path: KeyPath) -> Span | None:
        """Return where a key stands, or the nearest table or list around it that the text names."""
        while path:
            if (found := self._find(path)) is not None:
                return found
            path = path[:-1]
        return None

    def _find(self, path: KeyPath) -> Span | None:
        while path not in self._spans:
            if not self._scan():
                return None
        return self._spans[path]

    def line(self, offset: int) -> int:
        """Return the 1-based line of a character offset."""
        return bisect_right(self._starts, offset)

    def lines(self, path: KeyPath) -> tuple[int, int] | None:
        """Return the first and last line of a key and its value, 1-based, or of what stands around it."""
        span = self.span(path)
        return None if span is None else (self.line(span.key), self.line(max(span.end - 1, span.key)))

    def raw_line(self, number: int) -> str:
        """Return one line, 1-based, without its line end."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return (self.text[start:] if end < 0 else self.text[start:end]).removesuffix("\r")

    def place(self, path: KeyPath, offset: int) -> tuple[int, int] | None:
        """Return the line and the column, 1-based, where a character of a string's value is written.

        The offset counts characters of the value: an escape is one, a line end too, and a folded line end none. None
        where the key holds no string.
        """
        span = self._find(path)
        quote = self.text[span.value] if span else ""
        if span is None or quote not in {'"', "'"}:
            return None
        width = 3 if self.text.startswith(quote * 3, span.value) and span.end - span.value > 5 else 1  # noqa: PLR2004 - two quotes are an empty string
        end = span.end - width
        at = _end(_LINE_END, self.text, span.value + width) if width > 1 else span.value + width
        for match in (_WRITTEN if quote == '"' else _VERBATIM).finditer(self.text, at, end):
            if match["folded"] is None:
                if offset == 0:
                    end = match.start()
                    break
                offset -= 1
        line = self.line(end)
        return line, end - self._starts[line - 1] + 1

    def set(self, path: KeyPath, value: str | int) -> LineFix | None:
        """Return the edit of whole lines that gives a key a value and touches no other byte.

        A key that is there keeps its quotes, alignment and comment; one that is not is put under the last plain key
        of its table. None where the present value spans lines or the table has no line of its own.
        """
        span = self._find(path)
        if span is None:
            return self._insert(path, value)
        first, last = self.line(span.key), self.line(span.end - 1)
        if first != last:
            return None
        start = self._starts[first - 1]
        line = self.raw_line(first)
        old = self.text[span.value : span.end]
        if _ITEM.match(old) is None:
            return None
        new = line[: span.value - start] + _written(value, old) + line[span.end - start :]
        return LineFix(start_line=first, end_line=first, replacement=new)

    def _insert(self, path: KeyPath, value: str | int) -> LineFix | None:
        """Return the edit that adds a key below the last one-line key of its table."""
        siblings = [
            span
            for other, span in self.spans.items()
            if other[:-1] == path[:-1] and self.text[span.key] != "[" and self._owns_line(span)
        ]
        if not siblings:
            return None
        last = max(siblings, key=lambda span: span.end)
        number = self.line(last.end - 1)
        line = self.raw_line(number)
        ending = "\r\n" if self.text[: self._end_of(number)].endswith("\r\n") else "\n"
        indent = (_SPACE.match(self.raw_line(self.line(last.key))) or [""])[0]
        added = f"{indent}{path[-1]} = {_written(value, '')}"
        return LineFix(start_line=number, end_line=number, replacement=f"{line}{ending}{added}")

    def _owns_line(self, span: Span) -> bool:
        """Whether a key begins its line, as one in a table does and one in an inline table does not."""
        start = self._starts[self.line(span.key) - 1]
        return not self.text[start : span.key].strip()

    def _end_of(self, number: int) -> int:
        return self._starts[number] if number < len(self._starts) else len(self.text)

    def _scan(self) -> bool:
        """Read the next header or key; False at the end of the text."""
        at = _end(_BLANK, self.text, self._at)
        if at < len(self.text):
            self._at = self._header(at) if self.text[at] == "[" else self._pair(at, self._table)
            return True
        self._at = at
        return False

    def _header(self, at: int) -> int:
        start, double = at, self.text.startswith("[[", at)
        parts, at = self._key(_end(_SPACE, self.text, at + 1 + double))
        at += 1 + double
        table = self._resolve(parts[:-1], Span(start, start, at))
        table = (*table, parts[-1])
        self._spans.setdefault(table, Span(start, start, at))
        if double:
            self._items[table] = self._items.get(table, 0) + 1
        if table in self._items:
            table = (*table, self._items[table] - 1)
            self._spans.setdefault(table, Span(start, start, at))
        self._table = table
        return at

    def _resolve(self, parts: KeyPath, span: Span, *, within: KeyPath = ()) -> KeyPath:
        """Follow key parts into the last item of every list of tables on the way, naming what was unnamed."""
        for part in parts:
            within = (*within, part)
            self._spans.setdefault(within, span)
            if within in self._items:
                within = (*within, self._items[within] - 1)
        return within

    def _pair(self, at: int, table: KeyPath) -> int:
        start = at
        parts, at = self._key(at)
        at = _end(_SPACE, self.text, at + 1)
        path = (*self._resolve(parts[:-1], Span(start, start, at), within=table), parts[-1])
        end = self._value(at, path)
        self._spans[path] = Span(start, at, end)
        return end

    def _key(self, at: int) -> tuple[KeyPath, int]:
        """Read a dotted key; return its parts and where the text goes on after it and its blanks."""
        parts: list[str] = []
        while True:
            quoted = _STRING.match(self.text, at)
            end = quoted.end() if quoted else _end(_BARE_KEY, self.text, at)
            parts.append(unquote(self.text[at:end]) if quoted else self.text[at:end])
            at = _end(_SPACE, self.text, end)
            if self.text[at : at + 1] != ".":
                return tuple(parts), at
            at = _end(_SPACE, self.text, at + 1)

    def _value(self, at: int, path: KeyPath) -> int:
        opening = self.text[at]
        if opening == "[":
            return self._array(at, path)
        if opening == "{":
            return self._inline_table(at, path)
        match = _ITEM.match(self.text, at)
        end = at if match is None else match.end()
        return at + len(self.text[at:end].rstrip())

    def _array(self, at: int, path: KeyPath) -> int:
        index, at = 0, _end(_BLANK, self.text, at + 1)
        while self.text[at] != "]":
            end = self._value(at, (*path, index))
            self._spans[(*path, index)] = Span(at, at, end)
            index += 1
            at = self._after_comma(end)
        return at + 1

    def _inline_table(self, at: int, path: KeyPath) -> int:
        at = _end(_BLANK, self.text, at + 1)
        while self.text[at] != "}":
            at = self._after_comma(self._pair(at, path))
        return at + 1

    def _after_comma(self, at: int) -> int:
        at = _end(_BLANK, self.text, at)
        return _end(_BLANK, self.text, at + 1) if self.text[at] == "," else at


_ITEM = re.compile(rf"{_STRING.pattern}|{_SCALAR.pattern}", re.DOTALL)
_LINE_END = re.compile(r"(?:\r?\n)?")
_WRITTEN = re.compile(
    r"(?P<folded>\\[ \t]*\r?\n[ \t\r\n]*)|\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)|\r\n|.", re.DOTALL
)
_VERBATIM = re.compile(r"(?P<folded>(?!))|\r\n|.", re.DOTALL)
_UNICODE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_PLAIN = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def unquote(token: str) -> str:
    """Return the text of a quoted one-line key."""
    if token.startswith("'"):
        return token[1:-1]

    def plain(match: re.Match[str]) -> str:
        digits = match[1] or match[2] or match[3]
        return chr(int(digits, 16)) if digits else _PLAIN.get(match[4], match[4])

    return _UNICODE.sub(plain, token[1:-1])


def _written(value: str | int, old: str) -> str:
    """Write a value, in the quotes of the one it replaces where they can hold it."""
    if isinstance(value, int):
        return str(value)
    if old.startswith("'") and not old.startswith("'''") and not re.search(r"['\x00-\x1f\x7f]", value):
        return f"'{value}'"
    return toml_string(value)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()


def too_deep(text: str, most: int) -> int | None:
    """Return the offset of the first bracket that nests deeper than ``most`` outside strings and comments.

    For text that may not even parse; None where nothing nests so deep.
    """
    if text.count("[") + text.count("{") <= most:
        return None
    depth = 0
    for match in _BRACKETS.finditer(text):
        token = match[0]
        if token in "[{":
            depth += 1
            if depth > most:
                return match.start()
        elif token in "]}":
            depth = max(depth - 1, 0)
    return None


@lru_cache(maxsize=16)
def layout_of(text: str) -> Layout:
    """Return the index of a text, made once while the rule is at hand."""
    return Layout(text)


def line_within(text: str, path: KeyPath, offset: int) -> int | None:
    """Return the line, 1-based, of a character of a string's value, None where the key holds no string."""
    place = layout_of(text).place(path, offset)
    return place[0] if place else None
