"""ES|QL after the documentation: expressions with three truth values, pipelines run over a small table of events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple, TypeAlias
from urllib.parse import unquote_plus

from . import kql
from .logic import (
    GLOB_ANY,
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
    equal_addresses,
    glob_from,
    glob_match,
    holds,
    in_block,
    is_address_field,
    is_glob,
    is_number,
    text_of,
)
from .patterns import lucene_regex

Values: TypeAlias = "tuple[object, ...]"
"""What an expression is for a row: nothing for null, one value, or several."""

ESQL = Reading("three-valued")
NOW = 100_000_000

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\r\n]*|/\*.*?\*/)"""
    r'''|(?P<raw>"""(?:(?!""").|\n)*"*""")'''
    r"""|(?P<string>"(?:\\[tnr"\\]|[^\r\n"\\])*")"""
    r"""|(?P<name>`(?:[^`]|``)*`|[A-Za-z_@][A-Za-z0-9_]*)"""
    r"""|(?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+|\d+(?:[eE][+-]?\d+)?)"""
    r"""|(?P<op>::|==|!=|<=|>=|=~|[<>=+\-*/%.,()\[\]|:?{}])""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNITS = {
    **dict.fromkeys(("millisecond", "milliseconds", "ms"), 1),
    **dict.fromkeys(("second", "seconds", "sec", "s"), 1000),
    **dict.fromkeys(("minute", "minutes", "min", "m"), 60_000),
    **dict.fromkeys(("hour", "hours", "h"), 3_600_000),
    **dict.fromkeys(("day", "days", "d"), 86_400_000),
    **dict.fromkeys(("week", "weeks", "w"), 604_800_000),
}
_AGGREGATES = frozenset({"count", "count_distinct", "max", "min", "sum", "avg", "values"})
_WORDS = frozenset({"and", "or", "not", "in", "like", "rlike", "is", "null", "true", "false", "by", "as", "where"})


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    out, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QuerySyntaxError(f"no token at {at}: {text[at : at + 20]!r}")
        if match.lastgroup is not None and match.lastgroup != "skip":
            out.append(_Token(match.lastgroup, match.group(), at))
        at = match.end()
    out.append(_Token("end", "", at))
    return out


def _unquote(token: _Token) -> str:
    if token.kind == "raw":
        return token.text[3:-3]
    return _ESCAPE.sub(lambda found: {"t": "\t", "n": "\n", "r": "\r"}.get(found[1], found[1]), token.text[1:-1])


def _as_truth(values: Values) -> Truth:
    return values[0] if len(values) == 1 and isinstance(values[0], bool) else None


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression.

    Attributes:
        values: what it is for a row.
        node: it as a condition.
        root: the field of the event that it is made from, for hints.
        constant: its value where it is a literal.
    """

    values: Callable[[Doc], Values]
    node: Node
    root: str | None = None
    constant: object = None
    literal: bool = False
    size: bool = False


def _expr(values: Callable[[Doc], Values], root: str | None = None, *, size: bool = False) -> Expr:
    aims = (Hint(root, "exact", value=True),) if root and not size else ()
    return Expr(values, Leaf(lambda doc, _: _as_truth(values(doc)), aims), root, size=size)


def _literal(value: object) -> Expr:
    values = () if value is None else (value,)
    return Expr(lambda _: values, Const(value if isinstance(value, bool) else None), None, value, literal=True)


def _condition(node: Node) -> Expr:
    def values(doc: Doc) -> Values:
        truth = node.value(doc, ESQL)
        return () if truth is None else (truth,)

    return Expr(values, node)


def _aim(left: Expr, kind: str, value: object, op: str = "") -> tuple[Hint, ...]:
    if left.root is None or value is None:
        return ()
    if left.size:
        return (Hint(left.root, "size", value, op),) if is_number(value) else ()
    return (Hint(left.root, kind, value, op),)


def _single(left: Expr, right: Expr, test: Callable[[object, object], bool], aims: tuple[Hint, ...]) -> Node:
    """A predicate that is null unless both sides have exactly one value."""

    def run(doc: Doc, _: Reading) -> Truth:
        one, other = left.values(doc), right.values(doc)
        return test(one[0], other[0]) if len(one) == len(other) == 1 else None

    return Leaf(run, aims)


def _same(one: object, other: object) -> bool:
    if is_number(one) and is_number(other):
        return float(one) == float(other)  # type: ignore[arg-type]
    return type(one) is type(other) and one == other


def _by_address(left: Expr, right: Expr) -> bool:
    root, text = left.root, right.constant
    return root is not None and is_address_field(root) and isinstance(text, str) and address_of(text) is not None


