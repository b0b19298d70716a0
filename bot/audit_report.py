"""The audit as plain data and back: its JSON report, the schema of it, and reports of several repositories as one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from bot import __version__
from bot.audited import Advice, Audit, AuditedRule, Source, attention
from bot.model import Finding, Level, LineFix, RulewardError, Unevaluated, Waived, is_list, is_table
from bot.report import FINDING_PROPERTIES, exactly, finding_counts, finding_record, plain, utf8

AUDIT_SCHEMA_VERSION = 1
"""Grows when a program that reads the audit's report would have to change."""


def audit_report(audit: Audit) -> dict[str, Any]:
    """Return an audit as the contract's JSON document; the rules stand in the order of the audit."""
    return {
        "schema": AUDIT_SCHEMA_VERSION,
        "tool": {"name": "ruleward", "version": __version__},
        "today": audit.today.isoformat(),
        "summary": {
            "rules": len(audit.rules),
            "stale": len(audit.stale),
            "postponed": sum(bool(rule.postponed) for rule in audit.rules),
            "reasons": audit.reasons(),
            "findings": finding_counts(audit.all_findings()),
        },
        "repositories": [_source(source) for source in audit.sources],
        "rules": [_rule(rule) for rule in audit.rules],
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "repository": utf8(source.repository),
        "ref": utf8(source.ref),
        "sha": source.sha,
        "note": utf8(source.note),
        "findings": [
            {**finding_record(each), "paths": [utf8(path) for path in each.paths or (each.path,) if path]}
            for each in source.findings
        ],
        "unevaluated": [{"path": utf8(each.path), "reason": utf8(each.reason)} for each in source.unevaluated],
        "skipped": source.skipped,
    }


def _rule(rule: AuditedRule) -> dict[str, Any]:
    return {
        "path": utf8(rule.path),
        "repository": utf8(rule.repository),
        "rule_id": plain(rule.rule_id),
        "name": plain(rule.name),
        "type": plain(rule.type),
        "maturity": plain(rule.maturity),
        "severity": plain(rule.severity),
        "updated_date": plain(rule.updated_date),
        "age_days": rule.age_days,
        "logic_changed": plain(rule.logic_changed),
        "logic_age_days": rule.logic_age_days,
        "unchanged_since": plain(rule.unchanged_since),
        "mass_edits": rule.mass_edits,
        "owners": [utf8(owner) for owner in rule.owners],
        "tactics": [utf8(tactic) for tactic in rule.tactics],
        "deprecated": rule.deprecated,
        "unreadable": rule.unreadable,
        "reasons": list(rule.reasons),
        "days": dict(rule.reasons),
        "postponed": list(rule.postponed),
        "advice": [
            {"step": each.step, "words": utf8(each.words), "days": each.days, "blocked": plain(each.blocked)}
            for each in rule.advice
        ],
        "findings": [finding_record(finding) for finding in rule.findings],
    }


# --- and back ---------------------------------------------------------------------------------------------------------


def read_audit(data: bytes, name: str) -> Audit:
    """Read a report that `audit_report` made; what it says of rules is text that anybody may have written.

    Args:
        data: the file.
        name: how errors call it.

    Raises:
        RulewardError: it is no such report, or one of another schema version.
    """
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RulewardError(f"{name}: not JSON") from error
    if not is_table(document) or "repositories" not in document or "rules" not in document:
        raise RulewardError(f"{name}: not the JSON report of an audit")
    if document.get("schema") != AUDIT_SCHEMA_VERSION:
        raise RulewardError(f"{name}: the report has another schema version than {AUDIT_SCHEMA_VERSION}")
    read = _Reader(document, name)
    return Audit(
        today=read.need_day("today"),
        sources=tuple(_read_source(each) for each in read.tables("repositories")),
        rules=tuple(_read_rule(each) for each in read.tables("rules")),
    )


