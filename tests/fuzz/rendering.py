"""Escaping, and whole reviews and audits of random rules on every surface."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

from hypothesis import strategies as st

from bot.audited import Audit, Source
from bot.diff import diff, pair
from bot.judge import judge
from bot.lifecycle import advise
from bot.model import Blob, Parsed, Review, Revision, Rule, Unreadable
from bot.parse import parse
from bot.render import render, render_audit, render_change
from bot.render.escape import (
    code,
    command_data,
    command_property,
    cut,
    element,
    fenced,
    prose,
    tame,
    terminal,
    url_path,
    visible,
)
from bot.report import utf8
from bot.settings import Settings
from bot.stale import audit_rules
from bot.waive import fingerprint
from tests.fuzz.target import Target
from tests.fuzz.texts import changed, soup
from tests.hostile import HOSTILE, assert_tame
from tests.repository import other_id, rule_text
from tests.test_render import REVIEW, hostile

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
SETTINGS = Settings()
TODAY = date(2026, 11, 24)
_BREAK = "\u200b"


def _harmless(text: str) -> None:
    assert "::" not in text
    assert "<!--" not in text
    assert "##[" not in text
    assert "</details" not in text.lower()
    assert not _UNSAFE.search(text.replace(_BREAK, "")), ascii(text)


def _check_escape(text: str) -> None:
    for made in (code(text), element(text), prose(text), terminal(text), tame(visible(text))):
        _harmless(made)
        assert "\n" not in made
    _harmless(command_data(text))
    for made in (command_data(text), command_property(text)):
        assert "\n" not in made
        assert "\r" not in made
    assert ":" not in command_property(text)
    assert "," not in command_property(text)
    assert len(cut(text, 5)) <= 5
    block = fenced(text.split("\n"), "toml")
    fence = block.partition("toml")[0]
    assert block.endswith(f"\n{fence}")
    assert fence not in block[len(fence) : -len(fence)]
    assert re.fullmatch(r"[A-Za-z0-9_./%-]*", url_path(text))
    shown = utf8(text)
    shown.encode()
    again = tame(tame(text))
    assert "::" not in again


escape = Target(name="escape", values=soup | st.text(max_size=40), check=_check_escape, few=300)


def _check_hostile(drawn: tuple[str, str, str, str]) -> None:
    made = hostile(*drawn)
    _every_format(made)
    assert_tame(render(made, SETTINGS, "markdown", blob_url="https://github.com/o/r/blob/abc"), tables=2, marker=REVIEW)


def _every_format(made: Review) -> None:
    for name in ("text", "json", "sarif", "github", "markdown"):
        text = render(made, SETTINGS, name, colour=False)
        text.encode()
        if name in {"text", "json", "sarif"}:
            assert "::" not in text, name
            assert "##[" not in text
        if name in {"json", "sarif"}:
            json.loads(text)
    lines = render(made, SETTINGS, "github").splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ", "Ruleward: ")) for line in lines)


surfaces = Target(
    name="hostile-review", values=st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), check=_check_hostile, few=20
)

_TEXTS = changed(rule_text(rule='[rule.threshold]\nfield = ["a"]\nvalue = 3\n')) | changed(
    rule_text(rule_id=other_id(7), name="Other", query="any where true").replace('"eql"', '"kuery"')
)
_FILES = st.dictionaries(
    st.sampled_from(["rules/a.toml", "rules/b.toml", "rules/_deprecated/c.toml"]) | soup.map("rules/{}.toml".format),
    _TEXTS,
    max_size=3,
)


def _parsed(files: dict[str, str]) -> dict[str, Parsed]:
    found: dict[str, Parsed] = {}
    for path, text in files.items():
        data = text.encode("utf-8", "replace")
        found[path] = parse(Blob(path=path, size=len(data), data=data), max_bytes=100_000)
    return found


def _check_pairs(drawn: tuple[dict[str, str], dict[str, str]]) -> None:
    old, new = map(_parsed, drawn)
    changes = diff(pair(old, new), SETTINGS)
    judged = judge(changes, SETTINGS, today=TODAY)
    made = Review(
        base=Revision(ref="main", sha="a" * 40, merge_base="b" * 40),
        head=Revision(ref="x", sha=None),
        today=TODAY,
        verdict=judged.verdict,
        labels=judged.labels,
        rules=judged.rules,
        findings=judged.findings,
    )
    _every_format(made)
    comment = render(made, SETTINGS, "markdown", blob_url="https://github.com/o/r/blob/abc")
    assert comment.count("<!--") == 1
    for rule in made.rules:
        render_change(rule.change).encode()
        for finding in rule.findings:
            assert re.fullmatch(r"[0-9a-f]{16}", fingerprint(finding, rule.change))
    both = audit_of([each for each in new.values() if isinstance(each, Rule | Unreadable)])
    for name in ("text", "markdown", "json", "html"):
        render_audit(both, name).encode()
    assert_html(render_audit(both, "html"))


def assert_html(page: str) -> None:
    """The page has the scripts that we wrote, and no more."""
    assert page.count("<script") == page.count("</script>") == EMPTY.count("<script")
    assert page.count("<img") == EMPTY.count("<img")


def audit_of(rules: list[Rule | Unreadable]) -> Audit:
    """An audit of rules without a history."""
    return Audit(
        today=TODAY,
        sources=(Source(repository="o/r", ref="main", sha="a" * 40, note="", findings=(), unevaluated=(), skipped=0),),
        rules=audit_rules(
            rules,
            {},
            SETTINGS,
            today=TODAY,
            owners=lambda path: (f"@{path[:4]}",),
            advise=lambda aged, reasons, findings: advise(aged, reasons, findings, SETTINGS, TODAY),
            repository="o/r",
        ),
    )


def audited(path: str, name: str, query: str) -> str:
    """The JSON of the audit of one rule."""
    rules = [each for each in _parsed({path: rule_text(name=name, query=query)}).values() if isinstance(each, Rule)]
    return render_audit(audit_of([replace(each, path=path) for each in rules]), "json")


EMPTY = render_audit(audit_of([]), "html")
pairs = Target(name="rule-pair", values=st.tuples(_FILES, _FILES), check=_check_pairs, few=20)
