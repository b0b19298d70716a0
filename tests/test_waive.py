"""What a waiver covers, told by fingerprints, and what its record holds: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import diff, pair
from bot.judge import judge, judged_again
from bot.model import Blob, Finding, Level, Review, Revision, Verdict, Waived
from bot.parse import parse
from bot.render.as_markdown import LIMIT
from bot.render.as_pull import waiver_comment
from bot.settings import Permission, Settings, Waivers
from bot.waive import (
    MARK,
    Facts,
    Record,
    Refusal,
    Request,
    Written,
    asks,
    fingerprints,
    granted,
    marker,
    read_record,
    refused,
    settled,
    waived,
)
from tests.repository import rule_text
from tests.scene import OTHER_QUERY, POLICY

TODAY = date(2026, 11, 24)
REQUEST = Request(label=f"waive: {POLICY}", by="grace", bot=False, at="2026-11-24T12:00:00Z")
FACTS = Facts(rights={"push": True}, author="ada", listed=True, wrote=None, seen="2026-11-24T11:00:00Z")


def review(after: str, before: str = rule_text(), *, path: str = "rules/a.toml") -> Review:
    old, new = (parse(Blob(path=path, data=text.encode()), max_bytes=10**6) for text in (before, after))
    settings = Settings()
    changes = diff(pair({path: old}, {path: new}), settings)
    judged = judge(changes, settings, today=TODAY)
    return Review(
        base=Revision(ref="main", sha="a" * 40, merge_base="a" * 40),
        head=Revision(ref="topic", sha="b" * 40),
        today=TODAY,
        verdict=judged.verdict,
        labels=judged.labels,
        rules=judged.rules,
        findings=judged.findings,
    )


def mark(after: str, **more: str) -> frozenset[str]:
    return fingerprints(review(after, **more), POLICY)


def test_a_fingerprint_is_of_the_change_and_not_of_where_it_stands() -> None:
    (one,) = mark(rule_text(query=OTHER_QUERY))
    assert len(one) == 16
    assert mark(rule_text(query=OTHER_QUERY).replace("\n\n", "\n\n\n")) == {one}
    assert mark(rule_text(query=OTHER_QUERY), path="rules/b.toml") == {one}


@pytest.mark.parametrize(
    "after",
    [
        rule_text(query="process where true"),
        rule_text(query=OTHER_QUERY, name="Another"),
        rule_text(query=OTHER_QUERY, maturity="beta"),
        rule_text(query=OTHER_QUERY).replace("47", "46"),
        rule_text(query=OTHER_QUERY).replace("47", "47.0"),
    ],
)
def test_whoever_waives_has_seen_the_change_and_no_other(after: str) -> None:
    assert mark(after).isdisjoint(mark(rule_text(query=OTHER_QUERY)))


def test_a_waiver_marks_what_it_covers_and_the_verdict_follows() -> None:
    made = review(rule_text(query=OTHER_QUERY))
    assert made.verdict is Verdict.BLOCK
    record = granted(REQUEST, made)
    (finding,) = waived(made, [record]).all_findings()
    assert finding.waived == Waived(by="grace", at=REQUEST.at)
    again = judged_again(waived(made, [record]), Settings())
    assert again.verdict is Verdict.PASS
    assert "governance: waived" in again.labels
    assert "governance: blocked" not in again.labels
    other = review(rule_text(query="process where true"))
    assert waived(other, [record]) == other


def test_a_record_says_what_counts_later() -> None:
    made = review(rule_text(query=OTHER_QUERY))
    record = granted(REQUEST, made)
    assert read_record(f"{marker(record)}\nAnything") == record
    assert settled(REQUEST, [record], made) == record
    assert settled(REQUEST, [], made) is None
    later = replace(REQUEST, at="2026-11-24T13:00:00Z")
    assert settled(later, [record], made) is None, "a label put on again is another request"
    changed = settled(REQUEST, [record], review(rule_text(query="process where true")))
    assert isinstance(changed, Refusal)
    assert "is no longer what was waived on `bbbbbbbbbbbb`" in changed.reason


def test_a_waiver_of_very_many_findings_fits_into_a_comment_and_covers_just_them() -> None:
    def many(number: int) -> Review:
        found = (Finding(policy=POLICY, severity=Level.ERROR, message="m", path=f"{n}.toml") for n in range(number))
        return replace(review(rule_text()), findings=tuple(found))

    for number in (3_000, 3_001, 9_999):
        made = many(number)
        record = granted(REQUEST, made)
        body = waiver_comment(record)
        assert len(body) < LIMIT
        assert f" waived {number:,} findings of " in body
        assert read_record(body) == record
        assert settled(REQUEST, [record], made) == record
        assert all(finding.waived for finding in waived(made, [record]).all_findings())
        more = many(number + 1)
        assert isinstance(settled(REQUEST, [record], more), Refusal)
        assert not all(finding.waived for finding in waived(more, [record]).all_findings())


@pytest.mark.parametrize(
    ("request_", "facts", "waivers", "reason"),
    [
        (REQUEST, FACTS, Waivers(), None),
        (replace(REQUEST, bot=True), FACTS, Waivers(), "by an app"),
        (replace(REQUEST, by=""), FACTS, Waivers(), "does not say who"),
        (REQUEST, replace(FACTS, rights={"triage": True, "pull": True}), Waivers(), "does not have write access"),
        (REQUEST, replace(FACTS, rights={"triage": True}), Waivers(permission=Permission.TRIAGE), None),
        (REQUEST, FACTS, Waivers(permission=Permission.MAINTAIN), "does not have maintain access"),
        (REQUEST, replace(FACTS, rights={"maintain": True}), Waivers(permission=Permission.ADMIN), "admin access"),
        (REQUEST, replace(FACTS, rights={"admin": True}), Waivers(permission=Permission.ADMIN), None),
        (REQUEST, replace(FACTS, author="grace"), Waivers(), "opened this pull request"),
        (REQUEST, replace(FACTS, wrote=Written(sha="c" * 40)), Waivers(), "wrote a commit of this pull request (`c"),
        (REQUEST, replace(FACTS, wrote=Written(sha="c" * 40, update=True)), Waivers(), "an update of the branch that"),
        (REQUEST, replace(FACTS, listed=False), Waivers(), "nobody can tell who wrote them"),
        (REQUEST, replace(FACTS, author="grace", listed=False), Waivers(allow_author=True), None),
        (REQUEST, replace(FACTS, seen=None), Waivers(), "older than the first review"),
        (REQUEST, replace(FACTS, seen=None), Waivers(), "without `statuses: write` never sets one"),
        (REQUEST, replace(FACTS, unseen="which is off"), Waivers(), None),
        (REQUEST, replace(FACTS, seen=None, unseen="which is off"), Waivers(), "the commit status, which is off"),
        (REQUEST, replace(FACTS, seen="2026-11-24T12:00:01Z"), Waivers(), "older than the first review"),
        (REQUEST, replace(FACTS, seen="2026-11-24T12:00:00Z"), Waivers(), None),
        (REQUEST, replace(FACTS, seen=None, outdated=True), Waivers(), "changed since the review; look again"),
        (REQUEST, replace(FACTS, seen=None, outdated=True, unseen="which is off"), Waivers(), "which is off"),
    ],
)
def test_a_request_counts_or_says_why_not(
    request_: Request, facts: Facts, waivers: Waivers, reason: str | None
) -> None:
    found = refused(request_, facts, waivers)
    assert (found is None) == (reason is None)
    if found is not None:
        assert str(reason) in found.reason
        assert not found.reason.endswith(".")


def test_a_label_asks_whatever_its_case() -> None:
    assert asks("Waive: rule-removed")
    assert not asks("waiver: rule-removed")
    assert replace(REQUEST, label="WAIVE: Rule-Removed").policy == "rule-removed"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Hello",
        f"{MARK}-->",
        f"{MARK}{{}} -->",
        f"{MARK}{{nope}} -->",
        f'{MARK}{{"policy":1,"findings":[],"base":"","head":"","by":"","at":""}} -->',
        f'{MARK}{{"policy":"x","findings":[1],"base":"","head":"","by":"","at":""}} -->',
        f'{MARK}{{"policy":"x","findings":{{}},"base":"","head":"","by":"","at":""}} -->',
        f'{MARK}{{"policy":"x","findings":[],"head":"","by":"","at":""}} -->',
        f'> {MARK}{{"policy":"x","findings":[],"base":"","head":"","by":"","at":""}} -->',
        f"{MARK}{'[' * 100_000} -->",
        f'{MARK}{{"a":{"[" * 100_000}}} -->',
    ],
)
def test_what_is_no_record_is_none(body: str) -> None:
    assert read_record(body) is None


@given(
    st.builds(
        Record,
        policy=st.text(),
        findings=st.frozensets(st.text(), max_size=4),
        base=st.text(),
        head=st.text(),
        by=st.text(),
        at=st.text(),
    )
)
def test_every_record_reads_back_as_it_was(record: Record) -> None:
    text = marker(record)
    assert "\n" not in text
    assert text.count("-->") == 1
    assert read_record(f"{text}\nmore -->") == record


@given(st.text())
def test_no_comment_crashes(text: str) -> None:
    found = read_record(f"{MARK}{text} -->")
    assert found is None or isinstance(found, Record)