class _Reader:
    """One table of a report; a value of the wrong type is an error that names the key."""

    def __init__(self, table: Mapping[str, object], name: str) -> None:
        self.table = table
        self.name = name

    def fail(self, key: str) -> RulewardError:
        return RulewardError(f"{self.name}: not the JSON report of an audit: `{key}` is missing or of another type")

    def text(self, key: str) -> str:
        value = self.table.get(key)
        if not isinstance(value, str):
            raise self.fail(key)
        return value

    def maybe(self, key: str) -> str | None:
        return None if self.table.get(key) is None else self.text(key)

    def number(self, key: str) -> int | None:
        value = self.table.get(key)
        if value is not None and type(value) is not int:
            raise self.fail(key)
        return value

    def flag(self, key: str) -> bool:
        value = self.table.get(key)
        if not isinstance(value, bool):
            raise self.fail(key)
        return value

    def day(self, key: str) -> date | None:
        return None if self.table.get(key) is None else self.need_day(key)

    def need_day(self, key: str) -> date:
        try:
            return date.fromisoformat(self.text(key))
        except ValueError as error:
            raise self.fail(key) from error

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.table.get(key)
        texts = [each for each in value if isinstance(each, str)] if is_list(value) else []
        if not is_list(value) or len(texts) != len(value):
            raise self.fail(key)
        return tuple(texts)

    def tables(self, key: str) -> tuple[_Reader, ...]:
        value = self.table.get(key)
        tables = [each for each in value if is_table(each)] if is_list(value) else []
        if not is_list(value) or len(tables) != len(value):
            raise self.fail(key)
        return tuple(_Reader(each, self.name) for each in tables)

    def maybe_table(self, key: str) -> _Reader | None:
        value = self.table.get(key)
        if value is None:
            return None
        if not is_table(value):
            raise self.fail(key)
        return _Reader(value, self.name)


def _read_source(read: _Reader) -> Source:
    return Source(
        repository=read.text("repository"),
        ref=read.text("ref"),
        sha=read.maybe("sha"),
        note=read.text("note"),
        findings=tuple(_read_finding(each, "", each.texts("paths")) for each in read.tables("findings")),
        unevaluated=tuple(
            Unevaluated(path=each.text("path"), reason=each.text("reason")) for each in read.tables("unevaluated")
        ),
        skipped=read.number("skipped") or 0,
    )


def _read_rule(read: _Reader) -> AuditedRule:
    path = read.text("path")
    days = read.maybe_table("days")
    return AuditedRule(
        path=path,
        repository=read.text("repository"),
        rule_id=read.maybe("rule_id"),
        name=read.maybe("name"),
        type=read.maybe("type"),
        maturity=read.maybe("maturity"),
        severity=read.maybe("severity"),
        updated_date=read.maybe("updated_date"),
        age_days=read.number("age_days"),
        logic_changed=read.day("logic_changed"),
        logic_age_days=read.number("logic_age_days"),
        unchanged_since=read.day("unchanged_since"),
        mass_edits=read.number("mass_edits"),
        owners=read.texts("owners"),
        tactics=read.texts("tactics"),
        deprecated=read.flag("deprecated"),
        unreadable=read.flag("unreadable"),
        reasons={reason: days.number(reason) if days else None for reason in read.texts("reasons")},
        postponed=read.texts("postponed"),
        advice=tuple(
            Advice(
                step=each.text("step"),
                words=each.text("words"),
                days=each.number("days"),
                blocked=each.maybe("blocked"),
            )
            for each in read.tables("advice")
        ),
        findings=tuple(_read_finding(each, path, ()) for each in read.tables("findings")),
    )


def _read_finding(read: _Reader, path: str, paths: Sequence[str]) -> Finding:
    fix, waived = read.maybe_table("fix"), read.maybe_table("waived")
    try:
        severity = Level(read.text("severity"))
    except ValueError as error:
        raise read.fail("severity") from error
    return Finding(
        policy=read.text("policy"),
        severity=severity,
        message=read.text("message"),
        path=path or next(iter(paths), ""),
        line=read.number("line"),
        preexisting=read.flag("preexisting"),
        fix=_read_fix(fix) if fix else None,
        waived=Waived(exception=waived.text("exception"), expires=waived.day("expires")) if waived else None,
        paths=tuple(paths),
    )


def _read_fix(read: _Reader) -> LineFix:
    return LineFix(
        start_line=read.number("start_line") or 1,
        end_line=read.number("end_line") or 1,
        replacement=read.text("replacement"),
    )


