"""Where policies draw the line: limits, counts, and the fixes that are not offered; too long for their pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

import pytest

from bot.audited import Aged, RuleHistory
from bot.diff import Pair, Pairing, diff
from bot.model import Finding, Past, Rule, RuleRef
from bot.policy import Context, Violation, all_policies
from bot.settings import Settings
from tests.test_policies import TODAY, Claim, run_review

METADATA = {"creation_date": "2026/01/15", "maturity": "production", "updated_date": "2026/11/24"}
RULE: dict[str, object] = {
    "name": "Odd shell",
    "rule_id": "5f0c3a52-8a1d-4f6e-9b27-1c2d3e4f5a6b",
    "risk_score": 47,
    "severity": "medium",
    "type": "eql",
    "language": "eql",
    "query": 'any where a == "x"',
}


def text(metadata: Mapping[str, object], keys: Mapping[str, object]) -> str:
    """A rule file; a key that is None is left out."""
    tables = {"metadata": {**METADATA, **metadata}, "rule": {**RULE, **keys}}
    lines: list[str] = []
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None)]
    return "\n".join(lines) + "\n"


def said(policy: str, before: str | None, after: str, *, title: str = "", config: str | None = None) -> list[Finding]:
    """What a policy says of one file."""
    path = "rules/linux/a.toml"
    base = {} if before is None else {path: before}
    claim = Claim(policy=policy, sentence="", before=base, after={path: after}, title=title, config=config)
    return [finding for finding in run_review(claim) if finding.policy == policy]


def on(policy: str) -> str:
    return f'[policies]\n{policy} = "warning"\n'


def held(policy: str, others: int) -> str:
    """What a policy of the tree says where so many other files hold the same."""
    head = Rule(path="rules/a.toml", text="", data={"metadata": METADATA, "rule": RULE})
    refs = [RuleRef(path=f"rules/{number}.toml", rule_id=None, name=None, deprecated=False) for number in range(others)]
    settings = Settings()
    (change,) = diff(Pairing(pairs=(Pair(before=None, after=head),)), settings).rules
    holders = {str(RULE["rule_id"]): tuple(refs)}, {str(RULE["name"]): tuple(refs)}
    context = Context(today=TODAY, settings=settings, ids=holders[0], names=holders[1])
    (violation,) = all_policies()[policy].check(change, context, None)
    return violation.message


@pytest.mark.parametrize("policy", ["duplicate-rule-id", "duplicate-rule-name"])
def test_three_holders_are_named_and_more_are_counted(policy: str) -> None:
    named = "`rules/0.toml`, `rules/1.toml`, `rules/2.toml`"
    assert held(policy, 3).endswith(f" is held by {named} too")
    assert held(policy, 5).endswith(f" is held by {named} and 2 more too")


@pytest.mark.parametrize(
    ("policy", "maturity", "name"),
    [
        ("deprecated-rule-edited", "deprecated", "Odd shell"),
        ("deprecation-notice-mixed", "production", "Deprecated - Odd shell"),
    ],
)
def test_three_changed_keys_are_named_and_more_are_counted(policy: str, maturity: str, name: str) -> None:
    before = text({"maturity": maturity}, {})
    edits: list[dict[str, object]] = [
        {"risk_score": 21, "severity": "low", "query": 'any where a == "y"'},
        {"risk_score": 21, "severity": "low", "query": 'any where a == "y"', "tags": ["a"], "note": "b"},
    ]
    three, five = (said(policy, before, text({"maturity": maturity}, {**edit, "name": name})) for edit in edits)
    named = "`rule.query`, `rule.risk_score`, `rule.severity`"
    more = "`rule.note`, `rule.query`, `rule.risk_score` and 2 more"
    assert [named in each.message and "more" not in each.message for each in three] == [True]
    assert [more in each.message for each in five] == [True]


@pytest.mark.parametrize(
    ("updated", "fix"), [("2026/11/22", False), ("2026/11/23", True), ("2026/11/24", True), ("2026/11/25", True)]
)
def test_an_updated_date_of_yesterday_or_later_is_the_day_of_the_deprecation(updated: str, fix: bool) -> None:  # noqa: FBT001
    before, after = (
        text({"updated_date": updated, "maturity": maturity}, {}) for maturity in ("production", "deprecated")
    )
    (finding,) = said("deprecation-incomplete", before, after)
    assert (finding.fix is not None) is fix


def test_an_edit_of_a_deprecated_rule_is_not_dated() -> None:
    for maturity, offered in (("deprecated", False), ("production", True)):
        states = {"maturity": maturity, "updated_date": "2026/03/02"}
        (finding,) = said("updated-date-not-bumped", text(states, {}), text(states, {"query": 'any where a == "y"'}))
        assert (finding.fix is not None) is offered
    restored = text({"maturity": "deprecated", "updated_date": "2026/03/02"}, {})
    (finding,) = said("updated-date-not-bumped", restored, text({"updated_date": "2026/03/02"}, {"severity": "low"}))
    assert finding.fix is not None


def test_a_date_that_is_plain_to_read_is_written_as_it_should_be() -> None:
    found = said("invalid-date", None, text({"creation_date": "2026-1-5", "deprecation_date": "5.1.2026"}, {}))
    assert [(each.at, each.fix is not None) for each in found] == [
        (("metadata", "creation_date"), True),
        (("metadata", "deprecation_date"), False),
    ]
    assert found[0].fix is not None
    assert '"2026/01/05"' in str(found[0].fix)


def test_a_query_that_matches_the_same_is_not_named_beside_what_changed() -> None:
    before = text({}, {"query": 'any where a == "x" and b == 1'})
    after = text({}, {"query": 'any where b == 1 and a == "x"', "timestamp_field": "event.ingested"})
    (finding,) = said("logic-under-docs-title", before, after, title="Docs")
    assert "`rule.timestamp_field` changed" in finding.message
    assert "`rule.query`" not in finding.message


PATHS: list[tuple[str, list[str]]] = [
    (r'process.executable : "C:\\Windows\\*"', [r"`process.executable`: `C:\Windows\*` holds on one drive alone"]),
    (r'message : "C:\\Windows\\a"', []),
    (r'process.executable regex "C:\\\\Windows"', []),
    (r'file.path like ("C:\\a*", "D:\\b*", "?:\\c*")', [r"`file.path`: `C:\a*` (and 1 more) holds on one drive alone"]),
]


@pytest.mark.parametrize(("condition", "words"), PATHS)
def test_a_drive_is_looked_for_where_a_path_is_compared(condition: str, words: list[str]) -> None:
    after = text({}, {"query": f"process where {condition}"})
    assert [each.message for each in said("hard-coded-drive", None, after, config=on("hard-coded-drive"))] == words


BLOCKS: list[tuple[str, list[str]]] = [
    ('"10.0.0.0/8", "172.16.0.0/12", "8.8.8.8/24", "192.168.0.0/16"', ["8.8.8.8/24"]),
    ('"10.0.0.0/8", "172.16.0.0/12", "8.8.8.8/24"', []),
    ('"10.0.0.0/8", "172.16.0.0/12", "192.169.0.0/16"', ["192.169.0.0/16"]),
    ('"10.0.0.0/8", "172.16.0.0/12", "192.18.0.0/15"', ["192.18.0.0/15"]),
    ('"10.0.0.0/8", "192.68.0.0/16", "172.16.0.0/12"', ["192.68.0.0/16"]),
    ('"10.0.0.0/8", "172.16.0.0/12", "192.1680.0.0/16"', []),
    ('"10.0.0.0/8", "172.16.0.0/12", "193.169.0.0/16"', []),
    ('"10.0.0.0/8", "192.169.0.0/16"', []),
    ('"10.0.0.0/8", "172.16.0.0/12", "8.8.8.8/24", "localhost", "192.168.0.0/16"', []),
]


@pytest.mark.parametrize(("blocks", "public"), BLOCKS)
def test_a_public_block_needs_three_neighbours_or_two_and_a_slip(blocks: str, public: list[str]) -> None:
    after = text({}, {"query": f"network where cidrmatch(source.ip, {blocks})"})
    messages = [each.message for each in said("public-block-among-private", None, after)]
    assert [message.split("`")[1] for message in messages] == public


def test_a_long_span_is_told_at_its_line() -> None:
    query = "sequence by a\\n  with maxspan=1h [any where true] [any where true]"
    keys = text({}, {"query": None}) + f"query = '''\n{query}\n'''\n".replace("\\n", "\n")
    (finding,) = said("long-maxspan", None, keys, config=on("long-maxspan"))
    assert finding.line is not None
    assert "maxspan" in keys.splitlines()[finding.line - 1]


@pytest.mark.parametrize(("before", "after", "lowered"), [("8.15", "9.0", False), ("9.0", "8.15", True)])
def test_a_version_of_the_stack_is_compared_from_its_first_number_on(before: str, after: str, lowered: bool) -> None:  # noqa: FBT001
    sides = [text({"min_stack_version": version}, {}) for version in (before, after)]
    assert bool(said("min-stack-lowered", *sides)) is lowered


def test_a_date_that_a_revert_brings_back_is_left_as_it_is() -> None:
    before, after = (text({"updated_date": day}, {}) for day in ("2026/11/24", "2026/03/02"))
    path = "rules/linux/a.toml"
    for past, offered in ((Past.HELD, False), (Past.NOT_ASKED, True)):
        found = run_review(Claim(policy="", sentence="", before={path: before}, after={path: after}, past=past))
        (finding,) = (each for each in found if each.policy == "updated-date-backwards")
        assert (finding.fix is not None) is offered


def test_a_waiver_holds_for_the_value_that_was_judged() -> None:
    """What a finding says that it judged is what a maintainer's label stands for."""
    (reformatted,) = said("query-reformatted", text({}, {"note": "a"}), text({}, {"query": 'any where  a == "x"'}))
    assert reformatted.value == (('any where a == "x"', 'any where  a == "x"'),)
    (invalid,) = said("invalid-date", None, text({"updated_date": "2026/13/01"}, {}))
    assert invalid.value == "2026/13/01"


