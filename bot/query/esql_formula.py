"""ES|QL conditions as formulas: three-valued, and null wherever a field is missing or has several values."""

# ruff: noqa: FBT003 - the booleans here are truth values and tests, not switches
from __future__ import annotations

from bot.query import address, glob, kql, wording
from bot.query.formula import (
    FALSE,
    KQL,
    And,
    Atom,
    Block,
    Constant,
    Exists,
    Formula,
    Glob,
    Not,
    Opaque,
    Or,
    Range,
    Truth,
    conjunction,
    disjunction,
    negation,
)
from bot.query.term import Call, Name, Term, Value, counts, show

_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_BOOLEAN = frozenset(
    {"and", "or", "not", "==", "!=", "<", "<=", ">", ">=", "in", "like", "rlike", "is_null", "starts_with", "ends_with",
     "cidr_match"}
)  # fmt: skip


def formula(term: Term) -> Formula:  # noqa: C901, PLR0911 - one branch an operator
    """What an expression asks of a row."""
    if isinstance(term, Value):
        return Constant(term.value) if isinstance(term.value, bool) else _opaque(term)
    if isinstance(term, Name):
        return Atom(term.name, Truth(True))
    if term.name == "and":
        return conjunction(map(formula, term.args))
    if term.name == "or":
        return disjunction(map(formula, term.args))
    if term.name == "not":
        return negation(formula(term.args[0]))
    if term.name == "!=":
        return negation(formula(Call("==", term.args)))
    if term.name == "is_null":
        name, of = _subject(term.args[0])
        return FALSE if isinstance(term.args[0], Value) else negation(Atom(name, Exists(), "term", of))
    if term.name in {"in", "like", "rlike"}:
        left, *values = term.args
        return disjunction([_test("==" if term.name == "in" else term.name, left, value) for value in values])
    if term.name in _FLIPPED:
        left, right = term.args
        if isinstance(left, Value) and not isinstance(right, Value):
            return _test(_FLIPPED[term.name], right, left)
        return _test(term.name, left, right)
    return _function(term)


def _opaque(term: Term) -> Formula:
    return Atom(show(term), Opaque(""), "term", term)


def _subject(term: Term) -> tuple[str, Term | None]:
    return (term.name, None) if isinstance(term, Name) else (show(term), term)


def _test(operator: str, left: Term, right: Term) -> Formula:  # noqa: C901, PLR0911, PLR0912 - one branch a case
    if isinstance(left, Value) and not isinstance(right, Value) and operator in _FLIPPED:
        left, right, operator = right, left, _FLIPPED[operator]
    whole = Call(operator, (left, right))
    if isinstance(left, Value) or not isinstance(right, Value) or right.unit or right.value is None:
        return _opaque(whole)
    value = right.value
    if isinstance(left, Call) and left.name in _BOOLEAN:
        if operator == "==" and isinstance(value, bool):
            return formula(left) if value else negation(formula(left))
        return _opaque(whole)
    if (
        isinstance(value, str)
        and isinstance(left, Call)
        and left.name in {"to_lower", "to_upper"}
        and operator in {"==", "like"}
    ):
        plain = glob.fold(value) == value if left.name == "to_lower" else glob.unfold(value) == value
        if not (plain and value.isascii()):
            return _opaque(whole)
        name, of = _subject(left.args[0])
        text = _like(value) if operator == "like" else value
        return (
            _opaque(whole)
            if text is None
            else Atom(name, Glob(glob.fold(text), True, glob.to_wildcards(text)), "term", of)
        )
    name, of = _subject(left)
    if operator == "like":
        text = _like(value) if isinstance(value, str) else None
        return _opaque(whole) if text is None else _string(name, of, text, whole)
    if operator == "rlike":
        return Atom(name, Opaque(f"regex:{value}")) if isinstance(value, str) and of is None else _opaque(whole)
    if isinstance(value, bool):
        if operator != "==":
            return _opaque(whole)
        atom = Atom(name, Truth(True), "term", of)
        return atom if value else negation(atom)
    if isinstance(value, str):
        return _string(name, of, value, whole) if operator == "==" else _opaque(whole)
    if operator == "==":
        return Atom(name, Range(value, False, value, False, whole=counts(of)), "term", of)
    if operator[0] == ">":
        return Atom(name, Range(low=value, low_open=operator == ">", whole=counts(of)), "term", of)
    return Atom(name, Range(high=value, high_open=operator == "<", whole=counts(of)), "term", of)


def _string(name: str, of: Term | None, text: str, whole: Term) -> Formula:
    """A test against a pattern; capitals match what is kept in small letters only where an index is asked."""
    if of is None and kql.is_caseless(name):
        return Atom(name, kql.caseless(text)) if text == text.lower() else _opaque(whole)
    return Atom(name, Glob(text, False, glob.to_wildcards(text)), "term", of)


def _like(pattern: str) -> str | None:
    """A LIKE pattern: ``*`` and ``?`` unless a backslash stands before them; None for a stray backslash."""
    found: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            if pattern[at + 1 : at + 2] not in {"*", "?", "\\"}:
                return None
            found.append(pattern[at + 1])
            at += 1
        else:
            found.append({"*": glob.ANY, "?": glob.ONE}.get(char, char))
        at += 1
    text = "".join(found)
    while glob.ANY + glob.ANY in text:
        text = text.replace(glob.ANY + glob.ANY, glob.ANY)
    return text


def _function(call: Call) -> Formula:
    """A function that gives a boolean."""
    if call.name == "kql" and len(call.args) == 1 and isinstance(call.args[0], Value):
        text = call.args[0].value
        return _embedded(kql.parse(text)) if isinstance(text, str) else _opaque(call)
    literals = [arg.value for arg in call.args[1:] if isinstance(arg, Value) and isinstance(arg.value, str)]
    if len(call.args) < 2 or len(literals) != len(call.args) - 1 or isinstance(call.args[0], Value):  # noqa: PLR2004 - a small number
        return _opaque(call)
    name, of = _subject(call.args[0])
    if call.name in {"starts_with", "ends_with"} and len(literals) == 1:
        text = literals[0] + glob.ANY if call.name == "starts_with" else glob.ANY + literals[0]
        return _string(name, of, text, call)
    if call.name == "cidr_match" and all(address.network(literal) for literal in literals):
        return disjunction([Atom(name, Block(literal), "term", of) for literal in literals])
    return _opaque(call)


def _embedded(part: Formula) -> Formula:
    """A KQL query inside ES|QL keeps its own logic: two truth values, and one value that passes is enough."""
    if isinstance(part, Atom):
        if part.subject == "*" or not glob.clean(part.subject) or part.kind == "nested":
            return Atom(f"{KQL}{part.subject}", Opaque(repr(part), wording.show(part, wording.Style.KQL)), "kql")
        return Atom(f"{KQL}{part.subject}", part.test, "kql")
    if isinstance(part, Not):
        return Not(_embedded(part.part))
    if isinstance(part, And):
        return And(tuple([_embedded(inner) for inner in part.parts]))
    if isinstance(part, Or):
        return Or(tuple([_embedded(inner) for inner in part.parts]))
    return part
