"""Workflow commands: annotations in the log of an Actions run."""

from __future__ import annotations

from bot.model import Finding, Level, Review
from bot.policy import all_policies
from bot.render.escape import command_data, command_property
from bot.settings import Settings

_MOST = 10  # more than ten a level and step are dropped by the runner without a word
_LEVELS = (Level.ERROR, Level.WARNING, Level.NOTICE)


def render(review: Review, _settings: Settings) -> str:
    """Write at most ten commands a level, the most severe first, then how many more there are."""
    standing = [finding for finding in review.all_findings() if finding.waived is None]
    lines: list[str] = []
    left: list[str] = []
    for level in _LEVELS:
        found = [finding for finding in standing if finding.severity is level]
        found.sort(key=lambda each: each.preexisting)
        lines += [_command(level, finding) for finding in found[:_MOST]]
        if len(found) > _MOST:
            left.append(f"{len(found) - _MOST} more {level.value}{'s' if len(found) - _MOST > 1 else ''}")
    left += [f"not judged: {command_data(each.path)} ({command_data(each.reason)})" for each in review.unevaluated]
    lines += [f"Ruleward: {line}" for line in left]
    return "".join(f"{line}\n" for line in lines) or f"Ruleward: {review.verdict.value}\n"


def _command(level: Level, finding: Finding) -> str:
    places = {
        "file": finding.path,
        "line": str(finding.line or ""),
        "col": str(finding.column or ""),
        "title": finding.policy,
    }
    properties = ",".join(f"{key}={command_property(value)}" for key, value in places.items() if value)
    return f"::{level.value} {properties}::{command_data(_message(finding))}"


def _message(finding: Finding) -> str:
    policy = all_policies().get(finding.policy)
    fix = f"\nSet: {finding.fix.replacement.strip()}" if finding.fix else f"\nFix: {policy.remedy}" if policy else ""
    return f"{finding.message}{fix}"
