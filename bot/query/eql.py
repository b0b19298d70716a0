"""EQL: from text to steps of formulas.

``==``, ``in`` and ``like`` mind the case, ``:``, ``in~``, ``like~`` and functions with a tilde do not; ``*`` and ``?``
are wildcards after ``:`` and ``like`` only; ``x != v`` is ``not x == v``; ``?field`` only says that the field may be
unknown to the index.
"""

# ruff: noqa: FBT003 - the booleans here are truth values and tests, not switches
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.query import address, glob
from bot.query.eql_lexer import kind, places, scan, split
from bot.query.eql_strings import string_of
from bot.query.formula import (
    FALSE,
    TRUE,
    Atom,
    Block,
    Constant,
    Exists,
    Formula,
    Glob,
    Opaque,
    Range,
    Truth,
    conjunction,
    disjunction,
    negation,
)
from bot.query.kql import is_address, is_caseless
from bot.query.term import Call, Name, Term, Value, counts, names, show
from bot.query.text import QueryError, UnsupportedError, fail, numeral, quote, whole

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", ":"})
_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LISTS = frozenset({"in", "in~", "like", "like~", "regex", "regex~"})
_TESTS = _COMPARISONS | _LISTS
_EQUALS = frozenset({"==", ":", "in", "in~"})
_JOINTS = frozenset({"+", "-", "*", "/", "%"})
_FEWEST = 2
"""Events in a sequence, each step counted as often as it runs."""
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of a sequence.

    Attributes:
        by: the step's own join keys.
        missing: written ``![…]``: no such event.
        runs: how many times in a row.
    """

    formula: Formula
    by: tuple[str, ...] = ()
    missing: bool = False
    runs: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole EQL query.

    Attributes:
        kind: event, sequence or sample.
        by: join keys of the whole sequence.
        span: maxspan in milliseconds.
        pipes: what follows the query, as canonical text.
    """

    kind: str
    steps: tuple[Step, ...]
    by: tuple[str, ...] = ()
    span: int | None = None
    until: Step | None = None
    pipes: tuple[str, ...] = ()


@lru_cache(maxsize=64)  # several policies ask about one query, one after the other
def parse(query: str, category_field: str = "event.category") -> Query:
    """Read an EQL query; raises ``QueryError`` where it makes no sense."""
    return _Parser(query, category_field).query()


