"""The functions whose meaning is known well enough to compute them; everything else is unsure."""

# ruff: noqa: FBT001, FBT003 - the booleans here are truth values and tests, not switches
from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from bot.query import address, glob
from bot.query.term import Name, Term, Value

Event: TypeAlias = "Mapping[str, tuple[object, ...]]"


class Unsure:
    """What a term is worth when this program cannot tell."""


UNSURE: Final = Unsure()


def compute(term: Term, event: Event, *, esql: bool) -> object:  # noqa: PLR0911 - one branch a case
    """The value of a term on an event: a scalar, None for null, or UNSURE."""
    if isinstance(term, Value):
        return UNSURE if term.unit else term.value
    if isinstance(term, Name):
        values = event.get(term.name, ())
        return UNSURE if len(values) > 1 else values[0] if values else None
    function = (_ESQL if esql else _EQL).get(term.name)
    if function is None:
        return UNSURE
    arguments = [compute(arg, event, esql=esql) for arg in term.args]
    if any(argument is UNSURE for argument in arguments):
        return UNSURE
    if any(argument is None for argument in arguments):
        return None if term.name in _STRICT else UNSURE
    try:
        return function(*arguments)
    except (TypeError, ValueError, ArithmeticError, AttributeError, IndexError):
        return UNSURE


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isascii():
        raise TypeError
    return value


def _num(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _length(value: object) -> object:
    return len(_text(value))


def _any(test: Callable[[str, str], bool], folds: bool) -> Callable[..., object]:
    def run(value: object, *options: object) -> object:
        text = glob.fold(_text(value)) if folds else _text(value)
        return any(test(text, glob.fold(_text(option)) if folds else _text(option)) for option in options)

    return run


def _index(text: object, part: object, start: object = 0) -> object:
    at = _text(text).find(_text(part), int(_num(start)))
    return UNSURE if at < 0 else at


def _cut(text: object, start: object, end: object = None) -> object:
    body, first = _text(text), int(_num(start))
    last = len(body) if end is None else int(_num(end))
    return UNSURE if first < 0 or last < 0 else body[first:last]


def _same(one: object, other: object) -> object:
    if isinstance(one, str) and isinstance(other, str):
        return _text(one) == _text(other)
    return UNSURE if isinstance(one, bool) or isinstance(other, bool) else _num(one) == _num(other)


def _folded(one: object, other: object) -> object:
    return glob.fold(_text(one)) == glob.fold(_text(other))


def _whole(number: float) -> bool:
    return isinstance(number, int) and abs(number) < 1 << 53


def _math(run: Callable[[int, int], int]) -> Callable[..., object]:
    def checked(one: object, other: object) -> object:
        left, right = _num(one), _num(other)
        if not (isinstance(left, int) and isinstance(right, int) and _whole(left) and _whole(right)):
            return UNSURE
        return run(left, right)

    return checked


def _exactly(one: int, other: int) -> int:
    if other == 0 or one % other:
        raise ArithmeticError
    return one // other


def _less(one: object, other: object) -> object:
    return _num(one) < _num(other)


def _less_or_same(one: object, other: object) -> object:
    return _num(one) <= _num(other)


def _more(one: object, other: object) -> object:
    return _less(other, one)


def _more_or_same(one: object, other: object) -> object:
    return _less_or_same(other, one)


def _lower(text: object) -> object:
    return _text(text).lower()


def _upper(text: object) -> object:
    return _text(text).upper()


def _concat(*parts: object) -> object:
    return "".join(map(_text, parts))


def _in_blocks(value: object, *blocks: object) -> object:
    text = _text(value)
    return any(address.contains(_text(block), text) for block in blocks) if address.network(text) else UNSURE


def _pick(text: object, start: object, length: object = None) -> object:
    body, first = _text(text), int(_num(start))
    if first < 1:
        return UNSURE
    return body[first - 1 :] if length is None else body[first - 1 : first - 1 + int(_num(length))]


_COMMON: dict[str, Callable[..., object]] = {
    "/": _math(_exactly),
    "length": _length,
    "+": _math(operator.add),
    "-": _math(operator.sub),
    "*": _math(operator.mul),
    "==": _same,
    "<": _less,
    "<=": _less_or_same,
    ">": _more,
    ">=": _more_or_same,
}
_EQL: dict[str, Callable[..., object]] = {
    **_COMMON,
    ":": _folded,
    "startswith": _any(str.startswith, False),
    "startswith~": _any(str.startswith, True),
    "endswith": _any(str.endswith, False),
    "endswith~": _any(str.endswith, True),
    "stringcontains": _any(str.__contains__, False),
    "stringcontains~": _any(str.__contains__, True),
    "indexof": _index,
    "substring": _cut,
    "concat": _concat,
    "cidrmatch": _in_blocks,
}
_ESQL: dict[str, Callable[..., object]] = {
    **_COMMON,
    "to_lower": _lower,
    "to_upper": _upper,
    "starts_with": _any(str.startswith, False),
    "ends_with": _any(str.endswith, False),
    "substring": _pick,
    "concat": _concat,
    "cidr_match": _in_blocks,
}
_STRICT = frozenset(_COMMON) | {
    "to_lower", "to_upper", "starts_with", "ends_with", "startswith", "endswith", "stringcontains", "substring",
    "startswith~", "endswith~", "stringcontains~", "cidrmatch", "cidr_match", ":",
}  # fmt: skip
