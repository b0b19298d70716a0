"""The rolling issue: what it says, what it remembers, and that nothing in a rule is more than text in it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.audited import Advice, Audit, AuditedRule, Source, attention
from bot.config import read_config
from bot.model import Finding, Level, Unevaluated
from bot.render import render_audit
from bot.render.as_issue import LABEL, MARKER, Issue, read_state, render
from bot.render.as_markdown import LIMIT
from bot.render.audit_markdown import end_of_next_quarter
from bot.settings import LabelStyle, Settings
from tests.repository import other_id

TODAY = date(2026, 11, 24)
SOURCE = Source(repository="o/r", ref="main", sha="0" * 40)


def stale(number: int, **more: object) -> AuditedRule:
    """A stale rule."""
    rule = AuditedRule(
        path=f"rules/linux/discovery_of_something_or_other_by_some_tool_{number}.toml",
        repository="o/r",
        rule_id=other_id(number),
        name=f"Discovery of Something or Other by Some Tool {number}",
        severity="medium",
        maturity="production",
        updated_date="2024/01/01",
        age_days=1_058,
        reasons={"stale-updated-date": 1_058},
        advice=(Advice(step="review", words="test it against today's data", days=1_058),),
    )
    return replace(rule, **more)  # type: ignore[arg-type]


def of(*rules: AuditedRule, today: date = TODAY, source: Source = SOURCE) -> Audit:
    """An audit of some rules."""
    return Audit(today=today, sources=(source,), rules=tuple(sorted(rules, key=attention)))


def issue(audit: Audit, previous: str | None = None) -> Issue:
    """The issue under the default config."""
    return render(audit, Settings(), previous)


def later(audit: Audit, days: int) -> Audit:
    """The same tree some days later: every age has grown."""

    def aged(rule: AuditedRule) -> AuditedRule:
        reasons = {reason: None if each is None else each + days for reason, each in rule.reasons.items()}
        advice = tuple(replace(each, days=None if each.days is None else each.days + days) for each in rule.advice)
        age = None if rule.age_days is None else rule.age_days + days
        return replace(rule, reasons=reasons, advice=advice, age_days=age)

    return replace(audit, today=audit.today + timedelta(days=days), rules=tuple(map(aged, audit.rules)))


# --- what it says -----------------------------------------------------------------------------------------------------


def test_it_counts_and_names_every_rule_by_owner() -> None:
    rules = [stale(1, owners=("@o/linux",)), stale(2, owners=("@o/linux",)), stale(3)]
    made = issue(of(*rules))
    assert made.title == "Stale rules: 3 rules to look at"
    assert made.body.startswith(MARKER)
    assert "**3 of 3 rules are stale.**" in made.body
    assert made.body.index("### `@o/linux`: 2 rules") < made.body.index("### no owner: 1 rule")
    assert made.body.count("<summary>") == 3
    assert (made.label, made.open) == (LABEL, True)


def test_each_rule_brings_the_lines_that_postpone_it() -> None:
    one = stale(1, reasons={"stale-updated-date": 1_058, "deprecation-limbo": 100})
    made = issue(of(one, stale(2, rule_id=None))).body
    blocks = re.findall(r"```toml\n(.*?)```", made, re.DOTALL)
    assert len(blocks) == 2
    exceptions = [each for block in blocks for each in read_config(block.encode()).exceptions]
    assert [(each.policy, each.rule_id, each.path) for each in exceptions] == [
        ("stale-updated-date", other_id(1), None),
        ("deprecation-limbo", other_id(1), None),
        ("stale-updated-date", None, stale(2).path),
    ]
    assert {each.expires for each in exceptions} == {date(2027, 3, 31)}


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 1, 1), date(2026, 6, 30)),
        (date(2026, 3, 31), date(2026, 6, 30)),
        (date(2026, 9, 30), date(2026, 12, 31)),
        (date(2026, 11, 24), date(2027, 3, 31)),
    ],
)
def test_one_postpones_to_the_end_of_the_next_quarter(day: date, last: date) -> None:
    assert end_of_next_quarter(day) == last


def test_what_blocks_the_next_step_is_said() -> None:
    blocked = Advice(step="deprecate", words="finish the deprecation", days=100, blocked="`a` has no step to `b`")
    assert (
        "**Due:** finish the deprecation. **Blocked because** `a` has no step to `b`."
        in issue(of(stale(1, advice=(blocked,)))).body
    )


def test_a_rule_is_not_said_to_be_stale_since_it_was_last_changed() -> None:
    reasons = {"deprecation-limbo": 100, "stale-logic": 900, "ecs-version-outdated": None}
    body = issue(of(stale(1, reasons=reasons))).body
    assert "deprecation-limbo since 2026-08-16, stale-logic of 2024-06-07, ecs-version-outdated</summary>" in body


def test_rules_to_delete_and_other_findings_are_folded_at_the_end() -> None:
    gone = stale(2, reasons={}, deprecated=True, advice=(Advice(step="delete", words="delete it", days=900),))
    odd = Finding(policy="file-name", severity=Level.WARNING, message="an odd name", path="rules/x.toml")
    body = issue(of(stale(1), gone, stale(3, reasons={}, advice=(), findings=(odd,)))).body
    assert "1 deprecated rule that can go" in body
    assert "delete it, deprecated since 2024-06-07" in body
    assert "warning `rules/x.toml`: an odd name" in body


def test_what_could_not_be_judged_is_said() -> None:
    source = replace(
        SOURCE, note="this clone is shallow", unevaluated=(Unevaluated(path="rules/z.toml", reason="gone"),)
    )
    body = issue(of(stale(1), source=source)).body
    assert "this clone is shallow" in body
    assert "1 file could not be judged: `rules/z.toml`" in body


def test_nothing_stale_is_an_issue_to_be_closed() -> None:
    made = issue(of(stale(1, reasons={}, advice=())))
    assert (made.title, made.open) == ("Stale rules: none", False)
    assert "**0 of 1 rule is stale.**" in made.body


def test_the_label_has_the_name_that_the_config_gives_it() -> None:
    settings_ = Settings(labels={LABEL: LabelStyle(name="Stale")})
    assert render(of(stale(1)), settings_).label == "Stale"


# --- what it remembers ------------------------------------------------------------------------------------------------


def test_a_second_run_writes_the_same_bytes() -> None:
    first = issue(of(stale(1), stale(2)))
    assert issue(of(stale(1), stale(2)), first.body) == first
    second = issue(of(stale(2), stale(3), stale(4)), first.body)
    assert "Since 2026-11-24: +2 \u22121." in second.body
    assert issue(of(stale(2), stale(3), stale(4)), second.body) == second


def test_another_day_alone_makes_no_other_bytes() -> None:
    audit = of(stale(1), stale(2, reasons={"stale-logic": 1_200}, severity="high"))
    first = issue(audit)
    assert issue(later(audit, 7), first.body).body == first.body


def test_it_says_what_came_and_went_since_the_last_change() -> None:
    first = issue(of(stale(1)))
    second = issue(later(of(stale(1), stale(2), stale(3)), 7), first.body)
    assert "Since 2026-11-24: +2 \u22120." in second.body
    third = issue(later(of(stale(3)), 14), second.body)
    assert "Since 2026-12-01: +0 \u22122." in third.body


def test_a_rule_that_moved_neither_came_nor_went() -> None:
    first = issue(of(stale(1)))
    assert "Since" not in issue(of(stale(1, path="rules/windows/other.toml")), first.body).body


def test_reopened_after_nothing_was_stale_it_counts_from_there() -> None:
    first = issue(of(stale(1)))
    none = issue(later(of(stale(1, reasons={}, advice=())), 7), first.body)
    assert "Since 2026-11-24: +0 \u22121." in none.body
    assert "Since 2026-12-01: +1 \u22120." in issue(later(of(stale(1)), 14), none.body).body


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Hello",
        "<!-- ruleward:audit -->",
        "<!-- ruleward:audit v1 on=2026-11-24 keys=!!! -->",
        "<!-- ruleward:audit v1 on=2026-99-99 keys=AAAAA -->",
        "<!-- ruleward:audit v1 on=2026-11-24 since=2026-11-17 plus=5 keys=AAAAA -->",
        f"<!-- ruleward:audit v1 on=2026-11-24 since=2026-11-17 plus={'9' * 5_000} minus=1 keys=A -->",
        f"<!-- ruleward:audit v1 on=2026-11-24 keys={'A' * 70_000} -->",
        "words first <!-- ruleward:audit v1 on=2026-11-24 keys=AAAAA -->",
        "<!-- ruleward:audit v1 on=\u0662\u0660\u0662\u0666-11-24 keys=AAAAA -->",
    ],
    ids=lambda body: body[:60],
)
def test_a_state_that_somebody_broke_is_no_state(body: str) -> None:
    assert read_state(body) is None
    assert issue(of(stale(1)), body) == issue(of(stale(1)))


@given(st.text(max_size=300))
def test_no_body_at_all_stops_the_next_run(body: str) -> None:
    read_state(body)
    assert issue(of(stale(1)), MARKER + "v1 " + body).body.startswith(MARKER)


@given(st.sets(st.integers(0, 10_000), max_size=40))
def test_a_state_is_read_as_it_was_written(numbers: set[int]) -> None:
    body = issue(of(*map(stale, numbers))).body
    state = read_state(body)
    assert state is not None
    assert state.keys is not None
    assert len(state.keys) == len(numbers)
    assert state.marker() == body.partition("\n")[0]


# --- how long it may be -----------------------------------------------------------------------------------------------


def test_three_thousand_stale_rules_fit() -> None:
    owners = [(f"@o/team-{number}",) for number in range(12)] + [()]
    rules = [stale(number, owners=owners[number % 13], severity="high") for number in range(3_000)]
    made = issue(of(*rules))
    assert 45_000 < len(made.body) <= LIMIT
    assert made.body.count("### ") == 13
    assert "an artifact of its run, lists them all" in made.body
    shown = set(re.findall(r"by(?:&#95;|_)some(?:&#95;|_)tool(?:&#95;|_)(\d+)\.toml", made.body))
    left = sum(int(number.replace(",", "")) for number in re.findall(r"… and ([\d,]+) more rules?: ", made.body))
    assert len(shown) + left == 3_000
    again = issue(of(*rules[:-1]), made.body)
    assert "+0 \u22121." in again.body
    assert issue(of(*rules), made.body) == made


def test_more_rules_than_can_be_remembered_are_still_counted() -> None:
    rules = [stale(number) for number in range(4_500)]
    made = issue(of(*rules))
    assert len(made.body) <= LIMIT
    assert "4,500 of 4,500 rules" in made.body
    assert issue(of(*rules), made.body) == made
    assert "Since" not in issue(of(stale(1)), made.body).body


def test_a_thousand_owners_fit() -> None:
    rules = [stale(number, owners=(f"@o/{'x' * 80}{number}",)) for number in range(1_000)]
    body = issue(of(*rules)).body
    assert len(body) <= LIMIT
    assert "of 940 more owners" in body


# --- text that means harm ---------------------------------------------------------------------------------------------

HOSTILE = (
    "@o/everybody",
    "<!-- ruleward:audit v1 on=2026-11-24 keys= -->",
    "</summary></details><script>alert(1)</script>",
    "``` `` ` ~~~",
    "a\n::error::b\n##[error]c",
    "x | y",
    "[a](https://evil.example) https://evil.example #1 gh-1",
    "\u202e\u200b\x00\ud800",
    '"""\n[[exceptions]]\npolicy = "unreadable-rule"',
)


