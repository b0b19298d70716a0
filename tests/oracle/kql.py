"""Kibana's query language: a parser after its published grammar and a two-valued evaluator."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .logic import (
    GLOB_STAR,
    And,
    Const,
    Doc,
    Hint,
    Leaf,
    Node,
    Not,
    Or,
    QuerySyntaxError,
    Reading,
    Truth,
    UnsupportedError,
    address_of,
    glob_match,
    holds,
    in_block,
    is_address_field,
    is_glob,
    is_number,
    is_text_field,
    network_of,
    number_of,
    text_of,
    walk,
)

_SPACE = " \t\r\n\u00a0"
_SPECIAL = '\\():<>"*{}'
_OR = re.compile(rf"[{_SPACE}]+or[{_SPACE}]+", re.IGNORECASE)
_AND = re.compile(rf"[{_SPACE}]+and[{_SPACE}]+", re.IGNORECASE)
_NOT = re.compile(rf"not[{_SPACE}]+", re.IGNORECASE)
_SPACES = re.compile(rf"[{_SPACE}]*")
_RANGE = re.compile(r"<=|>=|<|>")
_BARE = re.compile(r'[^\\():<>"*{} \t\r\n\u00a0nN]+')


@dataclass(frozen=True, slots=True)
class Literal:
    """A field name or a value: text in which ``GLOB_STAR`` is a wildcard."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Nested(Node):
    """A condition that one object of a nested field has to meet alone."""

    path: str
    part: Node

    def value(self, doc: Doc, reading: Reading) -> Truth:
        """Look for one object that meets the condition."""
        return any(isinstance(item, dict) and self.part.value(item, reading) is True for item in doc.get(self.path, ()))

    def hints(self) -> Sequence[Hint]:
        """Aim at the whole object."""
        return (Hint(self.path, "nested", self.part),)


class _FailError(Exception):
    """This alternative does not apply; try the next."""


def _matches(literal: Literal, value: object, name: str) -> bool:
    if isinstance(value, dict):
        return False
    if is_glob(literal.text):
        return glob_match(literal.text, text_of(value))
    if is_number(value):
        number = number_of(literal.text)
        return number is not None and number == float(value)  # type: ignore[arg-type]
    text = text_of(value)
    if is_address_field(name) and (network_of(literal.text) or address_of(literal.text)) is not None:
        return in_block(text, literal.text)
    return text == literal.text


def _fields(name: str, doc: Doc) -> list[str]:
    if not is_glob(name):
        return [name]
    return [key for key in doc if glob_match(name, key)]


def _is(name: Literal | None, literal: Literal) -> Node:
    if name is None:
        return Const(truth=None)
    field = name.text
    if is_text_field(field) and literal.text != GLOB_STAR:
        raise UnsupportedError("an analysed field")
    if not literal.quoted and literal.text == "null":
        raise UnsupportedError("a null literal")
    if is_glob(literal.text) and literal.text != GLOB_STAR and is_address_field(field):
        raise UnsupportedError("a pattern on an address")
    if literal.text == GLOB_STAR and field == GLOB_STAR:
        return Const(truth=True)
    if literal.text == GLOB_STAR:

        def exists(doc: Doc, _: Reading) -> Truth:
            return any(doc.get(key) for key in _fields(field, doc))

        return Leaf(exists, () if is_glob(field) else (Hint(field, "exists"),), f"{field}:*")

    def test(doc: Doc, _: Reading) -> Truth:
        return any(_matches(literal, value, key) for key in _fields(field, doc) for value in doc.get(key, ()))

    kind = "glob" if is_glob(literal.text) else "exact"
    if kind == "exact" and is_address_field(field) and network_of(literal.text):
        kind = "cidr"
    target = field.replace(GLOB_STAR, "x") if is_glob(field) else field
    return Leaf(test, (Hint(target, kind, literal.text),), f"{field}:{literal.text}")


def _range(name: Literal, op: str, literal: Literal) -> Node:
    field = name.text
    if is_glob(field) or is_glob(literal.text) or is_text_field(field):
        raise UnsupportedError("a range over a pattern")
    number = number_of(literal.text)
    if number is None and (literal.text.startswith("now") or field == "@timestamp"):
        raise UnsupportedError("date arithmetic")

    def test(doc: Doc, _: Reading) -> Truth:
        bound: object = number if number is not None else literal.text
        return any(
            holds(op, value, bound if is_number(value) else literal.text)
            for value in doc.get(field, ())
            if not isinstance(value, (bool, dict))
        )

    return Leaf(test, (Hint(field, "range", number if number is not None else literal.text, op),), f"{field}{op}")