class _Parser:
    def __init__(self, query: str, category_field: str) -> None:
        self.text = query
        self.category_field = category_field
        self.tokens = scan(query)
        self.tokens += ("", "")  # the end, and what could be ahead of it
        self.at = 0

    # tokens

    @property
    def ahead(self) -> str:
        return self.tokens[self.at]

    def sees(self, text: str) -> bool:
        """Tell whether a keyword or an operator is ahead."""
        return self.tokens[self.at] == text

    def takes(self, text: str) -> bool:
        """Consume a keyword or an operator if it is ahead."""
        if self.tokens[self.at] == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Consume a keyword or an operator, or stop."""
        if not self.takes(text):
            self.unexpected(f"expected {quote(text)}")

    def unexpected(self, more: str = "") -> None:
        """Stop at the token ahead."""
        token = self.ahead
        what = f"unexpected {quote(token)}" if token else "the query ends too early"
        fail(f"{what}, {more}" if more else what, places(self.text)[self.at])

    # the query

    def query(self) -> Query:
        """A sequence, a sample or an event query, and pipes."""
        if self.takes("sequence"):
            query = self.sequence()
        elif self.sees("sample") and self.tokens[self.at + 1] in {"by", "["}:
            self.at += 1
            by = self.keys() if self.takes("by") else ()
            query = Query(kind="sample", steps=self.steps(), by=by)
        else:
            query = Query(kind="event", steps=(Step(formula=self.event()),))
        pipes: list[str] = []
        while self.takes("|"):
            start = self.at
            while self.ahead and not self.sees("|"):
                self.at += 1
            if start == self.at:
                self.unexpected("expected a pipe")
            pipes.append(" ".join(split(self.tokens[start : self.at])))
        if self.ahead:
            self.unexpected()
        return Query(
            kind=query.kind, steps=query.steps, by=query.by, span=query.span, until=query.until, pipes=tuple(pipes)
        )

    def sequence(self) -> Query:
        """``sequence by … with maxspan=… [ … ] … until [ … ]``."""
        by: tuple[str, ...] = ()
        span = None
        while True:
            if not by and self.sees("by"):
                if span is not None:
                    self.unexpected("which stands before 'with' in a sequence")
                self.at += 1
                by = self.keys()
            elif span is None and self.takes("with"):
                self.expect("maxspan")
                self.expect("=")
                span = self.span()
            else:
                break
        start = self.at
        steps = self.steps(equal=True)
        events = sum(step.runs for step in steps)
        if events < _FEWEST:
            fail(f"a sequence takes at least {_FEWEST} events, found {events}", places(self.text)[start])
        until = None
        if self.takes("until"):
            start = self.at
            self.expect("[")
            until = self.step(missing=False)
            self.equal("until", until, steps, start)
        return Query(kind="sequence", steps=steps, by=by, span=span, until=until)

    def span(self) -> int:
        """A time span, in milliseconds."""
        token = self.ahead
        unit = self.tokens[self.at + 1] if kind(token) == "number" else ""
        if unit not in _UNITS or not token.isdigit():
            self.unexpected("expected a time span such as 5m")
        self.at += 2
        return whole(token) * _UNITS[unit]

    def steps(self, *, equal: bool = False) -> tuple[Step, ...]:
        """The bracketed events; ``equal`` asks whether they have as many join keys each."""
        steps: list[Step] = []
        while self.sees("[") or self.sees("!["):
            start = self.at
            steps.append(self.step(missing=self.ahead == "![", consume=True))
            if equal:
                self.equal(f"step {len(steps)}", steps[-1], steps, start)
        if not steps:
            self.unexpected("expected '['")
        return tuple(steps)

    def equal(self, name: str, step: Step, steps: Sequence[Step], start: int) -> None:
        """Stop at a step that has more or fewer join keys than the first."""
        one, other = len(steps[0].by), len(step.by)
        if one != other:
            keys = f"{one or 'no'} join key{'' if one == 1 else 's'} of its own"
            fail(f"step 1 has {keys}, and {name} has {other or 'none'}", places(self.text)[start])

    def step(self, *, missing: bool, consume: bool = False) -> Step:
        """One bracketed event with its join keys and runs."""
        if consume:
            self.at += 1
        formula = self.event()
        self.expect("]")
        by: tuple[str, ...] = ()
        runs = 1
        while True:
            if self.takes("by"):
                by = self.keys()
            elif self.takes("with"):
                self.expect("runs")
                self.expect("=")
                if not self.ahead.isdigit():
                    self.unexpected("expected a number")
                runs = whole(self.ahead)
                self.at += 1
            else:
                return Step(formula=formula, by=by, missing=missing, runs=runs)

    def keys(self) -> tuple[str, ...]:
        """Join keys."""
        found = [self.key()]
        while self.takes(","):
            found.append(self.key())
        return tuple(found)

    def key(self) -> str:
        """One join key; ``?field`` may be missing, and keeps its mark."""
        return "?" * self.sees("?") + show(self.sum())

    def event(self) -> Formula:
        """``category where condition``."""
        token = self.ahead
        named = kind(token) == "name" and "." not in token
        if (named or kind(token) in {"string", "raw"}) and self.tokens[self.at + 1] == "where":
            name = token if named else self.string()
            self.at += 1 + named
            condition = formula(self.expression())
            if token == "any":
                return condition
            return conjunction([Atom(self.category_field, Glob(name, False, name), "category"), condition])
        self.unexpected("expected an event category and 'where'")
        raise AssertionError

    # expressions

    def expression(self) -> Term:
        """Alternatives."""
        parts = [self.conjunct()]
        while self.takes("or"):
            parts.append(self.conjunct())
        return parts[0] if len(parts) == 1 else Call("or", tuple(parts))

    def conjunct(self) -> Term:
        """Conditions joined by ``and``."""
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
        left = self.field()
        token = self.tokens[self.at]
        if token in _COMPARISONS:
            self.at += 1
            if token == ":" and self.sees("("):
                return Call(":", (left, *self.list()))
            right = self.value()
            if self.ahead in _COMPARISONS:
                self.unexpected("comparisons cannot be chained")
            return Call(token, (left, right))
        negate = token == "not" and self.tokens[self.at + 1] in {"in", "in~"}
        if negate:
            self.at += 1
            token = self.ahead
        if token in _LISTS:
            self.at += 1
            values = self.list() if self.sees("(") or token.startswith("in") else (self.sum(),)
            found: Term = Call(token, (left, *values))
            return Call("not", (found,)) if negate else found
        return left

    def field(self) -> Term:
        """What stands before an operator: most often a field, which needs no look at what else could begin here."""
        token = self.tokens[self.at]
        if self.tokens[self.at + 1] in _TESTS and "." in token and kind(token) == "name":
            return Name(self.path())
        return self.sum()

    def list(self) -> tuple[Term, ...]:
        """Values in parentheses."""
        self.expect("(")
        values = [self.value()]
        while self.tokens[self.at] == ",":
            self.at += 1
            values.append(self.value())
        self.expect(")")
        return tuple(values)

    def value(self) -> Term:
        """What stands in a list: most often a string, which needs no look at what else could begin here."""
        at = self.at
        token = self.tokens[at]
        if token[:1] == '"' and self.tokens[at + 1] not in _JOINTS:
            if "\\" in token or token[:3] == '"""' or not token.isascii():
                return Value(self.string())
            self.at = at + 1
            return Value(token[1:-1])
        return self.sum()

    def string(self) -> str:
        """The string that is ahead."""
        try:
            text = string_of(self.ahead)
        except QueryError as error:
            raise QueryError(error.message, places(self.text)[self.at] + error.at) from None
        self.at += 1
        return text

    def sum(self) -> Term:
        """Addition and subtraction."""
        left = self.product()
        while self.tokens[self.at] in {"+", "-"}:
            operator = self.ahead
            self.at += 1
            left = Call(operator, (left, self.product()))
        return left

    def product(self) -> Term:
        """Multiplication and division."""
        left = self.unary()
        while self.tokens[self.at] in {"*", "/", "%"}:
            operator = self.ahead
            self.at += 1
            left = Call(operator, (left, self.unary()))
        return left

    def unary(self) -> Term:
        """A sign."""
        if self.takes("-"):
            inner = self.unary()
            if isinstance(inner, Value) and isinstance(inner.value, int | float) and not isinstance(inner.value, bool):
                return Value(-inner.value)
            return Call("-", (Value(0), inner))
        if self.takes("+"):
            return self.unary()
        return self.primary()

    def primary(self) -> Term:
        """A literal, a field, a function call or a group."""
        token = self.ahead
        what = kind(token)
        if what == "number":
            self.at += 1
            return Value(numeral(token))
        if what in {"string", "raw", "old"}:
            return Value(self.string())
        if token == "(":
            self.at += 1
            inner = self.expression()
            self.expect(")")
            return inner
        if self.takes("?"):
            token = self.ahead
            what = kind(token)
        if what not in {"name", "quoted"}:
            self.unexpected()
        if token in _LITERALS:
            self.at += 1
            return Value(_LITERALS[token])
        if what == "name" and self.tokens[self.at + 1] == "(" and "." not in token and token not in _RESERVED:
            return self.call()
        return Name(self.path())

    def call(self) -> Term:
        """A function call; names of functions are told apart by letters alone."""
        name = self.ahead.lower()
        self.at += 2
        args: list[Term] = []
        if not self.sees(")"):
            args.append(self.expression())
            while self.takes(","):
                args.append(self.expression())
        self.expect(")")
        return Call(name, tuple(args))

    def path(self) -> str:
        """A field name, backticks taken off; the lexer leaves its parts together where no layout is between them."""
        start = self.at
        parts = [self.part(first=True)]
        while True:
            if self.sees(".") and kind(self.tokens[self.at + 1]) in {"name", "quoted"}:
                self.at += 1
                parts.append(self.part())
            elif self.sees("[") and kind(self.tokens[self.at + 1]) == "number" and self.tokens[self.at + 2] == "]":
                parts[-1] += f"[{self.tokens[self.at + 1]}]"
                self.at += 3
            else:
                break
        name = ".".join(parts)
        if name.endswith("~"):
            fail("a field name cannot end in '~'", places(self.text)[start])
        return name

    def part(self, *, first: bool = False) -> str:
        """One piece of a field name; it may be dotted itself."""
        token = self.ahead
        if token[0] != "`":
            if first and token.partition(".")[0] in _NO_FIELDS:
                self.unexpected()
            self.at += 1
            return token
        self.at += 1
        return token[1:-1].replace("``", "`")


