"""Every format says the same review, and nothing that stands in a rule is more than text on any of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.asking import no_rule_files
from bot.diff import category_of
from bot.model import (
    Blob,
    Change,
    Finding,
    Kind,
    Level,
    LineFix,
    QueryChange,
    QueryVerdict,
    Review,
    Revision,
    Rule,
    RuleChange,
    RuleReview,
    Status,
    Unevaluated,
    Unreadable,
    Verdict,
    Waived,
    Witness,
)
from bot.parse import parse
from bot.render import render
from bot.render.as_lines import render as as_lines
from bot.render.as_markdown import BULK_LIMIT, LIMIT, MANUAL
from bot.render.as_pull import STATUS_LIMIT, status_text
from bot.report import REPORT_SCHEMA, report
from bot.settings import Settings
from tests.hostile import HOSTILE, PHASES, assert_tame
from tests.repository import rule_text
from tests.schemas import validate

SETTINGS = Settings()
TODAY = date(2026, 11, 24)
BLOB = "https://github.com/o/r/blob/abc"
OLD, NEW = 'process where process.name == "a.exe"', 'process where process.name == "a.exe" and user.name != "root"'


def rule_at(path: str, text: str) -> Rule:
    parsed = parse(Blob(path=path, data=text.encode()), max_bytes=1_000_000)
    assert isinstance(parsed, Rule)
    return parsed


def leaf(path: str, before: object, after: object) -> Change:
    parts = tuple(path.split("."))
    return Change(path=parts, category=category_of(parts), before=before, after=after)


def edit(
    path: str, *changes: Change, before: str = OLD, after: str = OLD, query: QueryChange | None = None
) -> RuleChange:
    return RuleChange(
        path=path,
        previous_path=None,
        status=Status.MODIFIED,
        kind=Kind.TUNING,
        before=rule_at(path, rule_text(query=before)),
        after=rule_at(path, rule_text(query=after)),
        changes=changes,
        query=query,
    )


TAGS = leaf("rule.tags", ["One"], ["One", "New tag"])
NARROWED = QueryChange(
    language="eql",
    verdict=QueryVerdict.NARROWED,
    explanation=('adds exclusion: user.name == "root"',),
    witness=Witness(lost={"user.name": ("root",)}),
)
UNBUMPED = Finding(
    policy="updated-date-not-bumped",
    severity=Level.ERROR,
    message="`updated_date` is still `2025/01/01`, though the rule changed in logic",
    path="rules/a.toml",
    line=4,
    fix=LineFix(start_line=4, end_line=4, replacement='updated_date = "2026/11/24"'),
)


def narrowed(number: int) -> QueryChange:
    return replace(NARROWED, explanation=(f'adds exclusion: user.name == "root{number}"',))


def logic() -> RuleReview:
    query = leaf("rule.query", OLD, NEW)
    return RuleReview(change=edit("rules/a.toml", query, TAGS, after=NEW, query=NARROWED), findings=(UNBUMPED,))


def tagged(number: int) -> tuple[RuleReview, ...]:
    return tuple(RuleReview(change=edit(f"rules/r{each}.toml", TAGS)) for each in range(number))


def review(*rules: RuleReview, verdict: Verdict = Verdict.BLOCK, **others: object) -> Review:
    made = Review(
        base=Revision(ref="main", sha="a" * 40, merge_base="b" * 40),
        head=Revision(ref="tune-x", sha=None),
        today=TODAY,
        verdict=verdict,
        labels=("impact: logic", "rule: tuning"),
        rules=rules,
    )
    return replace(made, **others)  # type: ignore[arg-type]


def comment(made: Review) -> str:
    return render(made, SETTINGS, "markdown", blob_url=BLOB)


# --- what it says -----------------------------------------------------------------------------------------------------


def test_the_first_line_tells_what_is_detected_from_what_is_not() -> None:
    first = comment(review(logic(), *tagged(9))).splitlines()[1]
    assert first == ("**1 of 10 rules changes what it detects: narrowed**; 10 rules: tags + `New tag`.")


def test_a_change_that_detects_the_same_says_so_first() -> None:
    docs = RuleReview(change=edit("rules/a.toml", leaf("rule.note", "a", "b")))
    first = comment(review(docs, verdict=Verdict.PASS)).splitlines()[1]
    assert first == "**Nothing changes in what rules detect**; 1 rule changes docs."


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (Kind.REMOVAL, "1 rule is removed"),
        (Kind.DEPRECATION, "1 rule is deprecated"),
        (Kind.DEMOTION, "1 rule is demoted"),
        (Kind.PROMOTION, "Nothing changes in what rules detect"),
    ],
)
def test_where_coverage_goes_no_one_reads_first_that_nothing_changes(kind: Kind, first: str) -> None:
    gone = RuleReview(change=replace(edit("rules/a.toml", leaf("metadata.maturity", "a", "b")), kind=kind))
    assert comment(review(gone)).splitlines()[1].startswith(f"**{first}**")


def test_a_severity_that_changed_beside_the_query_is_counted() -> None:
    query, severity = leaf("rule.query", OLD, NEW), leaf("rule.severity", "high", "low")
    both = RuleReview(change=edit("rules/a.toml", query, severity, after=NEW, query=NARROWED))
    alone = RuleReview(change=edit("rules/b.toml", severity))
    first = comment(review(both, alone)).splitlines()[1]
    assert first == "**1 of 2 rules changes what it detects: narrowed**; 2 rules change severity."


def test_a_review_of_nothing_does_not_look_like_one_that_found_nothing() -> None:
    nothing = no_rule_files(SETTINGS, ".github/ruleward.toml")
    made = review(findings=(nothing,), verdict=Verdict.PASS)
    _, first, _, verdict, *_ = comment(made).splitlines()
    assert (first, verdict) == ("**No file here is a rule**.", "⚠️ **Nothing reviewed**: 1 notice.")
    assert render(made, SETTINGS, "text").endswith("No file here is a rule.\nNothing reviewed: 1 notice.\n")
    assert status_text(made, "error") == "Nothing reviewed: 1 notice. No file here is a rule"


def test_a_long_status_ends_between_two_things() -> None:
    kinds = (Kind.REMOVAL, Kind.DEPRECATION, Kind.PROMOTION, Kind.DEMOTION, Kind.RESTORATION, Kind.NEW)
    made = [replace(edit(f"rules/{kind.value}.toml", TAGS), kind=kind) for kind in kinds]
    whole = review(*(RuleReview(change=change) for change in made), logic(), *tagged(4))
    assert status_text(whole, "error").endswith("1 rule is removed; 1 rule is deprecated; …")
    for number in range(1, 40):  # wherever the end falls
        notes = tuple(
            Finding(policy="x", severity=Level.NOTICE, message="m", path="p") for _ in range(10**number % 997)
        )
        assert len(status_text(replace(whole, findings=notes, skipped=10**number), "error")) <= STATUS_LIMIT


def test_an_excepted_finding_is_called_so_with_its_reason_on_every_surface() -> None:
    excepted = replace(UNBUMPED, waived=Waived(exception="too late", expires=date(2027, 1, 1)))
    byhand = replace(UNBUMPED, policy="file-name", waived=Waived(by="ada", at="2026-11-24T00:00:00Z"))
    made = review(RuleReview(change=logic().change, findings=(excepted, byhand)), verdict=Verdict.PASS)
    text = render(made, SETTINGS, "text")
    assert "  excepted `updated_date` is still" in text
    assert "(exception in the config, too late, until 2027-01-01)" in " ".join(text.split())
    assert "  waived `updated_date` is still" in text
    assert text.endswith("Passed: 1 waived, 1 excepted.\n")
    page = comment(made)
    assert "**Passed**: 1 waived, 1 excepted." in page
    assert "<summary>1 finding waived, 1 finding excepted</summary>" in page
    assert "exception in the config, `too late`, until 2027-01-01" in page


def test_two_exceptions_with_reasons_of_their_own_are_not_folded() -> None:
    reasons = ("too late", "known")
    rules = tuple(
        replace(each, findings=(replace(UNBUMPED, path=each.change.path, waived=Waived(exception=reason)),))
        for each, reason in zip(tagged(2), reasons, strict=True)
    )
    text = render(review(*rules), SETTINGS, "text")
    assert all(reason in text for reason in reasons)


def test_a_finding_says_where_what_why_how_and_how_to_get_past_it() -> None:
    text = comment(review(logic()))
    assert f"[`rules/a.toml:4`]({BLOB}/rules/a.toml#L4)" in text
    assert '`updated_date = "2026/11/24"`' in text
    assert "**Why:**" in text
    assert "**Fix:**" in text
    assert "the label `waive: updated-date-not-bumped`" in text
    assert "with write access" in text
    assert f"{MANUAL}#updated-date-not-bumped" in text
    assert "❌ **Blocked**: 1 error." in text


def test_a_narrowed_query_shows_its_diff_and_the_event_it_loses() -> None:
    text = comment(review(logic()))
    assert f"```diff\n@@ -1 +1 @@\n-{OLD}\n+{NEW}\n```" in text
    assert "no longer matches `{user.name: root}`" in text


def test_a_query_that_lost_matches_stands_before_one_that_gained_some() -> None:
    queries = [replace(narrowed(0), verdict=QueryVerdict.BROADENED), *map(narrowed, range(1, 4))]
    made = [
        RuleReview(change=edit(f"rules/{number}.toml", leaf("rule.query", OLD, NEW), after=NEW, query=query))
        for number, query in enumerate(queries)
    ]
    few, many = comment(review(*made[:2])), comment(review(*made))
    assert few.index(": query narrowed</summary>") < few.index(": query broadened</summary>")
    assert few.count("<details open>") == 2
    assert many.count("<details open>") == 0


def test_a_long_value_of_an_event_shows_its_end_too() -> None:
    lost = {"file.path": ("x" * 80 + "end",)}
    text = comment(
        review(RuleReview(change=replace(logic().change, query=replace(NARROWED, witness=Witness(lost=lost)))))
    )
    assert f"{{file.path: {'x' * 29}…{'x' * 26}end}}" in text


def test_many_events_are_told_by_what_they_share() -> None:
    events = tuple({"host.id": ("h",), "port": (number,), **({"tag": ("t",)} if number else {})} for number in range(9))
    query = QueryChange(language="esql", verdict=QueryVerdict.NARROWED, witness=Witness(lost=events))
    page = comment(
        review(RuleReview(change=edit("rules/a.toml", leaf("rule.query", OLD, NEW), after=NEW, query=query)))
    )
    assert (
        "no longer matches 9 events with `{host.id: h}`; `port: 0, 1, 2, … (9 values)`; `tag: t` in 8 of them" in page
    )


def test_a_query_in_another_language_is_headed_by_that() -> None:
    reason = "the language changed from kuery to eql"
    query = QueryChange(
        language="eql", verdict=QueryVerdict.UNKNOWN, explanation=("adds x",), reason=reason, apart="language"
    )
    page = comment(
        review(RuleReview(change=edit("rules/a.toml", leaf("rule.query", OLD, NEW), after=NEW, query=query)))
    )
    assert f": {reason}, effect unknown</summary>" in page
    assert "nothing is proven" not in page
    assert "1 rule changes what it detects: another language" in page


def test_rules_that_change_alike_are_one_row() -> None:
    text = comment(review(logic(), *tagged(40)))
    assert text.count("New tag") == 3
    assert "**40 rules**: `rules/r0.toml`" in text
    assert "and 37 more" in text


def test_findings_that_say_the_same_are_one_row() -> None:
    rules = tuple(replace(each, findings=(replace(UNBUMPED, path=each.change.path),)) for each in tagged(5))
    assert comment(review(*rules)).count("❌ error") == 1


def test_what_was_not_judged_and_what_was_skipped_is_counted() -> None:
    made = review(
        verdict=Verdict.INCOMPLETE, unevaluated=(Unevaluated(path="rules/z.toml", reason="absent"),), skipped=2
    )
    text = comment(made)
    assert "**Incomplete**: 1 file could not be judged, 2 TOML files skipped: no rule." in text
    assert "- `rules/z.toml`: absent" in text
    assert "not judged: rules/z.toml: absent" in render(made, SETTINGS, "text")


def test_a_waived_finding_says_who_waived_it_and_blocks_nothing() -> None:
    excused = replace(UNBUMPED, waived=Waived(by="ada", at="2026-11-24T00:00:00Z"))
    text = comment(review(replace(logic(), findings=(excused,)), verdict=Verdict.PASS))
    assert "waived by `ada`" in text
    assert "What stands in the way" not in text
    assert "1 waived" in text


@pytest.mark.parametrize(
    ("level", "title"), [(Level.ERROR, "What stands in the way"), (Level.WARNING, "What to look at")]
)
def test_the_heading_of_the_findings_says_whether_any_blocks(level: Level, title: str) -> None:
    text = comment(review(replace(logic(), findings=(replace(UNBUMPED, severity=level),))))
    assert f"### {title}\n" in text


def test_what_is_too_long_is_left_out_whole_and_counted() -> None:
    long = "\n".join(f'x == "{number}"' for number in range(110))
    rules = tuple(
        RuleReview(
            change=edit(
                f"rules/r{each}.toml", leaf("rule.query", OLD, NEW), before=OLD, after=long, query=narrowed(each)
            )
        )
        for each in range(45)
    )
    text = comment(review(*rules))
    assert len(text) <= LIMIT
    assert re.search(r"Left out to keep this short: \d+ queries", text)
    assert "### What changes" in text


def test_a_bulk_comment_stays_small() -> None:
    rules = tuple(
        RuleReview(change=edit(f"rules/r{n}.toml", leaf("rule.query", OLD, NEW), after=f"{NEW} {n}", query=narrowed(n)))
        for n in range(400)
    )
    text = comment(review(*rules))
    assert len(text) < BULK_LIMIT
    assert "more rules" in text


def test_the_terminal_shows_the_line_and_what_to_set() -> None:
    text = render(review(logic(), *tagged(4)), SETTINGS, "text")
    assert '      4 │ updated_date = "2025/01/01"' in text
    assert '    set │ updated_date = "2026/11/24"' in text
    assert "tuning  4 rules\n        tags + New tag\n        rules/r0.toml\n" in text
    assert text.endswith("Blocked: 1 error.\n")
    assert "\x1b" not in text
    assert "\x1b[" in render(review(logic()), SETTINGS, "text", colour=True)


def test_the_terminal_shows_each_line_to_set_on_a_line_of_its_own() -> None:
    fix = LineFix(start_line=4, end_line=4, replacement='updated_date = "x"\r\ndeprecation_date = "x"')
    text = render(review(replace(logic(), findings=(replace(UNBUMPED, fix=fix),))), SETTINGS, "text")
    assert '    set │ updated_date = "x"\n        │ deprecation_date = "x"\n' in text


def test_the_terminal_shows_what_an_edited_query_means_and_an_event() -> None:
    text = render(review(logic()), SETTINGS, "text")
    assert text.startswith("tuning  rules/a.toml\n        query narrowed; tags + New tag\n")
    assert '        • adds exclusion: user.name == "root"\n' in text
    assert "        • no longer matches {user.name: root}\n" in text
    assert "ruleward diff" not in text


def test_the_terminal_explains_the_first_queries_and_names_the_command_for_the_others() -> None:
    query = leaf("rule.query", OLD, NEW)
    rules = []
    for each in range(9):
        lines = tuple(f'adds exclusion: user.name == "{name}{each}"' for name in "abcdefg")
        meant = replace(NARROWED, explanation=lines)
        rules.append(RuleReview(change=edit(f"rules/r{each} x.toml", query, after=NEW, query=meant)))
    text = render(review(*rules), SETTINGS, "text")
    assert text.count("no longer matches") == 5
    assert text.count("• and 3 more: ruleward diff 'bbbbbbbbb:rules/r") == 5
    last = "and 4 more edited queries, the next by: ruleward diff 'bbbbbbbbb:rules/r5 x.toml' 'rules/r5 x.toml'"
    assert last in text.splitlines()


def test_the_terminal_shows_the_first_words_of_a_rule_that_changed_everywhere() -> None:
    keys = tuple(leaf(f"rule.k{each:03}", None, each) for each in range(100))
    text = render(review(RuleReview(change=edit("rules/a.toml", *keys))), SETTINGS, "text")
    words = " ".join(text.split())
    assert words.count("set to") == 40
    assert "; k039 set to 39; and 60 more: ruleward diff bbbbbbbbb:rules/a.toml rules/a.toml" in words


def test_what_loses_coverage_stands_before_what_gains_it() -> None:
    kinds = (QueryVerdict.BROADENED, QueryVerdict.UNKNOWN, QueryVerdict.CHANGED, QueryVerdict.NARROWED)
    rules = [
        RuleReview(
            change=edit(
                f"rules/{each}.toml",
                leaf("rule.query", OLD, NEW),
                after=NEW,
                query=QueryChange(language="eql", verdict=each, explanation=(f"says {each}",)),
            )
        )
        for each in kinds
    ]
    wanted = ["says narrowed", "says changed", "says unknown", "says broadened"]
    for format_name in ("text", "markdown"):
        text = render(review(*rules), SETTINGS, format_name)
        places = [text.index(each) for each in wanted]
        assert places == sorted(places)


def test_few_edited_queries_stand_open_in_the_comment() -> None:
    rules = [
        RuleReview(change=edit(f"rules/{each}.toml", leaf("rule.query", OLD, NEW), after=NEW, query=narrowed(each)))
        for each in range(4)
    ]
    assert comment(review(*rules[:3])).count("<details open>") == 3
    assert "<details open>" not in comment(review(*rules))


def test_the_terminal_names_what_was_compared() -> None:
    text = render(review(verdict=Verdict.PASS), SETTINGS, "text")
    assert text == "main (merge base bbbbbbbbb) … tune-x\nNo rule changes.\nPassed.\n"
    ends = {
        "base": Revision(ref="main", sha="a" * 40, merge_base="a" * 40),
        "head": Revision(ref="topic", sha="c" * 40),
    }
    text = render(review(verdict=Verdict.PASS, **ends), SETTINGS, "text")
    assert text.startswith("main (aaaaaaaaa) … topic (ccccccccc)\n")


def test_a_finding_about_the_config_names_its_line() -> None:
    path = ".github/ruleward.toml"
    found = Finding(policy="config-invalid", severity=Level.ERROR, message="unknown key `mod`", path=path, line=86)
    text = render(review(findings=(found,)), SETTINGS, "text")
    assert f"{path}\n  error unknown key `mod` (line 86) [config-invalid]\n" in text


def test_a_finding_that_says_its_place_itself_is_placed_once() -> None:
    path = ".github/ruleward.toml"
    said = f"{path}:3:1: unknown key `nope` in [rules]"
    found = Finding(policy="config-invalid", severity=Level.ERROR, message=said, path=path, line=3, column=1)
    made = review(findings=(found,), verdict=Verdict.BLOCK)
    assert f"{path}\n  error {said} [config-invalid]\n" in render(made, SETTINGS, "text")
    assert as_lines(made) == f"{said} [config-invalid]\n"
    assert f"| ``{said}`` <sub>" in render(made, SETTINGS, "markdown")
    assert render(made, SETTINGS, "github") == f"::error file={path},line=3,col=1,title=config-invalid::{said}\n"
    assert json.loads(render(made, SETTINGS, "json"))["findings"][0]["message"] == said
    (result,) = json.loads(render(made, SETTINGS, "sarif"))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 1}


def test_the_terminal_breaks_no_path() -> None:
    path = f"rules/{'a_long_name_' * 10}.toml"
    rule = RuleReview(change=edit(path, TAGS), findings=(replace(UNBUMPED, path=path),))
    text = render(review(rule), SETTINGS, "text")
    assert sum(path in line for line in text.splitlines()) == 2


def test_a_narrow_terminal_breaks_lines_between_words_alone() -> None:
    value = f"/opt/{'a_long_folder/' * 5}"
    query = replace(NARROWED, explanation=(f"adds exclusion: process.executable : {value} and so on",))
    change = edit("rules/a.toml", leaf("rule.query", OLD, NEW), after=NEW, query=query)
    found = replace(UNBUMPED, message=f"the same id stands in `{value}`")
    text = render(review(RuleReview(change=change, findings=(found,))), SETTINGS, "text", width=40)
    assert (
        f"        • adds exclusion:\n          process.executable :\n          {value}\n          and so on\n" in text
    )
    assert f"  error the same id stands in\n  `{value}`\n  [updated-date-not-bumped]\n" in text


def test_the_terminal_shows_the_worst_findings_first() -> None:
    aside = replace(UNBUMPED, policy="coverage-removed", severity=Level.NOTICE, message="gone")
    rules = [replace(each, findings=(replace(aside, path=each.change.path),)) for each in tagged(3)]
    excused = replace(UNBUMPED, path="rules/z.toml", waived=Waived(by="ada", at="2026-11-24T00:00:00Z"))
    rules += [RuleReview(change=edit("rules/z.toml", TAGS), findings=(excused,)), logic()]
    text = render(review(*rules), SETTINGS, "text")
    assert (
        text.index("\nrules/a.toml\n  error ") < text.index("\n3 rules\n  notice gone") < text.index("(waived by ada")
    )


def test_what_stands_several_times_in_one_rule_counts_as_one_rule() -> None:
    path = logic().change.path
    found = [replace(UNBUMPED, message="gone", line=line, path=path) for line in (4, 5, 6)]
    text = render(review(replace(logic(), findings=tuple(found))), SETTINGS, "text")
    assert f"\n{path}\n" in text
    assert text.count("error gone") == 3
    assert "3 rules" not in text


def test_no_line_of_the_base_stands_beside_a_file_that_cannot_be_read() -> None:
    base = rule_at("rules/a.toml", rule_text())
    change = RuleChange(
        path=base.path,
        previous_path=None,
        status=Status.MODIFIED,
        kind=Kind.UNREADABLE,
        before=base,
        after=Unreadable(path=base.path, reason="not TOML", line=3, column=23),
    )
    found = Finding(policy="unreadable-rule", severity=Level.ERROR, message="not TOML", path=base.path, line=3)
    text = render(review(RuleReview(change=change, findings=(found,))), SETTINGS, "text")
    assert "not TOML" in text
    assert "production" not in text


def test_workflow_commands_are_ten_a_level_the_rest_is_counted() -> None:
    many = tuple(replace(UNBUMPED, path=f"rules/a,b:{number}.toml", message="100%\nsure") for number in range(13))
    lines = render(review(RuleReview(change=logic().change, findings=many)), SETTINGS, "github").splitlines()
    assert len(lines) == 11
    assert lines[0] == (
        "::error file=rules/a%2Cb%3A0.toml,line=4,title=updated-date-not-bumped::"
        '100%25%0Asure%0ASet: updated_date = "2026/11/24"'
    )
    assert lines[-1] == "Ruleward: 3 more errors"


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="no format named xml"):
        render(review(), SETTINGS, "xml")


def test_the_same_review_gives_the_same_bytes() -> None:
    for format_name in ("text", "markdown", "json", "github"):
        assert render(review(logic()), SETTINGS, format_name) == render(review(logic()), SETTINGS, format_name)


# --- the report -------------------------------------------------------------------------------------------------------


def test_the_report_is_the_contracts() -> None:
    made = report(replace(review(logic(), *tagged(1)), names={"impact: logic": "Logic!"}))
    validate(made, REPORT_SCHEMA)
    assert list(made) == [
        "schema", "tool", "base", "head", "today", "verdict", "labels", "summary", "rules", "findings", "unevaluated",
    ]  # fmt: skip
    assert made["labels"] == ["Logic!", "rule: tuning"]
    assert made["summary"]["categories"] == {"logic": 1, "taxonomy": 2}
    assert made["summary"]["queries"] == {"narrowed": 1}
    assert made["summary"]["ships"] == 2
    rule = made["rules"][0]
    assert [each["line"] for each in rule["changes"]] == [16, 14]
    assert rule["query"]["witness"] == {"lost": {"user.name": ["root"]}, "gained": None}
    assert rule["findings"][0]["fix"]["start_line"] == 4


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(REPORT_SCHEMA)


def test_the_schema_refuses_what_the_contract_does_not_name() -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate({**report(review()), "more": 1}, REPORT_SCHEMA)


def test_odd_values_survive_the_way_into_json() -> None:
    change = edit(
        "rules/\udcff.toml", leaf("rule.x", float("nan"), date(2026, 1, 2)), leaf("rule.y", [float("inf")], None)
    )
    made = report(review(RuleReview(change=change)))
    validate(made, REPORT_SCHEMA)
    (rule,) = made["rules"]
    assert rule["path"] == "rules/?.toml"
    assert [(each["before"], each["after"]) for each in rule["changes"]] == [("nan", "2026-01-02"), (["inf"], None)]
    assert json.loads(render(review(RuleReview(change=change)), SETTINGS, "json")) == made


# --- hostile text -----------------------------------------------------------------------------------------------------

REVIEW = r" ruleward:review v1 change=[0-9a-f]{16} "


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_nothing_in_a_rule_is_more_than_text_in_the_comment(path: str, name: str, message: str, query: str) -> None:
    made = hostile(path, name, message, query)
    assert_tame(comment(made), tables=2, marker=REVIEW)
    assert len(comment(made)) <= LIMIT


def hostile(path: str, name: str, message: str, query: str) -> Review:
    base, head = (
        Rule(path=path, text="", data={"rule": {"name": name, "query": text}, "metadata": {}})
        for text in ("old", query)
    )
    change = RuleChange(
        path=path,
        previous_path=name,
        status=Status.RENAMED,
        kind=Kind.TUNING,
        before=base,
        after=head,
        changes=(
            Change(path=("rule", name or "x"), category=category_of(("rule", "x")), before=name, after=message),
            leaf("rule.query", "old", query),
            leaf("rule.tags", [name], [message, path]),
        ),
        query=QueryChange(
            language="eql",
            verdict=QueryVerdict.CHANGED,
            explanation=(message, name),
            witness=Witness(lost={name: (message, query)}, gained=({path: (1, True)}, {name: ()})),
            reason=message,
        ),
    )
    fix = LineFix(start_line=1, end_line=1, replacement=query)
    base_finding = Finding(policy="rule-removed", severity=Level.ERROR, message=message, path=path, line=3, fix=fix)
    findings = (
        base_finding,
        replace(base_finding, severity=Level.NOTICE, message=f"the name `{name}` is odd", preexisting=True),
        replace(base_finding, waived=Waived(by=name, at=message)),
        replace(base_finding, waived=Waived(exception=message)),
    )
    broken = RuleChange(
        path=f"{path}2",
        previous_path=None,
        status=Status.ADDED,
        kind=Kind.UNREADABLE,
        before=None,
        after=Unreadable(path=f"{path}2", reason=message),
    )
    return review(
        RuleReview(change=change, findings=findings),
        RuleReview(change=broken),
        findings=(replace(base_finding, path="", paths=(path, name)),),
        unevaluated=(Unevaluated(path=path, reason=message),),
    )


@settings(max_examples=60, deadline=None, phases=PHASES)
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_nothing_in_a_rule_is_more_than_text_in_a_log(path: str, name: str, message: str, query: str) -> None:
    made = hostile(path, name, message, query)
    text = render(made, SETTINGS, "text")
    data = render(made, SETTINGS, "json")
    for each in (text, data):
        assert "::" not in each
        assert "##[" not in each
        assert "<!--" not in each
        assert "</details" not in each.lower()
        assert not any(ord(char) < 32 and char != "\n" for char in each)
        each.encode()
    validate(json.loads(data), REPORT_SCHEMA)
    assert json.loads(data) == report(made)
    for line in render(made, SETTINGS, "github").splitlines():
        assert line.startswith(("::error ", "::notice ", "Ruleward: "))
        properties, _, rest = line.removeprefix("::").partition("::")
        assert "::" not in rest
        assert properties.count("title=rule-removed") == (0 if line.startswith("Ruleward") else 1)


@settings(max_examples=3, deadline=None, phases=PHASES)
@given(st.lists(HOSTILE, min_size=60, max_size=90, unique=True), st.integers(1, 400))
def test_no_review_is_too_long(texts: list[str], factor: int) -> None:
    rules = tuple(
        rule for text in texts for rule in hostile(text, text * factor, text * factor, text * factor).rules[:1]
    )
    text = comment(review(*rules))
    assert len(text) < BULK_LIMIT
    assert_tame(text, tables=2, marker=REVIEW)
