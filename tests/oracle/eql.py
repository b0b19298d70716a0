"""Elasticsearch's EQL: events, sequences and samples, after its documentation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple, cast

from .logic import (
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
    is_text_field,
    text_of,
)
from .patterns import lucene_regex

KINDS = ("eq", "order", "like", "in", "regex", "fn")
"""The kinds of predicate whose answer on a missing field the readings differ about."""

READINGS = (
    Reading("missing is false", frozenset(KINDS)),
    Reading("missing is null"),
    Reading("missing is null, missing events late", late_missing=True),
    Reading("functions false, the rest null", frozenset({"fn"})),
    Reading("functions null, the rest false", frozenset(KINDS) - {"fn"}),
    Reading("comparisons false, the rest null", frozenset({"eq", "order"})),
    Reading("comparisons null, the rest false", frozenset(KINDS) - {"eq", "order"}),
    Reading("patterns false, the rest null", frozenset({"like", "regex"})),
    Reading("lists false, the rest null", frozenset({"in"})),
)
"""Every reading that a claim has to hold under, the two plain ones first."""

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\r\n]*|/\*.*?\*/)"""
    r'''|(?P<raw>"""(?:(?!""").|\n)*"*""")'''
    r"""|(?P<string>"(?:\\(?:[btnfr"'\\]|u\{[0-9a-fA-F]{2,8}\})|[^\r\n"\\])*")"""
    r"""|(?P<name>`(?:[^`]|``)*`|[A-Za-z_@][A-Za-z0-9_]*)"""
    r"""|(?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+|\d+(?:[eE][+-]?\d+)?)"""
    r"""|(?P<op>==|!=|<=|>=|!\[|[<>:=+\-*/%.,\[\]()|?~!])""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"""\\(?:u\{([0-9a-fA-F]{2,8})\}|(.))""", re.DOTALL)
_PLAIN = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WORDS = frozenset({"and", "or", "not", "in", "like", "regex", "null", "true", "false", "where", "by", "with", "until"})


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
        if match.lastgroup != "skip":
            assert match.lastgroup is not None
            out.append(_Token(match.lastgroup, match.group(), at))
        at = match.end()
    out.append(_Token("end", "", at))
    return out


def _unquote(token: _Token) -> str:
    if token.kind == "raw":
        return token.text[3:-3]
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _PLAIN.get(found[2], found[2]), token.text[1:-1]
    )


@dataclass(frozen=True, slots=True)
class Operand:
    """A side of a comparison: the values it has for a document.

    Attributes:
        field: its name where it is a plain field.
        constant: its value where it is a literal.
        root: the field that a value for it may be set in.
    """

    values: Callable[[Doc], tuple[object, ...]]
    field: str | None = None
    constant: object = None
    literal: bool = False
    root: str | None = None
    truth: Node | None = None
    size: bool = False


def _field(name: str) -> Operand:
    if is_text_field(name):
        raise UnsupportedError("an analysed field")

    def test(doc: Doc, reading: Reading) -> Truth:
        got = doc.get(name, ())
        return any(value is True for value in got) if got else reading.missing("eq")

    return Operand(
        lambda doc: doc.get(name, ()), field=name, root=name, truth=Leaf(test, (Hint(name, "exact", value=True),), name)
    )


def _literal(value: object) -> Operand:
    truth = Const(value) if isinstance(value, bool) else None
    return Operand(lambda _: (value,), constant=value, literal=True, truth=truth)


def _same(one: object, other: object, *, fold: bool) -> bool:
    if is_number(one) and is_number(other):
        return float(one) == float(other)  # type: ignore[arg-type]
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower() if fold else one == other
    return type(one) is type(other) and one == other


def _compare(
    kind: str, left: Operand, right: Operand, test: Callable[[object, object], bool]
) -> Callable[[Doc, Reading], Truth]:
    def run(doc: Doc, reading: Reading) -> Truth:
        lefts, rights = left.values(doc), right.values(doc)
        if not lefts or not rights:
            return reading.missing(kind)
        return any(test(one, other) for one, other in product(lefts, rights))

    return run


def _aim(left: Operand, kind: str, value: object, op: str = "") -> tuple[Hint, ...]:
    if left.root is None:
        return ()
    if left.size:
        return (Hint(left.root, "size", value, op),) if is_number(value) else ()
    return (Hint(left.root, kind, value, op),)


def _equal(left: Operand, right: Operand) -> Node:
    if right.literal and right.constant is None:
        return Leaf(lambda doc, _: not left.values(doc), (Hint(left.root, "missing"),) if left.root else ())
    if left.literal and not right.literal:
        left, right = right, left
    if left.truth is not None and left.field is None and isinstance(right.constant, bool):
        return left.truth if right.constant else Not(left.truth)
    aims = _aim(left, "exact", right.constant, "==") if right.literal else ()
    same = equal_addresses if _by_address(left, right) else lambda one, other: _same(one, other, fold=False)
    return Leaf(_compare("eq", left, right, same), aims)


def _by_address(left: Operand, right: Operand) -> bool:
    field, text = left.field, right.constant
    return field is not None and is_address_field(field) and isinstance(text, str) and address_of(text) is not None


def _like(left: Operand, right: Operand, *, fold: bool) -> Node:
    """``:`` and like: a pattern against text; ``:`` on anything but text is equality."""
    if right.literal and isinstance(right.constant, str):
        pattern = glob_from(right.constant, any_char=True)
        if is_glob(pattern) and left.field is not None and is_address_field(left.field):
            raise UnsupportedError("a pattern on an address")
        if _by_address(left, right):
            return Leaf(_compare("like", left, right, equal_addresses), _aim(left, "exact", right.constant))
        kind = "glob" if is_glob(pattern) else "exact"
        aims = _aim(left, kind, pattern)
        return Leaf(
            _compare("like", left, right, lambda one, _: isinstance(one, str) and glob_match(pattern, one, fold=fold)),
            aims,
        )
    if not right.literal or right.constant is None:
        raise UnsupportedError("a pattern that is no literal")
    return Leaf(
        _compare("like", left, right, lambda one, other: _same(one, other, fold=fold)),
        _aim(left, "exact", right.constant),
    )


def _regex(left: Operand, right: Operand, *, fold: bool) -> Node:
    if not isinstance(right.constant, str):
        raise UnsupportedError("a regular expression that is no literal")
    compiled = lucene_regex(right.constant, fold=fold)
    return Leaf(_compare("regex", left, right, lambda one, _: isinstance(one, str) and bool(compiled.fullmatch(one))))


def _order(op: str, left: Operand, right: Operand) -> Node:
    flipped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
    if left.literal and not right.literal:
        left, right, op = right, left, flipped[op]
    return Leaf(
        _compare("order", left, right, lambda one, other: holds(op, one, other)),
        _aim(left, "range", right.constant, op) if right.literal else (),
    )


def _text_test(name: str, fold: bool) -> Callable[[str, str], bool]:  # noqa: FBT001 - a truth value, not a switch
    def test(one: str, other: str) -> bool:
        if fold:
            one, other = one.lower(), other.lower()
        if name == "startswith":
            return one.startswith(other)
        return one.endswith(other) if name == "endswith" else other in one

    return test


def _predicate(name: str, args: list[Operand], *, fold: bool) -> Operand:
    """A function whose result is true or false."""
    if name in ("startswith", "endswith", "stringcontains"):
        if len(args) != 2:
            raise QuerySyntaxError(f"{name} takes two arguments")
        test = _text_test(name, fold)
        aims: tuple[Hint, ...] = ()
        if args[1].literal and isinstance(args[1].constant, str):
            text = args[1].constant
            star = glob_from("*", any_char=False)
            before, after = "" if name == "startswith" else star, "" if name == "endswith" else star
            aims = _aim(args[0], "glob", before + text + after)
        node: Node = Leaf(
            _compare(
                "fn",
                args[0],
                args[1],
                lambda one, other: isinstance(one, str) and isinstance(other, str) and test(one, other),
            ),
            aims,
        )
    elif name == "cidrmatch":
        if any(not arg.literal for arg in args[1:]):
            raise UnsupportedError("an address block that is no literal")
        blocks = [text_of(arg.constant) for arg in args[1:]]
        node = Or(
            tuple(
                Leaf(
                    _compare("fn", args[0], arg, lambda one, _, block=block: in_block(text_of(one), block)),  # type: ignore[misc]
                    _aim(args[0], "cidr", block),
                )
                for arg, block in zip(args[1:], blocks, strict=True)
            )
        )
    else:
        leaves = []
        for arg in args[1:]:
            if not isinstance(arg.constant, str):
                raise UnsupportedError("a pattern that is no literal")
            pattern = glob_from(arg.constant, any_char=True)
            leaves.append(
                Leaf(
                    _compare(
                        "fn",
                        args[0],
                        arg,
                        lambda one, _, pattern=pattern: isinstance(one, str) and glob_match(pattern, one, fold=fold),  # type: ignore[misc]
                    ),
                    _aim(args[0], "glob" if is_glob(pattern) else "exact", pattern),
                )
            )
        node = Or(tuple(leaves))
    return Operand(lambda _: (), truth=node)


def _index_of(args: list[object], *, fold: bool) -> object:
    one, other = str(args[0]), str(args[1])
    if fold:
        one, other = one.lower(), other.lower()
    found = one.find(other, int(args[2]) if len(args) > 2 else 0)  # type: ignore[call-overload]
    return None if found < 0 else found


def _between(args: list[object], *, fold: bool) -> object:
    source, left, right = map(str, args[:3])
    probe = source.lower() if fold else source
    left, right = (left.lower(), right.lower()) if fold else (left, right)
    start = probe.find(left)
    if start < 0:
        return ""
    start += len(left)
    greedy = len(args) > 3 and args[3] is True
    end = probe.rfind(right, start) if greedy else probe.find(right, start)
    return "" if end < 0 else source[start:end]


def _substring(args: list[object]) -> object:
    text = str(args[0])
    bounds: list[int] = []
    for value in args[1:]:
        at = int(value)  # type: ignore[call-overload]
        bounds.append(max(0, min(len(text), at + len(text) if at < 0 else at)))
    return text[bounds[0] :] if len(bounds) == 1 else text[bounds[0] : bounds[1]]


def _number(args: list[object]) -> object:
    try:
        text = str(args[0])
        if len(args) > 1:
            return int(text, int(args[1]))  # type: ignore[call-overload]
        return float(text) if "." in text else int(text, 0)
    except ValueError:
        return None


def _function(name: str, args: list[Operand], *, fold: bool) -> Operand:
    """A function call."""
    if name in ("startswith", "endswith", "stringcontains", "cidrmatch", "wildcard"):
        return _predicate(name, args, fold=fold)
    makers: dict[str, Callable[[list[object]], object]] = {
        "length": lambda got: len(got[0]) if isinstance(got[0], str) else None,
        "concat": lambda got: "".join(map(text_of, got)),
        "indexof": lambda got: _index_of(got, fold=fold),
        "between": lambda got: _between(got, fold=fold),
        "substring": _substring,
        "string": lambda got: text_of(got[0]),
        "number": _number,
        "add": lambda got: got[0] + got[1],  # type: ignore[operator]
        "subtract": lambda got: got[0] - got[1],  # type: ignore[operator]
        "multiply": lambda got: got[0] * got[1],  # type: ignore[operator]
    }
    maker = makers.get(name)
    if maker is None:
        raise UnsupportedError(f"the function {name}")

    def values(doc: Doc) -> tuple[object, ...]:
        got = [arg.values(doc)[:1] for arg in args]
        if any(not value for value in got):
            return ()
        try:
            result = maker([value[0] for value in got])
        except (TypeError, ValueError):
            return ()
        return () if result is None else (result,)

    root = args[0].root if args else None
    return Operand(values, root=root, size=name == "length")


def _arithmetic(op: str, left: Operand, right: Operand) -> Operand:
    def values(doc: Doc) -> tuple[object, ...]:
        lefts, rights = left.values(doc)[:1], right.values(doc)[:1]
        if not lefts or not rights or not is_number(lefts[0]) or not is_number(rights[0]):
            return ()
        one, other = lefts[0], rights[0]
        if op in "/%" and other == 0:
            return ()
        whole = isinstance(one, int) and isinstance(other, int)
        if op == "/":
            return (int(one / other) if whole else one / other,)  # type: ignore[operator]
        if op == "%":
            return (one - other * int(one / other),)  # type: ignore[operator]
        return ({"+": one + other, "-": one - other, "*": one * other}[op],)  # type: ignore[operator]

    if left.literal and right.literal:
        got = values({})
        return _literal(got[0] if got else None)
    return Operand(values, root=left.root or right.root)


def _wanted(operand: Operand) -> Node:
    if operand.truth is None:
        raise QuerySyntaxError("a condition is expected, not a value")
    return operand.truth


@dataclass(frozen=True, slots=True)
class Key:
    """A join key of a step; an optional one may be missing."""

    field: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One term of a sequence.

    Attributes:
        missing: ``![...]``: no such event may come.
    """

    node: Node
    keys: tuple[Key, ...]
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query.

    Attributes:
        kind: event, sequence or sample.
        steps: one for an event query; `runs` are unrolled.
        span: the longest time in milliseconds from first to last event, None for no limit.
        keys: how many join keys every step has.
    """

    kind: str
    steps: tuple[Step, ...]
    until: Step | None = None
    span: int | None = None

    @property
    def node(self) -> Node:
        """The condition of an event query."""
        return self.steps[0].node

    @property
    def key_names(self) -> tuple[tuple[str, ...], ...]:
        """The names of the join keys of each step."""
        return tuple(tuple(key.field for key in step.keys) for step in self.steps)


class _Parser:
    def __init__(self, text: str, category: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.category = category

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def fail(self, what: str) -> QuerySyntaxError:
        return QuerySyntaxError(f"{what} expected at {self.now.at}, not {self.now.text!r}")

    def take(self, *texts: str) -> str | None:
        if self.now.kind in ("op", "name") and self.now.text in texts:
            self.at += 1
            return self.tokens[self.at - 1].text
        return None

    def need(self, text: str) -> None:
        if self.take(text) is None:
            raise self.fail(text)

    def query(self) -> Query:
        if self.now.text == "sequence" and self.tokens[self.at + 1].text != "where":
            query = self.sequence()
        elif self.now.text == "sample" and self.tokens[self.at + 1].text == "by":
            self.at += 1
            keys = self.keys()
            steps = []
            while self.now.text == "[":
                steps.append(self.step(keys)[0])
            query = Query("sample", tuple(steps))
        else:
            query = Query("event", (Step(self.filter(), ()),))
        if self.now.text == "|":
            raise UnsupportedError("a pipe")
        if self.now.kind != "end":
            raise self.fail("the end")
        return query

    def keys(self) -> tuple[Key, ...]:
        if self.take("by") is None:
            return ()
        out = []
        while True:
            optional = self.take("?") is not None
            out.append(Key(self.path(), optional))
            if self.take(",") is None:
                return tuple(out)

    def span(self) -> int | None:
        if self.take("with") is None:
            return None
        self.need("maxspan")
        self.need("=")
        if self.now.kind != "number":
            raise self.fail("a duration")
        count = float(self.now.text)
        self.at += 1
        unit = self.now.text
        if unit not in _UNITS:
            raise self.fail("a unit of time")
        self.at += 1
        return int(count * _UNITS[unit])

    def sequence(self) -> Query:
        self.at += 1
        keys, span = self.keys(), self.span()
        if not keys:
            keys = self.keys()
        steps: list[Step] = []
        while self.now.text in ("[", "!["):
            step, runs = self.step(keys)
            steps += [step] * runs
        until = None
        if self.take("until"):
            until = self.step(keys)[0]
        return Query("sequence", tuple(steps), until, span)

    def step(self, keys: tuple[Key, ...]) -> tuple[Step, int]:
        missing = self.take("![") is not None
        if not missing:
            self.need("[")
        node = self.filter()
        self.need("]")
        own, runs = self.keys(), 1
        if self.now.text == "with":
            self.at += 1
            self.need("runs")
            self.need("=")
            if self.now.kind != "number":
                raise self.fail("a count")
            runs = int(self.now.text)
            self.at += 1
            own = own or self.keys()
        return Step(node, (*keys, *own), missing), runs

    def filter(self) -> Node:
        token = self.now
        if token.kind not in ("name", "string", "raw"):
            raise self.fail("an event category")
        self.at += 1
        category = _unquote(token) if token.kind != "name" else token.text.strip("`")
        self.need("where")
        condition = _wanted(self.either())
        if category == "any" and token.kind == "name":
            return condition
        return And((_equal(_field(self.category), _literal(category)), condition))

    def either(self) -> Operand:
        first = self.both()
        parts = [first]
        while self.take("or"):
            parts.append(self.both())
        return first if len(parts) == 1 else Operand(lambda _: (), truth=Or(tuple(map(_wanted, parts))))

    def both(self) -> Operand:
        first = self.negation()
        parts = [first]
        while self.take("and"):
            parts.append(self.negation())
        return first if len(parts) == 1 else Operand(lambda _: (), truth=And(tuple(map(_wanted, parts))))

    def negation(self) -> Operand:
        if self.take("not"):
            return Operand(lambda _: (), truth=Not(_wanted(self.negation())))
        return self.comparison()

    def items(self) -> list[Operand]:
        self.need("(")
        out = [self.sum()]
        while self.take(","):
            out.append(self.sum())
        self.need(")")
        return out

    def comparison(self) -> Operand:
        left = self.sum()
        negated = False
        if self.now.text == "not" and self.tokens[self.at + 1].text == "in":
            self.at += 1
            negated = True
        if self.now.kind not in ("op", "name"):
            return left
        word = self.now.text
        if word not in (":", "==", "!=", "<", "<=", ">", ">=", "in", "like", "regex"):
            return left
        self.at += 1
        fold = word == ":" or (word in ("in", "like", "regex") and self.take("~") is not None)
        node: Node
        if word == "in":
            lists = [
                Leaf(
                    _compare(
                        "in",
                        left,
                        item,
                        equal_addresses if _by_address(left, item) else lambda one, other: _same(one, other, fold=fold),
                    ),
                    _aim(left, "exact", item.constant) if item.literal else (),
                )
                for item in self.items()
            ]
            node = Or(tuple(lists))
            node = Not(node) if negated else node
        elif word in (":", "like", "regex"):
            rights = self.items() if self.now.text == "(" else [self.sum()]
            maker = _regex if word == "regex" else _like
            node = Or(tuple(maker(left, right, fold=fold) for right in rights))
        else:
            right = self.sum()
            node = _equal(left, right) if word in ("==", "!=") else _order(word, left, right)
            node = Not(node) if word == "!=" else node
        return Operand(lambda _: (), truth=node)

    def sum(self) -> Operand:
        left = self.term()
        while self.now.kind == "op" and self.now.text in ("+", "-"):
            op = self.take("+", "-")
            left = _arithmetic(op or "", left, self.term())
        return left

    def term(self) -> Operand:
        left = self.unary()
        while self.now.kind == "op" and self.now.text in ("*", "/", "%"):
            op = self.take("*", "/", "%")
            left = _arithmetic(op or "", left, self.unary())
        return left

    def unary(self) -> Operand:
        if self.now.kind == "op" and self.take("-"):
            return _arithmetic("-", _literal(0), self.unary())
        if self.now.kind == "op" and self.take("+"):
            return self.unary()
        return self.primary()

    def primary(self) -> Operand:
        token = self.now
        if token.kind in ("string", "raw"):
            self.at += 1
            return _literal(_unquote(token))
        if token.kind == "number":
            self.at += 1
            return _literal(float(token.text) if re.search(r"[.eE]", token.text) else int(token.text))
        if token.kind == "op" and self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        if token.kind == "name" and token.text in ("null", "true", "false"):
            self.at += 1
            return _literal({"null": None, "true": True, "false": False}[token.text])
        self.take("?")
        if self.now.kind != "name" or self.now.text in _WORDS:
            raise self.fail("a value")
        following = tuple(token.text for token in (*self.tokens[self.at + 1 : self.at + 3], self.tokens[-1])[:2])
        if following[0] == "(" or following == ("~", "("):
            name = self.now.text.lower()
            self.at += 1
            fold = self.take("~") is not None
            return _function(name, self.items(), fold=fold)
        return _field(self.path())

    def path(self) -> str:
        parts = []
        while True:
            if self.now.kind != "name":
                raise self.fail("a field name")
            text = self.now.text
            parts.append(text[1:-1].replace("``", "`") if text.startswith("`") else text)
            self.at += 1
            if self.take(".") is None:
                return ".".join(parts)


def parse(text: str, category: str = "event.category") -> Query:
    """Parse a query; raises `UnsupportedError` for what the oracle leaves alone."""
    return _Parser(text, category).query()


@dataclass(slots=True)
class _Probe:
    """The first reading, noting whether another one could have answered otherwise."""

    asked: bool = False
    late_missing: bool = False

    def missing(self, kind: str) -> Truth:  # noqa: ARG002 - as the others take it
        """Note the question; `kind` does not matter."""
        self.asked = True
        return False


def indifferent(query: Query, doc: Doc) -> bool:
    """Tell whether no step of a query asks a document for a field that it does not have."""
    probe = _Probe()
    for step in query.steps:
        step.node.value(doc, cast("Reading", probe))
    return not probe.asked


def match(query: Query, doc: Doc, reading: Reading) -> bool:
    """Tell whether an event query matches a document."""
    return query.node.value(doc, reading) is True


Stream = Sequence[tuple[int, Doc]]
"""Events with their times in milliseconds, in order."""

KeyValue = tuple[object, ...]


def _key_values(step: Step, doc: Doc) -> Iterator[KeyValue]:
    choices: list[tuple[object, ...]] = []
    for key in step.keys:
        got = doc.get(key.field, ())
        if not got and not key.optional:
            return
        choices.append(tuple(got) or (None,))
    yield from product(*choices)


Place = tuple[int, int]
"""When an event came, and its number in the stream."""


class _Machine:
    """The documented state machine of one join key: one pending match a state, the most recent wins.

    A pending match is the places of its events. An event of ``until`` ends whatever is pending, a match that the very
    same event began included, but not one that it completed.
    """

    def __init__(self, query: Query, reading: Reading) -> None:
        self.query = query
        self.late = reading.late_missing
        self.wanted = [i for i, step in enumerate(query.steps) if not step.missing]
        self.states: list[tuple[Place, ...]] = [()] * len(self.wanted)
        self.seen: dict[int, list[Place]] = {i: [] for i, step in enumerate(query.steps) if step.missing}
        self.complete: list[tuple[Place, ...]] = []
        if self.seen and query.span is None:
            raise UnsupportedError("missing events without maxspan")

    def clear(self) -> None:
        """An expiration event."""
        self.states = [()] * len(self.states)

    def feed(self, stages: set[int], place: Place) -> None:
        """Take one event that matches these steps."""
        for step, places in self.seen.items():
            if step in stages:
                places.append(place)
        for state in range(len(self.wanted) - 1, -1, -1):
            if self.wanted[state] not in stages:
                continue
            match: tuple[Place, ...] = ()
            if state:
                match = self.states[state - 1]
                if not match or match[-1] == place:
                    continue
                self.states[state - 1] = ()
                if self.query.span is not None and place[0] - match[0][0] > self.query.span:
                    continue
            match = (*match, place)
            if not self.late and self.spoiled(match, final=False):
                continue
            if state == len(self.wanted) - 1:
                self.complete.append(match)
            else:
                self.states[state] = match

    def spoiled(self, match: tuple[Place, ...], *, final: bool) -> bool:
        """Tell whether an event of a missing step came where it must not."""
        span = self.query.span or 0
        for step, places in self.seen.items():
            before = [place for place, wanted in zip(match, self.wanted, strict=False) if wanted < step]
            after = [place for place, wanted in zip(match, self.wanted, strict=False) if wanted > step]
            for time, index in places:
                if before and after:
                    hit = before[-1][1] < index < after[0][1]
                elif after:
                    start = match[-1][0] if self.late else match[0][0]
                    hit = index < after[0][1] and time >= start - span
                else:
                    hit = final and index > before[-1][1] and time <= match[0][0] + span
                if hit:
                    return True
        return False

    def fires(self) -> bool:
        """Tell whether a match is left when the stream is over and nothing more will come."""
        return any(not self.spoiled(match, final=True) for match in self.complete)


def sequence_keys(query: Query, stream: Stream, reading: Reading) -> set[KeyValue]:
    """The join keys for which a sequence fires on a stream, by the documented state machine."""
    machines: dict[KeyValue, _Machine] = {}
    for index, (time, doc) in enumerate(stream):
        hits: dict[KeyValue, set[int]] = {}
        for number, step in enumerate(query.steps):
            if step.node.value(doc, reading) is True:
                for key in _key_values(step, doc):
                    hits.setdefault(key, set()).add(number)
        for key, stages in hits.items():
            machines.setdefault(key, _Machine(query, reading)).feed(stages, (time, index))
        if query.until is not None and query.until.node.value(doc, reading) is True:
            for key in _key_values(query.until, doc):
                if key in machines:
                    machines[key].clear()
    return {key for key, machine in machines.items() if machine.fires()}


def sample_keys(query: Query, docs: Sequence[Doc], reading: Reading) -> set[KeyValue]:
    """The join keys for which every filter of a sample has an event of its own."""
    by_key: dict[KeyValue, list[set[int]]] = {}
    for number, step in enumerate(query.steps):
        for index, doc in enumerate(docs):
            if step.node.value(doc, reading) is True:
                for key in _key_values(step, doc):
                    by_key.setdefault(key, [set() for _ in query.steps])[number].add(index)

    def assign(sets: list[set[int]], used: frozenset[int]) -> bool:
        return not sets or any(assign(sets[1:], used | {i}) for i in sets[0] - used)

    return {key for key, sets in by_key.items() if assign(sets, frozenset())}


def declared_keys(query: Query, stream: Stream, reading: Reading) -> set[KeyValue]:  # noqa: C901 - one branch a case
    """The join keys that have some tuple of events which fits, whatever partial matches came between.

    The plain reading of the documentation's text, without its state machine; for sequences without missing events.
    """
    if any(step.missing for step in query.steps):
        raise UnsupportedError("missing events")
    table: dict[KeyValue, list[set[int]]] = {}
    for index, (_, doc) in enumerate(stream):
        for number, step in enumerate(query.steps):
            if step.node.value(doc, reading) is True:
                for key in _key_values(step, doc):
                    table.setdefault(key, [set() for _ in stream])[index].add(number)
    ends: dict[KeyValue, list[int]] = {}
    if query.until is not None:
        for index, (_, doc) in enumerate(stream):
            if query.until.node.value(doc, reading) is True:
                for key in _key_values(query.until, doc):
                    ends.setdefault(key, []).append(index)
    last = len(query.steps) - 1

    def follow(stages: list[set[int]], step: int, start: int, first: int, key: KeyValue) -> bool:
        for index in range(start, len(stages)):
            if any(first <= end < index for end in ends.get(key, ())):
                return False
            if query.span is not None and stream[index][0] - stream[first][0] > query.span:
                return False
            if step in stages[index] and (step == last or follow(stages, step + 1, index + 1, first, key)):
                return True
        return False

    def begins(stages: list[set[int]], first: int, key: KeyValue) -> bool:
        return 0 in stages[first] and (last == 0 or follow(stages, 1, first + 1, first, key))

    return {key for key, stages in table.items() if any(begins(stages, i, key) for i in range(len(stream)))}


def narrowed_to(query: Query, **changes: object) -> Query:
    """A copy of a query with some parts replaced."""
    return replace(query, **changes)  # type: ignore[arg-type]