def test_five_minutes_are_not_long_and_a_moment_more_is() -> None:
    for span, words in (("300000ms", []), ("300001ms", ["maxspan is `300001ms`, longer than 5m"])):
        after = text({}, {"query": f"sequence by a with maxspan={span} [any where true] [any where true]"})
        assert [each.message for each in said("long-maxspan", None, after, config=on("long-maxspan"))] == words


def test_several_indices_are_named_in_the_plural_at_their_key() -> None:
    before, after = (text({}, {"index": index}) for index in (["a-*", "b-*", "c-*"], ["a-*"]))
    (finding,) = said("coverage-removed", before, after)
    assert (finding.message, finding.at) == ("the indexes `b-*`, `c-*` were removed", ("rule", "index"))


def aged(policy: str, history: RuleHistory, **metadata: object) -> list[Violation]:
    """What a policy of the audit says of a machine learning job, which has no query."""
    keys = {key: value for key, value in RULE.items() if key not in {"query", "language"}}
    data = {"metadata": {**METADATA, **metadata}, "rule": {**keys, "name": "Deprecated - Odd shell"}}
    context = Context(today=TODAY, settings=Settings())
    rule = Rule(path="rules/a.toml", text="", data=data)
    return list(all_policies()[policy].check(Aged(rule=rule, history=history), context, None))


