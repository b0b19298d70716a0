"""What a formula makes of one event, under every reading at once.

The answer is the set of outcomes that some engine might give: true, false, null. Where readings differ (a missing
field in EQL) or this program cannot tell (an unknown function) the set has several members, and a claim counts only if
all of them agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from bot.query import address, glob, regex
from bot.query.formula import KQL, And, Atom, Block, Constant, Exists, Formula, Glob, Not, Opaque, Range, Test, Truth
from bot.query.functions import UNSURE, compute
from bot.query.subsume import amount, within

Event: TypeAlias = "Mapping[str, tuple[object, ...]]"

T, F, N = 1, 2, 4
_DIGITS = re.compile("[0-9A-Fa-f:.]+")
_NEGATED = [((mask & T) << 1) | ((mask & F) >> 1) | (mask & N) for mask in range(8)]


class Reading(StrEnum):
    """What a missing field and several values do to a test."""

    TWO = "two"  # KQL: a test of a missing field is false; one value that passes is enough
    MIXED = "mixed"  # EQL: a test of a missing field is false or null, we do not know which
    KLEENE = "kleene"  # ES|QL: a test of a missing field, or of several values, is null


def judge(formula: Formula, event: Event, reading: Reading) -> int:
    """The outcomes that are possible for a formula on an event, as a mask of T, F and N."""
    if isinstance(formula, Atom):
        return _atom(formula, event, reading)
    if isinstance(formula, Constant):
        return T if formula.value else F
    if isinstance(formula, Not):
        return _NEGATED[judge(formula.part, event, reading)]
    return (_all if isinstance(formula, And) else _any)(formula.parts, event, reading)


def _all(parts: tuple[Formula, ...], event: Event, reading: Reading) -> int:
    found = T
    for part in parts:
        found = _both(found, judge(part, event, reading))
        if found == F:
            break
    return found


def _any(parts: tuple[Formula, ...], event: Event, reading: Reading) -> int:
    found = F
    for part in parts:
        found = _some(found, judge(part, event, reading))
        if found == T:
            break
    return found


def _some(one: int, other: int) -> int:
    found = (one | other) & T
    if one & F and other & F:
        found |= F
    if (one & N and other & (F | N)) or (other & N and one & (F | N)):
        found |= N
    return found


def _both(one: int, other: int) -> int:
    found = (one | other) & F
    if one & T and other & T:
        found |= T
    if (one & N and other & (T | N)) or (other & N and one & (T | N)):
        found |= N
    return found


def _atom(atom: Atom, event: Event, reading: Reading) -> int:  # noqa: PLR0911 - one branch a case
    if atom.kind == "kql":
        return _atom(Atom(atom.subject.removeprefix(KQL), atom.test), event, Reading.TWO)
    missing = F if reading is Reading.TWO else N if reading is Reading.KLEENE else F | N
    if atom.term is not None:
        return _computed(atom, event, reading, missing)
    values = event.get(atom.subject, ())
    if isinstance(atom.test, Exists) and glob.clean(atom.subject):
        return T if values else F
    if atom.subject == "*" or glob.ANY in atom.subject:  # a test of whatever fields the index has
        pattern = glob.ANY if atom.subject == "*" else atom.subject
        return T | F if any(glob.matches(pattern, name) for name in event) else F
    if not values or (reading is Reading.KLEENE and len(values) > 1):
        return missing
    outcomes = [passes(atom.test, value) for value in values]
    if T in outcomes:
        return T
    if reading is Reading.TWO and any(_same_number(atom.test, value) for value in values):
        return T | F
    return F if all(outcome == F for outcome in outcomes) else T | F


def _same_number(test: Test, value: object) -> bool:
    """Whether a value is the number that a test writes otherwise: KQL does not say whether the field holds numbers."""
    if not (isinstance(test, Glob) and isinstance(value, str)):
        return False
    wanted = amount(test.text)
    return wanted is not None and wanted == amount(value)


def _computed(atom: Atom, event: Event, reading: Reading, missing: int) -> int:
    value = compute(atom.term, event, esql=reading is Reading.KLEENE) if atom.term is not None else UNSURE
    if value is UNSURE:
        return T | F | (0 if reading is Reading.TWO else N)
    if isinstance(atom.test, Exists):
        return F if value is None else T
    if value is None:
        return missing
    if isinstance(atom.test, Opaque):
        return (T if value else F) if isinstance(value, bool) else T | F
    return passes(atom.test, value)


def passes(test: Test, value: object) -> int:
    """Whether one value passes a test: T, F, or both where it depends on the field's type."""
    if isinstance(test, Glob):
        return _matches(test, value)
    if isinstance(test, Range):
        return _within(test, value)
    if isinstance(test, Block):
        return (T if address.contains(test.network, value) else F) if isinstance(value, str) else T | F
    if isinstance(test, Truth):
        return (T if value is test.value else F) if isinstance(value, bool) else T | F
    return _analysed(test, value) if isinstance(test, Opaque) and isinstance(value, str) else T | F


