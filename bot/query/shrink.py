"""Witnesses made plain: an event that shows the difference, and little else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.fields import single
from bot.query import glob
from bot.query.formula import Formula, Glob, atoms
from bot.query.meter import Meter
from bot.query.term import size
from bot.query.truth import Reading, T, judge
from bot.query.witness import Event

_TRIES = 40
_SINGLE = ("event.category", "event.type", "event.action", "process.name", "process.executable")


def shrink(event: Event, inner: Formula, outer: Formula, reading: Reading, meter: Meter) -> Event:
    """Drop values and fields while the event still surely matches the inner formula and surely not the outer one.

    Then put the first value that the query names where another of its values stands, if that does as well.

    Each try is paid for; where the budget ends, the event stays as it is by then.
    """
    cost = 1 + sum(1 if atom.term is None else size(atom.term) for part in (inner, outer) for atom in atoms(part))
    tries = min(_TRIES, meter.left // cost)
    left: dict[str, tuple[object, ...]] = dict(event)
    for name, keep, drop in _steps(event):
        now = left.get(name, ())
        values = tuple(value for value in now if value in keep and value is not drop)
        if not now or len(values) == len(now) or (not values and (drop is not None or len(left) == 1)):
            continue
        if tries <= 0:
            break
        tries -= 1
        meter.spend(cost)
        trial = {other: values if other == name else kept for other, kept in left.items() if values or other != name}
        if judge(inner, trial, reading) == T and not judge(outer, trial, reading) & T:
            left = trial
    for name, value in (*_merged(left), *_first_named(inner).items()):
        if tries <= 0:
            break
        now = left.get(name, ())
        if now and now != (value,) and (len(now) == 1 or value not in now):
            tries -= 1
            meter.spend(cost)
            trial = {**left, name: (value,)}
            if judge(inner, trial, reading) == T and not judge(outer, trial, reading) & T:
                left = trial
    return left


def _merged(event: Event) -> Iterator[tuple[str, str]]:
    """One value in place of two, where their texts fit together: the end of the one and the start of the other."""
    for name, values in event.items():
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) == len(values) == 2 and single(name) is not False:  # noqa: PLR2004 - two that may be one
            yield from ((name, texts[1] + texts[0]), (name, texts[0] + texts[1]))


def _first_named(formula: Formula) -> dict[str, str]:
    """The first string that a query names for each of its fields: readers know it, unlike the last of a long list."""
    found: dict[str, str] = {}
    for atom in atoms(formula):
        if isinstance(atom.test, Glob) and atom.term is None and atom.kind != "kql":
            text = glob.to_wildcards(atom.test.shown or atom.test.text)
            if not atom.test.literal:
                text = re.sub(r"^\?(?=:)", "C", text).replace("*", "x").replace("?", "x")
            found.setdefault(atom.subject, text)
    return found


def _steps(event: Event) -> Iterator[tuple[str, tuple[object, ...], object]]:
    """What to try, as a field, the values that may stay and one that may not: one value where one is usual, first."""
    for name in _SINGLE:
        if len(event.get(name, ())) > 1:
            yield from ((name, (value,), None) for value in event[name])
    yield from ((name, (), None) for name in event)
    for name, values in event.items():
        if len(values) > 1:
            yield from ((name, values, value) for value in values)


__all__ = ["shrink"]
