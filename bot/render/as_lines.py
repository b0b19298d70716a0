"""A line a finding, for a commit hook: nothing where there is nothing to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.fix import offered
from bot.model import Finding, Level, Review
from bot.render.escape import terminal
from bot.render.fold import count


def render(review: Review) -> str:
    """Write what this change brought in, and what could not be judged; what is waived or stood before is left out."""
    standing = _standing(review)
    lines = [line(finding) for finding in standing]
    lines += [f"{terminal(each.path)}: not judged: {terminal(each.reason)}" for each in review.unevaluated]
    fixable = sum(map(offered, standing))
    if fixable:
        what = f"{fixable} of them" if fixable < len(standing) else "it" if fixable == 1 else "them all"
        lines.append(f"{', '.join(_counts(standing))}; `ruleward fix` mends {what}")
    return "".join(f"{each}\n" for each in lines)


def after_fixing(fixed: int, left: Review) -> str:
    """Write what was fixed and what is left in a line, nothing where there is neither."""
    standing = len(_standing(left))
    if not fixed and not standing:
        return ""
    missed = f", {count(len(left.unevaluated), 'file')} not judged" if left.unevaluated else ""
    return f"{fixed or 'nothing'} fixed, {standing or 'nothing'} left{missed}\n"


def _standing(review: Review) -> list[Finding]:
    return [each for each in review.all_findings() if each.waived is None and not each.preexisting]


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
