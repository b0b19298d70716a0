"""ES|QL: from text to a list of commands, with every expression in full."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

from bot.query import glob
from bot.query.esql_commands import meant
from bot.query.esql_lexer import parts, scan
from bot.query.term import Call, Name, Term, Value
from bot.query.text import QueryError, Token, UnsupportedError, fail, numeral, quote, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """``FROM a, b METADATA c``."""

    patterns: tuple[str, ...]
    metadata: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A filter."""

    condition: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Eval:
    """New columns, in order."""

    columns: tuple[tuple[str, Term], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """Columns under new names, as (old, new)."""

    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """``KEEP`` or ``DROP``: what is shown; rows stay."""

    keep: bool
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Aggregation: columns by groups; ``inline`` keeps the rows."""

    columns: tuple[tuple[str, Term], ...]
    by: tuple[tuple[str, Term], ...]
    inline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """An order, as canonical text."""

    keys: tuple[tuple[Term, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many rows."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """``DISSECT`` or ``GROK``: columns cut out of a text; rows stay."""

    how: str
    input: Term
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expand:
    """``MV_EXPAND``: a row for each value."""

    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A command that is equal to itself and otherwise unknown."""

    name: str
    text: str


Command: TypeAlias = "Source | Where | Eval | Rename | Columns | Stats | Sort | Limit | Extract | Expand | Other"

_SHORT = {
    "ms": "millisecond", "s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day",
    "w": "week", "mo": "month", "q": "quarter", "y": "year", "yr": "year",
}  # fmt: skip
_UNITS = {
    **_SHORT,
    **{unit: unit for unit in _SHORT.values()},
    **{f"{unit}s": unit for unit in _SHORT.values()},
}
_JOINTS = frozenset({"+", "-", "*", "/", "%", "::"})
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "=~"})
_WORDS = frozenset(
    {"and", "or", "not", "in", "like", "rlike", "is", "by", "where", "as", "with", "on", "asc", "desc", "nulls"}
)


@lru_cache(maxsize=64)  # several policies ask about one query, one after the other
def parse(query: str) -> tuple[Command, ...]:
    """Read an ES|QL query; raises ``QueryError`` where it makes no sense."""
    return _Parser(query).commands()


@cache
def _escapes() -> re.Pattern[str]:
    return re.compile(r"\\(.)", re.DOTALL)


def _unescape(match: re.Match[str]) -> str:
    simple = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}.get(match[1])
    if simple is None:
        raise QueryError(f"{match[0]} is no escape of ES|QL, where a backslash is written \\\\", match.start() + 1)
    return simple


def string_of(token: Token) -> str:
    """What a string literal says."""
    if not glob.clean(token.text):
        raise UnsupportedError("private-use characters in a literal")
    if token.kind == "raw":
        return token.text[3:-3]
    body = token.text[1:-1]
    try:
        return _escapes().sub(_unescape, body) if "\\" in body else body
    except QueryError as error:
        raise QueryError(error.message, token.at + error.at) from None


