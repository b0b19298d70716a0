"""KQL: from text to formula, following Kibana's grammar.

``not`` binds tightest and needs a space after it; ``and`` and ``or`` need spaces around them; ``f:(a and b)`` asks each
value of the list of the field; an unquoted ``*`` is a wildcard, a quoted one and every ``?`` are plain.
"""

# ruff: noqa: FBT003 - the booleans here are truth values and tests, not switches
from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from bot.query import address, glob
from bot.query.formula import (
    TRUE,
    Atom,
    Block,
    Exists,
    Formula,
    Glob,
    Opaque,
    Range,
    Test,
    atoms,
    conjunction,
    disjunction,
    negation,
)
from bot.query.kql_lexer import SPACE, scan
from bot.query.subsume import number
from bot.query.text import Token, UnsupportedError, fail, quote

_ADDRESS = re.compile(r"(?:^|\.)(?:ip|resolved_ip|forwarded_ip)$")
_ANALYSED = re.compile(r"(?:^|\.)(?:text|message|script_block_text|description)$")

_VALUES = frozenset({"text", "quoted"})
_JOINTS = frozenset({"or", "and"})


def is_address(field: str) -> bool:
    """Tell whether a field is of type ``ip`` by its ECS name."""
    return _ADDRESS.search(field) is not None


def is_caseless(field: str) -> bool:
    """Tell whether a field is one that an index keeps in small letters, as the endpoint's ``caseless`` ones are."""
    return field.endswith(".caseless")


def is_analysed(field: str) -> bool:
    """Tell whether a field is, or may well be, of type ``text``: no reasoning about its words."""
    return _ANALYSED.search(field) is not None


@lru_cache(maxsize=64)  # several policies ask about one query, one after the other
def parse(query: str) -> Formula:
    """Read a KQL query; raises ``QueryError`` where Kibana would refuse it."""
    parser = _Parser(query)
    if not parser.tokens:
        return TRUE
    formula = parser.either("")
    parser.end()
    return formula


@cache
def _escapes() -> re.Pattern[str]:
    return re.compile(r"\\(u[0-9a-f]{4}|or|and|not|.)|(\*)", re.IGNORECASE | re.DOTALL)


@cache
def _quoted_escapes() -> re.Pattern[str]:
    return re.compile(r"\\(u[0-9a-fA-F]{4}|[trn\"\\])")  # the letters small, as Kibana's grammar has them


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code is None:
        return glob.ANY
    if len(code) == 5:  # noqa: PLR2004 - u and four digits
        return chr(int(code[1:], 16))
    return {"t": "\t", "r": "\r", "n": "\n"}.get(code, code)


def text_of(token: Token) -> str:
    """What a literal says, wildcards as ``bot.query.glob`` writes them."""
    if not glob.clean(token.text):
        raise UnsupportedError("private-use characters in a literal")
    if token.kind == "quoted":
        body = token.text[1:-1]
        return _quoted_escapes().sub(_unescape, body) if "\\" in body else body
    if "\\" not in token.text and "*" not in token.text:
        return token.text
    text = _escapes().sub(_unescape, token.text)
    while glob.ANY + glob.ANY in text:
        text = text.replace(glob.ANY + glob.ANY, glob.ANY)
    return text