_RESERVED = frozenset({"and", "or", "not", "in", "in~", "like", "like~", "regex", "regex~", "where", "by", "until"})
_LITERALS = {"true": True, "false": False, "null": None}
_NO_FIELDS = _RESERVED | _LITERALS.keys()


# from expressions to formulas


def formula(term: Term) -> Formula:  # noqa: C901, PLR0911 - one branch a case
    """What an expression asks of an event."""
    if isinstance(term, Value):
        if isinstance(term.value, bool):
            return Constant(term.value)
        if term.value is None:
            return FALSE
        raise UnsupportedError("a literal that stands alone")
    if isinstance(term, Name):
        return Atom(term.name, Truth(True), "equals")
    if term.name == "and":
        return conjunction(map(formula, term.args))
    if term.name == "or":
        return disjunction(map(formula, term.args))
    if term.name == "not":
        return negation(formula(term.args[0]))
    if term.name == "!=":
        return negation(formula(Call("==", term.args)))
    if term.name in _LISTS or term.name == ":":
        return disjunction(_tests(term.name, *term.args))
    if term.name in _FLIPPED:
        left, right = term.args
        if isinstance(left, Value) and not isinstance(right, Value):
            return _test(_FLIPPED[term.name], right, left)
        return _test(term.name, left, right)
    return _function(term)