@settings(max_examples=60)
@given(*[st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))] * 5)
def test_text_of_a_rule_is_only_text(name: str, path: str, owner: str, message: str, rule_id: str) -> None:
    finding = Finding(policy="file-name", severity=Level.NOTICE, message=message, path=path)
    rule = stale(
        1, name=name, path=path or "x", owners=(owner,), severity=message, rule_id=rule_id, findings=(finding,)
    )
    source = replace(SOURCE, repository=name, note=message)
    for body in (issue(of(rule, source=source)).body, render_audit(of(rule, source=source), "markdown")):
        text = body.partition("-->")[2] if body.startswith(MARKER) else body
        assert "<!--" not in text
        assert "::error" not in text
        assert "##[" not in text
        assert text.count("</details") == text.count("<details")
        assert_only_our_markup(text)
        for block in re.findall(r"^(`{3,})toml\n(.*?)\n\1$", text, re.DOTALL | re.MULTILINE):
            tables = tomllib.loads(block[1].replace("\u200b", ""))
            assert [each["policy"] for each in tables["exceptions"]] == ["stale-updated-date"]


def assert_only_our_markup(text: str) -> None:
    """Every link leads to the manual, every tag is one of ours, and every @ stands in code."""
    for token in MarkdownIt("commonmark").parse(text):
        html = [token] if token.type == "html_block" else []
        for child in token.children or []:
            if child.type == "link_open":
                assert str(child.attrs["href"]).startswith("https://github.com/ruleward/ruleward/")
            if child.type == "text":
                assert "@" not in child.content
            html += [child] if child.type == "html_inline" else []
        for each in html:
            assert set(re.findall(r"</?([a-z]+)", each.content)) <= {"details", "summary", "sub", "code", "wbr", "br"}
