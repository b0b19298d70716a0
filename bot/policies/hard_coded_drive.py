"""Paths that hold on any drive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import conditions, queries_of
from bot.told import coded

_DRIVE = re.compile(r"[A-Za-z]:\\")
_PATHS = re.compile(r"(?:^|\.)(?:executable|path|directory|working_directory|name|strings|args|command_line)$")


@policy(Level.OFF, scope=Scope.RULE, group="query")
def hard_coded_drive(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    r"""A path in the query names the letter of a drive.

    Why: systems are installed on other drives too; there the condition does not hold, or the exclusion does not work.

    Fix: write `?:` where the operator knows wildcards, as in `?:\Windows\*`.
    """
    for at, language, query in queries_of(rule):
        for each in conditions(language, query):
            if each.operator not in {"is", "like"} or not _PATHS.search(each.field):
                continue
            named = [value for value in each.values if isinstance(value, str) and _DRIVE.match(value)]
            if named:
                more = f" (and {len(named) - 1} more)" if len(named) > 1 else ""
                yield Violation(
                    message=f"{coded(each.field)}: {coded(named[0])}{more} holds on one drive alone",
                    at=at,
                    value=(each.field, tuple(named)),
                    line=line_within(rule.text, at, each.at),
                )
