"""Dates that are no dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from bot.model import Level, Rule, format_date, parse_date
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_REQUIRED = ("creation_date", "updated_date")
_DATES = (*_REQUIRED, "deprecation_date")
_YEAR_FIRST = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\s*", re.ASCII)
_SHAPE = re.compile(r"\d{4}/\d{2}/\d{2}", re.ASCII)


@policy(Level.ERROR, scope=Scope.RULE, group="dates", first_of="dates", rank=0, excusable=False)
def invalid_date(rule: Rule, context: Context, _options: None) -> Iterator[Violation]:
    """A date is missing, not written `YYYY/MM/DD`, or no day of the calendar.

    Why: How old a rule is, and whether it changed since it was last looked at, is read from these dates; a date that
    nobody can read hides a rule from every such question.

    Fix: Write the day as `YYYY/MM/DD`: in `creation_date` the day on which the rule was first written, in
    `updated_date` the day of this change.
    """
    for key in _DATES:
        problem = _problem(rule.get("metadata", key), required=key in _REQUIRED)
        if problem is not None:
            yield Violation(
                message=f"`{key}` is {problem}",
                at=("metadata", key),
                value=rule.get("metadata", key),
                fix=format_date(context.today) if key == "updated_date" else _rewritten(rule.get("metadata", key)),
            )


def _rewritten(value: object) -> str | None:
    """Write a day that is plain to read, year first, as rules write it; None for anything else."""
    text = value.isoformat() if type(value) is date else value
    match = _YEAR_FIRST.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day = match.groups()
    written = f"{year}/{month:0>2}/{day:0>2}"
    return written if parse_date(written) is not None else None


def _problem(value: object, *, required: bool) -> str | None:
    """Say what is wrong with the value of a date, None where nothing is."""
    if value is None:
        return "missing" if required else None
    if not isinstance(value, str):
        return f"{coded(value)}, not a string"
    if parse_date(value) is not None:
        return None
    return f"{coded(value)}, " + ("no day of the calendar" if _SHAPE.fullmatch(value) else "not written `YYYY/MM/DD`")
