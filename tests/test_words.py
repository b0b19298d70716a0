"""A change is told in a few words, the most important first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import category_of
from bot.model import Category, Change, Kind, QueryChange, QueryVerdict, RuleChange, Status
from bot.words import LONGEST, change_words, rule_words, short


def change(path: str, before: object, after: object) -> Change:
    parts = tuple(path.split("."))
    return Change(path=parts, category=category_of(parts), before=before, after=after)


def technique(identity: str, *inner: str) -> dict[str, object]:
    return {"id": identity, "name": "A name", "subtechnique": [{"id": each, "name": "Sub"} for each in inner]}


def tactic(identity: str, *techniques: dict[str, object]) -> dict[str, object]:
    return {"framework": "MITRE ATT&CK", "tactic": {"id": identity, "name": "Tactic"}, "technique": list(techniques)}


EXECUTION = [tactic("TA0002", technique("T1059"))]
EVASION = tactic("TA0005")


@pytest.mark.parametrize(
    ("path", "before", "after", "words"),
    [
        ("rule.risk_score", 47, 73, "risk 47 → 73"),
        ("rule.severity", "medium", "high", "severity medium → high"),
        ("rule.index", ["logs-x*"], ["logs-okta*"], "index + logs-okta*, − logs-x*"),
        ("rule.tags", ["B"], ["A"], "tags + A, − B"),
        ("rule.tags", ["B"], ["B", "1", "2", "3", "4", "5"], "tags + 1, 2, 3 and 2 more"),
        ("metadata.maturity", "development", "production", "maturity development → production"),
        ("metadata.ecs_version", ["1.4.0"], ["1.5.0"], "ecs_version 1.4.0 → 1.5.0"),
        ("metadata.min_stack_version", None, "8.13.0", "min_stack_version set to 8.13.0"),
        ("metadata.min_stack_version", "8.3.0", None, "min_stack_version dropped (was 8.3.0)"),
        ("rule.query", "a", "b", "query changed"),
        ("rule.description", "a", "b", "description reworded"),
        ("rule.note", None, "b", "note added"),
        ("rule.setup", "b", None, "setup removed"),
        ("rule.references", ["a"], ["b", "c"], "references + 2, − 1"),
        ("rule.from", "now-6m", "now-9m", "from now-6m → now-9m"),
        ("rule.threat", EXECUTION, [tactic("TA0002", technique("T1059", "T1059.001"))], "threat + T1059.001"),
        ("rule.threat", EXECUTION, [*EXECUTION, tactic("TA0005")], "threat + TA0005"),
        ("rule.threat", EXECUTION, None, "threat − TA0002, T1059"),
        ("rule.description", "a b\nc", "a\nb  c", "description wrapped otherwise"),
        (
            "rule.threat",
            [{"tactic": {"name": "A"}}],
            [{"tactic": {"name": "B"}}],
            "threat: 1 changed (tactic.name A → B)",
        ),
        ("rule.threat", EXECUTION, EXECUTION[::-1] + EXECUTION, "threat changed, same ids"),
        ("rule.threat", [*EXECUTION, tactic("TA0005", technique("T1059"))], [*EXECUTION, EVASION], "threat changed"),
        ("rule.threat", 1, 2, "threat changed"),
        ("rule.filters", [{"a": {"b": 1}}], [{"a": {"b": True}}], "filters: 1 changed (a.b 1 → true)"),
        ("rule.filters", [{"a": 1, "b": 1}], [{"a": 2, "b": 2}], "filters: 1 changed (a, b)"),
        ("rule.filters", [{"a": 1}], [{"a": 1, "b": 1}], "filters: 1 changed (b)"),
        ("rule.filters", [{"a": "x" * 99}], [{"a": "x" * 98}], "filters: 1 changed (a)"),
        ("rule.filters", [{"a": 1}], [{"a": 1}, {"a": 2}], "filters: 1 added"),
        ("rule.new_terms.value", ["a", "b"], ["b", "a"], "new_terms.value reordered"),
        ("rule.enabled", True, False, "enabled true → false"),
        ("rule.threshold.value", 1, 1.0, "threshold.value 1 → 1.0"),
        ("rule.index", "logs-*", ["logs-*"], "index written as a list"),
        ("rule.references", ["a"], "a", "references written as a string"),
        ("rule.machine_learning_job_id", "a", ["a", "b"], "job + b"),
        ("rule.threshold.cardinality", [], None, "threshold.cardinality dropped (was [])"),
        ("rule.filters", None, [], "filters set to []"),
        ("rule.filters", 1, [], "filters changed"),
        ("rule.index", "", [], 'index − ""'),
    ],
)
def test_a_leaf_is_told_in_a_few_words(path: str, before: object, after: object, words: str) -> None:
    assert change_words(change(path, before, after)) == words


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3), st.sampled_from(Category), JSON, JSON)
def test_any_two_values_can_be_told(tail: list[str], category: Category, before: object, after: object) -> None:
    told = change_words(Change(path=("rule", *tail), category=category, before=before, after=after))
    assert told
    assert "\n" not in told


@given(JSON)
def test_a_value_is_short_and_on_one_line(value: object) -> None:
    assert len(short(value)) <= LONGEST
    assert "\n" not in short(value)


def edited(*changes: Change, query: QueryChange | None = None) -> RuleChange:
    return RuleChange(
        path="rules/a.toml",
        previous_path=None,
        status=Status.MODIFIED,
        kind=Kind.TUNING,
        before=None,
        after=None,
        changes=changes,
        query=query,
    )


def test_logic_is_told_first_and_bookkeeping_not_at_all() -> None:
    rule = edited(
        change("metadata.updated_date", "2025/01/01", "2026/01/01"),
        change("rule.description", "a", "b"),
        change("rule.query", "a", "b"),
        change("rule.risk_score", 21, 47),
        change("rule.severity", "low", "medium"),
        query=QueryChange(language="eql", verdict=QueryVerdict.NARROWED),
    )
    assert rule_words(rule) == ("query narrowed", "severity low → medium", "risk 21 → 47", "description reworded")


def test_a_query_that_came_or_went_is_told_as_that() -> None:
    unknown = QueryChange(language="kuery", verdict=QueryVerdict.UNKNOWN, reason="the query was removed")
    assert rule_words(edited(change("rule.query", "a", None), query=unknown)) == ("query removed",)
    assert rule_words(edited(change("rule.query", None, "a"), query=unknown)) == ("query added",)


def test_a_rule_whose_bookkeeping_alone_changed_says_so() -> None:
    assert rule_words(edited(change("metadata.updated_date", "2025/01/01", "2026/01/01"))) == ("bookkeeping only",)
    assert rule_words(edited()) == ("layout only",)
