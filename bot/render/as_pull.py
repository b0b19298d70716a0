"""What a review says on a pull request beside the sticky comment: the status, comments on lines, waivers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.github.plan import INLINE_MARK, InlineWish
from bot.judge import BLOCKED, exit_status
from bot.model import Finding, Level, LineFix, Review, RuleChange, RuleReview, Verdict
from bot.policy import all_policies
from bot.render.as_markdown import LISTING, MANUAL, marker_again, sentence
from bot.render.escape import basic, code, cut, fenced, prose, tame, terminal, visible
from bot.render.headline import first_line, verdict_line
from bot.waive import Record, fingerprint, marker
from bot.words import plain

STATUS_LIMIT = 140
"""The most characters that GitHub takes for the description of a commit status."""

_LEVELS = {Level.ERROR: "❌ **Error**", Level.WARNING: "⚠️ **Warning**", Level.NOTICE: "**Notice**"}


def status_text(review: Review, fail_on: str) -> str:
    """Sum a review up for the commit status, in words that agree with its state.

    Args:
        review: the finished review.
        fail_on: ``error``, ``warning`` or ``never``: what makes it a failure.
    """
    verdict, counts = verdict_line(review)
    fails = exit_status(review, fail_on) == BLOCKED
    if review.verdict in {Verdict.WARN, Verdict.BLOCK} and fails != (review.verdict is Verdict.BLOCK):
        verdict = f"{'Blocked' if fails else 'Passed'} (fail-on: {fail_on})"
    lead, beside = first_line(review)
    told = "; ".join([lead, *(plain(phrase) for phrase in beside)])
    text = basic(terminal(f"{verdict}: {counts}. {told}" if counts else f"{verdict}. {told}"))
    if len(text) <= STATUS_LIMIT:
        return text
    rest = "; …"
    whole = text[: STATUS_LIMIT - len(rest)].rpartition("; ")[0]
    return f"{whole}{rest}" if len(whole) > STATUS_LIMIT // 2 else cut(text, STATUS_LIMIT)


def error_text(message: str) -> str:
    """Say in the commit status what stopped a review."""
    return cut(basic(terminal(message)), STATUS_LIMIT)


def error_comment(message: str, *, recheck: str, before: str = "") -> str:
    """Write the sticky comment of a review that could not be made.

    Args:
        message: what stopped it.
        recheck: the name of the label that asks for another review.
        before: what the comment says now: for which change the labels were decided is not forgotten.
    """
    lines = [f"- {prose(line, most=LISTING)}" for line in message.splitlines()[:20]]
    text = "\n".join(lines)
    return (
        f"{marker_again(before)}\n⚠️ **Ruleward could not review this pull request**, so it cannot pass:\n\n{text}\n\n"
        f"Once that is put right, push again or put the label {code(recheck)} on.\n"
    )


def waiver_comment(record: Record) -> str:
    """Write the comment that records a waiver; it is read again, and void once anybody edits it."""
    what = "1 finding" if record.number == 1 else f"{record.number:,} findings"
    return (
        f"{marker(record)}\n{code(record.by)} waived {what} of {code(record.policy)} on this pull request to "
        f"{code(record.base)}, at {code(record.at)}, on commit {code(record.head[:12])}.\n\n"
        "It holds while those findings and the change that they are about stay the same. Taking the label "
        f"{code(f'waive: {record.policy}')} off ends it. <sub>This record does not count once it is edited.</sub>\n"
    )


def inline_wishes(review: Review, hunks: Mapping[str, Sequence[range]], *, most: int) -> tuple[InlineWish, ...]:
    """Return the comments on lines: errors, and what a suggestion can fix, where the diff shows the line.

    Args:
        review: the finished review.
        hunks: path to the lines of the head that the diff shows.
        most: how many at most, the most severe first.
    """
    found: dict[str, tuple[int, InlineWish]] = {}
    for finding, change in _in_head(review):
        wish = _wish(change, finding, hunks.get(finding.path, ()))
        if wish is not None:
            found.setdefault(wish.key, (finding.severity.rank, wish))
    ordered = sorted(found.values(), key=lambda each: (each[0], each[1].path, each[1].line, each[1].key))
    return tuple(wish for _, wish in ordered[:most])


def candidates(review: Review) -> tuple[str, ...]:
    """Return the files that a comment on a line may be about: only of those the diff has to be known."""
    return tuple(dict.fromkeys(finding.path for finding, _ in _in_head(review) if _wants_a_line(finding)))


def _in_head(review: Review) -> Iterator[tuple[Finding, RuleChange | None]]:
    """Yield the findings of files that the head has, with the change of their rule; the config is no rule's."""
    for rule in review.rules:
        if rule.change.after is not None:
            for finding in rule.findings:
                yield finding, rule.change
    for finding in review.findings:
        yield finding, None