def _like_pattern(text: str) -> str:
    """Read a LIKE pattern: a backslash takes the meaning from the next character."""
    out, at = [], 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            out.append(text[at + 1])
            at += 2
            continue
        out.append(glob_from(text[at], any_char=True))
        at += 1
    return "".join(out)


def _map(args: Sequence[Expr], made: Callable[..., object], *, size: bool = False) -> Expr:
    """A function of single values: null if an argument is null or has several."""

    def values(doc: Doc) -> Values:
        got = [arg.values(doc) for arg in args]
        if any(len(one) != 1 for one in got):
            return ()
        try:
            result = made(*(one[0] for one in got))
        except (TypeError, ValueError, IndexError, OverflowError, ZeroDivisionError):
            return ()
        return () if result is None else (result,)

    return _expr(values, args[0].root if args else None, size=size)


def _each(arg: Expr, made: Callable[[object], object]) -> Expr:
    """A conversion: applied to each value."""

    def values(doc: Doc) -> Values:
        out = []
        for one in arg.values(doc):
            try:
                result = made(one)
            except (TypeError, ValueError, OverflowError):
                result = None
            if result is not None:
                out.append(result)
        return tuple(out)

    return _expr(values, arg.root)


def _case(args: Sequence[Expr]) -> Expr:
    def values(doc: Doc) -> Values:
        for at in range(0, len(args) - 1, 2):
            if args[at].node.value(doc, ESQL) is True:
                return args[at + 1].values(doc)
        return args[-1].values(doc) if len(args) % 2 else ()

    return _expr(values, args[0].root)


def _coalesce(args: Sequence[Expr]) -> Expr:
    return _expr(lambda doc: next((got for arg in args if (got := arg.values(doc))), ()), args[0].root)


def _distinct(values: Values) -> Values:
    return tuple(dict.fromkeys(values))


def _substring(text: object, start: object, length: object = None) -> object:
    source, at = str(text), int(start)  # type: ignore[call-overload]
    begin = at - 1 if at > 0 else max(0, len(source) + at) if at < 0 else 0
    return source[begin:] if length is None else source[begin : begin + int(length)]  # type: ignore[call-overload]


def _to_int(value: object) -> object:
    return int(value) if isinstance(value, bool) else round(float(value))  # type: ignore[arg-type]


def _sum(values: Values) -> object:
    return sum(values)  # type: ignore[arg-type]


def _floor(width: object, moment: object) -> object:
    return int(moment) // int(width) * int(width)  # type: ignore[call-overload]


