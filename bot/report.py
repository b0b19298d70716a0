"""The report: a review as plain data, and the JSON Schema that says what it looks like."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, cast

from bot import __version__
from bot.layout import layout_of
from bot.model import (
    Category,
    Change,
    Event,
    Finding,
    Kind,
    Level,
    Op,
    QueryChange,
    QueryVerdict,
    Review,
    RuleChange,
    RuleReview,
    Status,
    Verdict,
)

SCHEMA_VERSION = 1
"""Grows when a program that reads the report would have to change."""


def report(review: Review) -> dict[str, Any]:
    """Return a review as the contract's JSON document, in the contract's order of keys."""
    return {
        "schema": SCHEMA_VERSION,
        "tool": {"name": "ruleward", "version": __version__},
        "base": {
            "ref": utf8(review.base.ref),
            "sha": review.base.sha,
            "merge_base": review.base.merge_base,
        },
        "head": {"ref": utf8(review.head.ref), "sha": review.head.sha},
        "today": review.today.isoformat(),
        "verdict": review.verdict.value,
        "labels": label_names(review),
        "summary": _summary(review),
        "rules": [_rule(rule) for rule in review.rules],
        "findings": [_general(finding) for finding in review.findings],
        "unevaluated": [{"path": utf8(each.path), "reason": utf8(each.reason)} for each in review.unevaluated],
    }


def label_names(review: Review) -> list[str]:
    """Return the labels by the names that the config gives them, sorted."""
    return sorted(utf8(review.names.get(label, label)) for label in review.labels)


def finding_counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings by severity; one that is waived counts there and nowhere else."""
    counts = Counter("waived" if each.waived is not None else each.severity.value for each in findings)
    return {key: counts[key] for key in (*_LEVELS, "waived")}


def _summary(review: Review) -> dict[str, Any]:
    changes = [rule.change for rule in review.rules]
    kinds = Counter(change.kind for change in changes)
    categories = Counter(category for change in changes for category in change.categories)
    queries = Counter(change.query.verdict for change in changes if change.query is not None)
    return {
        "rules": {kind.value: kinds[kind] for kind in Kind},
        "ships": sum(change.ships for change in changes),
        "categories": {category.value: categories[category] for category in Category if categories[category]},
        "queries": {verdict.value: queries[verdict] for verdict in QueryVerdict if queries[verdict]},
        "findings": finding_counts(review.all_findings()),
    }


def _rule(rule: RuleReview) -> dict[str, Any]:
    change = rule.change
    subject = change.subject
    return {
        "path": utf8(change.path),
        "previous_path": None if change.previous_path is None else utf8(change.previous_path),
        "status": change.status.value,
        "kind": change.kind.value,
        "rule_id": plain(subject.rule_id) if subject else None,
        "name": plain(subject.name) if subject else None,
        "type": plain(subject.type) if subject else None,
        "maturity": _sides(change, "maturity"),
        "updated_date": _sides(change, "updated_date"),
        "ecs_version": _sides(change, "ecs_version"),
        "categories": sorted(category.value for category in change.categories),
        "changes": [_change(each, change) for each in change.changes],
        "query": None if change.query is None else _query(change.query),
        "findings": [finding_record(finding) for finding in rule.findings],
    }


def _sides(change: RuleChange, key: str) -> dict[str, Any]:
    return {
        "before": plain(change.base.get("metadata", key)) if change.base else None,
        "after": plain(change.head.get("metadata", key)) if change.head else None,
    }


def _change(change: Change, rule: RuleChange) -> dict[str, Any]:
    return {
        "path": utf8(change.key),
        "category": change.category.value,
        "op": change.op.value,
        "before": plain(change.before),
        "after": plain(change.after),
        "line": change_line(change, rule),
    }


def change_line(change: Change, rule: RuleChange) -> int | None:
    """Return the line of a change in the new file, None where the new file does not hold it."""
    if change.op is Op.REMOVED or rule.head is None:
        return None
    lines = layout_of(rule.head.text).lines(change.path)
    return lines[0] if lines else None


def _query(query: QueryChange) -> dict[str, Any]:
    witness = query.witness
    return {
        "language": None if query.language is None else utf8(query.language),
        "verdict": query.verdict.value,
        "explanation": [utf8(line) for line in query.explanation],
        "witness": None if witness is None else {"lost": _events(witness.lost), "gained": _events(witness.gained)},
        "reason": None if query.reason is None else utf8(query.reason),
    }


def _events(events: Event | tuple[Event, ...] | None) -> Any:  # noqa: ANN401 - JSON
    if events is None:
        return None
    return [plain(event) for event in events] if isinstance(events, tuple) else plain(events)


