"""Patterns that an index can look up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import conditions, queries_of
from bot.told import coded


@dataclass(frozen=True, kw_only=True)
class Options:
    """The fields that hold a great many different values."""

    fields: tuple[str, ...] = (
        "file.path",
        "process.executable",
        "dll.path",
        "registry.path",
        "url.full",
        "dns.question.name",
    )


@policy(Level.OFF, scope=Scope.RULE, group="query", options=Options)
def leading_wildcard(rule: Rule, _context: Context, options: Options) -> Iterator[Violation]:
    r"""A pattern on a field with a great many values begins with a wildcard.

    Why: the engine has to try it on every value that the field has, on every run.

    Fix: begin with what the values begin with, such as `?:\Users\*`, or ask for another field, such as the file's
    name.
    """
    for at, language, query in queries_of(rule):
        for each in conditions(language, query):
            if each.operator != "like" or each.field not in options.fields:
                continue
            open_ended = [value for value in each.values if isinstance(value, str) and value.startswith("*")]
            if open_ended:
                more = f" (and {len(open_ended) - 1} more)" if len(open_ended) > 1 else ""
                yield Violation(
                    message=f"{coded(each.field)}: {coded(open_ended[0])}{more} begins with a wildcard",
                    at=at,
                    value=(each.field, tuple(open_ended)),
                    line=line_within(rule.text, at, each.at),
                )
