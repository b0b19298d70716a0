"""What comes from GitHub: payloads of events, comments of strangers, records, audits of other repositories."""

# ruff: noqa: PT017 - what was caught is data here
from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import strategies as st

from bot.audit_report import read_audit
from bot.github.event import AuditTree, ReviewGroup, ReviewPull, activity
from bot.github.facts import marked
from bot.github.plan import inline_key, settled
from bot.model import RulewardError
from bot.render.as_markdown import marker_again, noted
from bot.waive import Record, marker, read_record
from tests.fuzz.target import Target
from tests.fuzz.texts import as_bytes, changed, plain_json, soup

_NAMES = ["pull_request", "pull_request_target", "merge_group", "schedule", "workflow_dispatch", "push", ""]
_SHA = "a" * 40
_payload = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(["opened", "labeled", "checks_requested"]) | plain_json,
        "number": st.integers() | plain_json,
        "pull_request": st.fixed_dictionaries({"number": st.integers() | plain_json}) | plain_json,
        "merge_group": st.fixed_dictionaries(
            {},
            optional={
                "base_sha": st.just(_SHA) | soup,
                "head_sha": st.just(_SHA) | soup,
                "head_ref": st.just("refs/heads/gh-readonly-queue/main/pr-1-abc") | soup | plain_json,
                "base_ref": soup | plain_json,
            },
        )
        | plain_json,
    },
)


def _check_event(drawn: tuple[str, dict[str, Any], str]) -> None:
    name, payload, command = drawn
    try:
        found = activity(name, payload, command)
    except RulewardError as error:
        assert str(error)
        return
    assert isinstance(found, ReviewPull | ReviewGroup | AuditTree)
    if isinstance(found, ReviewPull):
        assert type(found.number) is int
        assert found.number > 0


event = Target(
    name="event",
    values=st.tuples(st.sampled_from(_NAMES) | soup, _payload, st.sampled_from(["auto", "review", "audit"])),
    check=_check_event,
)

_records = st.builds(
    Record, policy=soup, findings=st.frozensets(soup, max_size=3), base=soup, head=soup, by=soup, at=soup
)
_REAL = marker(
    Record(
        policy="schedule-gap",
        findings=frozenset({"ab" * 8}),
        base="main",
        head=_SHA,
        by="ada",
        at="2026-11-24T00:00:00Z",
    )
)


def _check_record(drawn: tuple[Record, str]) -> None:
    record, text = drawn
    line = marker(record)
    assert line.count("-->") == 1
    assert "\n" not in line
    assert read_record(f"{line}\nmore --> text") == record
    found = read_record(text)
    assert found is None or isinstance(found, Record)


record = Target(name="waiver-record", values=st.tuples(_records, changed(_REAL) | soup), check=_check_record)

_MARKERS = (
    f'<!-- ruleward:review v1 change={"ab" * 8} notes=[["waive: x","why",true]] -->\nbody\n'
    f"<!-- ruleward:inline {'ab' * 8} -->\n<!-- ruleward:settled {'ab' * 8} -->\n"
)


def _check_marker(text: str) -> None:
    assert isinstance(marked(text), str)
    key = inline_key(text)
    if key is not None:
        assert inline_key(settled(text, key[0])) == (key[0], True)
    first = marker_again(text)
    assert first.endswith("-->")
    assert "\n" not in first
    assert all(note.label is not None for note in noted(text, "ab" * 8))


markers = Target(name="marker", values=changed(_MARKERS) | soup, check=_check_marker)


def _audit() -> str:
    from tests.fuzz.rendering import audited

    return audited("rules/a.toml", "A rule", "any where true")


def _check_audit(data: bytes) -> None:
    with contextlib.suppress(RulewardError):
        read_audit(data, "A.json")


audit = Target(
    name="audit-report",
    values=as_bytes(st.deferred(lambda: changed(_audit()))) | plain_json.map(lambda value: json.dumps(value).encode()),
    check=_check_audit,
)
