"""The audit from outside: what it finds in a repository, in every format, and how several become one."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from codeowners import CodeOwners
from hypothesis import example, given
from hypothesis import strategies as st

from bot.audit import audit
from bot.audit_report import AUDIT_SCHEMA, audit_report, merge_audits, read_audit
from bot.audited import Audit, AuditedRule, Source, attention
from bot.cli import cli
from bot.collect.git import Git
from bot.model import Finding, Level, RulewardError, Unevaluated, Waived
from bot.owners import Owners
from bot.render import render_audit
from bot.render.audit_fold import by_tactic, histogram, live, older_than
from bot.settings import is_quick
from tests.repository import Repository, new_repository, other_id, rule_text
from tests.schemas import validate

if TYPE_CHECKING:
    from click.testing import Result

TODAY = date(2026, 11, 24)
CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus"
WORKFLOWS = Path(__file__).parent.parent / ".github" / "workflows"
FRESH = "2026/11/01"
FORMATS = ("text", "markdown", "json", "html")


def ruleward(repo: Repository, *arguments: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(
        cli, ["audit", "--repo", str(repo.path), "--today", "2026-11-24", *arguments], catch_exceptions=True
    )


def done(repo: Repository, ref: str | None = None) -> Audit:
    """Audit a repository."""
    return audit(Git(repo.path), head=ref, config=None, today=TODAY)


def rules_of(repo: Repository) -> dict[str, AuditedRule]:
    """Path to what the audit says."""
    return {rule.path: rule for rule in done(repo).rules}


def seasoned(repo: Repository, files: dict[str, str | bytes | None]) -> None:
    """Commit some files a few days ago, after a first commit without rules."""
    repo.git("commit", "--quiet", "--allow-empty", "--message", "begin", day="2019-01-01")
    repo.write(files)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "rules", day="2026-11-20")


# --- what it finds ----------------------------------------------------------------------------------------------------


def test_every_rule_is_listed_and_only_the_stale_have_reasons(repo: Repository) -> None:
    seasoned(repo, {"rules/old.toml": rule_text(updated="2024/01/01"), "rules/new.toml": rule_text(updated=FRESH)})
    found = rules_of(repo)
    assert found["rules/old.toml"].reasons == {"stale-updated-date": 1058}
    assert found["rules/new.toml"].reasons == {}
    assert found["rules/new.toml"].age_days == 23


def test_a_deprecated_rule_is_never_stale(repo: Repository) -> None:
    metadata = 'ecs_version = ["1.0.0"]\n'
    old = rule_text(created="2019/01/01", updated="2020/01/01", maturity="deprecated", metadata=metadata)
    config = '[ecs]\nminimum = "8.0.0"\n'
    seasoned(repo, {"rules/_deprecated/old.toml": old, ".github/ruleward.toml": config})
    (rule,) = done(repo).rules
    assert (rule.deprecated, rule.reasons, rule.findings) == (True, {}, ())


def test_an_outdated_ecs_version_is_a_reason(repo: Repository) -> None:
    config = '[ecs]\nminimum = "8.0.0"\n'
    text = rule_text(updated=FRESH, metadata='ecs_version = ["1.4.0"]\n')
    seasoned(repo, {"rules/a.toml": text, ".github/ruleward.toml": config})
    (rule,) = done(repo).rules
    assert rule.reasons == {"ecs-version-outdated": None}
    assert [(each.step, each.words) for each in rule.advice] == [("raise-ecs", "declare ECS `8.0.0` or newer")]


def test_what_one_file_shows_is_a_baseline(repo: Repository) -> None:
    seasoned(repo, {"rules/A b.toml": rule_text(updated="2026/13/01", rule_id="x")})
    (rule,) = done(repo).rules
    assert {each.policy for each in rule.findings} == {"file-name", "invalid-date", "invalid-rule-id"}
    assert not rule.stale


def test_two_files_with_one_id_are_found(repo: Repository) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(updated=FRESH), "rules/b.toml": rule_text(updated=FRESH, name="Other")})
    assert {each.policy for each in done(repo).all_findings()} == {"duplicate-rule-id"}


def test_a_file_that_cannot_be_read_is_a_finding_and_not_stale(repo: Repository) -> None:
    seasoned(repo, {"rules/a.toml": "[rule\n", "rules/notes.toml": "x = 1\n"})
    audited = done(repo)
    (rule,) = audited.rules
    assert (rule.unreadable, rule.stale, [each.policy for each in rule.findings]) == (True, False, ["unreadable-rule"])
    assert audited.sources[0].skipped == 1
    assert ruleward(repo).exit_code == 0


def test_a_standing_exception_postpones_a_reason(repo: Repository) -> None:
    config = (
        '[[exceptions]]\npolicy = "stale-updated-date"\nrule_id = "11111111-2222-4333-8444-555555555555"\n'
        'reason = "next quarter"\nexpires = 2026-12-31\n'
    )
    seasoned(repo, {"rules/a.toml": rule_text(updated="2024/01/01"), ".github/ruleward.toml": config})
    (rule,) = done(repo).rules
    assert (rule.reasons, rule.postponed) == ({}, ("stale-updated-date",))
    assert rule.findings[0].waived == Waived(exception="next quarter", expires=date(2026, 12, 31))
    assert "1  postponed by an exception" in ruleward(repo).stdout


def test_an_expired_exception_is_reported_and_counts_for_nothing(repo: Repository) -> None:
    config = (
        '[[exceptions]]\npolicy = "stale-updated-date"\npath = "rules/a.toml"\nreason = "r"\nexpires = 2026-01-31\n'
    )
    seasoned(repo, {"rules/a.toml": rule_text(updated="2024/01/01"), ".github/ruleward.toml": config})
    audited = done(repo)
    assert [rule.stale for rule in audited.rules] == [True]
    assert [each.policy for each in audited.sources[0].findings] == ["exception-expired"]
    for format_name in FORMATS:
        assert "expired on 2026-01-31" in render_audit(audited, format_name), format_name


def test_a_policy_that_is_off_is_no_reason(repo: Repository) -> None:
    config = '[policies]\nstale-updated-date = "off"\n'
    seasoned(repo, {"rules/a.toml": rule_text(updated="2024/01/01"), ".github/ruleward.toml": config})
    assert not done(repo).stale


def test_the_owners_are_those_of_the_last_line_that_matches(repo: Repository) -> None:
    owners = "* @all\n/rules/linux/ @linux @team/one # and a word about @nobody\n/rules/linux/c.toml\n"
    files = {f"rules/{place}.toml": rule_text(updated=FRESH) for place in ("a", "linux/b", "linux/c")}
    seasoned(repo, {**files, ".github/CODEOWNERS": owners})
    assert {path: rule.owners for path, rule in rules_of(repo).items()} == {
        "rules/a.toml": ("@all",),
        "rules/linux/b.toml": ("@linux", "@team/one"),
        "rules/linux/c.toml": (),
    }


def test_code_owners_are_found_where_github_looks_for_them(repo: Repository) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(updated=FRESH), "docs/CODEOWNERS": "*.toml docs@example.org\n"})
    assert done(repo).rules[0].owners == ("docs@example.org",)


def test_a_line_of_code_owners_that_makes_no_sense_is_passed_over() -> None:
    odd = b"rules/[xyz].toml @range\nrules/[a @broken\n!rules/x @not\n\xff\xfe @bytes\n"
    owners = Owners(b"rules/* @fine\nrules/**/deep/ @deep\n" + odd)
    assert owners.of("rules/x.toml") == ("@fine",)
    assert owners.of("rules/x/y.toml") == ()
    assert owners.of("rules/a/b/deep/y.toml") == ("@deep",)
    assert Owners(None).of("rules/x.toml") == ()


@pytest.mark.parametrize("pattern", [b"a\\ [b", b"a\\ b/**/*c*d*e", b"a\\ **/b/**/c/**/d"])
def test_so_it_is_where_what_makes_no_sense_stands_behind_a_blank_of_the_pattern(pattern: bytes) -> None:
    assert Owners(b"a\\ b/ @fine\n" + pattern + b" @odd\n").of("a b/c/d/cde") == ("@fine",)


_PATTERNS = st.lists(
    st.sampled_from(("/", "//", "rules", "a", "*", "**", "?", "\\ ", "\\*", "]", "é", ".toml")), min_size=1
)
_PATHS = st.lists(st.sampled_from(("rules", "a", "a.toml", "é", "x y", "*")), min_size=1, max_size=4).map("/".join)


@given(st.lists(_PATTERNS.map("".join).filter(lambda each: is_quick(each.replace("\\ ", "/"))), max_size=4), _PATHS)
@example(["//rules//"], "x/rules/a")
@example(["rules/a*/"], "rules/ab/c")
def test_lines_that_no_path_needs_are_not_compiled_and_the_owners_are_the_same(patterns: list[str], path: str) -> None:
    text = "\n".join(f"{pattern} @o{number}" for number, pattern in enumerate(patterns))
    assert Owners(text.encode()).of(path) == tuple(name for _, name in CodeOwners(text).of(path))


def test_the_config_can_name_the_file_of_the_owners(repo: Repository) -> None:
    files = {"rules/a.toml": rule_text(updated=FRESH), "who.txt": "* @who\n", "CODEOWNERS": "* @other\n"}
    seasoned(repo, {**files, ".github/ruleward.toml": '[audit]\nowners = "who.txt"\n'})
    assert done(repo).rules[0].owners == ("@who",)


def test_the_config_cannot_name_a_file_outside(repo: Repository) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(), ".github/ruleward.toml": '[audit]\nowners = "../../secret"\n'})
    assert "not a path inside the repository" in str(ruleward(repo).exception)


# --- what to do about it ----------------------------------------------------------------------------------------------


def advice(repo: Repository, text: str, config: str = "", path: str = "rules/a.toml") -> list[tuple[str, str | None]]:
    """The advice for one rule: step, and what blocks it."""
    seasoned(repo, {path: text, ".github/ruleward.toml": config})
    return [(each.step, each.blocked) for each in rules_of(repo)[path].advice]


def test_a_rule_that_waits_and_is_cared_for_can_be_promoted(repo: Repository) -> None:
    text = rule_text(maturity="beta", created="2025/01/01", updated=FRESH)
    repo.git("commit", "--quiet", "--allow-empty", "--message", "begin", day="2019-01-01")
    repo.write({"rules/a.toml": text})
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "rules", day="2025-01-02")
    assert [(each.step, each.words, each.blocked) for each in done(repo).rules[0].advice] == [
        ("promote", "promote it to `production`", None)
    ]


def test_a_promotion_is_blocked_by_what_would_stop_its_pull_request(repo: Repository) -> None:
    repo.git("commit", "--quiet", "--allow-empty", "--message", "begin", day="2019-01-01")
    repo.commit({"rules/a.toml": rule_text(maturity="beta", created="2025/13/01", updated=FRESH)})
    assert [(each.step, each.blocked) for each in done(repo).rules[0].advice] == [
        ("promote", "`invalid-date` would block the pull request")
    ]


@pytest.mark.parametrize("config", ["", '[policies]\nunpromoted-rule = "error"\n'])
def test_a_promotion_is_not_blocked_by_what_a_review_lets_stand(repo: Repository, config: str) -> None:
    text = rule_text(maturity="beta", created="2025/01/01", updated=FRESH, rule_id="x")
    repo.commit({"rules/a.toml": text, ".github/ruleward.toml": config})
    assert [(each.step, each.blocked) for each in done(repo).rules[0].advice] == [("promote", None)]
    repo.git("switch", "--quiet", "--create", "promote")
    repo.commit({"rules/a.toml": text.replace("beta", "production").replace(FRESH, "2026/11/24")})
    review = ["review", "--repo", str(repo.path), "--base", "main", "--today", "2026-11-24"]
    assert CliRunner().invoke(cli, review).exit_code == 0


def test_a_promotion_is_blocked_where_the_config_has_no_such_step(repo: Repository) -> None:
    config = '[maturity]\nedges = { beta = ["deprecated"] }\n'
    text = rule_text(maturity="beta", created="2025/01/01", updated=FRESH)
    repo.commit({"rules/a.toml": text, ".github/ruleward.toml": config})
    assert [(each.step, each.blocked) for each in done(repo).rules[0].advice] == [
        ("promote", "`maturity.edges` has no step from `beta` to `production`")
    ]


def test_a_rule_that_waits_and_is_forgotten_had_better_go(repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text(maturity="development", created="2024/01/01", updated="2024/02/01")})
    assert [each.step for each in done(repo).rules[0].advice] == ["retire"]


def test_limbo_ends_with_the_second_step(repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text(name="Deprecated - A", updated="2026/01/01")})
    assert [(each.step, each.blocked) for each in done(repo).rules[0].advice] == [("deprecate", None)]


def test_limbo_is_blocked_where_the_config_lets_no_rule_be_deprecated(repo: Repository) -> None:
    text = rule_text(name="Deprecated - A", updated="2026/01/01")
    assert advice(repo, text, "[maturity]\nedges = { production = [] }\n") == []  # the notice came with the commit
    repo.git("commit", "--quiet", "--amend", "--no-edit", day="2026-01-01")
    blocked = "`maturity.edges` has no step from `production` to `deprecated`"
    assert [(each.step, each.blocked) for each in done(repo).rules[0].advice] == [("deprecate", blocked)]


@pytest.mark.parametrize(
    ("metadata", "updated", "expected"),
    [
        ('deprecation_date = "2024/01/01"\n', "2024/01/01", [("delete", None)]),
        ('deprecation_date = "2026/01/01"\n', "2026/01/01", []),
        ("", "2024/01/01", [("delete", "it has no `deprecation_date`, so nobody knows how long users were told")]),
        (
            'deprecation_date = "2024/31/01"\n',
            "2024/01/01",
            [("delete", "`deprecation_date` is no day, so nobody knows how long users were told")],
        ),
        ("", "2026/11/01", []),
    ],
)
def test_a_rule_that_was_deprecated_long_ago_can_be_deleted(
    repo: Repository, metadata: str, updated: str, expected: list[tuple[str, str | None]]
) -> None:
    text = rule_text(maturity="deprecated", updated=updated, metadata=metadata)
    assert advice(repo, text, path="rules/_deprecated/a.toml") == expected


def test_a_rule_that_ships_from_the_deprecated_folder_is_not_to_be_deleted_yet(repo: Repository) -> None:
    text = rule_text(updated="2024/01/01", metadata='deprecation_date = "2024/01/01"\n')
    blocked = "its maturity is still `production`"
    assert advice(repo, text, path="rules/_deprecated/a.toml") == [("delete", blocked)]


def test_the_tactics_of_a_rule_are_told_each_once(repo: Repository) -> None:
    threat = "".join(
        f'[[rule.threat]]\n[rule.threat.tactic]\nname = "{name}"\n' for name in ("Impact", "Odd", "Impact")
    )
    text = rule_text(updated=FRESH) + threat + '[[rule.threat]]\ntactic = "no table"\n'
    seasoned(repo, {"rules/a.toml": text})
    assert done(repo).rules[0].tactics == ("Impact", "Odd")


# --- the order, and the numbers ---------------------------------------------------------------------------------------


def made(path: str, **more: object) -> AuditedRule:
    """A rule as the audit leaves it."""
    return replace(AuditedRule(path=path, severity="low", maturity="production"), **more)  # type: ignore[arg-type]


def test_what_deserves_attention_stands_first() -> None:
    rules = [
        made("fine", severity="critical"),
        made("low", reasons={"deprecation-limbo": 900}),
        made("critical-date", severity="critical", reasons={"stale-updated-date": 900}),
        made("critical-limbo", severity="critical", reasons={"deprecation-limbo": 100}),
        made("critical-old-date", severity="critical", reasons={"stale-updated-date": 901}),
        made("odd", severity="odd", reasons={"stale-updated-date": 9_000}),
    ]
    assert [rule.path for rule in sorted(rules, key=attention)] == [
        "critical-limbo",
        "critical-old-date",
        "critical-date",
        "low",
        "odd",
        "fine",
    ]


def test_every_known_age_is_in_one_bar() -> None:
    days = [0, 30, 31, 90, 180, 181, 365, 366, 730, 1095, 1825, 1826, 9_999]
    bars = histogram([made(str(each), age_days=each, logic_age_days=None) for each in days])
    assert [bar.updated for bar in bars] == [2, 2, 1, 2, 2, 1, 1, 2]
    assert {bar.logic for bar in bars} == {0}


def test_a_rule_of_several_tactics_counts_in_each() -> None:
    rules = (made("a", tactics=("Execution", "Impact"), reasons={"stale-logic": 1}), made("b", tactics=("Impact",)))
    audited = Audit(today=TODAY, sources=(), rules=(*rules, made("c", deprecated=True, tactics=("Impact",))))
    assert [(each.name, each.rules, each.stale) for each in by_tactic(audited)] == [
        ("Impact", 2, 1),
        ("Execution", 1, 1),
    ]


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_same_tree_gives_the_same_bytes(repo: Repository, format_name: str) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(updated="2024/01/01"), "rules/b.toml": "[rule\n"})
    first, second = (ruleward(repo, "--format", format_name) for _ in range(2))
    assert (first.exit_code, first.stdout_bytes) == (0, second.stdout_bytes)
    assert "rules/a.toml" in first.stdout


def test_a_bare_repository_is_audited_at_head(repo: Repository, tmp_path: Path) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(updated="2024/01/01")})
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    bare = Repository(tmp_path / "bare.git")
    assert json.loads(ruleward(bare, "--format", "json").stdout)["repositories"][0]["ref"] == "HEAD"


def test_a_work_tree_is_audited_as_it_stands(repo: Repository) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(updated="2024/01/01")})
    repo.write({"rules/a.toml": rule_text(updated=FRESH)})
    assert not done(repo).stale
    assert done(repo, "HEAD").stale


def test_a_file_that_could_not_be_had_is_status_three(repo: Repository, tmp_path: Path) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(updated=FRESH)})
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "part"))
    part = Repository(tmp_path / "part")
    part.git("remote", "set-url", "origin", f"file://{tmp_path}/gone")
    result = ruleward(part, "--format", "text")
    assert result.exit_code == 3
    assert "not judged: rules/a.toml: blob" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--merge", "--head", "HEAD"),
        ("--merge",),
        ("a.json",),
        ("--head", "nowhere"),
        ("--config", "nowhere.toml"),
        ("--format", "sarif"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_status_two(repo: Repository, arguments: tuple[str, ...]) -> None:
    repo.commit({"rules/a.toml": rule_text()})
    given = [] if "--merge" in arguments else ["--repo", str(repo.path)]
    result = CliRunner().invoke(cli, ["audit", *given, *arguments])
    assert result.exit_code == 2 or (isinstance(result.exception, RulewardError) and result.exception.status == 2)


def test_a_broken_config_is_status_two_with_its_place(repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text(), ".github/ruleward.toml": "[audit]\nstale = 1\n"})
    error = ruleward(repo).exception
    assert isinstance(error, RulewardError)
    assert (error.status, str(error).startswith(".github/ruleward.toml:2:1: unknown key `stale`")) == (2, True)


def test_what_history_could_not_tell_is_said_on_stderr(repo: Repository, tmp_path: Path) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(updated=FRESH)})
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    result = ruleward(Repository(tmp_path / "shallow"), "--format", "json")
    assert "this clone is shallow" in result.stderr
    assert "this clone is shallow" in json.loads(result.stdout)["repositories"][0]["note"]


def test_findings_that_differ_are_told_by_what_they_have_in_common_and_each_rule_once(repo: Repository) -> None:
    rules = {
        f"rules/r{each}.toml": rule_text(
            rule_id=other_id(each),
            name=f"Rule {each}",
            query=f'any where a in ("{each}", "{each}") or b in ("{each}", "{each}")',
        )
        for each in range(9)
    }
    repo.commit(dict(rules))
    found = done(repo)
    said = "A list of values in the query names one of them twice. For the first: "
    assert said in " ".join(render_audit(found, "markdown").split())
    text = render_audit(found, "text")
    assert said in " ".join(text.split())
    assert "\n9 rules\n" in text
    assert text.count("and 6 more") == 1


def test_the_text_names_owners_the_next_step_and_what_blocks_it(repo: Repository) -> None:
    config = "[maturity]\nedges = { beta = [] }\n"
    gone = rule_text(rule_id=other_id(2), maturity="deprecated", updated="2024/01/01")
    files: dict[str, str | bytes | None] = {
        "rules/linux/a.toml": rule_text(updated="2024/01/01"),
        **{f"rules/_deprecated/{name}.toml": gone for name in "wxyz"},
        "rules/b.toml": rule_text(rule_id=other_id(1), maturity="beta", created="2025/01/01", updated=FRESH),
        ".github/CODEOWNERS": "/rules/linux/ @o/linux\n",
        ".github/ruleward.toml": config,
    }
    repo.commit(files)
    text = " ".join(ruleward(repo).stdout.split())
    assert "rules/linux/a.toml medium, production, @o/linux" in text
    assert "warning last updated on `2024/01/01`, 1,058 days ago [stale-updated-date]" in text
    assert "blocked because `maturity.edges` has no step from `beta` to `production`" in text
    assert "Owners: @o/linux 1, nobody 1." in text
    assert "2 of 6 rules are stale on 2026-11-24." in text
    assert "4 rules deprecated for long enough to be deleted (4 of them blocked)" in text


@pytest.mark.parametrize("format_name", ["text", "markdown"])
def test_what_has_been_deprecated_for_longest_is_first_to_go(repo: Repository, format_name: str) -> None:
    files: dict[str, str | bytes | None] = {}
    for number, (name, year) in enumerate((("low_new", 2023), ("low_old", 2021), ("high_middle", 2022))):
        ended = f'deprecation_date = "{year}/01/01"\n'
        text = rule_text(rule_id=other_id(number), maturity="deprecated", metadata=ended, created="2020/01/01")
        files[f"rules/_deprecated/{name}.toml"] = text.replace("medium", name.partition("_")[0])
    repo.commit(files)
    told = ruleward(repo, "--format", format_name).stdout
    assert told.index("low_old") < told.index("high_middle") < told.index("low_new")


def test_the_cache_can_be_named_by_the_environment(repo: Repository, tmp_path: Path) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(updated=FRESH)})
    place = tmp_path / "ages.json"
    arguments = ["audit", "--repo", str(repo.path), "--today", "2026-11-24"]
    assert CliRunner().invoke(cli, arguments, env={"RULEWARD_CACHE": str(place)}).exit_code == 0
    assert json.loads(place.read_bytes())["kind"] == "ruleward logic ages"
    for workflow in WORKFLOWS.glob("audit*.yml"):
        text = workflow.read_text(encoding="utf-8")
        assert "RULEWARD_CACHE: " in text or "--cache " in text


def test_a_cache_that_cannot_be_written_is_said(repo: Repository, tmp_path: Path) -> None:
    repo.commit({"rules/a.toml": rule_text()})
    error = ruleward(repo, "--cache", str(tmp_path / "no" / "where.json")).exception
    assert isinstance(error, RulewardError)
    assert "cannot be written" in str(error)


def test_a_repository_without_a_commit_is_told_so(repo: Repository) -> None:
    error = ruleward(repo).exception
    assert isinstance(error, RulewardError)
    assert "there is no commit yet" in str(error)


def test_a_tree_without_a_rule_is_told_so(repo: Repository) -> None:
    repo.commit({"detections/a.toml": rule_text()})
    text = " ".join(ruleward(repo).stdout.split())
    assert "notice no file here is a rule by `rules.include`" in text
    repo.commit({"rules/a.toml": rule_text(updated=FRESH)})
    text = " ".join(ruleward(repo).stdout.split())
    assert "rules.include" not in text
    assert "0 of 1 rule is stale" in text


# --- the report, and several as one -----------------------------------------------------------------------------------


def rich() -> Audit:
    """An audit that has a bit of everything."""
    finding = Finding(policy="stale-logic", severity=Level.WARNING, message="a `b`", path="rules/a.toml", line=3)
    excused = replace(finding, policy="file-name", waived=Waived(exception="so it is", expires=None))
    rule = made(
        "rules/a.toml",
        repository="o/r",
        rule_id=other_id(1),
        name="A",
        type="eql",
        updated_date="2024/01/01",
        age_days=9,
        logic_changed=date(2020, 1, 2),
        logic_age_days=2_518,
        mass_edits=3,
        owners=("@o/t", "a@example.org"),
        tactics=("Impact",),
        reasons={"stale-logic": 2_518, "ecs-version-outdated": None},
        postponed=("stale-updated-date",),
        findings=(finding, excused),
    )
    source = Source(
        repository="o/r",
        ref="main",
        sha="0" * 40,
        note="a note",
        findings=(replace(finding, policy="exception-expired", path=".github/ruleward.toml"),),
        unevaluated=(Unevaluated(path="rules/z.toml", reason="gone"),),
        skipped=2,
    )
    return Audit(today=TODAY, sources=(source,), rules=(rule, made("rules/b.toml", repository="o/r", unreadable=True)))


def test_the_report_fits_its_schema(repo: Repository) -> None:
    seasoned(repo, {"rules/a.toml": rule_text(updated="2024/01/01"), "rules/b.toml": "[rule\n"})
    for audited in (rich(), done(repo)):
        validate(audit_report(audited), AUDIT_SCHEMA)
    result = CliRunner().invoke(cli, ["schema", "audit"])
    assert json.loads(result.stdout) == AUDIT_SCHEMA


def test_the_report_has_the_keys_of_the_contract() -> None:
    document = audit_report(rich())
    assert {"schema", "tool", "today", "summary", "rules"} <= set(document)
    assert {"rules", "stale", "reasons"} <= set(document["summary"])
    keys = "path rule_id name type maturity severity updated_date age_days logic_changed logic_age_days owners reasons"
    assert {*keys.split(), "findings"} <= set(document["rules"][0])
    assert document["rules"][0]["reasons"] == ["stale-logic", "ecs-version-outdated"]


def test_a_report_that_is_read_again_is_the_same() -> None:
    text = render_audit(rich(), "json")
    assert render_audit(read_audit(text.encode(), "a.json"), "json") == text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"schema": 2, "repositories": [], "rules": [], "today": "2026-11-24"}',
        b'{"schema": 1, "repositories": [], "rules": [{}], "today": "2026-11-24"}',
        b'{"schema": 1, "repositories": [], "rules": [1], "today": "2026-11-24"}',
        b'{"schema": 1, "repositories": [], "rules": [], "today": "never"}',
        b'{"schema": 1, "repositories": [{"repository": 1}], "rules": [], "today": "2026-11-24"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_report_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(RulewardError, match=r"^shard\.json: "):
        read_audit(data, "shard.json")


def test_shards_of_several_repositories_become_one_report(tmp_path: Path) -> None:
    paths = []
    for name, updated in (("one", "2024/01/01"), ("two", "2023/01/01")):
        repo = new_repository(tmp_path / name)
        seasoned(repo, {"rules/a.toml": rule_text(updated=updated)})
        repo.git("remote", "add", "origin", f"https://x-access-token:secret@github.com/org/{name}.git")
        paths.append(tmp_path / f"{name}.json")
        assert ruleward(repo, "--format", "json", "--output", str(paths[-1])).exit_code == 0
    for format_name in FORMATS:
        result = CliRunner().invoke(cli, ["audit", "--format", format_name, "--merge", *map(str, paths)])
        assert result.exit_code == 0
        assert "secret" not in result.stdout
        assert "org/one" in result.stdout
        assert "org/two" in result.stdout
    merged = merge_audits((str(path), read_audit(path.read_bytes(), str(path))) for path in paths)
    assert [(rule.repository, rule.path) for rule in merged.rules] == [
        ("org/two", "rules/a.toml"),
        ("org/one", "rules/a.toml"),
    ]


@pytest.mark.parametrize("format_name", ["text", "markdown"])
def test_a_finding_of_several_repositories_names_its_own_and_the_line(tmp_path: Path, format_name: str) -> None:
    audits: list[tuple[str, Audit]] = []
    for name in ("one", "two"):
        repo = new_repository(tmp_path / name)
        seasoned(repo, {"rules/a.toml": rule_text(updated=FRESH, rule_id="x")})
        audits.append((name, done(repo)))
    assert "one: rules/a.toml:12" in render_audit(merge_audits(audits), format_name)
    assert "two: rules/a.toml:12" in render_audit(merge_audits(audits), format_name)
    alone = render_audit(audits[0][1], format_name)
    assert "rules/a.toml:12" in alone
    assert "one: " not in alone


def test_reports_of_other_days_keep_the_days_since_which_rules_are_stale_and_are_dated(tmp_path: Path) -> None:
    audits: list[tuple[str, Audit]] = []
    for name, day in (("one", "2026-11-24"), ("two", "2026-11-23"), ("three", "2026-11-20")):
        repo = new_repository(tmp_path / name)
        seasoned(repo, {"rules/a.toml": rule_text(updated="2024/01/01")})
        audits.append((name, audit(Git(repo.path), head=None, config=None, today=date.fromisoformat(day))))
    merged = merge_audits([("both.json", merge_audits(audits[1:])), audits[0]])
    first, *others = merged.rules
    for rule in others:
        assert (rule.reasons, rule.advice) == (first.reasons, first.advice)
    assert sorted(rule.age_days or 0 for rule in merged.rules) == [1054, 1057, 1058]
    notes = {source.repository: source.note for source in merged.sources}
    assert notes == {"one": "", "two": "audited on 2026-11-23", "three": "audited on 2026-11-20"}


def test_one_repository_twice_is_a_mistake() -> None:
    with pytest.raises(RulewardError, match=r"b\.json: o/r is in a\.json already"):
        merge_audits([("a.json", rich()), ("b.json", rich())])


def test_an_incomplete_shard_makes_the_whole_incomplete(tmp_path: Path) -> None:
    place = tmp_path / "a.json"
    place.write_text(render_audit(rich(), "json"), encoding="utf-8")
    assert CliRunner().invoke(cli, ["audit", "--merge", str(place)]).exit_code == 3


def test_a_config_that_a_sparse_checkout_leaves_out_holds(repo: Repository) -> None:
    config = '[rules]\ninclude = ["detections/**/*.toml"]\n'
    seasoned(repo, {"detections/a.toml": rule_text(updated="2024/01/01"), ".github/ruleward.toml": config})
    repo.git("sparse-checkout", "set", "detections")
    assert not (repo.path / ".github").exists()
    assert set(rules_of(repo)) == {"detections/a.toml"}
    repo.git("sparse-checkout", "disable")
    repo.write({".github/ruleward.toml": None})
    assert rules_of(repo) == {}


# --- real rules -------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.skipif(not (CORPUS / "head-tree.tar.gz").exists(), reason="the corpus of real rules is not here")
def test_on_a_real_tree_the_numbers_are_those_that_were_counted_by_hand(tmp_path: Path) -> None:
    repo = new_repository(tmp_path / "rules")
    with tarfile.open(CORPUS / "head-tree.tar.gz") as archive:
        archive.extractall(repo.path, filter="data")
    repo.commit({})
    audited = audit(Git(repo.path), head="HEAD", config=None, today=date(2026, 8, 21))
    production = [rule for rule in audited.rules if rule.maturity == "production"]
    assert (len(audited.rules), len(production)) == (2_192, 2_068)
    assert [older_than(production, days).updated for days in (180, 365, 730)] == [200, 84, 13]
    named = [rule for rule in live(audited) if (rule.name or "").startswith("Deprecated - ")]
    assert len(named) == 12
    assert audited.reasons() == {"deprecation-limbo": 11, "stale-updated-date": 84}
    validate(audit_report(audited), AUDIT_SCHEMA)