_MAPPED: dict[str, Callable[..., object]] = {
    "concat": lambda *got: "".join(map(text_of, got)),
    "starts_with": lambda one, other: str(one).startswith(str(other)),
    "ends_with": lambda one, other: str(one).endswith(str(other)),
    "contains": lambda one, other: str(other) in str(one),
    "substring": _substring,
    "left": lambda one, count: str(one)[: max(0, int(count))],
    "right": lambda one, count: str(one)[-int(count) :] if int(count) > 0 else "",
    "trim": lambda one: str(one).strip(),
    "ltrim": lambda one: str(one).lstrip(),
    "rtrim": lambda one: str(one).rstrip(),
    "locate": lambda one, other: str(one).find(str(other)) + 1,
    "abs": abs,
    "floor": lambda one: int(one // 1),
    "ceil": lambda one: -int(-one // 1),
    "date_trunc": _floor,
    "space": lambda count: " " * int(count),
    "reverse": lambda one: str(one)[::-1],
}
_EACH: dict[str, Callable[[object], object]] = {
    "to_lower": lambda one: str(one).lower(),
    "to_upper": lambda one: str(one).upper(),
    "to_string": text_of,
    "to_long": _to_int,
    "to_integer": _to_int,
    "to_double": float,  # type: ignore[dict-item]
    "to_ip": lambda one: one,
    "url_decode": lambda one: unquote_plus(str(one)),
}
_GROK = {
    "WORD": r"\b\w+\b",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "INT": r"[+-]?[0-9]+",
    "USERNAME": r"[a-zA-Z0-9._-]+",
}
_MULTI: dict[str, Callable[[Values], object]] = {
    "mv_count": len,
    "mv_first": lambda got: got[0],
    "mv_last": lambda got: got[-1],
    "mv_min": min,  # type: ignore[dict-item]
    "mv_max": max,  # type: ignore[dict-item]
    "mv_sum": _sum,
}


def _call(name: str, args: list[Expr]) -> Expr:  # noqa: C901, PLR0911, PLR0912 - one branch a case
    if name == "case":
        return _case(args)
    if name == "coalesce":
        return _coalesce(args)
    if name == "now":
        return _literal(NOW)
    if name == "length":
        return _map(args, lambda one: len(str(one)), size=True)
    if name == "cidr_match":
        return _cidr(args)
    if name in ("starts_with", "ends_with", "contains"):
        return _text(name, args)
    if name in _MAPPED:
        return _map(args, _MAPPED[name])
    if name in _EACH:
        return _each(args[0], _EACH[name])
    if name in _MULTI:
        made = _MULTI[name]
        return _expr(lambda doc: (made(got),) if (got := args[0].values(doc)) else (), args[0].root)
    if name == "mv_dedupe":
        return _expr(lambda doc: _distinct(args[0].values(doc)), args[0].root)
    if name == "mv_concat":
        return _expr(
            lambda doc: (
                (str(text_of(sep[0])).join(map(text_of, got)),)
                if (got := args[0].values(doc)) and len(sep := args[1].values(doc)) == 1
                else ()
            ),
            args[0].root,
        )
    if name == "mv_contains":
        return _expr(lambda doc: (set(args[1].values(doc)) <= set(args[0].values(doc)),), args[0].root)
    if name == "replace":
        return _replace(args)
    if name == "date_diff":
        unit = _UNITS.get(str(args[0].constant))
        if unit is None:
            raise UnsupportedError("a unit of date_diff")
        return _map(args[1:], lambda one, other: int((other - one) / unit))
    if name == "round" and len(args) == 1:
        return _map(args, round)
    if name == "kql" and isinstance(args[0].constant, str):
        return _condition(kql.parse(args[0].constant))
    raise UnsupportedError(f"the function {name}")


def _round(value: object, places: object = 0) -> object:
    rounded = round(float(value), int(places))  # type: ignore[arg-type, call-overload]
    return int(rounded) if isinstance(value, int) or not places else rounded


def _slice(args: list[Expr]) -> Expr:
    bounds = [arg.constant for arg in args[1:]]
    if not all(isinstance(bound, int) and bound >= 0 for bound in bounds):
        raise UnsupportedError("a slice from the end")
    start, end = int(str(bounds[0])), int(str(bounds[-1])) + 1
    return _expr(lambda doc: args[0].values(doc)[start:end], args[0].root)


def _replace(args: list[Expr]) -> Expr:
    pattern = args[1].constant
    if not isinstance(pattern, str) or re.search(r"\(\?|[*+?}]\+|\\[^\W\ddDwWsSntr]|&&", pattern):
        raise UnsupportedError("a regular expression to replace")
    try:
        compiled = re.compile(pattern, re.ASCII)
    except re.error as error:
        raise UnsupportedError(f"a regular expression to replace: {error}") from None
    if "$" in str(args[2].constant) or "\\" in str(args[2].constant):
        raise UnsupportedError("a reference to a group")
    return _map(args, lambda one, _, new: compiled.sub(lambda _: str(new), str(one)))


def _text(name: str, args: list[Expr]) -> Expr:
    test = _MAPPED[name]
    aims: tuple[Hint, ...] = ()
    if isinstance(args[1].constant, str):
        start = "" if name == "starts_with" else GLOB_STAR
        end = "" if name == "ends_with" else GLOB_STAR
        aims = _aim(args[0], "glob", start + args[1].constant + end)
    return _condition(_single(args[0], args[1], lambda one, other: bool(test(one, other)), aims))


def _cidr(args: list[Expr]) -> Expr:
    blocks = []
    for arg in args[1:]:
        if not isinstance(arg.constant, str):
            raise UnsupportedError("an address block that is no literal")
        blocks.append(arg.constant)

    def run(doc: Doc, _: Reading) -> Truth:
        got = args[0].values(doc)
        return any(in_block(text_of(got[0]), block) for block in blocks) if len(got) == 1 else None

    aims = tuple(hint for block in blocks for hint in _aim(args[0], "cidr", block))
    return _condition(Leaf(run, aims))


@dataclass(slots=True)
class Row:
    """A row: its columns, and what it came from (an event's number, or a group's keys)."""

    columns: dict[str, Values]
    source: tuple[object, ...]


Command: TypeAlias = "Callable[[list[Row]], list[Row]]"


@dataclass(slots=True)
class Query:
    """A parsed pipeline.

    Attributes:
        filters: each WHERE, and whether it sees events (not groups).
        group: the names that the last STATS groups by, and the fields they come from.
        keyed: what a group's key is made of, in an order that does not depend on the text.
        measured: the fields that are aggregated, and whether as numbers.
    """

    commands: list[Command] = field(default_factory=list)
    filters: list[tuple[bool, Node]] = field(default_factory=list)
    aggregates: bool = False
    group: list[tuple[str, str | None]] = field(default_factory=list)
    indices: tuple[str, ...] = ()
    keyed: tuple[str, ...] = ()
    measured: dict[str, bool] = field(default_factory=dict)

    def conditions(self) -> Iterator[Node]:
        """Every filter."""
        for _, node in self.filters:
            yield node

    def early(self) -> Iterator[Node]:
        """The filters that see events, not groups."""
        for before, node in self.filters:
            if before:
                yield node

    def group_fields(self) -> Iterator[str]:
        """The fields of events that rows are grouped by."""
        for _, root in self.group:
            if root is not None and root != "@timestamp":
                yield root

    def group_signature(self) -> tuple[object, ...]:
        """What a group's key is made of, so that keys of two queries can be compared."""
        return self.keyed

    def run(self, table: Sequence[Doc]) -> set[tuple[object, ...]]:
        """Run over a table of events; returns where the rows that are left came from."""
        rows = [
            Row(dict(doc), ("event", number))
            for number, doc in enumerate(table)
            if self._indexed(doc.get("_index", ()))
        ]
        for command in self.commands:
            rows = command(rows)
        return {row.source for row in rows}

    def _indexed(self, values: Values) -> bool:
        if not values or not self.indices:
            return True
        name, inside = str(values[0]), False
        for pattern in self.indices:
            if pattern.startswith("-"):
                inside = inside and not glob_match(glob_from(pattern[1:], any_char=False), name)
            else:
                inside = inside or glob_match(glob_from(pattern, any_char=False), name)
        return inside


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        self.query = Query()
        self.roots: dict[str, str | None] = {}
        self.columns: list[str] | None = None
        self.gone: list[str] = []
        self.named: set[str] = set()
        self.calls: list[tuple[str, str, list[Expr], Node | None]] | None = None

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    @property
    def word(self) -> str:
        return self.now.text.lower() if self.now.kind == "name" else ""

    def fail(self, what: str) -> QuerySyntaxError:
        return QuerySyntaxError(f"{what} expected at {self.now.at}, not {self.now.text!r}")

    def op(self, *texts: str) -> str | None:
        if self.now.kind == "op" and self.now.text in texts:
            self.at += 1
            return self.tokens[self.at - 1].text
        return None

    def need(self, text: str) -> None:
        if self.op(text) is None:
            raise self.fail(text)

    def keyword(self, *texts: str) -> bool:
        if self.word in texts:
            self.at += 1
            return True
        return False

    # --- commands -----------------------------------------------------------------------------------------------------

    def parse(self) -> Query:
        self.source()
        while self.op("|"):
            self.command()
        if self.now.kind != "end":
            raise self.fail("the end")
        return self.query

    def source(self) -> None:
        if not self.keyword("from"):
            raise UnsupportedError(f"the source {self.now.text!r}")
        start = self.now.at
        while self.now.kind != "end" and self.now.text != "|" and self.word != "metadata":
            if self.now.text in ("(", "["):
                raise UnsupportedError("a subquery")
            self.at += 1
        names = self.text[start : self.now.at]
        names = re.sub(r"//[^\n]*|/\*.*?\*/", " ", names, flags=re.DOTALL)
        self.query.indices = tuple(part.strip().strip('"') for part in names.split(",") if part.strip())
        while self.now.kind != "end" and self.now.text != "|":
            self.at += 1

    def command(self) -> None:
        name = self.word
        self.at += 1
        handlers: dict[str, Callable[[], Command]] = {
            "where": self.where,
            "eval": self.evaluate,
            "keep": self.keep,
            "drop": self.drop,
            "rename": self.rename,
            "stats": self.stats,
            "sort": self.sort,
            "limit": self.limit,
            "mv_expand": self.expand,
            "dissect": self.dissect,
            "grok": self.grok,
        }
        handler = handlers.get(name)
        if handler is None:
            raise UnsupportedError(f"the command {name}")
        self.query.commands.append(handler())

    def where(self) -> Command:
        node = self.expression().node
        self.query.filters.append((not self.query.aggregates, node))
        return lambda rows: [row for row in rows if node.value(row.columns, ESQL) is True]

    def assignments(self) -> list[tuple[str, Expr]]:
        out: list[tuple[str, Expr]] = []
        while True:
            start = self.at
            name = self.assigned()
            expr = self.expression()
            if name is None:
                name = self.source_text(start)
            out.append((name, expr))
            if self.op(",") is None:
                return out

    def assigned(self) -> str | None:
        """Read ``name =`` if it stands here."""
        mark = self.at
        if self.now.kind == "name" and self.word not in _WORDS:
            name = self.path()
            if self.op("="):
                return name
        self.at = mark
        return None

    def source_text(self, start: int) -> str:
        first, last = self.tokens[start], self.tokens[self.at - 1]
        return self.text[first.at : last.at + len(last.text)].strip("`")

    def define(self, name: str, root: str | None) -> None:
        self.roots[name] = root
        self.gone = [pattern for pattern in self.gone if pattern != name]
        self.named.add(name)
        if self.columns is not None and name not in self.columns:
            self.columns.append(name)

    def evaluate(self) -> Command:
        made: list[tuple[str, Expr]] = []
        while True:
            start = self.at
            name = self.assigned()
            expr = self.expression()
            name = self.source_text(start) if name is None else name
            self.define(name, expr.root)
            made.append((name, expr))
            if self.op(",") is None:
                break

        def run(rows: list[Row]) -> list[Row]:
            out = []
            for row in rows:
                columns = dict(row.columns)
                for name, expr in made:
                    columns[name] = expr.values(columns)
                out.append(Row(columns, row.source))
            return out

        return run

    def patterns(self) -> list[str]:
        out = []
        while True:
            parts: list[str] = []
            last_end = self.now.at
            while (self.now.kind == "name" or self.now.text in (".", "*", "-") or self.now.kind == "number") and (
                self.now.at == last_end or not parts
            ):
                parts.append(self.now.text.strip("`"))
                last_end = self.now.at + len(self.now.text)
                self.at += 1
            if not parts:
                raise self.fail("a column")
            out.append("".join(parts))
            if self.op(",") is None:
                return [glob_from(part, any_char=False) for part in out]

    def keep(self) -> Command:
        wanted = self.patterns()
        known = self.columns
        if known is None:
            self.columns = list(wanted)
        else:
            self.columns = [column for column in known if any(glob_match(p, column) or column == p for p in wanted)] + [
                p for p in wanted if any(is_glob(column) and glob_match(column, p) for column in known)
            ]

        def run(rows: list[Row]) -> list[Row]:
            return [
                Row({k: v for k, v in row.columns.items() if any(glob_match(p, k) for p in wanted)}, row.source)
                for row in rows
            ]

        return run

    def drop(self) -> Command:
        gone = self.patterns()
        self.gone += gone
        self.named = {name for name in self.named if not any(glob_match(p, name) for p in gone)}
        if self.columns is not None:
            self.columns = [column for column in self.columns if not any(glob_match(p, column) for p in gone)]

        def run(rows: list[Row]) -> list[Row]:
            return [
                Row({k: v for k, v in row.columns.items() if not any(glob_match(p, k) for p in gone)}, row.source)
                for row in rows
            ]

        return run

    def rename(self) -> Command:
        pairs: list[tuple[str, str]] = []
        while True:
            first = self.path()
            if self.keyword("as"):
                pairs.append((first, self.path()))
            else:
                self.need("=")
                pairs.append((self.path(), first))
            old, new = pairs[-1]
            self.column(old)
            self.define(new, self.roots.get(old, old))
            self.gone.append(old)
            self.named.discard(old)
            if self.columns is not None and old in self.columns:
                self.columns.remove(old)
            if self.op(",") is None:
                break

        def run(rows: list[Row]) -> list[Row]:
            out = []
            for row in rows:
                columns = dict(row.columns)
                for old, new in pairs:
                    columns[new] = columns.pop(old, ())
                out.append(Row(columns, row.source))
            return out

        return run

    def aggregate(self) -> tuple[Expr, list[tuple[str, str, list[Expr], Node | None]]]:
        calls: list[tuple[str, str, list[Expr], Node | None]] = []
        self.calls = calls
        expr = self.expression()
        self.calls = None
        if self.keyword("where"):
            condition = self.expression().node
            calls[:] = [(name, function, args, condition) for name, function, args, _ in calls]
        return expr, calls

    def stats(self) -> Command:  # noqa: C901 - one branch a case
        made: list[tuple[str, Expr, list[tuple[str, str, list[Expr], Node | None]]]] = []
        groups: list[tuple[str, Expr]] = []
        start = self.at
        if self.word != "by":
            while True:
                start = self.at
                name = self.assigned()
                expr, calls = self.aggregate()
                made.append((self.source_text(start) if name is None else name, expr, calls))
                if self.op(",") is None:
                    break
        texts: list[str] = []
        if self.keyword("by"):
            while True:
                start = self.at
                name = self.assigned()
                body = self.at
                expr = self.expression()
                texts.append(
                    re.sub(r"\s+", " ", self.source_text(body)).lower()
                    if expr.root is None or self.at - body > 1
                    else expr.root
                )
                groups.append((self.source_text(start).replace("`", "") if name is None else name, expr))
                if self.op(",") is None:
                    break
        self.query.aggregates = True
        self.query.group = [(name, expr.root) for name, expr in groups]
        self.query.keyed = tuple(
            sorted(
                (self.roots.get(expr.root or "", expr.root) or text) + "/" + text
                for text, (_, expr) in zip(texts, groups, strict=True)
            )
        )
        order = sorted(
            range(len(groups)),
            key=lambda i: (self.roots.get(groups[i][1].root or "", groups[i][1].root) or texts[i]) + "/" + texts[i],
        )
        self.columns = [name for name, _, _ in made] + [name for name, _ in groups]
        self.roots = dict.fromkeys(self.columns)
        self.gone = []

        def run(rows: list[Row]) -> list[Row]:
            table: dict[tuple[object, ...], list[Row]] = {} if groups else {(): []}
            for row in rows:
                keys = [_distinct(expr.values(row.columns)) or (None,) for _, expr in groups]
                for key in product(*keys):
                    table.setdefault(key, []).append(row)
            out = []
            for key, members in table.items():
                columns: dict[str, Values] = {
                    name: () if value is None else (value,) for (name, _), value in zip(groups, key, strict=True)
                }
                for name, expr, calls in made:
                    hidden = dict(columns)
                    for slot, function, args, condition in calls:
                        hidden[slot] = _aggregate(function, args, condition, members)
                    columns[name] = expr.values(hidden)
                out.append(Row(columns, ("group", *(text_of(key[i]) for i in order))))
            return out

        return run

    def sort(self) -> Command:
        keys: list[tuple[Expr, bool, bool]] = []
        while True:
            expr = self.expression()
            down = self.keyword("desc")
            if not down:
                self.keyword("asc")
            nulls_first = down
            if self.keyword("nulls"):
                nulls_first = self.word == "first"
                self.at += 1
            keys.append((expr, down, nulls_first))
            if self.op(",") is None:
                break

        def run(rows: list[Row]) -> list[Row]:
            for expr, down, nulls_first in reversed(keys):
                some = [row for row in rows if expr.values(row.columns)]
                none = [row for row in rows if not expr.values(row.columns)]

                def rank(row: Row, expr: Expr = expr, *, down: bool = down) -> tuple[str, object]:
                    got = expr.values(row.columns)
                    value = max(got, key=_sortable) if down else min(got, key=_sortable)
                    return _sortable(value)

                some.sort(key=rank, reverse=down)
                rows = none + some if nulls_first else some + none
            return rows

        return run

    def limit(self) -> Command:
        count = int(self.now.text)
        self.at += 1
        return lambda rows: rows[:count]

    def expand(self) -> Command:
        name = self.path()

        def run(rows: list[Row]) -> list[Row]:
            return [
                Row({**row.columns, name: (value,)} if value is not None else row.columns, row.source)
                for row in rows
                for value in (row.columns.get(name) or (None,))
            ]

        return run

    def dissect(self) -> Command:
        expr = self.primary()
        pattern = _unquote(self.now)
        self.at += 1
        pieces = re.split(r"%\{([^}]*)\}", pattern)
        names = pieces[1::2]
        if any(not re.fullmatch(r"[\w.@]*", name) for name in names):
            raise UnsupportedError("a modifier of dissect")
        regex = re.escape(pieces[0])
        for number in range(1, len(pieces), 2):
            last = number + 2 >= len(pieces) and not pieces[number + 1]
            regex += ("(.*)" if last else "(.*?)") + re.escape(pieces[number + 1])
        compiled = re.compile(regex, re.DOTALL)
        return self.extract(expr, compiled.match, names)

    def extract(self, expr: Expr, search: Callable[[str], re.Match[str] | None], names: list[str]) -> Command:
        """Put the groups of a pattern into columns; null where it does not match."""
        for name in names:
            if name:
                self.define(name, expr.root)

        def run(rows: list[Row]) -> list[Row]:
            out = []
            for row in rows:
                got = expr.values(row.columns)
                match = search(got[0]) if len(got) == 1 and isinstance(got[0], str) else None
                columns = dict(row.columns)
                for place, name in enumerate(names):
                    if name:
                        columns[name] = () if match is None else (match[place + 1],)
                out.append(Row(columns, row.source))
            return out

        return run

    def grok(self) -> Command:
        expr = self.primary()
        pattern = _unquote(self.now)
        self.at += 1
        names: list[str] = []

        def part(found: re.Match[str]) -> str:
            kind, name = (found[1], found[2]) if found[1] else ("", found[3])
            body = _GROK.get(kind) if kind else ""
            if body is None:
                raise UnsupportedError(f"the pattern {kind} of grok")
            if not name:
                return body
            names.append(name)
            return f"({body})" if kind else "("

        source = re.sub(r"%\{(\w+)(?::([\w.@]+))?\}|\(\?<([\w.@]+)>", part, pattern)
        if re.search(r"(?<!\\)\((?!\?)", re.sub(r"%\{[^}]*\}|\(\?<([\w.@]+)>", "", pattern)):
            raise UnsupportedError("a group without a name in grok")
        if len(set(names)) != len(names) or "%{" in source:
            raise UnsupportedError("a pattern of grok")
        try:
            compiled = re.compile(source, re.ASCII)
        except re.error as error:
            raise UnsupportedError(f"a pattern of grok: {error}") from None
        return self.extract(expr, compiled.search, names)

    # --- expressions --------------------------------------------------------------------------------------------------

    def expression(self) -> Expr:
        first = self.both()
        parts = [first]
        while self.keyword("or"):
            parts.append(self.both())
        return first if len(parts) == 1 else _condition(Or(tuple(part.node for part in parts)))

    def both(self) -> Expr:
        first = self.negation()
        parts = [first]
        while self.keyword("and"):
            parts.append(self.negation())
        return first if len(parts) == 1 else _condition(And(tuple(part.node for part in parts)))

    def negation(self) -> Expr:
        if self.keyword("not"):
            return _condition(Not(self.negation().node))
        return self.predicate()

    def items(self) -> list[Expr]:
        self.need("(")
        if self.op(")"):
            return []
        out = [self.expression()]
        while self.op(","):
            out.append(self.expression())
        self.need(")")
        return out

    def predicate(self) -> Expr:
        left = self.sum()
        negated = False
        if self.word == "not" and self.tokens[self.at + 1].text.lower() in ("in", "like", "rlike"):
            self.at += 1
            negated = True
        node: Node
        if self.keyword("in"):
            node = Or(
                tuple(
                    _single(
                        left,
                        item,
                        equal_addresses if _by_address(left, item) else _same,
                        _aim(left, "exact", item.constant),
                    )
                    for item in self.items()
                )
            )
        elif self.keyword("like"):
            node = self.like(left)
        elif self.keyword("rlike"):
            node = self.rlike(left)
        elif self.keyword("is"):
            negated = self.keyword("not")
            if not self.keyword("null"):
                raise self.fail("null")
            aims = (Hint(left.root, "missing"),) if left.root else ()
            node = Leaf(lambda doc, _: not left.values(doc), aims)
        elif self.now.kind == "op" and self.now.text in ("==", "!=", "<", "<=", ">", ">="):
            node = self.comparison(left)
        elif self.now.kind == "op" and self.now.text in (":", "=~"):
            raise UnsupportedError("full-text search")
        else:
            return left
        return _condition(Not(node) if negated else node)

    def comparison(self, left: Expr) -> Node:
        op = self.now.text
        self.at += 1
        right = self.sum()
        if left.literal and not right.literal:
            left, right = right, left
            op = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(op, op)
        if op in ("==", "!="):
            same = equal_addresses if _by_address(left, right) else _same
            node = _single(left, right, same, _aim(left, "exact", right.constant, "=="))
            return Not(node) if op == "!=" else node
        return _single(left, right, lambda one, other: holds(op, one, other), _aim(left, "range", right.constant, op))

    def strings(self) -> list[str]:
        exprs = self.items() if self.now.text == "(" and self.now.kind == "op" else [self.primary()]
        out = []
        for expr in exprs:
            if not isinstance(expr.constant, str):
                raise UnsupportedError("a pattern that is no literal")
            out.append(expr.constant)
        return out

    def like(self, left: Expr) -> Node:
        leaves = []
        for text in self.strings():
            pattern = _like_pattern(text)

            def test(one: object, _: object, pattern: str = pattern) -> bool:
                return isinstance(one, str) and glob_match(pattern, one)

            kind = "glob" if is_glob(pattern) else "exact"
            leaves.append(_single(left, _literal(text), test, _aim(left, kind, pattern)))
        return leaves[0] if len(leaves) == 1 else Or(tuple(leaves))

    def rlike(self, left: Expr) -> Node:
        leaves = []
        for text in self.strings():
            compiled = lucene_regex(text)

            def test(one: object, _: object, compiled: re.Pattern[str] = compiled) -> bool:
                return isinstance(one, str) and compiled.fullmatch(one) is not None

            leaves.append(_single(left, _literal(text), test, ()))
        return leaves[0] if len(leaves) == 1 else Or(tuple(leaves))

    def sum(self) -> Expr:
        left = self.term()
        while (op := self.op("+", "-")) is not None:
            left = _arithmetic(op, left, self.term())
        return left

    def term(self) -> Expr:
        left = self.unary()
        while (op := self.op("*", "/", "%")) is not None:
            left = _arithmetic(op, left, self.unary())
        return left

    def unary(self) -> Expr:
        if self.op("-"):
            return _arithmetic("-", _literal(0), self.unary())
        if self.op("+"):
            return self.unary()
        expr = self.primary()
        while self.op("::"):
            kind = self.word
            self.at += 1
            name = {"string": "to_string", "keyword": "to_string", "double": "to_double"}.get(kind, f"to_{kind}")
            expr = _call(name, [expr])
        return expr

    def primary(self) -> Expr:
        token = self.now
        if token.kind in ("string", "raw"):
            self.at += 1
            return _literal(_unquote(token))
        if token.kind == "number":
            self.at += 1
            value: float = float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
            if self.word in _UNITS:
                value *= _UNITS[self.word]
                self.at += 1
            return _literal(value)
        if self.op("("):
            inner = self.expression()
            self.need(")")
            return inner
        if self.word in ("null", "true", "false"):
            self.at += 1
            return _literal({"null": None, "true": True, "false": False}[token.text.lower()])
        if token.kind != "name" or self.word in _WORDS:
            raise self.fail("a value")
        if self.tokens[self.at + 1].text == "(":
            return self.call()
        return self.column(self.path())

    def call(self) -> Expr:
        name = self.word
        self.at += 1
        if name in _AGGREGATES and self.calls is not None:
            return self.slot(name)
        args = self.items()
        try:
            return _call(name, args)
        except IndexError:
            raise QuerySyntaxError(f"{name} takes more arguments") from None

    def slot(self, name: str) -> Expr:
        """An aggregate: its value is put into a hidden column."""
        assert self.calls is not None
        calls, self.calls = self.calls, None
        mark = self.at
        self.need("(")
        args: list[Expr] = []
        if self.op("*"):
            self.need(")")
        else:
            self.at = mark
            args = self.items()
        self.calls = calls
        for arg in args:
            if arg.root is not None:
                self.query.measured.setdefault(arg.root, name in ("max", "min", "sum", "avg"))
        hidden = f"\0{len(calls)}"
        calls.append((hidden, name, args, None))
        return _expr(lambda doc: doc.get(hidden, ()))

    def column(self, name: str) -> Expr:
        if self.columns is not None and not any(
            name == c or (is_glob(c) and glob_match(c, name)) for c in self.columns
        ):
            raise QuerySyntaxError(f"unknown column {name}")
        if name not in self.named and any(glob_match(pattern, name) for pattern in self.gone):
            raise QuerySyntaxError(f"column {name} was dropped")
        return _expr(lambda doc: doc.get(name, ()), self.roots.get(name, name))

    def path(self) -> str:
        parts = []
        while True:
            if self.now.kind != "name":
                raise self.fail("a name")
            text = self.now.text
            parts.append(text[1:-1].replace("``", "`") if text.startswith("`") else text)
            self.at += 1
            if self.op(".") is None:
                return ".".join(parts)


def _sortable(value: object) -> tuple[str, object]:
    return ("n", float(value)) if is_number(value) else ("s", text_of(value))  # type: ignore[arg-type]


def _arithmetic(op: str, left: Expr, right: Expr) -> Expr:
    def made(one: object, other: object) -> object:
        if not is_number(one) or not is_number(other):
            return None
        a, b = one, other
        if op in "/%" and b == 0:
            return None
        whole = isinstance(a, int) and isinstance(b, int)
        if op == "/":
            return int(a / b) if whole else a / b  # type: ignore[operator]
        if op == "%":
            return a - b * int(a / b)  # type: ignore[operator]
        return {"+": a + b, "-": a - b, "*": a * b}[op]  # type: ignore[operator]

    if left.literal and right.literal:
        return _literal(made(left.constant, right.constant))
    expr = _map([left, right], made)
    return _expr(expr.values)


def _aggregate(function: str, args: list[Expr], condition: Node | None, rows: list[Row]) -> Values:  # noqa: PLR0911 - one branch a case
    kept = [row for row in rows if condition is None or condition.value(row.columns, ESQL) is True]
    if function == "count" and not args:
        return (len(kept),)
    values = [value for row in kept for value in args[0].values(row.columns)]
    if function == "count":
        return (len(values),)
    if function == "count_distinct":
        return (len(set(map(_sortable, values))),)
    if not values:
        return ()
    if function == "values":
        return _distinct(tuple(values))
    if function in ("max", "min"):
        return ((max if function == "max" else min)(values, key=_sortable),)
    numbers = [float(value) for value in values if is_number(value)]  # type: ignore[arg-type]
    if not numbers:
        return ()
    total = sum(numbers)
    return (total if function == "sum" else total / len(numbers),)


def parse(text: str) -> Query:
    """Parse a pipeline; raises `UnsupportedError` for what the oracle leaves alone."""
    return _Parser(text).parse()


def like_is_any(pattern: str) -> bool:
    """Tell whether a LIKE pattern has a wildcard."""
    return GLOB_ANY in _like_pattern(pattern) or GLOB_STAR in _like_pattern(pattern)
