"""Waivers by label: which of a review's findings a maintainer has taken on, and why a label does not count.

Pure: who put the label on, what they may do and what was recorded before are given. CONTRACT, section 5; the argument
why this can be trusted is in SECURITY.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from bot.model import (
    Category,
    Finding,
    Review,
    RuleChange,
    Unreadable,
    Waived,
    is_list,
    is_table,
    stable,
)
from bot.policy import all_policies
from bot.settings import Permission, Waivers

PREFIX = "waive: "
"""What a label starts with that asks for a waiver; the policy's id follows."""

MARK = "<!-- ruleward:waiver "
"""What the record of a waiver starts with."""

_MOST = 3_000  # fingerprints that one comment has room for, with all that stands around them
_RECORD = re.compile(r"<!-- ruleward:waiver (\{.*?\}) -->")
_RIGHTS = {
    Permission.TRIAGE: ("triage", "push", "maintain", "admin"),
    Permission.WRITE: ("push", "maintain", "admin"),
    Permission.MAINTAIN: ("maintain", "admin"),
    Permission.ADMIN: ("admin",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A ``waive:`` label that is on the pull request.

    Attributes:
        label: its name.
        by: the login of who put it on, last.
        bot: whether that is an app.
        at: when, ISO 8601 in UTC.
    """

    label: str
    by: str
    bot: bool
    at: str

    @property
    def policy(self) -> str:
        """The id of the policy that the label names; GitHub's labels have no case."""
        return self.label.partition(":")[2].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A waiver that counted once: what it covers, and who asked for it when.

    Attributes:
        findings: fingerprints; of very many a single one, of all together.
        base: the branch by whose config it was given, and for which alone it holds.
        head: the commit it was given on.
    """

    policy: str
    findings: frozenset[str]
    base: str
    head: str
    by: str
    at: str

    @property
    def number(self) -> int:
        """How many findings it covers."""
        whole = next((found for each in self.findings if (found := _TOGETHER.fullmatch(each))), None)
        return int(whole[1]) if whole is not None else len(self.findings)

    def covered(self, shown: frozenset[str]) -> frozenset[str]:
        """Return those of the fingerprints that a review shows that it covers."""
        return shown if _together(shown) in self.findings else shown & self.findings


_TOGETHER = re.compile(r"(\d{4,9}) together: [0-9a-f]{64}")


def _together(marks: frozenset[str]) -> str:
    """Return what very many fingerprints are known by together: another one more or less, and it is another."""
    digest = hashlib.sha256("\n".join(sorted(marks)).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{len(marks)} together: {digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A commit that somebody wrote.

    Attributes:
        sha: its id.
        update: whether it is an update of the branch on GitHub's pages, and yet not proven to change nothing by itself.
    """

    sha: str
    update: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What has to be known of who asks for a new waiver.

    Attributes:
        rights: what they may do, by GitHub's names (``push`` is write access).
        author: who opened the pull request.
        listed: whether GitHub lists all of its commits.
        wrote: one of them that is theirs, None for none.
        seen: when the bot first reported on the current head, since it became that, None where it has not.
        unseen: why it never will, told of the commit status by which it reports; empty where it may.
        outdated: whether it did, and the pull request was force-pushed or turned to another base since.
    """

    rights: Mapping[str, bool]
    author: str
    listed: bool
    wrote: Written | None
    seen: str | None
    unseen: str = ""
    outdated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A label that does not count and comes off; ``reason`` is a sentence without a full stop."""

    label: str
    reason: str


def asks(label: str) -> bool:
    """Tell whether a label asks for a waiver."""
    return label.lower().startswith(PREFIX.rstrip())  # the blank is easily forgotten, and then nobody would say so


def fingerprint(finding: Finding, change: RuleChange | None) -> str:
    """Return what a finding is known by across heads: 16 hex digits of its policy, its rule and the changed values.

    The values are the judged ones and every leaf that the pull request changes in the rule, bookkeeping (the updated
    date) apart: who waives a finding has seen the change that it is about, and no other.
    """
    subject = change.subject if change is not None else None
    identity = subject.rule_id if subject is not None and subject.rule_id else finding.path
    after = change.after if change is not None else None
    told = (
        finding.policy,
        identity,
        finding.at,
        finding.value,
        list(_seen(change)),
        (after.oid, after.reason) if isinstance(after, Unreadable) else None,
    )
    return hashlib.sha256(stable(told).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _seen(change: RuleChange | None) -> Iterator[object]:
    """The values that a pull request changes in a rule: of a new rule, everything but its dates and its like."""
    if change is None:
        return
    if change.base is None and change.head is not None:
        yield {key: value for key, value in change.head.data.items() if key != "metadata"}
        yield {key: value for key, value in change.head.table("metadata").items() if key != "updated_date"}
    for leaf in change.changes:
        if leaf.category is not Category.BOOKKEEPING:
            yield leaf.path, leaf.before, leaf.after


def fingerprints(review: Review, policy: str) -> frozenset[str]:
    """Return the fingerprints of a policy's findings that no standing exception covers."""
    return frozenset(fingerprint(finding, change) for finding, change in _findings(review) if _is_open(finding, policy))


def _findings(review: Review) -> Iterable[tuple[Finding, RuleChange | None]]:
    for rule in review.rules:
        for finding in rule.findings:
            yield finding, rule.change
    for finding in review.findings:
        yield finding, None


def _is_open(finding: Finding, policy: str) -> bool:
    return finding.policy == policy and (finding.waived is None or finding.waived.exception is None)


def settled(request: Request, records: Iterable[Record], review: Review) -> Record | Refusal | None:
    """Say what is known of a request without asking who made it.

    Returns:
        The record that still holds; a refusal, where the label cannot count or no longer does; None for a new request.
    """
    mistake = _mistake(request)
    if mistake is not None:
        return Refusal(label=request.label, reason=mistake)
    policy = request.policy
    current = fingerprints(review, policy)
    asked = (policy, request.by, request.at, review.base.ref)
    mine = [each for each in records if (each.policy, each.by, each.at, each.base) == asked]
    if mine:
        record = mine[0]
        if record.covered(current) == current:
            return record
        return Refusal(
            label=request.label, reason=f"what `{policy}` finds is no longer what was waived on `{record.head[:12]}`"
        )
    if not current:
        return Refusal(label=request.label, reason=f"`{policy}` finds nothing here that could be waived")
    return None


def _mistake(request: Request) -> str | None:
    """Say why a label can never count, whatever a review finds; None where it can."""
    policy = all_policies().get(request.policy)
    written = f"{PREFIX}{request.policy or '<policy>'}"
    if request.label.lower() != written:
        return f"a waiver is written `{written}`, with one blank"
    if policy is None:
        return f"there is no policy `{request.policy}`"
    return None if policy.waivable else f"`{policy.id}` cannot be waived"


def refused(request: Request, facts: Facts, waivers: Waivers) -> Refusal | None:
    """Say why a new request does not count; None where it does."""

    def no(reason: str) -> Refusal:
        return Refusal(label=request.label, reason=reason)

    if not request.by:
        return no("GitHub does not say who put it on")
    if request.bot:
        return no("it was put on by an app, and a person has to")
    if not any(facts.rights.get(right, False) for right in _RIGHTS[waivers.permission]):
        return no(f"`{request.by}` does not have {waivers.permission.value} access")
    reason = (None if waivers.allow_author else _involved(request.by, facts)) or _unseen(request, facts)
    return no(reason) if reason is not None else None


def _unseen(request: Request, facts: Facts) -> str | None:
    """Say why somebody had nothing to see when they put the label on; None where they had."""
    early = "it is older than the first review of the newest commit"
    if facts.seen is not None:
        return f"{early}; look at that one, and put it on again" if facts.seen > request.at else None
    if facts.unseen:
        return f"a waiver needs the commit status, {facts.unseen}"
    if facts.outdated:  # by way of another one, it is back at a commit that was reviewed before
        return "the branch was force-pushed or the base changed since the review; look again, and put it on again"
    return (
        f"{early}, whose commit status is not there yet; wait for that, look at the review, and put it on again "
        "(a token without `statuses: write` never sets one)"
    )


def _involved(login: str, facts: Facts) -> str | None:
    """Say what somebody has to do with a pull request that they may not waive on; None for nothing."""
    if login == facts.author:
        return f"`{login}` opened this pull request, and somebody else has to waive"
    if not facts.listed:
        return "GitHub does not list all commits of this pull request, so nobody can tell who wrote them"
    if facts.wrote is None:
        return None
    more = ", an update of the branch that does more than bring in files that one side alone changed"
    commit = f"`{facts.wrote.sha[:12]}`{more if facts.wrote.update else ''}"
    return f"`{login}` wrote a commit of this pull request ({commit}), and somebody else has to waive"


def granted(request: Request, review: Review) -> Record:
    """Return the record of a request that counts."""
    marks = fingerprints(review, request.policy)
    return Record(
        policy=request.policy,
        findings=marks if len(marks) <= _MOST else frozenset({_together(marks)}),
        base=review.base.ref,
        head=review.head.sha or "",
        by=request.by,
        at=request.at,
    )


def marker(record: Record) -> str:
    """Return the line of a record's comment that is read again."""
    facts = {
        "policy": record.policy,
        "findings": sorted(record.findings),
        "base": record.base,
        "head": record.head,
        "by": record.by,
        "at": record.at,
    }
    text = json.dumps(facts, separators=(",", ":")).replace(">", "\\u003e").replace("--", "-\\u002d")
    return f"{MARK}{text} -->"


def read_record(body: str) -> Record | None:
    """Read a record's comment; None for anything else. Whether it may be believed is for its author to say."""
    found = _RECORD.match(body)
    if found is None:
        return None
    try:
        facts: Any = json.loads(found[1])
    except (ValueError, RecursionError):
        return None
    if not is_table(facts) or not is_list(facts.get("findings")):
        return None
    texts = [facts.get(key) for key in ("policy", "base", "head", "by", "at")]
    marks = cast("list[object]", facts["findings"])
    if not all(isinstance(each, str) for each in (*texts, *marks)):
        return None
    policy, base, head, by, at = map(str, texts)
    return Record(policy=policy, findings=frozenset(map(str, marks)), base=base, head=head, by=by, at=at)


def waived(review: Review, records: Iterable[Record]) -> Review:
    """Mark the findings that some records cover; verdict and labels are for the judge to draw again."""
    by_policy = {record.policy: record for record in records}
    covered = {policy: record.covered(fingerprints(review, policy)) for policy, record in by_policy.items()}

    def mark(finding: Finding, change: RuleChange | None) -> Finding:
        record = by_policy.get(finding.policy)
        if record is None or not _is_open(finding, record.policy):
            return finding
        if fingerprint(finding, change) not in covered[record.policy]:
            return finding
        return replace(finding, waived=Waived(by=record.by, at=record.at))

    rules = tuple(
        replace(rule, findings=tuple(mark(finding, rule.change) for finding in rule.findings)) for rule in review.rules
    )
    return replace(review, rules=rules, findings=tuple(mark(finding, None) for finding in review.findings))


__all__ = [
    "MARK",
    "PREFIX",
    "Facts",
    "Record",
    "Refusal",
    "Request",
    "Written",
    "asks",
    "fingerprint",
    "fingerprints",
    "granted",
    "marker",
    "read_record",
    "refused",
    "settled",
    "waived",
]
