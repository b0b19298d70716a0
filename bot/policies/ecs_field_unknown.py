"""Fields that no version of ECS has."""

from __future__ import annotations

from collections.abc import Iterator

from bot.ecs import Version, declared, parse_version, written
from bot.fields import FieldSets, built_in
from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import fields, queries_of, standing
from bot.told import coded


@policy(Level.WARNING, scope=Scope.RULE, group="ecs")
def ecs_field_unknown(rule: Rule, context: Context, _options: None) -> Iterator[Violation]:
    """The query asks about a field that ECS does not have.

    Why: a misspelt field is in no document, so that the condition on it never holds and the rule quietly finds nothing.
    Judged are names inside ECS's own field sets; custom ones begin with a capital (`process.Ext.session`) or stand in
    a set of their own.

    Fix: correct the name, declare the ECS version that has it in `ecs_version`, or put the repository's own fields
    into the folder that `ecs.schemas` names.
    """
    known = context.fields or built_in()
    versions = _versions(rule, known)
    if not all(map(known.covers, versions)):
        return  # a version newer than any known here may have the field
    what = f"ECS {', '.join(map(written, versions))}" if versions else "any version of ECS"
    for at, language, query in queries_of(rule):
        for name in sorted(fields(language, query)):
            if known.unknown(name, versions or known.sets):
                yield Violation(
                    message=f"{coded(name)} is no field of {what}{_hint(name, known)}",
                    at=at,
                    value=name,
                    line=line_within(rule.text, at, standing(query, name)),
                )


def _versions(rule: Rule, known: FieldSets) -> tuple[Version, ...]:
    """The versions that a rule declares, else what its oldest stack ships; none where neither says so."""
    if versions := declared(rule.get("metadata", "ecs_version")):
        return versions
    stack = parse_version(rule.get("metadata", "min_stack_version"))
    shipped = known.shipped(stack) if stack else None
    return (shipped,) if shipped else ()


def _hint(name: str, known: FieldSets) -> str:
    """Name the version that has the field, or the field that may be meant."""
    if since := known.since(name):
        return f"; ECS {written(since)} has it"
    close = known.like(name)
    return f"; did you mean {coded(close)}?" if close else ""