def finding_record(finding: Finding) -> dict[str, Any]:
    """Return a finding of one rule."""
    fix, waived = finding.fix, finding.waived
    return {
        "policy": finding.policy,
        "severity": finding.severity.value,
        "message": utf8(finding.message),
        "line": finding.line,
        "preexisting": finding.preexisting,
        "fix": None
        if fix is None
        else {"start_line": fix.start_line, "end_line": fix.end_line, "replacement": utf8(fix.replacement)},
        "waived": None
        if waived is None
        else {"exception": utf8(waived.exception), "expires": waived.expires and waived.expires.isoformat()}
        if waived.exception is not None
        else {"by": plain(waived.by), "at": plain(waived.at)},
    }


def _general(finding: Finding) -> dict[str, Any]:
    paths = finding.paths or ((finding.path,) if finding.path else ())
    return {**finding_record(finding), "paths": [utf8(path) for path in paths]}


def utf8(text: str) -> str:
    """Return a text that UTF-8 can carry: an odd path's bytes, kept by git as lone surrogates, are replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return a TOML value as JSON can hold it: dates as ISO strings, nan and infinities by name."""
    if isinstance(value, str):
        return utf8(value)
    if isinstance(value, Mapping):
        return {utf8(str(key)): plain(each) for key, each in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in cast("list[object]", value)]
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


# --- the schema -------------------------------------------------------------------------------------------------------

_LEVELS = tuple(level.value for level in Level if level is not Level.OFF)
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_LINE: dict[str, Any] = {"type": ["integer", "null"], "minimum": 1}
_STRING: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_ANY: dict[str, Any] = {}


def exactly(properties: dict[str, Any]) -> dict[str, Any]:
    """Describe an object that holds exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _one_of(values: Iterable[str]) -> dict[str, Any]:
    return {"enum": list(values)}


def _counts(values: Iterable[str]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": _one_of(values), "additionalProperties": _COUNT}


_BOTH = exactly({"before": _ANY, "after": _ANY})
_EVENT: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "array"}}
_EVENTS: dict[str, Any] = {"anyOf": [_EVENT, _list(_EVENT), {"type": "null"}]}
FINDING_PROPERTIES: dict[str, Any] = {
    "policy": {"type": "string", "pattern": "^[a-z0-9-]+$"},
    "severity": _one_of(_LEVELS),
    "message": _STRING,
    "line": _LINE,
    "preexisting": {"type": "boolean"},
    "fix": _or_null(
        exactly(
            {
                "start_line": {"type": "integer", "minimum": 1},
                "end_line": {"type": "integer", "minimum": 1},
                "replacement": _STRING,
            }
        )
    ),
    "waived": {
        "anyOf": [
            exactly({"by": _MAYBE, "at": _MAYBE}),
            exactly({"exception": _STRING, "expires": _MAYBE}),
            {"type": "null"},
        ]
    },
}
_RULE = exactly(
    {
        "path": _STRING,
        "previous_path": _MAYBE,
        "status": _one_of(Status),
        "kind": _one_of(Kind),
        "rule_id": _MAYBE,
        "name": _MAYBE,
        "type": _MAYBE,
        "maturity": _BOTH,
        "updated_date": _BOTH,
        "ecs_version": _BOTH,
        "categories": _list(_one_of(Category)),
        "changes": _list(
            exactly(
                {
                    "path": _STRING,
                    "category": _one_of(Category),
                    "op": _one_of(Op),
                    "before": _ANY,
                    "after": _ANY,
                    "line": _LINE,
                }
            )
        ),
        "query": _or_null(
            exactly(
                {
                    "language": _MAYBE,
                    "verdict": _one_of(QueryVerdict),
                    "explanation": _list(_STRING),
                    "witness": _or_null(exactly({"lost": _EVENTS, "gained": _EVENTS})),
                    "reason": _MAYBE,
                }
            )
        ),
        "findings": _list(exactly(FINDING_PROPERTIES)),
    }
)

REPORT_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://github.com/ruleward/ruleward/blob/main/docs/report.schema.json",
    "title": "A Ruleward review",
    **exactly(
        {
            "schema": {"const": SCHEMA_VERSION},
            "tool": exactly({"name": {"const": "ruleward"}, "version": _STRING}),
            "base": exactly({"ref": _STRING, "sha": _MAYBE, "merge_base": _MAYBE}),
            "head": exactly({"ref": _STRING, "sha": _MAYBE}),
            "today": {"type": "string", "format": "date", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"},
            "verdict": _one_of(Verdict),
            "labels": _list(_STRING),
            "summary": exactly(
                {
                    "rules": exactly({kind.value: _COUNT for kind in Kind}),
                    "ships": _COUNT,
                    "categories": _counts(Category),
                    "queries": _counts(QueryVerdict),
                    "findings": exactly(dict.fromkeys((*_LEVELS, "waived"), _COUNT)),
                }
            ),
            "rules": _list(_RULE),
            "findings": _list(exactly({**FINDING_PROPERTIES, "paths": _list(_STRING)})),
            "unevaluated": _list(exactly({"path": _STRING, "reason": _STRING})),
        }
    ),
}
"""The report's JSON Schema; ``ruleward schema report`` prints it."""
