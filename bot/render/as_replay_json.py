"""A replay as JSON, and the schema that says what it looks like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot import __version__
from bot.model import Category, Kind, Level, QueryVerdict, Verdict
from bot.render.as_json import write
from bot.replay import Entry, Hit, Part, Replay, Tally
from bot.report import plain

SCHEMA_VERSION = 1
"""Grows when a program that reads the document would have to change."""

_LEVELS = (Level.ERROR, Level.WARNING, Level.NOTICE)


def render(replay: Replay) -> str:
    """Write the whole of it, every change with every finding."""
    return write(document(replay))


def document(replay: Replay) -> dict[str, Any]:
    """Return a replay as plain data."""
    days = [entry.day for entry in replay.entries]
    return {
        "schema": SCHEMA_VERSION,
        "tool": {"name": "ruleward", "version": __version__},
        "first_day": min(days).isoformat() if days else None,
        "last_day": max(days).isoformat() if days else None,
        "summary": {
            "changes": len(replay.entries),
            "rules": replay.rules,
            "verdicts": {verdict.value: replay.count(verdict) for verdict in Verdict},
            "findings": replay.findings,
            "kinds": dict(replay.kinds),
            "categories": dict(replay.categories),
            "queries": dict(replay.queries),
        },
        "policies": [_tally(each) for each in replay.policies],
        "months": [_part(each, "month") for each in replay.months],
        "folders": [_part(each, "folder") for each in replay.folders],
        "changes": [_entry(each) for each in replay.entries],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "policy": tally.policy,
        "level": tally.level.value,
        "findings": _counts(tally.findings),
        "silent": tally.silent,
        "changes": tally.changes,
        "blocks": tally.blocks,
        "blocks_alone": tally.alone,
        "months": dict(tally.months),
        "folders": plain(tally.folders),
        "examples": [{**_head(each.entry), **_hit(each.hit)} for each in tally.examples],
    }


def _part(part: Part, name: str) -> dict[str, Any]:
    return {
        name: plain(part.name),
        "changes": part.changes,
        "rules": part.rules,
        "blocked": part.blocked,
        "warned": part.warned,
        "findings": _counts(part.findings),
    }


def _counts(findings: Mapping[Level, int]) -> dict[str, int]:
    return {level.value: findings[level] for level in _LEVELS}


def _head(entry: Entry) -> dict[str, Any]:
    return {"head": entry.head, "day": entry.day.isoformat(), "title": plain(entry.title)}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "base": entry.base,
        **_head(entry),
        "verdict": entry.verdict.value,
        "rules": entry.rules,
        "findings": [_hit(hit) for hit in entry.hits],
        "unevaluated": [{"path": plain(path), "reason": plain(reason)} for path, reason in entry.unevaluated],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "policy": hit.policy,
        "severity": hit.severity.value,
        "path": plain(hit.path),
        "line": hit.line,
        "message": plain(hit.message),
        "silent": hit.silent,
    }


# --- the schema -------------------------------------------------------------------------------------------------------

_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_STRING: dict[str, Any] = {"type": "string"}
_DAY: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_POLICY: dict[str, Any] = {"type": "string", "pattern": "^[a-z0-9-]+$"}


def _exactly(properties: dict[str, Any]) -> dict[str, Any]:
    """Describe an object that holds these keys and no other."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _array(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _tallied(words: Iterable[str] | None = None) -> dict[str, Any]:
    names: dict[str, Any] = {} if words is None else {"propertyNames": {"enum": list(words)}}
    return {"type": "object", **names, "additionalProperties": _COUNT}


_FINDINGS = _exactly({level.value: _COUNT for level in _LEVELS})
_HIT: dict[str, Any] = {
    "policy": _POLICY,
    "severity": {"enum": [level.value for level in _LEVELS]},
    "path": _STRING,
    "line": {"type": ["integer", "null"], "minimum": 1},
    "message": _STRING,
    "silent": {"type": "boolean"},
}
_PART: dict[str, Any] = {
    "changes": _COUNT,
    "rules": _COUNT,
    "blocked": _COUNT,
    "warned": _COUNT,
    "findings": _FINDINGS,
}

REPLAY_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://github.com/ruleward/ruleward/blob/main/docs/replay.schema.json",
    "title": "A Ruleward replay",
    **_exactly(
        {
            "schema": {"const": SCHEMA_VERSION},
            "tool": _exactly({"name": {"const": "ruleward"}, "version": _STRING}),
            "first_day": {"anyOf": [_DAY, {"type": "null"}]},
            "last_day": {"anyOf": [_DAY, {"type": "null"}]},
            "summary": _exactly(
                {
                    "changes": _COUNT,
                    "rules": _COUNT,
                    "verdicts": _exactly({verdict.value: _COUNT for verdict in Verdict}),
                    "findings": _COUNT,
                    "kinds": _tallied(Kind),
                    "categories": _tallied(Category),
                    "queries": _tallied(QueryVerdict),
                }
            ),
            "policies": _array(
                _exactly(
                    {
                        "policy": _POLICY,
                        "level": {"enum": [level.value for level in _LEVELS]},
                        "findings": _FINDINGS,
                        "silent": _COUNT,
                        "changes": _COUNT,
                        "blocks": _COUNT,
                        "blocks_alone": _COUNT,
                        "months": _tallied(),
                        "folders": _tallied(),
                        "examples": _array(_exactly({"head": _STRING, "day": _DAY, "title": _STRING, **_HIT})),
                    }
                )
            ),
            "months": _array(_exactly({"month": _STRING, **_PART})),
            "folders": _array(_exactly({"folder": _STRING, **_PART})),
            "changes": _array(
                _exactly(
                    {
                        "base": _STRING,
                        "head": _STRING,
                        "day": _DAY,
                        "title": _STRING,
                        "verdict": {"enum": list(Verdict)},
                        "rules": _COUNT,
                        "findings": _array(_exactly(_HIT)),
                        "unevaluated": _array(_exactly({"path": _STRING, "reason": _STRING})),
                    }
                )
            ),
        }
    ),
}
"""The JSON Schema of a replay; ``ruleward schema replay`` prints it."""
