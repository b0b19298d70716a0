"""What a waiver of a new rule covers: the rule as it was seen, its updated date apart."""

from __future__ import annotations

from bot.diff import diff, pair
from bot.model import Blob, Finding, Level
from bot.parse import parse
from bot.settings import Settings
from bot.waive import fingerprint
from tests.repository import rule_text

FINDING = Finding(policy="file-name", severity=Level.ERROR, message="m", path="rules/a.toml")


def known_as(text: str) -> str:
    data = text.encode()
    new = {"rules/a.toml": parse(Blob(path="rules/a.toml", size=len(data), data=data), max_bytes=100_000)}
    (change,) = diff(pair({}, new), Settings()).rules
    return fingerprint(FINDING, change)


def test_another_query_or_maturity_of_a_new_rule_is_another_finding() -> None:
    seen = known_as(rule_text())
    assert known_as(rule_text(query="any where true")) != seen
    assert known_as(rule_text(maturity="beta")) != seen


def test_another_updated_date_of_a_new_rule_is_the_same_finding() -> None:
    assert known_as(rule_text(updated="2026/11/24")) == known_as(rule_text())
