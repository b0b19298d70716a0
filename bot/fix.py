"""A text and the edits that its findings offer → the text with as many of them as go together; no other byte moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.layout import layout_of
from bot.model import Finding, LineFix, RuleChange, format_date

_DATE = ("metadata", "updated_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A finding whose fix was made, and the lines that stood in its place."""

    finding: Finding
    was: str


def offered(finding: Finding) -> bool:
    """Tell whether a finding is one to fix: with one right value, brought in by this change, excused by nobody."""
    return finding.fix is not None and not finding.preexisting and finding.waived is None


def together(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Choose the findings of one file whose edits touch lines of their own, the most severe first.

    Two that want the same edit go together. What is left out is judged again on the text that these make.
    """
    taken: dict[int, LineFix] = {}
    chosen: list[Finding] = []
    for finding in findings:
        fix = finding.fix
        if fix is None:
            continue
        lines = range(fix.start_line, fix.end_line + 1)
        if all(taken.get(line, fix) == fix for line in lines):
            taken |= dict.fromkeys(lines, fix)
            chosen.append(finding)
    return tuple(chosen)


def date_left_behind(change: RuleChange) -> LineFix | None:
    """Return the edit that puts the base's date back where the date is the only value that changed, None elsewhere."""
    base, head = change.base, change.head
    if base is None or head is None or base.updated_date is None:
        return None
    if [leaf.path for leaf in change.changes] != [_DATE]:
        return None
    return layout_of(head.text).set(_DATE, format_date(base.updated_date))


def about_the_date(finding: Finding) -> bool:
    """Tell whether a finding judges the update date."""
    return finding.at == _DATE


def mended(text: str, findings: Iterable[Finding]) -> tuple[Mended, ...]:
    """Return the findings beside the lines of a text that their fixes replace."""
    lines = text.replace("\r\n", "\n").split("\n")
    return tuple(
        Mended(finding=each, was="\n".join(lines[each.fix.start_line - 1 : each.fix.end_line]))
        for each in findings
        if each.fix is not None
    )


def apply(text: str, fixes: Iterable[LineFix]) -> str:
    """Put whole lines in place; the line ends of the text stay as they are.

    Args:
        text: a file, its line ends as they are.
        fixes: edits that do not overlap; equal ones count once.
    """
    lines = text.split("\n")
    for fix in sorted(set(fixes), key=lambda each: each.start_line, reverse=True):
        ending = "\r" if lines[fix.end_line - 1].endswith("\r") else ""
        lines[fix.start_line - 1 : fix.end_line] = [fix.replacement + ending]
    return "\n".join(lines)
