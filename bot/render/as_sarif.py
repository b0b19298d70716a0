"""The review as SARIF 2.1.0, for code scanning and for editors."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot import __version__
from bot.model import Finding, Level, Review, RuleReview, Status, Unevaluated, Verdict
from bot.policy import Policy, all_policies
from bot.render.as_json import write
from bot.render.as_manual import OF_THE_CONFIG, Manual
from bot.render.as_markdown import MANUAL
from bot.render.escape import terminal, url_path
from bot.report import plain, utf8
from bot.settings import CONFIG_PATH, Settings

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTICE: "note", Level.OFF: "none"}
_PROBLEMS = {
    Level.ERROR: "error",
    Level.WARNING: "warning",
    Level.NOTICE: "recommendation",
    Level.OFF: "recommendation",
}
_NAMED = re.compile(r"\](?=\()|\{(?=\d)")


def render(review: Review, _settings: Settings) -> str:
    """Write one run: every policy as a rule, every finding as a result, what is excused as suppressed."""
    rules = [*map(_policy, all_policies().values()), *map(_fixed_policy, OF_THE_CONFIG.values())]
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "Ruleward",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": MANUAL.partition("/blob/")[0],
                "rules": rules,
            }
        },
        "automationDetails": {"id": "ruleward/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The top of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": review.verdict is not Verdict.INCOMPLETE,
                "toolExecutionNotifications": [_missed(each) for each in review.unevaluated],
            }
        ],
        "results": list(_results(review, places)),
        "properties": {
            "verdict": review.verdict.value,
            "today": review.today.isoformat(),
            "mergeBase": review.base.merge_base,
            "head": review.head.sha,
        },
    }
    return write({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _policy(policy: Policy) -> dict[str, Any]:
    """Describe a policy at its own level; what the config made of it is the level of each result."""
    link = f"{MANUAL}#{policy.id}"
    enabled = policy.level is not Level.OFF
    summary, why, remedy = (_sentence(part) for part in (policy.summary, policy.why, policy.remedy))
    return {
        "id": policy.id,
        "name": "".join(map(str.capitalize, policy.id.split("-"))),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": why},
        "help": {
            "text": f"Why: {why}\n\nFix: {remedy}",
            "markdown": f"**Why:** {why}\n\n**Fix:** {remedy}\n\n[Manual]({link})",
        },
        "helpUri": link,
        "defaultConfiguration": {"enabled": enabled, "level": _LEVELS[policy.level] if enabled else "warning"},
        "properties": {"tags": [policy.group], "problem.severity": _PROBLEMS[policy.level]},
    }


def _fixed_policy(manual: Manual) -> dict[str, Any]:
    return {
        "id": manual.id,
        "shortDescription": {"text": manual.summary},
        "helpUri": f"{MANUAL}#{manual.id}",
        "defaultConfiguration": {"level": _LEVELS[manual.level]},
        "properties": {"tags": ["config"], "problem.severity": _PROBLEMS[manual.level]},
    }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _results(review: Review, places: dict[str, int]) -> Iterator[dict[str, Any]]:
    for rule in review.rules:
        for finding in rule.findings:
            yield _result(finding, rule, places)
    for finding in review.findings:
        yield _result(finding, None, places)


def _result(finding: Finding, rule: RuleReview | None, places: dict[str, int]) -> dict[str, Any]:
    gone = rule is not None and rule.change.status is Status.REMOVED
    paths = [finding.path] if finding.path else finding.paths or [CONFIG_PATH]
    line = None if gone else finding.line or 1  # the head has no line of a file that it removes
    result: dict[str, Any] = {
        "ruleId": finding.policy,
        "ruleIndex": places.get(finding.policy, -1),
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding.message)},
        "locations": _locations(paths, line, finding.column),
        "partialFingerprints": {"ruleward/v1": _fingerprint(finding, rule)},
        "baselineState": "unchanged" if finding.preexisting else "new",
        "suppressions": list(_suppressions(finding)),
    }
    if finding.fix is not None:
        result["fixes"] = [_fix(finding)]
    return result


def _message(text: str) -> str:
    """Return a plain message: nothing in it is a link or a place to fill in, as SARIF would read both."""
    return _NAMED.sub(lambda match: match[0] + "\u200b", terminal(text))


def _locations(paths: Sequence[str], line: int | None, column: int | None = None) -> list[dict[str, Any]]:
    start = {"startLine": line, "startColumn": column}
    region = {} if line is None else {"region": {key: value for key, value in start.items() if value is not None}}
    return [{"physicalLocation": {"artifactLocation": _file(path), **region}} for path in paths]


def _file(path: str) -> dict[str, str]:
    return {"uri": url_path(path), "uriBaseId": _ROOT}


def _fingerprint(finding: Finding, rule: RuleReview | None) -> str:
    """Tell the same finding on the next head: by policy, rule and judged value, never by line."""
    subject = rule.change.subject if rule else None
    known = subject.rule_id if subject is not None and subject.rule_id else finding.path
    marks = json.dumps(plain([finding.policy, known, finding.at, _value(finding)]), sort_keys=True, default=str)
    return hashlib.sha256(marks.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _value(finding: Finding) -> object:
    return finding.message if finding.value is None else finding.value


def _suppressions(finding: Finding) -> Iterator[dict[str, str]]:
    waived = finding.waived
    if waived is None:
        return
    if waived.exception is not None:
        until = f" (until {waived.expires})" if waived.expires else ""
        why = f"exception: {waived.exception}{until}"
    else:
        why = f"waived by {waived.by} at {waived.at}"
    yield {"kind": "external", "status": "accepted", "justification": terminal(why)}


def _fix(finding: Finding) -> dict[str, Any]:
    fix = finding.fix
    if fix is None:
        raise ValueError("a finding without a fix")
    replacement = {
        "deletedRegion": {"startLine": fix.start_line, "endLine": fix.end_line},
        "insertedContent": {"text": utf8(fix.replacement)},
    }
    changes = [{"artifactLocation": _file(finding.path), "replacements": [replacement]}]
    return {"description": {"text": _message(f"Set {fix.replacement.strip()}")}, "artifactChanges": changes}


def _missed(each: Unevaluated) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": _message(f"not judged: {each.reason}")},
        "locations": _locations([each.path], None),
    }