def _opaque(term: Term) -> Formula:
    return Atom(show(term), Opaque(""), "call", term)


def _subject(left: Term) -> tuple[str, Term | None]:
    if isinstance(left, Name):
        indexed = "[" in left.name
        subject: tuple[str, Term | None] = left.name, None
    else:
        indexed = any("[" in name for name in names(left))
        subject = show(left), left
    if indexed:
        raise UnsupportedError("array positions")
    return subject


def _tests(operator: str, left: Term, *values: Term) -> list[Formula]:
    """A test for each of several values."""
    if not isinstance(left, Name):
        return [_test(operator, left, value) for value in values]
    name, _ = _subject(left)
    kind, glob_of = _KINDS[operator], _glob_of(operator, name)
    found: list[Formula] = []
    for value in values:
        plain = value.value if isinstance(value, Value) else None
        if glob_of and isinstance(plain, str) and "/" not in plain:  # as most are: without more calls for each
            found.append(Atom(name, glob_of(plain), kind))
        else:
            found.append(_test(operator, left, value))
    return found


def _test(operator: str, left: Term, right: Term) -> Formula:
    if isinstance(left, Value) or not isinstance(right, Value) or right.unit:
        return _opaque(Call(operator, (left, right)))
    if isinstance(left, Call) and left.name in _BOOLEAN:
        if operator == "==" and isinstance(right.value, bool):
            inner = formula(left)
            return inner if right.value else negation(inner)
        return _opaque(Call(operator, (left, right)))
    name, term = _subject(left)
    value = right.value
    found = _string(operator, name, term, value) if isinstance(value, str) else _scalar(operator, name, term, value)
    return found or _opaque(Call(operator, (left, right)))


def _string(operator: str, name: str, term: Term | None, value: str) -> Formula | None:
    """A test against a string; None where nothing is known of it."""
    kind = _KINDS[operator]
    if "/" in value and term is None and operator in _EQUALS and is_address(name):
        return Atom(name, Block(value), kind) if address.network(value) else None
    if glob_of := _glob_of(operator, "" if term else name):
        return Atom(name, glob_of(value), kind, term)
    if operator in {"regex", "regex~"} and term is None:
        return Atom(name, Opaque(f"{operator}:{value}"), kind)
    return None


