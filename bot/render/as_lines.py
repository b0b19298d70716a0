"""A line a finding, for a commit hook: nothing where there is nothing to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.fix import offered
from bot.model import Finding, Level, Review
from bot.render.escape import terminal
from bot.render.fold import count


def render(review: Review) -> str:
    """Write what this change brought in, and what could not be judged; what is waived or stood before is left out."""
    standing = [each for each in review.all_findings() if each.waived is None and not each.preexisting]
    lines = [line(finding) for finding in standing]
    lines += [f"{terminal(each.path)}: not judged: {terminal(each.reason)}" for each in review.unevaluated]
    fixable = sum(map(offered, standing))
    if fixable:
        more = " and what hangs on it" if fixable < len(standing) else ""  # one edit may ask for the next, or end it
        lines.append(f"{', '.join(_counts(standing))}; `ruleward fix` mends {fixable}{more}")
    return "".join(f"{each}\n" for each in lines)


def line(finding: Finding) -> str:
    """Write a finding as compilers do, so that editors can jump there."""
    if finding.located:
        return f"{terminal(finding.message)} [{finding.policy}]"
    path = terminal(finding.path or ", ".join(finding.paths) or "the pull request")
    place = f"{path}:{finding.line}" if finding.line else path
    return f"{place}: {finding.severity.value}: {terminal(finding.message)} [{finding.policy}]"


def _counts(findings: Iterable[Finding]) -> Iterator[str]:
    levels = [finding.severity for finding in findings]
    for level in Level:
        if level in levels:
            yield count(levels.count(level), level.value)