def test_a_rule_waits_for_its_promotion_from_the_181st_day_on() -> None:
    waiting = {day: RuleHistory(matured=date(2026, 5, day)) for day in (27, 28)}
    assert aged("unpromoted-rule", waiting[28], maturity="beta") == []
    assert [each.value for each in aged("unpromoted-rule", waiting[27], maturity="beta")] == [181]


def test_a_rule_in_limbo_may_have_no_maturity() -> None:
    metadata = {"maturity": None}
    (violation,) = aged("deprecation-limbo", RuleHistory(noticed=date(2026, 1, 1)), **metadata)
    assert violation.message.endswith("and still `without a maturity`")


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (0, "days ago"),
        (1, "days ago; edited once since, along with many others"),
        (2, "days ago; edited 2 times since, along with many others"),
    ],
)
def test_logic_without_a_query_is_stale_too(times: int, words: str) -> None:
    (violation,) = aged("stale-logic", RuleHistory(changed=date(2020, 1, 1), mass_edits=times))
    assert violation.message.endswith(words)
    assert violation.at == ("rule", "type")


def test_a_date_that_alone_went_back_is_put_back() -> None:
    before, later = text({"updated_date": "2026/05/02"}, {}), '"2026/05/02"'
    for keys, fix in (({}, later), ({"name": "Odder shell"}, '"2026/11/24"')):
        (finding,) = said("updated-date-backwards", before, text({"updated_date": "2026/05/01"}, keys))
        assert fix in str(finding.fix)