def _exact(value: str) -> Glob:
    return Glob(value, False, value)


def _folded(value: str) -> Glob:
    return Glob(glob.fold(value), True, value)


def _pattern(value: str) -> Glob:
    return Glob(glob.from_wildcards(value), False, value)


def _folded_pattern(value: str) -> Glob:
    return Glob(glob.from_wildcards(glob.fold(value)), True, value)


_GLOBS = {"==": _exact, "in": _exact, "in~": _folded, "like": _pattern, "like~": _folded_pattern, ":": _folded_pattern}
"""What each operator makes of a string."""


def _glob_of(operator: str, field: str) -> Callable[[str], Glob] | None:
    """What an operator makes of a string for a field, None where it makes something else of it."""
    if is_caseless(field):
        operator = {"==": "in~", "in": "in~", "like": "like~"}.get(operator, operator)
    return _GLOBS.get(operator)


def _scalar(operator: str, name: str, term: Term | None, value: float | None) -> Formula | None:
    """A test against a number, a boolean or null; None where nothing is known of it."""
    kind = _KINDS[operator]
    if value is None:
        return negation(Atom(name, Exists(), kind, term)) if operator in {"==", ":"} else None
    if operator in _EQUALS:
        return Atom(
            name,
            Truth(value) if isinstance(value, bool) else Range(value, False, value, False, whole=counts(term)),
            kind,
            term,
        )
    if isinstance(value, bool) or operator[0] not in "<>":
        return None
    if operator[0] == ">":
        return Atom(name, Range(low=value, low_open=operator == ">", whole=counts(term)), kind, term)
    return Atom(name, Range(high=value, high_open=operator == "<", whole=counts(term)), kind, term)


_KINDS = {"==": "equals", ":": "like", "in": "in", "in~": "in", "like": "like", "like~": "like"} | {
    "regex": "regex",
    "regex~": "regex",
    "<": "range",
    "<=": "range",
    ">": "range",
    ">=": "range",
}
"""How an engine runs each operator; what a missing field does to one says nothing about another."""

_EDGES = {
    "startswith": ("", glob.ANY),
    "endswith": (glob.ANY, ""),
    "stringcontains": (glob.ANY, glob.ANY),
}
_BOOLEAN = frozenset({"startswith", "endswith", "stringcontains", "cidrmatch", "wildcard", "match", "matchlite"}) | {
    "startswith~", "endswith~", "stringcontains~", "wildcard~", "match~", "matchlite~", "and", "or", "not", "==", "!=",
    "<", "<=", ">", ">=", ":",
} | _LISTS  # fmt: skip


def _function(call: Call) -> Formula:
    """A function that gives a boolean; those that are wildcards in disguise become wildcards."""
    base = call.name.rstrip("~")
    folds = call.name.endswith("~")
    left = call.args[0] if call.args else Value(None)
    literals = [arg.value for arg in call.args[1:] if isinstance(arg, Value) and isinstance(arg.value, str)]
    if not literals or len(literals) < len(call.args) - 1 or isinstance(left, Value):
        return _opaque(call)
    name, term = _subject(left)
    if term is None and is_caseless(name):
        folds = True
        if any(literal != literal.lower() for literal in literals):
            return _opaque(call)  # a function may look at the values as they are kept, in small letters
    if base in _EDGES and len(literals) == 1:
        before, after = _EDGES[base]
        text = before + literals[0] + after
        shown = glob.to_wildcards(text)
        return Atom(name, Glob(glob.fold(text) if folds else text, folds, shown), "call", term)
    if base == "wildcard" and term is None:
        return disjunction([Atom(name, Opaque(f"wildcard:{literal}"), "call") for literal in literals])
    if base == "cidrmatch" and all(address.network(literal) for literal in literals):
        return disjunction([Atom(name, Block(literal), "call", term) for literal in literals])
    return _opaque(call)


__all__ = ["TRUE", "Query", "Step", "formula", "parse"]
