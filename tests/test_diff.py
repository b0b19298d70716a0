"""Pairing, leaves, categories and kinds, as the contract has them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import category_of, diff, leaves, pair
from bot.model import Blob, Category, Kind, Op, Parsed, RuleChange, Status, same
from bot.parse import parse
from bot.settings import Settings
from tests.repository import other_id, rule_text

BROKEN = "[rule\n"


def parsed(files: dict[str, str]) -> dict[str, Parsed]:
    blobs = {path: Blob(path=path, data=text.encode(), size=len(text)) for path, text in files.items()}
    return {path: parse(blob, max_bytes=10**6) for path, blob in blobs.items()}


def changes(old: dict[str, str], new: dict[str, str], renames: dict[str, str] | None = None) -> dict[str, RuleChange]:
    done = diff(pair(parsed(old), parsed(new), renames), Settings())
    return {change.path: change for change in done.rules}


def one(before: str, after: str, path: str = "rules/x.toml") -> RuleChange:
    return changes({path: before}, {path: after})[path]


A, B = rule_text(rule_id=other_id(1), name="A"), rule_text(rule_id=other_id(2), name="B")


@pytest.mark.parametrize(
    ("old", "new", "renames", "expected"),
    [
        ({"rules/a.toml": A}, {"rules/b.toml": A}, {}, {"rules/b.toml": "rules/a.toml"}),
        (
            {"rules/a.toml": A, "rules/b.toml": B},
            {"rules/a.toml": B, "rules/b.toml": A},
            {},
            {"rules/a.toml": "rules/b.toml", "rules/b.toml": "rules/a.toml"},
        ),
        (
            {"rules/a.toml": A, "rules/b.toml": B},
            {"rules/b.toml": A, "rules/c.toml": B},
            {},
            {"rules/b.toml": "rules/a.toml", "rules/c.toml": "rules/b.toml"},
        ),
        ({"rules/a.toml": A}, {"rules/a.toml": B}, {}, {"rules/a.toml": "rules/a.toml"}),
        ({"rules/a.toml": A}, {"rules/b.toml": B}, {}, {"rules/b.toml": None, "rules/a.toml": "gone"}),
        (
            {"rules/a.toml": A},
            {"rules/b.toml": B},
            {"rules/b.toml": "rules/a.toml"},
            {"rules/b.toml": "rules/a.toml"},
        ),
        (
            {"rules/a.toml": A},
            {"rules/a.toml": BROKEN, "rules/b.toml": A},
            {},
            {"rules/a.toml": "rules/a.toml", "rules/b.toml": None},
        ),
        ({}, {"rules/a.toml": A, "rules/b.toml": A}, {}, {"rules/a.toml": None, "rules/b.toml": None}),
        (
            {"rules/a.toml": A},
            {"rules/a.toml": A.replace("One", "1"), "rules/b.toml": A},
            {},
            {"rules/a.toml": "rules/a.toml", "rules/b.toml": None},
        ),
    ],
)
def test_rules_are_paired_in_the_contracts_order(
    old: dict[str, str], new: dict[str, str], renames: dict[str, str], expected: dict[str, str | None]
) -> None:
    found = changes(old, new, renames)
    origins = {
        path: "gone" if change.after is None else change.before.path if change.before else None
        for path, change in found.items()
    }
    assert origins == expected


def test_a_file_that_never_was_a_rule_is_counted_and_skipped() -> None:
    pairing = pair(parsed({"rules/c.toml": "x = 1\n"}), parsed({"rules/c.toml": "x = 2\n"}))
    assert (pairing.pairs, pairing.skipped) == ((), 1)


@pytest.mark.parametrize(
    ("old", "new", "skipped"),
    [
        ({"rules/c.toml": "x = 1\n"}, {}, 1),
        ({}, {"rules/c.toml": "x = 1\n"}, 0),  # in the head alone it is a rule that cannot be read
        ({"rules/a.toml": A}, {}, 0),
        ({}, {"rules/a.toml": A}, 0),
        ({"rules/c.toml": "x = 1\n"}, {"rules/c.toml": A}, 0),
    ],
)
def test_only_what_is_no_rule_is_skipped(old: dict[str, str], new: dict[str, str], skipped: int) -> None:
    assert pair(parsed(old), parsed(new)).skipped == skipped


def test_a_file_that_never_was_a_rule_is_none_where_it_moved_to_either() -> None:
    old, new = parsed({"rules/c.toml": "x = 1\n"}), parsed({"rules/d.toml": "x = 1\n"})
    assert pair(old, new).has_leftovers, "git has to be asked"
    moved = pair(old, new, {"rules/d.toml": "rules/c.toml"})
    assert (moved.pairs, moved.skipped, moved.has_leftovers) == ((), 1, False)
    for renames in ({"rules/d.toml": "rules/a.toml"}, {}):  # it may be a rule that lost its table
        left = pair({**parsed({"rules/a.toml": A}), **old}, new, renames)
        assert "rules/d.toml" in {each.after.path for each in left.pairs if each.after is not None}


def test_a_rename_that_git_holds_counts_where_both_files_are_left_over() -> None:
    old, new = (
        {"rules/a.toml": A, "rules/b.toml": B},
        {"rules/c.toml": rule_text(rule_id=other_id(3)), "rules/d.toml": B},
    )
    for renames in (
        {"rules/d.toml": "rules/a.toml"},
        {"rules/c.toml": "rules/b.toml"},
        {"rules/x.toml": "rules/a.toml"},
    ):
        found = changes(old, new, renames)
        assert {path: change.previous_path for path, change in found.items()} == {
            "rules/a.toml": None,
            "rules/c.toml": None,
            "rules/d.toml": "rules/b.toml",
        }
    assert changes(old, new, {"rules/c.toml": "rules/a.toml"})["rules/c.toml"].previous_path == "rules/a.toml"


def test_a_rule_that_stays_where_it_is_has_no_previous_path() -> None:
    assert one(A, A.replace("One", "1")).previous_path is None


def test_leftovers_are_a_rule_that_went_beside_one_that_came() -> None:
    gone, come = {"rules/a.toml": A}, {"rules/b.toml": B}
    pairings = [pair(parsed(old), parsed(new)) for old, new in ((gone, come), (gone, {}), ({}, come), (gone, gone))]
    assert [pairing.has_leftovers for pairing in pairings] == [True, False, False, False]


@pytest.mark.parametrize(("old", "kind"), [({}, Kind.UNREADABLE), ({"rules/a.toml": A}, Kind.UNREADABLE)])
def test_a_rule_that_lost_its_rule_table_is_unreadable_not_removed(old: dict[str, str], kind: Kind) -> None:
    assert changes(old, {"rules/a.toml": "[metadata]\n"})["rules/a.toml"].kind is kind


RETIRED = rule_text(maturity="deprecated")


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (rule_text(), rule_text(updated="2026/01/01"), Kind.METADATA),
        (rule_text(), rule_text(query="any where true"), Kind.TUNING),
        (rule_text(), rule_text() + "\n[transform]\nx = 1\n", Kind.TUNING),
        (rule_text(), rule_text() + "# a comment\n", Kind.COSMETIC),
        (rule_text(), rule_text().replace("\n", "\r\n"), Kind.COSMETIC),
        (rule_text(), rule_text().replace('["One", "Two"]', '[\n"Two","One"\n]'), Kind.COSMETIC),
        (rule_text(), rule_text(name="Deprecated - A rule"), Kind.DEPRECATION),
        (rule_text(), RETIRED, Kind.DEPRECATION),
        (RETIRED, rule_text(), Kind.RESTORATION),
        (rule_text(maturity="beta"), rule_text(), Kind.PROMOTION),
        (rule_text(maturity="beta"), rule_text(maturity="development"), Kind.DEMOTION),
        (rule_text(maturity="development"), rule_text(maturity="beta"), Kind.PROMOTION),
        (rule_text(maturity="ripe"), rule_text(), Kind.METADATA),
        (rule_text(), rule_text(maturity="ripe"), Kind.METADATA),
        (
            rule_text(name="Deprecated - A rule"),
            rule_text(name="Deprecated - A rule", query="any where true"),
            Kind.TUNING,
        ),
        (rule_text(), rule_text(maturity="beta", query="any where true"), Kind.DEMOTION),
        (rule_text(), rule_text(maturity="odd"), Kind.METADATA),
        (rule_text(), BROKEN, Kind.UNREADABLE),
        (BROKEN, rule_text(), Kind.NEW),
    ],
)
def test_the_first_kind_that_holds_is_the_kind(before: str, after: str, kind: Kind) -> None:
    assert one(before, after).kind is kind


@pytest.mark.parametrize(
    ("new_path", "kind", "status"),
    [("rules/y.toml", Kind.RENAME, Status.RENAMED), ("rules/_deprecated/x.toml", Kind.DEPRECATION, Status.RENAMED)],
)
def test_a_move_is_a_rename_or_a_deprecation(new_path: str, kind: Kind, status: Status) -> None:
    change = changes({"rules/x.toml": rule_text()}, {new_path: rule_text()})[new_path]
    assert (change.kind, change.status, change.previous_path) == (kind, status, "rules/x.toml")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("rule.odd = 1", "rule.odd = 1.0", {("rule.odd", Op.CHANGED, Category.LOGIC)}),
        ("rule.odd = 1", "rule.odd = true", {("rule.odd", Op.CHANGED, Category.LOGIC)}),
        ("rule.meta = {}", "", {("rule.meta", Op.REMOVED, Category.RESPONSE)}),
        (
            "rule.threshold = { field = [], value = 1 }",
            "rule.threshold = { field = [], value = 2 }",
            {("rule.threshold.value", Op.CHANGED, Category.LOGIC)},
        ),
        ('rule.tags = ["a", "b"]', 'rule.tags = ["b", "a"]', set()),
        ('rule.tags = ["a", "b"]', 'rule.tags = ["b", "c"]', {("rule.tags", Op.CHANGED, Category.TAXONOMY)}),
        ('rule.index = ["a"]', 'rule.index = ["a", "a"]', set()),
        ("rule.x = [1, 2]", "rule.x = [2, 1]", {("rule.x", Op.CHANGED, Category.LOGIC)}),
        (
            'metadata.integration = "a"',
            'metadata.integration = ["a"]',
            {("metadata.integration", Op.CHANGED, Category.SCOPE)},
        ),
        ("", "metadata.bypass_x = true", {("metadata.bypass_x", Op.ADDED, Category.COMPATIBILITY)}),
        ("", 'metadata."odd key" = 1', {('metadata."odd key"', Op.ADDED, Category.BOOKKEEPING)}),
        ("", "transform.osquery = []", {("transform.osquery", Op.ADDED, Category.DOCS)}),
        ("rule.day = nan", "rule.day = nan", set()),
    ],
)
def test_leaves_differ_by_type_and_value(before: str, after: str, expected: set[tuple[str, Op, Category]]) -> None:
    keep = "rule.name = 'n'\nmetadata.maturity = 'production'\n"
    change = one(f"{keep}{before}\n", f"{keep}{after}\n# \n")
    assert {(each.key, each.op, each.category) for each in change.changes} == expected


def test_a_reformatted_query_is_no_logic_but_asks_for_a_bump() -> None:
    change = one(
        rule_text(query='process where process.name == "a"'), rule_text(query='process  where\nprocess.name == "a"')
    )
    assert change.query is not None
    assert change.query.verdict == "cosmetic"
    assert change.categories == frozenset()
    assert change.asked == {Category.LOGIC}
    assert change.kind is Kind.TUNING


@pytest.mark.parametrize(
    ("path", "category"),
    [
        (("rule", "alert_suppression", "group_by"), Category.LOGIC),
        (("rule", "saved_id"), Category.SCOPE),
        (("rule", "throttle"), Category.SCHEDULE),
        (("rule", "threat_mappings"), Category.THREAT),
        (("rule", "enabled"), Category.LIFECYCLE),
        (("metadata", "promotion"), Category.COMPATIBILITY),
        (("rule", "revision"), Category.IDENTITY),
        (("rule", "outcome"), Category.RESPONSE),
        (("rule", "never_seen"), Category.LOGIC),
        (("metadata", "never_seen"), Category.BOOKKEEPING),
        (("elsewhere",), Category.BOOKKEEPING),
    ],
)
def test_every_key_has_a_category(path: tuple[str, ...], category: Category) -> None:
    assert category_of(path) is category


json_like = st.recursive(
    st.booleans() | st.integers(-2, 2) | st.floats(width=16, allow_nan=False) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(json_like, json_like)
def test_sameness_is_python_equality_with_types(one_value: object, other: object) -> None:
    assert same(one_value, one_value)
    assert same(one_value, other) == same(other, one_value)
    if same(one_value, other):
        assert type(one_value) is type(other)
        assert one_value == other


@given(st.dictionaries(st.text("ab", max_size=2), json_like, max_size=4))
def test_leaves_hold_the_whole_table(table: dict[str, object]) -> None:
    def rebuilt() -> dict[str, object]:
        made: dict[str, object] = {}
        for path, value in leaves(table):
            inner = made
            for part in path[:-1]:
                inner = inner.setdefault(part, {})  # type: ignore[assignment]  # tables all the way down
            inner[path[-1]] = value
        return made

    assert same(rebuilt(), table)


FILTER = '{ meta = { negate = true, value = "a" }, query = { term = { x = "a" } } }'
OTHER = '{ query = { term = { y = "b" } } }'
OLD = '{ meta = { key = "x", value = "a" } }'
COMBINED = '{ meta = { type = "combined", params = [{ query = { term = { x = "a" } } }] }, query = { match_all = {} } }'


MATCH = '{ entries = [{ field = "c", value = "t.c" }] }'
BOTH = '{ entries = [{ field = "a", value = "t.a" }, { field = "b", value = "t.b" }] }'
HTOB = '{ entries = [{ field = "b", value = "t.b" }, { field = "a", value = "t.a" }] }'


def filters(*each: str) -> str:
    return f"filters = [{', '.join(each)}]"


@pytest.mark.parametrize(
    ("before", "after", "rewritten"),
    [
        ('index = "a-*"', 'index = ["a-*"]', True),
        ('index = "a-*"', 'index = ["a-*", "b-*"]', False),
        ('machine_learning_job_id = ["a"]', 'machine_learning_job_id = "a"', True),
        ('threshold.field = "a"', 'threshold.field = ["a"]', True),
        ("threshold.cardinality = []", "", True),
        ("filters = []", "", True),
        ("filters = 0", "", False),
        ('interval = "5m"', 'interval = "300s"', True),
        ('interval = "5m"', 'interval = "5s"', False),
        ('interval = "now"', 'interval = "now-0s"', False),
        ('from = "now-1w"', 'from = "now-7d"', True),
        ('from = "now-30d"', 'from = "now-1M"', False),
        ('from = "now-1d"', 'from = "now-1d/d"', False),
        ('to = "now"', 'to = "now-0m"', True),
        ("", 'to = "now"', True),
        ('from = "now-6m"', "", True),
        ('from = "now-360s"', "", True),
        ('from = "now-9m"', "", False),
        ("", 'interval = "5m"', True),
        ("", 'interval = "10m"', False),
        ("max_signals = 100", "", True),
        ('data_view_id = "v"\nindex = ["a-*"]', 'data_view_id = "v"\nindex = ["b-*"]', True),
        ('data_view_id = ""\nindex = ["a-*"]', 'data_view_id = ""\nindex = ["b-*"]', False),
        ('index = ["a-*"]', 'index = ["b-*"]', False),
        ('event_category_override = "event.category"', "", True),
        ('event_category_override = "event.type"', "", False),
        ("max_signals = 1000", "", False),
        (
            'new_terms.history_window_start = [{ value = "now-7d" }]',
            'new_terms.history_window_start = [{ value = "now-168h" }]',
            True,
        ),
        (
            'new_terms.history_window_start = [{ value = "now-7d" }]',
            'new_terms.history_window_start = [{ value = "now-167h" }]',
            False,
        ),
        (
            'new_terms.history_window_start = [{ value = "now-7d" }]',
            "new_terms.history_window_start = [{ value = 604800 }]",
            False,
        ),
        (
            'new_terms.history_window_start = [{ value = "now-7d" }, { value = "now-9d" }]',
            'new_terms.history_window_start = [{ value = "now-9d" }, { value = "now-7d" }]',
            False,
        ),
        (
            'threshold.cardinality = [{ field = "a", value = 2 }, { field = "b", value = 3 }]',
            'threshold.cardinality = [{ field = "b", value = 3 }, { field = "a", value = 2 }]',
            False,
        ),
        ('threat_index = ["a-*", "b-*"]', 'threat_index = ["b-*", "a-*"]', True),
        ('threat_index = ["a-*", "-a-x*"]', 'threat_index = ["-a-x*", "a-*"]', False),
        ('threat_index = ["a-*", "b-*"]', 'threat_index = ["a-*"]', False),
        ('machine_learning_job_id = ["a", "b"]', 'machine_learning_job_id = ["b", "a"]', True),
        ('threshold.field = ["a", "b"]', 'threshold.field = ["b", "a"]', True),
        ('new_terms.value = ["a", "b"]', 'new_terms.value = ["b", "a"]', True),
        ('new_terms.value = ["a", "b"]', 'new_terms.value = ["b", "c"]', False),
        ('new_terms.value = ["a"]', 'new_terms.value = ["a", "a"]', False),
        ('threshold.field = ["a", "a"]', 'threshold.field = ["a"]', False),
        ('alert_suppression.group_by = ["a", "b"]', 'alert_suppression.group_by = ["b", "a"]', True),
        ("threat_query = 'a:x and b:y'", "threat_query = 'a: x  and b:y'", True),
        ("threat_query = 'a:x and b:y'", "threat_query = 'a:\"x  y\" and b:y'", False),
        ("threat_query = 'a:x'", "", False),
        (f"threat_mapping = [{MATCH}, {BOTH}]", f"threat_mapping = [{HTOB}, {MATCH}]", True),
        (f"threat_mapping = [{MATCH}, {BOTH}]", f"threat_mapping = [{BOTH}]", False),
        (f"threat_mapping = [{BOTH}]", f"threat_mapping = [{BOTH.replace('t.b', 't.c')}]", False),
        (filters(FILTER, OTHER), filters(OTHER, FILTER), True),
        (filters(FILTER), filters(FILTER.replace("true", 'true, alias = "z"')), True),
        (filters(FILTER), filters(FILTER.replace('value = "a"', 'value = "b"')), True),
        (filters(FILTER), filters(FILTER.replace("query", '"$state" = { store = "z" }, query')), True),
        (filters(FILTER), filters(FILTER.replace("true", "false")), False),
        (filters(FILTER), filters(FILTER.replace('x = "a"', 'x = "b"')), False),
        (filters(FILTER), filters(FILTER, OTHER), False),
        (filters(OLD), filters(OLD.replace('value = "a"', 'value = "b"')), False),
        (filters(COMBINED), filters(COMBINED.replace('x = "a"', 'x = "b"')), False),
    ],
)
def test_what_is_only_written_otherwise_is_no_change_of_what_it_is_about(
    before: str, after: str, *, rewritten: bool
) -> None:
    change = one(*(rule_text(rule=f"{text}\n") for text in (before, after)))
    assert [leaf.rewritten for leaf in change.changes] == [rewritten]
    assert bool(change.effects) is not rewritten
    assert change.categories == change.asked == {leaf.category for leaf in change.changes}
    assert change.kind is Kind.TUNING


def test_a_language_that_the_type_implies_is_the_same_where_it_is_left_out() -> None:
    whole = rule_text()
    left_out = one(whole, whole.replace('language = "eql"\n', ""))
    assert [leaf.rewritten for leaf in left_out.changes] == [True]
    other = one(whole, whole.replace('language = "eql"\n', "").replace('type = "eql"', 'type = "query"'))
    assert Category.LOGIC in other.categories
    assert not any(leaf.rewritten for leaf in other.changes)
    wrong = one(whole, whole.replace('language = "eql"', 'language = ["eql"]'))
    assert [leaf.rewritten for leaf in wrong.changes] == [False]


@pytest.mark.parametrize(
    ("before", "after", "categories"),
    [
        (["a-*", "b-*"], ["b-*", "a-*"], set()),
        (["a-*", "-a-x*"], ["-a-x*", "a-*"], {Category.SCOPE}),
        (["a-*", "b-*", "-a-x", "-b-x"], ["b-*", "a-*", "-b-x", "-a-x"], set()),
        (["*:a-*", "eu:-a-x"], ["eu:-a-x", "*:a-*"], {Category.SCOPE}),
    ],
)
def test_the_order_of_index_patterns_means_something_where_an_exclusion_moved(
    before: list[str], after: list[str], categories: set[Category]
) -> None:
    old, new = (rule_text(rule=f"index = {json.dumps(patterns)}\n") for patterns in (before, after))
    assert one(old, new).categories == categories