def merge_audits(audits: Iterable[tuple[str, Audit]]) -> Audit:
    """Fold the audits of several repositories into one, of the newest's day; each rule keeps its repository.

    Args:
        audits: the name of each file, and what it holds.

    Raises:
        RulewardError: there is none, or two hold the same repository.
    """
    homes: dict[str, str] = {}
    sources: list[Source] = []
    rules: list[AuditedRule] = []
    given = tuple(audits)
    if not given:
        raise RulewardError("--merge needs the JSON report of at least one audit")
    today = max(audit.today for _, audit in given)
    for name, audit in given:
        later = (today - audit.today).days
        for source in audit.sources:
            if source.repository in homes:
                raise RulewardError(f"{name}: {source.repository} is in {homes[source.repository]} already")
            homes[source.repository] = name
            sources.append(_dated(source, audit.today) if later else source)
        rules += (_later(rule, later) for rule in audit.rules) if later else audit.rules
    return Audit(
        today=today,
        sources=tuple(sorted(sources, key=lambda source: source.repository)),
        rules=tuple(sorted(rules, key=attention)),
    )


def _dated(source: Source, day: date) -> Source:
    """Note when a repository was audited; one that was merged before has its note."""
    if _AUDITED in source.note:
        return source
    return replace(source, note="; ".join(filter(None, (source.note, f"{_AUDITED}{day.isoformat()}"))))


_AUDITED = "audited on "


def _later(rule: AuditedRule, days: int) -> AuditedRule:
    """Count on for how long a rule has been stale, so that the day since which stays; its ages are its audit's."""

    def more(number: int | None) -> int | None:
        return None if number is None else number + days

    return replace(
        rule,
        reasons={reason: more(number) for reason, number in rule.reasons.items()},
        advice=tuple(replace(each, days=more(each.days)) for each in rule.advice),
    )


# --- the schema -------------------------------------------------------------------------------------------------------

_LEVELS = tuple(level.value for level in Level if level is not Level.OFF)
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_MAYBE_COUNT: dict[str, Any] = {"type": ["integer", "null"], "minimum": 0}
_STRING: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_DAY: dict[str, Any] = {"type": "string", "format": "date", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"}
_MAYBE_DAY: dict[str, Any] = {**_DAY, "type": ["string", "null"]}
_FLAG: dict[str, Any] = {"type": "boolean"}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_SOURCE = exactly(
    {
        "repository": _STRING,
        "ref": _STRING,
        "sha": _MAYBE,
        "note": _STRING,
        "findings": _list(exactly({**FINDING_PROPERTIES, "paths": _list(_STRING)})),
        "unevaluated": _list(exactly({"path": _STRING, "reason": _STRING})),
        "skipped": _COUNT,
    }
)
_RULE = exactly(
    {
        "path": _STRING,
        "repository": _STRING,
        "rule_id": _MAYBE,
        "name": _MAYBE,
        "type": _MAYBE,
        "maturity": _MAYBE,
        "severity": _MAYBE,
        "updated_date": _MAYBE,
        "age_days": _MAYBE_COUNT,
        "logic_changed": _MAYBE_DAY,
        "logic_age_days": _MAYBE_COUNT,
        "unchanged_since": _MAYBE_DAY,
        "mass_edits": _MAYBE_COUNT,
        "owners": _list(_STRING),
        "tactics": _list(_STRING),
        "deprecated": _FLAG,
        "unreadable": _FLAG,
        "reasons": _list(_STRING),
        "days": {"type": "object", "additionalProperties": _MAYBE_COUNT},
        "postponed": _list(_STRING),
        "advice": _list(exactly({"step": _STRING, "words": _STRING, "days": _MAYBE_COUNT, "blocked": _MAYBE})),
        "findings": _list(exactly(FINDING_PROPERTIES)),
    }
)

AUDIT_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://github.com/ruleward/ruleward/blob/main/docs/audit.schema.json",
    "title": "A Ruleward audit",
    **exactly(
        {
            "schema": {"const": AUDIT_SCHEMA_VERSION},
            "tool": exactly({"name": {"const": "ruleward"}, "version": _STRING}),
            "today": _DAY,
            "summary": exactly(
                {
                    "rules": _COUNT,
                    "stale": _COUNT,
                    "postponed": _COUNT,
                    "reasons": {"type": "object", "additionalProperties": _COUNT},
                    "findings": exactly(dict.fromkeys((*_LEVELS, "waived"), _COUNT)),
                }
            ),
            "repositories": _list(_SOURCE),
            "rules": _list(_RULE),
        }
    ),
}
"""The JSON Schema of the audit's report; ``ruleward schema audit`` prints it."""

__all__ = ["AUDIT_SCHEMA", "audit_report", "merge_audits", "read_audit"]