class _Parser:
    def __init__(self, query: str) -> None:
        self.text = query
        self.tokens = scan(query)
        last = self.tokens[-1] if self.tokens else Token("", "", 0)
        self.tokens.append(Token("end", "", last.at + len(last.text)))
        self.words = [token.text.lower() for token in self.tokens]
        self.words.append("")  # what could be ahead of the end
        self.at = 0

    @property
    def ahead(self) -> Token:
        return self.tokens[self.at]

    def sees(self, *texts: str, offset: int = 0) -> bool:
        """Tell whether one of these words or operators is ahead."""
        return self.words[self.at + offset] in texts

    def takes(self, *texts: str) -> bool:
        """Consume one of these words or operators if it is ahead."""
        if self.words[self.at] in texts:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Consume this word or operator, or stop."""
        if not self.takes(text):
            self.unexpected(f"expected {quote(text)}")

    def unexpected(self, more: str = "") -> None:
        """Stop at the token ahead."""
        token = self.ahead
        what = f"unexpected {quote(token.text)}" if token.kind != "end" else "the query ends too early"
        fail(f"{what}, {more}" if more else what, token.at)

    # commands

    def commands(self) -> tuple[Command, ...]:
        """Commands between pipes."""
        found = [self.first()]
        while self.takes("|"):
            found.append(self.command())
        if self.ahead.kind != "end":
            self.unexpected()
        return tuple(found)

    def first(self) -> Command:
        """The source of the rows."""
        if not self.sees("from"):
            if self.sees("row", "show", "ts", "metrics", "set", "promql", "explain"):
                raise UnsupportedError(f"the source command {self.ahead.text}")
            self.unexpected("expected FROM")
        self.at += 1
        patterns: list[str] = []
        current = ""
        while self.ahead.kind in {"source", "string", "raw", "op"} and not self.sees("|", ","):
            token = self.ahead
            if token.text in {"(", "["} or (token.kind == "op" and token.text not in {":", "::", "="}):
                raise UnsupportedError("subqueries in FROM")
            current += string_of(token) if token.kind in {"string", "raw"} else token.text
            self.at += 1
            if self.takes(","):
                patterns.append(current)
                current = ""
        if not current:
            self.unexpected("expected an index pattern")
        patterns.append(current)
        metadata: list[str] = []
        if self.takes("metadata"):
            metadata.append(self.name())
            while self.takes(","):
                metadata.append(self.name())
        named = tuple(part.strip() for pattern in patterns for part in pattern.split(","))
        return Source(patterns=named, metadata=tuple(metadata))

    def command(self) -> Command:  # noqa: C901, PLR0911, PLR0912 - one branch a command
        """One command after a pipe."""
        token = self.ahead
        if token.kind != "name" or "." in token.text:
            self.unexpected("expected a command")
        name = token.text.lower()
        self.at += 1
        if name == "where":
            return Where(condition=self.expression())
        if name == "eval":
            return Eval(columns=self.columns())
        if name == "rename":
            return self.rename()
        if name in {"keep", "drop"}:
            patterns = [self.pattern()]
            while self.takes(","):
                patterns.append(self.pattern())
            return Columns(keep=name == "keep", patterns=tuple(patterns))
        if name in {"stats", "inlinestats"}:
            return self.stats(inline=name != "stats")
        if name == "inline" and self.takes("stats"):
            return self.stats(inline=True)
        if name == "sort":
            keys = [self.sort_key()]
            while self.takes(","):
                keys.append(self.sort_key())
            return Sort(keys=tuple(keys))
        if name == "limit":
            count = self.ahead
            if count.kind != "number" or not count.text.isdigit():
                self.unexpected("expected a number")
            self.at += 1
            return Limit(count=whole(count.text))
        if name in {"dissect", "grok"}:
            return self.extract(name)
        if name == "mv_expand":
            return Expand(column=self.name())
        if (known := meant(name)) is not None:
            fail(f"there is no command {quote(token.text)}, did you mean {known.upper()}?", token.at)
        return self.other(name)

    def rename(self) -> Rename:
        """``old AS new`` or ``new = old``."""
        found: list[tuple[str, str]] = []
        while True:
            left = self.name()
            if self.takes("="):
                found.append((self.name(), left))
            else:
                self.expect("as")
                found.append((left, self.name()))
            if not self.takes(","):
                return Rename(columns=tuple(found))

    def extract(self, how: str) -> Extract:
        """``DISSECT column "pattern"``."""
        column = self.primary()
        if self.ahead.kind not in {"string", "raw"}:
            self.unexpected("expected a pattern")
        pattern = string_of(self.ahead)
        self.at += 1
        if not self.sees("|") and self.ahead.kind != "end":
            raise UnsupportedError(f"options or several patterns of {how}")
        return Extract(how=how, input=column, pattern=pattern)

    def other(self, name: str) -> Other:
        """A command kept as its tokens."""
        start = self.at
        opened: list[Token] = []
        while self.ahead.kind != "end" and (opened or not self.sees("|")):
            if self.ahead.kind == "op" and self.ahead.text in "([{":
                opened.append(self.ahead)
            elif self.ahead.kind == "op" and self.ahead.text in ")]}":
                if not opened:
                    self.unexpected()
                opened.pop()
            self.at += 1
        if opened:
            fail(f"{quote(opened[-1].text)} is never closed", opened[-1].at)
        return Other(name=name, text=" ".join(parts(self.tokens[start : self.at])))

    def columns(self) -> tuple[tuple[str, Term], ...]:
        """``name = expression, …``; a column without a name is called what it says."""
        found = [self.column()]
        while self.takes(","):
            found.append(self.column())
        return tuple(found)

    def column(self) -> tuple[str, Term]:
        """One column, perhaps with an inline filter."""
        start = self.at
        name = ""
        if self.ahead.kind in {"name", "quoted"}:
            name = self.name()
            if not self.takes("="):
                self.at, name = start, ""
        begin = self.at
        value = self.expression()
        name = name or "".join(token.text for token in self.tokens[begin : self.at])
        if self.takes("where"):
            value = Call("where", (value, self.expression()))
        return name, value

    def stats(self, *, inline: bool) -> Stats:
        """``STATS a = count(*) BY b``."""
        columns = () if self.sees("by") else self.columns()
        by = self.columns() if self.takes("by") else ()
        return Stats(columns=columns, by=by, inline=inline)

    def sort_key(self) -> tuple[Term, str]:
        """A column, its direction and where nulls go."""
        value = self.expression()
        order = "desc" if self.takes("desc") else "asc"
        self.takes("asc")
        if self.takes("nulls"):
            if not self.sees("first", "last"):
                self.unexpected("expected FIRST or LAST")
            order += f" {self.ahead.text.lower()}"
            self.at += 1
        return value, order

    def name(self) -> str:
        """A dotted column name."""
        parts = [self.part()]
        while self.sees(".") and self.tokens[self.at + 1].kind in {"name", "quoted"}:
            self.at += 1
            parts.append(self.part())
        return ".".join(parts)

    def part(self) -> str:
        """One part of a name; it may be dotted itself."""
        token = self.ahead
        if token.kind not in {"name", "quoted"}:
            self.unexpected("expected a column")
        self.at += 1
        return token.text[1:-1].replace("``", "`") if token.kind == "quoted" else token.text

    def pattern(self) -> str:
        """A column name with wildcards."""
        text, end = "", self.ahead.at
        while (self.ahead.kind in {"name", "quoted", "number"} or self.sees(".", "*", "-")) and self.ahead.at == end:
            token = self.ahead
            end += len(token.text)
            text += token.text[1:-1] if token.kind == "quoted" else token.text
            self.at += 1
        if not text:
            self.unexpected("expected a column")
        return text

    # expressions

    def expression(self) -> Term:
        """Alternatives."""
        parts = [self.conjunct()]
        while self.takes("or"):
            parts.append(self.conjunct())
        return parts[0] if len(parts) == 1 else Call("or", tuple(parts))

    def conjunct(self) -> Term:
        """Conditions joined by AND."""
        parts = [self.negated()]
        while self.takes("and"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else Call("and", tuple(parts))

    def negated(self) -> Term:
        """A condition, negated or not."""
        if self.takes("not"):
            return Call("not", (self.negated(),))
        return self.comparison()

    def comparison(self) -> Term:
        """A test, or a value on its own."""
        left = self.sum()
        if self.takes("is"):
            negative = self.takes("not")
            self.expect("null")
            found: Term = Call("is_null", (left,))
            return Call("not", (found,)) if negative else found
        operator = self.words[self.at]
        if operator in _COMPARISONS:
            self.at += 1
            return Call(operator, (left, self.value()))
        if self.takes(":"):
            return Call("match", (left, self.sum()))
        negative = self.sees("not") and self.sees("in", "like", "rlike", offset=1)
        self.at += negative
        operator = self.words[self.at]
        if operator not in {"in", "like", "rlike"}:
            return left
        self.at += 1
        values = self.list() if self.sees("(") or operator == "in" else (self.sum(),)
        found = Call(operator, (left, *values))
        return Call("not", (found,)) if negative else found

    def list(self) -> tuple[Term, ...]:
        """Values in parentheses."""
        self.expect("(")
        values = [self.value()]
        while self.takes(","):
            values.append(self.value())
        self.expect(")")
        return tuple(values)

    def value(self) -> Term:
        """What stands in a list: most often a string, which needs no look at what else could begin here."""
        token = self.tokens[self.at]
        if token.kind == "string" and self.tokens[self.at + 1].text not in _JOINTS:
            self.at += 1
            return Value(string_of(token))
        return self.sum()

    def sum(self) -> Term:
        """Addition and subtraction."""
        left = self.product()
        while self.words[self.at] in {"+", "-"}:
            operator = self.ahead.text
            self.at += 1
            left = Call(operator, (left, self.product()))
        return left

    def product(self) -> Term:
        """Multiplication and division."""
        left = self.unary()
        while self.words[self.at] in {"*", "/", "%"}:
            operator = self.ahead.text
            self.at += 1
            left = Call(operator, (left, self.unary()))
        return left

    def unary(self) -> Term:
        """A sign."""
        if self.takes("-"):
            inner = self.unary()
            if isinstance(inner, Value) and isinstance(inner.value, int | float) and not isinstance(inner.value, bool):
                return Value(-inner.value, inner.unit)
            return Call("-", (Value(0), inner))
        if self.takes("+"):
            return self.unary()
        return self.cast(self.primary())

    def cast(self, value: Term) -> Term:
        """``value::type``."""
        while self.takes("::"):
            if "." in self.ahead.text:
                self.unexpected("expected a type")
            value = Call(f"to_{self.part().lower()}", (value,))
        return value

    def primary(self) -> Term:  # noqa: PLR0911 - one branch a case
        """A literal, a column, a function call or a group."""
        token = self.ahead
        if token.kind == "number":
            self.at += 1
            number = numeral(token.text)
            if self.ahead.kind == "name" and self.ahead.text.lower() in _UNITS:
                unit = _UNITS[self.ahead.text.lower()]
                self.at += 1
                return Value(number, unit)
            return Value(number)
        if token.kind in {"string", "raw"}:
            self.at += 1
            return Value(string_of(token))
        if self.takes("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.sees("{", "["):
            return self.bracketed()
        if self.sees("?"):
            raise UnsupportedError("parameters")
        if token.kind == "name" and token.text.lower() in {"true", "false", "null"} and not self.sees(".", offset=1):
            self.at += 1
            return Value({"true": True, "false": False, "null": None}[token.text.lower()])
        if token.kind == "name" and token.text.lower() in _WORDS and not self.sees(".", offset=1):
            self.unexpected()
        if token.kind == "name" and self.sees("(", offset=1) and "." not in token.text:
            self.at += 2
            return self.call(token.text.lower())
        return Name(self.name())

    def bracketed(self) -> Term:
        """A list or a map of options, kept as its text."""
        start, depth = self.at, 0
        while self.ahead.kind != "end":
            depth += self.sees("{", "[") - self.sees("}", "]")
            self.at += 1
            if depth == 0:
                return Value(" ".join(parts(self.tokens[start : self.at])), "list")
        self.unexpected()
        raise AssertionError

    def call(self, name: str) -> Term:
        """The arguments of a function."""
        args: list[Term] = []
        if self.takes("*"):
            args.append(Name("*"))
        elif not self.sees(")"):
            args.append(self.expression())
            while self.takes(","):
                args.append(self.expression())
        self.expect(")")
        return Call(name, tuple(args))
