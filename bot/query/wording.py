"""How a formula is written, as its language would write it, long lists cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from bot.query import glob
from bot.query.formula import (
    KQL,
    TRUE,
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
)
from bot.query.kql import is_caseless
from bot.query.term import Call, Name, Term, Value
from bot.told import marked, printable

ADDRESSES = frozenset({"cidrmatch", "cidr_match"})
"""Functions that tell whether an address lies in one of several networks."""

_SHOWN = 8
_ROOM = 1_200


_PART = re.compile("\0([0-9]+)\0")
_PATTERN = 60  # characters of one that takes a text apart


class Style(StrEnum):
    """Whose way of writing the explanation follows."""

    KQL = "kuery"
    EQL = "eql"
    ESQL = "esql"


def show(formula: Formula, style: Style) -> str:
    """Write a formula as its language would, long lists cut."""
    if isinstance(formula, Atom):
        return _atom(formula, [formula], style)
    if isinstance(formula, Constant):
        words = ("not *:*", "*:*") if style is Style.KQL else ("false", "true")
        return words[formula.value]
    if isinstance(formula, Not):
        return _negated(formula.part, style) or f"not {_enclosed(formula.part, style)}"
    joint = " or " if isinstance(formula, Or) else " and "
    pieces: list[str] = []
    groups = _lists(formula.parts) if isinstance(formula, Or) else [[part] for part in formula.parts if part != TRUE]
    for group in groups:
        listed = [part for part in group if isinstance(part, Atom)]
        if listed:
            pieces.append(_atom(_widest(listed), listed, style))
        else:
            pieces.append(_enclosed(group[0], style))
    if len(pieces) > _SHOWN:
        pieces = [*pieces[:_SHOWN], f"{len(pieces) - _SHOWN} more"]
    return joint.join(pieces) or "true"


def _negated(part: Formula, style: Style) -> str:
    """Write a negation as people do in EQL and ES|QL, by the operator; empty where there is none for it."""
    if style is Style.KQL or not isinstance(part, Atom) or part.kind == "kql":
        return ""
    text = show(part, style)
    if isinstance(part.test, Exists):
        known, absent = (" != null", " == null") if style is Style.EQL else (" is not null", " is null")
        return text.removesuffix(known) + absent
    if isinstance(part.test, Opaque):
        return ""
    field, operator = _field(part), " == "
    if isinstance(part.test, Truth) and style is Style.ESQL:  # which the language takes for the same
        return f"{field} == {'false' if part.test.value else 'true'}"
    return f"{field} != {text.removeprefix(field + operator)}" if text.startswith(field + operator) else ""


def shown(formula: Formula, style: Style) -> str:
    """Write a formula for a sentence."""
    return marked(show(formula, style))


def named(names: Iterable[str]) -> str:
    """List some names, or other values, for a sentence: ``nothing`` where there are none."""
    return ", ".join(map(marked, names)) or "nothing"


def _enclosed(formula: Formula, style: Style) -> str:
    """Write a part of a larger formula; a list of values needs no brackets around it."""
    text = show(formula, style)
    single = isinstance(formula, Or) and len(_lists(formula.parts)) == 1
    return f"({text})" if isinstance(formula, And | Or) and not single else text


def _lists(parts: Sequence[Formula]) -> list[list[Formula]]:
    """Alternatives, those that can stand in one list together, wherever they stand."""
    lists: dict[object, list[Formula]] = {}
    for number, part in enumerate(parts):
        lists.setdefault(_listed(part) or number, []).append(part)
    return list(lists.values())


def _listed(part: Formula) -> tuple[str, str, bool] | None:
    """What atoms must share to stand in one list."""
    if isinstance(part, Atom) and isinstance(part.test, Opaque) and _word(part) is not None:
        return part.subject, "word", False
    if isinstance(part, Atom) and part.kind != "range" and not isinstance(part.test, Exists | Opaque):
        kind = part.kind if part.kind in {"kql", "call"} else ""
        return part.subject, f"{type(part.test).__name__}{kind}", isinstance(part.test, Glob) and part.test.folds
    return None


def _word(atom: Atom) -> str | None:
    """The words that KQL looks for in a field that may be analysed, None for any other test."""
    text = atom.test.text if isinstance(atom.test, Opaque) and atom.term is None else ""
    if text[:1] not in {"=", "~"} or atom.subject == "*":
        return None
    words = glob.to_wildcards(text[1:])
    return f'"{words}"' if text[0] == "=" and _APART.search(words) else words


def _widest(atoms: Sequence[Atom]) -> Atom:
    """The atom whose operator all of a list can do with: one with a wildcard, if there is any."""
    return next((atom for atom in atoms if isinstance(atom.test, Glob) and not atom.test.literal), atoms[0])


def field_name(subject: str) -> str:
    """Write the name of a field."""
    return glob.to_wildcards(subject.removeprefix(KQL))


def _field(atom: Atom) -> str:
    """Write what a test is about."""
    known = atom.term is not None and not isinstance(atom.test, Opaque)
    return field_name(show_term(atom.term) if known else atom.subject)


def _atom(first: Atom, group: Sequence[Atom], style: Style) -> str:  # noqa: C901, PLR0911 - one branch a case
    if first.kind == "kql":
        inner = _atom(replace(first, kind="term"), [replace(atom, kind="term") for atom in group], Style.KQL)
        return f"kql({inner})"
    field = _field(first)
    test = first.test
    if isinstance(test, Opaque):
        if first.term is not None:
            return show_term(first.term)
        if test.shown:
            return test.shown
        operator, colon, pattern = test.text.partition(":")
        if colon and operator in {"regex", "regex~"}:
            return f'{field} {operator if style is Style.EQL else "rlike"} "{printable(pattern)}"'
        if colon and operator == "wildcard":
            return f'wildcard({field}, "{printable(pattern)}")'
        words = _shortened([_word(atom) or glob.to_wildcards(test.text.lstrip("=~")) for atom in group])
        return f"{field}: {words[0]}" if len(words) == 1 else f"{field}: ({' or '.join(words)})"
    if isinstance(test, Exists):
        return {Style.KQL: f"{field}: *", Style.EQL: f"{field} != null", Style.ESQL: f"{field} is not null"}[style]
    values = _shortened([show_value(atom, style) for atom in group])
    if isinstance(test, Range) and not (test.low == test.high and test.low is not None):
        return f"{field} {values[0]}" if style is not Style.KQL or test.low != test.high else f"{field}: {values[0]}"
    if style is Style.KQL:
        return f"{field}: {values[0]}" if len(values) == 1 else f"{field}: ({' or '.join(values)})"
    if isinstance(test, Block) and (first.kind == "call" or style is Style.ESQL):
        return f"{'cidrMatch' if style is Style.EQL else 'cidr_match'}({field}, {', '.join(values)})"
    many = len(values) > 1
    listed = f"({', '.join(values)})" if many else values[0]
    if (
        isinstance(test, Glob)
        and test.folds
        and not (is_caseless(field) and (style is Style.ESQL or first.kind != "like"))
    ):
        return f"{field} : {listed}" if style is Style.EQL else f"to_lower({field}) like {listed}"
    if isinstance(test, Glob) and not test.literal:
        return f"{field} like {listed}"
    return f"{field} in {listed}" if many else f"{field} == {listed}"


def _shortened(values: list[str]) -> list[str]:
    """A list that fits into a line or three; a few values stand there however long they are."""
    room, number = _ROOM, 0
    for number, value in enumerate(values, start=1):
        room -= len(value) + 2
        if room < 0 and number > _SHOWN:
            return [*values[: number - 1], f"… {len(values) - number + 1} more"]
    return values


def show_value(atom: Atom, style: Style) -> str:
    """Write what a test compares with."""
    test = atom.test
    if isinstance(test, Glob):
        text = printable(glob.to_wildcards(test.shown or test.text))
        quoted = style is not Style.KQL or (test.literal and _APART.search(text))
        return '"' + text.replace('"', '\\"') + '"' if quoted else text
    if isinstance(test, Block):
        return test.network if style is Style.KQL else f'"{test.network}"'
    if isinstance(test, Truth):
        return "true" if test.value else "false"
    if isinstance(test, Range):
        if test.low == test.high:
            return str(test.low)
        return " and ".join(
            [f"{'>' if test.low_open else '>='} {test.low}"] * (test.low is not None)
            + [f"{'<' if test.high_open else '<='} {test.high}"] * (test.high is not None)
        )
    return ""


_APART = re.compile(r"[\s():<>{}*]")
_INTERNAL = re.compile(r"(?:of|after|expanded)[0-9]+")
_INFIX = frozenset({"+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", ":"})


def _made(term: Call) -> str | None:
    """A column as a reader would call it, where only this program has a function for it."""
    if _INTERNAL.fullmatch(term.name):
        return show_term(term.args[0])
    if term.name == "null":
        return "null"
    if term.name in {"dissect", "grok"} and len(term.args) == 3:  # noqa: PLR2004 - input, pattern, column
        part = term.args[2].value if isinstance(term.args[2], Value) else None
        pattern = str(term.args[1].value) if isinstance(term.args[1], Value) else ""
        pattern = _PART.sub(lambda match: str(int(match[1]) + 1), pattern)  # a column without its name
        shown = printable(pattern if len(pattern) <= _PATTERN else f"{pattern[: _PATTERN - 1]}…")
        return f'{term.name}({show_term(term.args[0])}, "{shown}", part {part + 1 if isinstance(part, int) else part})'
    if term.name == "where" and len(term.args) == 2:  # noqa: PLR2004 - what is counted, and of which events
        return f"({' where '.join(map(show_term, term.args))})"
    return None


def _seen(value: str) -> str:
    return printable(value.replace("\x00", ""))


def show_term(term: Term | None) -> str:  # noqa: PLR0911 - one branch a case
    """A term as it is written."""
    if isinstance(term, Name):
        return term.name
    if isinstance(term, Value):
        value = term.value
        text = f'"{_seen(value)}"' if isinstance(value, str) else "null" if value is None else str(value).lower()
        return f"{text} {term.unit}".rstrip()
    if isinstance(term, Call):
        if (made := _made(term)) is not None:
            return made
        if term.name in _INFIX and len(term.args) == 2:  # noqa: PLR2004 - a small number
            return f"{show_term(term.args[0])} {term.name} {show_term(term.args[1])}"
        if term.name in {"in", "in~", "like", "like~", "regex", "regex~", "rlike", ":"}:
            return f"{show_term(term.args[0])} {term.name} ({', '.join(map(show_term, term.args[1:]))})"
        if term.name in {"and", "or"}:
            return f" {term.name} ".join(map(show_term, term.args))
        if term.name == "not":
            return f"not {show_term(term.args[0])}"
        return f"{term.name}({', '.join(map(show_term, term.args))})"
    return ""


__all__ = ["ADDRESSES", "Style", "field_name", "show", "show_term", "show_value"]