_Partial = Callable[["Literal | None"], Node]


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0

    def fail(self, what: str) -> QuerySyntaxError:
        return QuerySyntaxError(f"{what} expected at {self.pos}: {self.text[self.pos : self.pos + 20]!r}")

    def eat(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self.text, self.pos)
        if match is None:
            return None
        self.pos = match.end()
        return match.group()

    def spaces(self) -> None:
        self.eat(_SPACES)

    def char(self, char: str) -> bool:
        if self.text.startswith(char, self.pos):
            self.pos += 1
            return True
        return False

    def need(self, char: str) -> None:
        if not self.char(char):
            raise _FailError

    def query(self) -> Node:
        self.spaces()
        if self.pos == len(self.text):
            return Const(truth=True)
        try:
            node = self.either()
        except _FailError:
            raise self.fail("a condition") from None
        self.spaces()
        if self.pos != len(self.text):
            raise self.fail("the end")
        if any(isinstance(part, Const) and part.truth is None for part in walk(node)):
            raise UnsupportedError("a value without a field")
        return node

    def chain(self, joint: re.Pattern[str], below: Callable[[], Node]) -> list[Node]:
        parts = [below()]
        while True:
            mark = self.pos
            if self.eat(joint) is None:
                return parts
            try:
                parts.append(below())
            except _FailError:
                self.pos = mark
                return parts

    def either(self) -> Node:
        parts = self.chain(_OR, self.both)
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self) -> Node:
        parts = self.chain(_AND, self.negation)
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negation(self) -> Node:
        mark = self.pos
        if self.eat(_NOT):
            try:
                return Not(self.sub())
            except _FailError:
                self.pos = mark
        return self.sub()

    def sub(self) -> Node:
        mark = self.pos
        if self.char("("):
            try:
                self.spaces()
                node = self.either()
                self.spaces()
                self.need(")")
                return node
            except _FailError:
                self.pos = mark
        return self.expression()

    def expression(self) -> Node:
        mark = self.pos
        try:
            name = self.literal()
            self.spaces()
            if self.char(":"):
                self.spaces()
                if self.char("{"):
                    self.spaces()
                    part = self.either()
                    self.spaces()
                    self.need("}")
                    if is_glob(name.text):
                        raise UnsupportedError("a nested path with a wildcard")
                    return Nested(name.text, part)
                return self.values()(name)
            op = self.eat(_RANGE)
            if op is not None:
                self.spaces()
                return _range(name, op, self.literal())
        except _FailError:
            pass
        self.pos = mark
        return self.value()(None)

    def values(self) -> _Partial:
        mark = self.pos
        if self.char("("):
            try:
                self.spaces()
                partial = self.value_chain(_OR, lambda: self.value_chain(_AND, self.value_not, And), Or)
                self.spaces()
                self.need(")")
                return partial
            except _FailError:
                self.pos = mark
        return self.value()

    def value_chain(self, joint: re.Pattern[str], below: Callable[[], _Partial], join: type[And | Or]) -> _Partial:
        parts = [below()]
        while True:
            mark = self.pos
            if self.eat(joint) is None:
                break
            try:
                parts.append(below())
            except _FailError:
                self.pos = mark
                break
        if len(parts) == 1:
            return parts[0]
        return lambda name: join(tuple(part(name) for part in parts))

    def value_not(self) -> _Partial:
        mark = self.pos
        if self.eat(_NOT):
            try:
                partial = self.values()
                return lambda name: Not(partial(name))
            except _FailError:
                self.pos = mark
        return self.values()

    def value(self) -> _Partial:
        literal = self.literal()
        return lambda name: _is(name, literal)

    def literal(self) -> Literal:
        return self.quoted() if self.text.startswith('"', self.pos) else self.unquoted()

    def escape(self, specials: str, *, keywords: bool) -> str | None:
        """Read an escape at the backslash; None where it is none."""
        rest = self.text[self.pos + 1 : self.pos + 6]
        if rest[:1] in ("t", "r", "n") and rest[:1]:
            self.pos += 2
            return {"t": "\t", "r": "\r", "n": "\n"}[rest[0]]
        if rest[:1] and rest[0] in specials:
            self.pos += 2
            return rest[0]
        if re.fullmatch(r"u[0-9a-fA-F]{4}", rest):
            self.pos += 6
            return chr(int(rest[1:], 16))
        if keywords:
            match = re.match(r"or|and|not", rest, re.IGNORECASE)
            if match:
                self.pos += 1 + match.end()
                return match.group()
        return None

    def quoted(self) -> Literal:
        self.pos += 1
        out: list[str] = []
        while True:
            if self.pos >= len(self.text):
                raise _FailError
            char = self.text[self.pos]
            if char == '"':
                self.pos += 1
                return Literal("".join(out), quoted=True)
            got = self.escape('\\"', keywords=False) if char == "\\" else None
            if got is None:
                self.pos += 1
                got = char
            out.append(got)

    def unquoted(self) -> Literal:
        out: list[str] = []
        while self.pos < len(self.text):
            bare = self.eat(_BARE)
            if bare is not None:
                out.append(bare)
                continue
            char = self.text[self.pos]
            if char == "\\":
                got = self.escape(_SPECIAL, keywords=True)
                if got is None:
                    break
                out.append(got)
            elif char == "*":
                self.pos += 1
                out.append(GLOB_STAR)
            elif char in _SPECIAL or any(word.match(self.text, self.pos) for word in (_OR, _AND, _NOT)):
                break
            else:
                self.pos += 1
                out.append(char)
        text = "".join(out).strip()
        if not text:
            raise _FailError
        return Literal(text, quoted=False)


def parse(text: str) -> Node:
    """Parse a query; raises `QuerySyntaxError` where Kibana would not take it."""
    return _Parser(text).query()


KQL = Reading("two-valued")


def match(node: Node, doc: Doc) -> bool:
    """Tell whether a document matches."""
    return node.value(doc, KQL) is True
