"""The risk score fits the severity."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy

_BANDS = {"low": (0, 21), "medium": (22, 47), "high": (48, 73), "critical": (74, 100)}
_USUAL = {"low": 21, "medium": 47, "high": 73, "critical": 99}


@policy(Level.WARNING, scope=Scope.RULE, group="severity")
def risk_score_mismatch(rule: Rule, context: Context, _options: object) -> Iterator[Violation]:
    """The risk score is outside the band of the severity.

    Why: triage sorts by score in one place and by severity in another; a rule on which they disagree is seen too
    late or too often.

    Fix: set a score in the band (low 0-21, medium 22-47, high 48-73, critical 74-100; the usual ones are 21, 47, 73
    and 99), or the severity whose band holds it.
    """
    severity, score = rule.string("rule", "severity"), rule.get("rule", "risk_score")
    band = _BANDS.get(severity or "")
    if severity is None or band is None or not isinstance(score, int) or isinstance(score, bool):
        return
    low, high = band
    if not low <= score <= high:
        message = f"the risk score `{score}` is outside `{low}` to `{high}`, the band of severity `{severity}`"
        yield Violation(
            message=message,
            at=("rule", "risk_score"),
            value=(severity, score),
            fix=_USUAL[severity] if _left_behind(rule, context.base) else None,
        )


def _left_behind(rule: Rule, base: Rule | None) -> bool:
    """Tell whether the severity was changed and the score was not; else either may be the one that is meant."""
    if base is None or base.get("rule", "severity") == rule.get("rule", "severity"):
        return False
    return base.get("rule", "risk_score") == rule.get("rule", "risk_score")