class _Parser:
    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens = scan(query)
        self.kinds = [token.kind for token in self.tokens]
        self.kinds.append("")  # the end
        self.at = 0

    @property
    def kind(self) -> str:
        """The kind of the token ahead; punctuation is its own kind."""
        return self.kinds[self.at]

    def take(self) -> Token:
        """Consume a token."""
        token = self.tokens[self.at]
        self.at += 1
        return token

    def end(self) -> None:
        """Nothing may follow."""
        if self.at < len(self.tokens):
            self.unexpected()

    def unexpected(self) -> None:
        """Stop at the token ahead."""
        read = self.kinds[: self.at]
        more = ", with a '(' still open" if read.count("(") > read.count(")") else ""
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            fail(f"unexpected {quote(token.text)}{more}", token.at)
        fail(f"the query ends too early{more}", len(self.query.rstrip(SPACE)))

    def expect(self, kind: str) -> None:
        """Consume this token and no other."""
        if self.kind != kind:
            self.unexpected()
        self.at += 1

    def either(self, path: str) -> Formula:
        """Alternatives."""
        parts = [self.both(path)]
        while self.kind == "or":
            self.at += 1
            parts.append(self.both(path))
        return disjunction(parts)

    def both(self, path: str) -> Formula:
        """Conditions joined by ``and``."""
        parts = [self.negated(path)]
        while self.kind == "and":
            self.at += 1
            parts.append(self.negated(path))
        return conjunction(parts)

    def negated(self, path: str) -> Formula:
        """One condition, maybe negated; ``not not`` is an error, as in Kibana."""
        if self.kind == "not":
            self.at += 1
            return negation(self.single(path))
        return self.single(path)

    def single(self, path: str) -> Formula:
        """A group, a nested group or a test."""
        if self.kind == "(":
            self.at += 1
            inner = self.either(path)
            self.expect(")")
            return inner
        if self.kind not in _VALUES:
            self.unexpected()
        name = self.take()
        follows = self.kind
        if follows == ":":
            self.at += 1
            if self.kind == "{":
                return self.nested(name, path)
            return self.values(path + text_of(name))
        if follows == "range":
            return self.range(path + text_of(name))
        return Atom("*", Opaque(f"{name.kind}:{text_of(name)}", name.text), "any")

    def nested(self, name: Token, path: str) -> Formula:
        """``field:{ … }`` holds if one object of the list passes all of it; compared by its text."""
        self.at += 1
        inner_path = f"{path}{text_of(name)}."
        inner = self.either(inner_path)
        self.expect("}")
        shown = self.query[name.at : self.tokens[self.at - 1].at + 1]
        if len(shown.splitlines()) > 1:
            shown = " ".join(shown.split())
        named = "\0".join(dict.fromkeys(field for atom in atoms(inner) for field in nested_fields(atom)))
        return Atom(inner_path, Opaque(f"nested:{named}:{inner!r}", shown), "nested")

    def range(self, field: str) -> Formula:
        """``field >= 5``."""
        operator = self.take().text
        if self.kind not in _VALUES:
            self.unexpected()
        text = text_of(self.take())
        value = number(text)
        if value is None or text != str(value) or (isinstance(value, float) and value.is_integer()):
            return Atom(field, Opaque(f"{operator}{text}"), "range")
        opened = operator in {"<", ">"}
        test = (
            Range(low=value, low_open=opened, loose=True)
            if operator[0] == ">"
            else Range(high=value, high_open=opened, loose=True)
        )
        return Atom(field, test, "range")

    def values(self, field: str) -> Formula:
        """A value, or a list of values with and, or and not between them."""
        if self.kind == "(":
            self.at += 1
            inner = self.value_list(field)
            self.expect(")")
            return inner
        if self.kind not in _VALUES:
            self.unexpected()
        test = _test(field, self.take())
        return TRUE if field == glob.ANY and test == Exists() else Atom(field, test)

    def value_list(self, field: str) -> Formula:
        """The inside of ``( … )`` after a colon."""
        groups: list[list[Formula]] = [[self.value(field)]]
        while self.kind in _JOINTS:
            if self.take().kind == "or":
                groups.append([self.value(field)])
            else:
                groups[-1].append(self.value(field))
        return disjunction(map(conjunction, groups))

    def value(self, field: str) -> Formula:
        """One value of a list, maybe negated."""
        if self.kind == "not":
            self.at += 1
            return negation(self.values(field))
        return self.values(field)


def _test(field: str, token: Token) -> Test:
    text = text_of(token)
    quoted = token.kind == "quoted"
    if text == glob.ANY:
        return Exists()
    if not quoted and text == "null":
        return Opaque("null")
    if is_analysed(field):
        return Opaque(("=" if glob.clean(text) else "~") + text) if quoted else _words(text)
    if not glob.clean(text) and len(text.split()) > 1:
        return _words(text)  # one pattern on a field that is a keyword everywhere, on any other each word for itself
    if "/" in text and is_address(field) and address.network(text) is not None:
        return Block(text)
    return caseless(text) if is_caseless(field) else Glob(text, False, text)


def caseless(text: str) -> Glob:
    """A test of a field whose values an index keeps in small letters, and whose tests it reads likewise."""
    small = text.lower() if text.isascii() else "".join(each.lower()[:1] for each in text)  # as Lucene: one for one
    return Glob(small, True, glob.to_wildcards(text))


def _words(text: str) -> Test:
    """Unquoted text on an analysed field asks for any of its words; a single word is the quoted one."""
    return Opaque(f"={text}" if glob.clean(text) and text.isalnum() else f"~{text}")


def nested_fields(atom: Atom) -> Iterator[str]:
    """The fields that an atom names, those inside ``field:{ … }`` too."""
    if atom.kind == "nested" and isinstance(atom.test, Opaque):
        yield from filter(None, atom.test.text.split(":", 2)[1].split("\0"))
    else:
        yield atom.subject