def _analysed(test: Opaque, value: str) -> int:  # noqa: PLR0911 - one branch a case
    """Words on a field that may be analysed: the very text surely matches, and a text without the words does not."""
    for prefix in ("regex:", "regex~:"):
        if test.text.startswith(prefix):
            yes = regex.matches(test.text.removeprefix(prefix), prefix == "regex~:", value)
            return T | F if yes is None else T if yes else F
    if test.text.startswith("wildcard:"):  # the function minds the case in some versions and not in others
        pattern = glob.from_wildcards(test.text.removeprefix("wildcard:"))
        if glob.matches(pattern, value):
            return T
        widely = glob.matches(pattern.lower(), value.lower()) or not value.isascii()
        return T | F if widely else F
    wanted = test.text[1:]
    mark = test.text[:1]
    if mark == "=" and wanted == value:
        return T
    plain = wanted.replace(glob.ANY, "")
    if mark == "~" and plain == value and plain.isascii() and plain.isalnum() and plain.islower():
        return T
    pieces = re.findall(r"[a-z0-9]+", glob.fold(wanted))
    if mark not in {"=", "~"} or not pieces or not value.isascii() or not wanted.replace(glob.ANY, "").isascii():
        return T | F
    if mark == "~" and not all(re.search(r"[a-z0-9]", word) for word in glob.fold(wanted).split()):
        return T | F  # a word of signs or wildcards alone may be in any value
    present = [piece in value.lower() for piece in pieces]
    return T | F if (all(present) if mark == "=" else any(present)) else F


def _matches(test: Glob, value: object) -> int:
    if not isinstance(value, str):
        return T | F
    literal = test.literal
    if not test.folds:
        yes = test.text == value if literal else glob.matches(test.text, value)
        return T if yes else T | F if literal and _same_address(test.text, value) else F
    folded = glob.fold(value)
    yes = test.text == folded if literal else glob.matches(test.text, folded)
    if value.isascii() and test.text.isascii():
        return T if yes else F
    widely = glob.matches(test.text.lower(), value.lower())
    return T | F if yes != widely else T if yes else F


def _same_address(one: str, other: str) -> bool:
    """Whether two texts are one address, one of them written as IPv6 is."""
    if not (_DIGITS.fullmatch(one) and _DIGITS.fullmatch(other) and ":" in f"{one}{other}"):
        return False
    return address.network(one) is not None and address.network(one) == address.network(other)


def _within(test: Range, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return T | F
    yes = within(value, test)
    if not test.loose:
        return T if yes else F
    text = str(value)
    textual = not (
        (test.low is not None and (text < str(test.low) or (test.low_open and text == str(test.low))))
        or (test.high is not None and (text > str(test.high) or (test.high_open and text == str(test.high))))
    )
    return T | F if yes != textual else T if yes else F