def _wants_a_line(finding: Finding) -> bool:
    """Errors and what can be fixed with a click; what stood here before is nobody's fault in this pull request."""
    if finding.waived is not None or finding.preexisting or finding.line is None or _RAW.search(finding.path):
        return False
    return finding.severity is Level.ERROR or (finding.severity is not Level.OFF and finding.fix is not None)


def _wish(change: RuleChange | None, finding: Finding, hunks: Sequence[range]) -> InlineWish | None:
    if not _wants_a_line(finding) or finding.line is None:
        return None
    fix = finding.fix if finding.fix is not None and _shown(finding.fix, hunks) else None
    first, last = (fix.start_line, fix.end_line) if fix is not None else (finding.line, finding.line)
    if not any(first in hunk and last in hunk for hunk in hunks):
        return None
    if fix is None and finding.severity is not Level.ERROR:
        return None
    key = fingerprint(finding, change)
    return InlineWish(
        key=key,
        path=finding.path,
        line=last,
        first=first if first < last else None,
        body="\n".join(_body(key, finding, fix)),
    )


def _shown(fix: LineFix, hunks: Sequence[range]) -> bool:
    return any(fix.start_line in hunk and fix.end_line in hunk for hunk in hunks)


def _body(key: str, finding: Finding, fix: LineFix | None) -> Iterator[str]:
    yield f"{INLINE_MARK}{key} -->"
    policy = all_policies().get(finding.policy)
    manual = f"[{code(finding.policy)}]({MANUAL}#{finding.policy})" if policy else code(finding.policy)
    yield f"{_LEVELS[finding.severity]}: {prose(finding.message, most=600)} <sub>{manual}</sub>"
    if fix is not None and _clean(fix.replacement):
        yield ""
        yield fenced(fix.replacement.split("\n"), "suggestion")
    elif policy is not None:
        yield ""
        yield f"**Fix:** {prose(sentence(policy.remedy))}"


def _clean(text: str) -> bool:
    """Tell whether a suggestion shows a text as it is; one that had to be escaped would not apply as it should."""
    return all(tame(visible(line, keep="\t")) == line for line in text.split("\n"))


def worth_saying(review: Review, shipping: Iterable[str], bulk_threshold: int) -> bool:
    """Tell whether a review is worth a comment that is not there yet (CONTRACT, section 7)."""
    if review.verdict is Verdict.INCOMPLETE or len(review.rules) >= bulk_threshold:
        return True
    loud = {Level.ERROR, Level.WARNING}
    if any(
        finding.severity in loud and (finding.waived is None or finding.waived.by is not None)
        for finding in review.all_findings()
    ):
        return True
    states = frozenset(shipping)
    return any(_matters(rule, states) for rule in review.rules)


def _matters(rule: RuleReview, shipping: frozenset[str]) -> bool:
    """Tell whether a rule that users have changes in what it finds, when, how loud, or whether it is there."""
    change = rule.change
    base, head = change.base, change.head
    if base is None:
        return False
    ships = {side.maturity for side in (base, head) if side is not None} & shipping
    return bool(ships) and (head is None or bool({each.value for each in change.effects} & _HEARD))


_RAW = re.compile(r"[\ud800-\udfff]")  # bytes of a path that are no UTF-8: GitHub knows no file by such a name
_HEARD = frozenset({"logic", "scope", "schedule", "severity", "lifecycle"})

__all__ = [
    "STATUS_LIMIT",
    "candidates",
    "error_comment",
    "error_text",
    "inline_wishes",
    "status_text",
    "waiver_comment",
    "worth_saying",
]
