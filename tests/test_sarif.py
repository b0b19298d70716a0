"""The SARIF log is what its published schema asks for, and code scanning can use it."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import review
from bot.collect.git import Git
from bot.fix import apply
from bot.model import Finding, Level, LineFix, Review, Revision, Unevaluated, Verdict, Waived
from bot.policy import all_policies
from bot.render import render
from bot.settings import Settings
from tests.repository import Repository, other_id, rule_text

SCHEMA = json.loads((Path(__file__).parent / "sarif" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
TODAY = date(2026, 11, 24)


def log(done: Review) -> dict[str, Any]:
    """The only run of a log that is valid."""
    made = json.loads(render(done, Settings(), "sarif"))
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(made)
    (run,) = made["runs"]
    return run  # type: ignore[no-any-return]


def made_up(*findings: Finding, **given: Any) -> Review:
    end = Revision(ref="main", sha="0" * 40, merge_base="1" * 40)
    return Review(base=end, head=end, today=TODAY, **{"verdict": Verdict.BLOCK, "findings": findings, **given})


@pytest.fixture
def changed(repo: Repository) -> Review:
    config = (
        '[[exceptions]]\npolicy = "creation-date-changed"\npath = "rules/c d.toml"\n'
        'reason = "so"\nexpires = 2027-01-01\n'
    )
    before = {name: rule_text(rule_id=other_id(n), name=name) for n, name in enumerate(["a", "b", "c d", "e"])}
    before["e"] = before["e"].replace("risk_score = 47", "risk_score = 99")
    repo.commit({".github/ruleward.toml": config, **{f"rules/{name}.toml": text for name, text in before.items()}})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit(
        {
            "rules/a.toml": before["a"].replace("a.exe", "b.exe"),
            "rules/b.toml": None,
            "rules/c d.toml": before["c d"].replace("2024/01/01", "2024/02/02").replace("2025/01/01", "2026/11/24"),
            "rules/e.toml": before["e"].replace("2025/01/01", "2026/11/24").replace("One", "Three"),
        }
    )
    return review(Git(repo.path), base="main", head="topic", config=None, today=TODAY).review


def test_every_policy_is_a_rule_with_its_help_and_level(changed: Review) -> None:
    rules = log(changed)["tool"]["driver"]["rules"]
    known = {rule["id"]: rule for rule in rules}
    assert len(known) == len(rules)
    for policy in all_policies().values():
        rule = known[policy.id]
        assert policy.why[1:].rstrip(".") in rule["help"]["text"]
        assert rule["defaultConfiguration"]["enabled"] == (policy.level is not Level.OFF)
    assert known["updated-date-not-bumped"]["defaultConfiguration"]["level"] == "error"
    assert known["config-invalid"]["defaultConfiguration"]["level"] == "error"


def test_a_finding_is_a_result_at_its_place(changed: Review) -> None:
    run = log(changed)
    rules = run["tool"]["driver"]["rules"]
    results = {(result["ruleId"], place(result)): result for result in run["results"]}
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    stale = results["updated-date-not-bumped", "rules/a.toml"]
    location = stale["locations"][0]["physicalLocation"]
    assert location == {
        "artifactLocation": {"uri": "rules/a.toml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 4},
    }
    assert (stale["level"], stale["baselineState"], stale["suppressions"]) == ("error", "new", [])
    assert "uri" not in run["originalUriBaseIds"]["%SRCROOT%"]


def place(result: dict[str, Any]) -> str:
    return unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def test_a_fix_is_the_edit_that_the_review_offers(changed: Review) -> None:
    (fix,) = next(each["fixes"] for each in log(changed)["results"] if each["ruleId"] == "updated-date-not-bumped")
    (edit,) = fix["artifactChanges"]
    (replacement,) = edit["replacements"]
    region, text = replacement["deletedRegion"], replacement["insertedContent"]["text"]
    assert edit["artifactLocation"]["uri"] == "rules/a.toml"
    as_line = LineFix(start_line=region["startLine"], end_line=region["endLine"], replacement=text)
    assert apply(rule_text(), [as_line]) == rule_text(updated="2026/11/24")


def test_a_removed_rule_has_no_line(changed: Review) -> None:
    (gone,) = (each for each in log(changed)["results"] if each["ruleId"] == "rule-removed")
    assert "region" not in gone["locations"][0]["physicalLocation"]


def test_what_is_excepted_is_suppressed_and_its_path_is_encoded(changed: Review) -> None:
    (excepted,) = (each for each in log(changed)["results"] if each["ruleId"] == "creation-date-changed")
    assert excepted["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "exception: so (until 2027-01-01)"}
    ]
    assert excepted["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "rules/c%20d.toml"


def test_what_stood_before_is_unchanged_and_a_note(changed: Review) -> None:
    (old,) = (each for each in log(changed)["results"] if each["ruleId"] == "risk-score-mismatch")
    assert (old["baselineState"], old["level"]) == ("unchanged", "note")


def test_a_fingerprint_outlives_a_moved_line_and_not_another_value(repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text()})
    repo.git("switch", "--quiet", "--create", "topic")
    marks = []
    for text in (rule_text(query="x where true"), "# moved\n" + rule_text(query="any where true")):
        repo.commit({"rules/a.toml": text})
        marks.append(fingerprints(review(Git(repo.path), base="main", head="topic", config=None, today=TODAY).review))
    assert marks[0] == marks[1]
    assert len(marks[0]) == 1
    one, other = (Finding(policy="p", severity=Level.ERROR, message="m", path="a", value=each) for each in (1, "1"))
    assert fingerprints(made_up(one)) != fingerprints(made_up(other))


def fingerprints(done: Review) -> list[str]:
    return [each["partialFingerprints"]["ruleward/v1"] for each in log(done)["results"]]


def test_a_finding_of_no_file_stands_at_the_config_and_one_of_several_at_each() -> None:
    none = Finding(policy="p", severity=Level.NOTICE, message="m", path="")
    several = Finding(policy="p", severity=Level.WARNING, message="m", path="", paths=("a", "b"))
    waived = Finding(policy="p", severity=Level.ERROR, message="m", path="c", waived=Waived(by="ada", at="2026"))
    results = log(made_up(none, several, waived))["results"]
    assert [
        [unquote(at["physicalLocation"]["artifactLocation"]["uri"]) for at in each["locations"]] for each in results
    ] == [
        [".github/ruleward.toml"],
        ["a", "b"],
        ["c"],
    ]
    assert results[2]["suppressions"][0]["justification"] == "waived by ada at 2026"


def test_an_incomplete_review_is_no_successful_run() -> None:
    missed = Unevaluated(path="rules/z.toml", reason="gone")
    (invocation,) = log(made_up(verdict=Verdict.INCOMPLETE, unevaluated=(missed,)))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "not judged: gone"


@given(st.text(), st.text(min_size=1), st.text(st.characters(codec=None)))
def test_no_text_of_a_rule_becomes_a_link_or_a_command(message: str, path: str, reason: str) -> None:
    hostile = f"{message}[x](http://e)<!--{{0}}::error::"
    fix = LineFix(start_line=1, end_line=1, replacement=hostile)
    found = Finding(policy="p", severity=Level.ERROR, message=hostile, path=path, fix=fix)
    excused = Finding(policy="p", severity=Level.ERROR, message="m", path=path, waived=Waived(exception=hostile))
    done = made_up(
        found, excused, unevaluated=(Unevaluated(path=path, reason=reason.encode("utf-8", "replace").decode()),)
    )
    text = render(done, Settings(), "sarif")
    assert "<!--" not in text
    assert "::" not in text
    run = log(done)
    shown = [result["message"]["text"] for result in run["results"]] + [
        run["results"][0]["fixes"][0]["description"]["text"]
    ]
    assert not any(re.search(r"\]\(|\{\d", each) for each in shown)
    assert place(run["results"][0]) == path
