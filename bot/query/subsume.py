"""When one test of a field implies another, whatever the value."""

# ruff: noqa: FBT001, FBT003 - the booleans here are truth values and tests, not switches
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from math import ceil, floor

from bot.query import address, glob
from bot.query.formula import Block, Exists, Glob, Number, Range, Test
from bot.query.meter import Meter

_EXACT = 1 << 53
_LONGEST = 40  # characters of a number that is read
_ODDLY = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")


def implies(one: Test, other: Test) -> bool:
    """Tell whether a value that passes the one test passes the other; no is no proof of the contrary."""
    if one == other or isinstance(other, Exists):
        return True
    if isinstance(one, Glob):
        if isinstance(other, Glob):
            return glob.inside(one.text, one.folds, other.text, other.folds)
        if isinstance(other, Block):
            return one.literal and address.contains(other.network, one.text)
        if isinstance(other, Range):
            return other.loose and one.literal and _literal_in(one.text, other)  # elsewhere a string is no number
    if isinstance(one, Range) and isinstance(other, Range):
        return _range_in(one, other)
    return isinstance(one, Block) and isinstance(other, Block) and address.contains(other.network, one.network)


def number(text: str) -> Number | None:
    """Read a plain decimal number, None for anything else."""
    body = text.removeprefix("-")
    whole, dot, part = body.partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(body) > 15 or (dot and not (part.isascii() and part.isdigit())):  # noqa: PLR2004 - a small number
        return None
    return float(text) if dot else int(text)


def amount(text: str) -> Decimal | None:
    """Read a number as an index of numbers does, one with an exponent, a plus or a point at its end too."""
    return Decimal(text) if len(text) <= _LONGEST and _ODDLY.fullmatch(text) else None


def _literal_in(text: str, outer: Range) -> bool:
    value = number(text)
    return value is not None and text == str(value) and _range_in(Range(value, False, value, False, outer.loose), outer)


def _range_in(one: Range, other: Range) -> bool:
    if one.whole and other.whole:
        one, other = _rounded(one), _rounded(other)
    loose = one.loose or other.loose
    return _bound_in(one.low, one.low_open, other.low, other.low_open, loose, 1) and _bound_in(
        one.high, one.high_open, other.high, other.high_open, loose, -1
    )


def _rounded(test: Range) -> Range:
    """The same range of whole numbers, its bounds among them; bounds that a double does not hold exactly stay."""
    low, low_open, high, high_open = test.low, test.low_open, test.high, test.high_open
    if low is not None and abs(low) < _EXACT:
        low, low_open = floor(low) + 1 if low_open else ceil(low), False
    if high is not None and abs(high) < _EXACT:
        high, high_open = ceil(high) - 1 if high_open else floor(high), False
    return replace(test, low=low, low_open=low_open, high=high, high_open=high_open)


def _bound_in(  # noqa: PLR0917 - two bounds, spelt out
    one: Number | None, one_open: bool, other: Number | None, other_open: bool, loose: bool, sign: int
) -> bool:
    if other is None:
        return True
    if one is None:
        return False
    if one == other:
        return one_open or not other_open
    if (one > other) != (sign > 0):
        return False
    return not loose or (str(one) > str(other)) == (sign > 0)  # on a keyword field the bounds are compared as text


def within(value: Number, test: Range) -> bool:
    """Tell whether a number lies in a range."""
    if test.low is not None and (value < test.low or (test.low_open and value == test.low)):
        return False
    return test.high is None or not (value > test.high or (test.high_open and value == test.high))


def implications(tests: Sequence[Test], meter: Meter) -> Iterator[tuple[int, int]]:  # noqa: C901, PLR0912 - one branch a case
    """Every pair of positions of which the first test implies the second; literals go through a table."""
    literals: dict[str, list[int]] = {}
    plain: dict[tuple[str, bool], int] = {}
    wide: list[int] = []
    for position, test in enumerate(tests):
        if isinstance(test, Glob) and test.literal:
            literals.setdefault(glob.fold(test.text), []).append(position)
            plain[test.text, test.folds] = position
        else:
            wide.append(position)
    size = sum(1 + len(test.text) // 10 if isinstance(test, Glob) else 1 for test in tests)
    for positions in literals.values():
        meter.spend(len(positions) ** 2)
        for one in positions:
            for other in positions:
                if one != other and implies(tests[one], tests[other]):
                    yield one, other
    for other in wide:
        meter.spend(size)
        outer = tests[other]
        if isinstance(outer, Exists):
            continue
        if isinstance(outer, Glob):
            match = glob.matcher(outer.text)
            for one, inner in enumerate(tests):
                if one == other or not isinstance(inner, Glob):
                    continue
                if outer.folds:
                    if match(inner.text if inner.folds else glob.fold(inner.text)):
                        yield one, other
                elif match(inner.text) and (not inner.folds or match(glob.unfold(inner.text))):
                    yield one, other
            continue
        for one, inner in enumerate(tests):
            if one != other and implies(inner, outer):
                yield one, other
