"""A replay says what today's policies would have said of every merged change, each on its own day."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.app import replay
from bot.collect import spans
from bot.collect.git import Git, GitError
from bot.collect.ledger import Ledger, key_of
from bot.model import Level, RulewardError, Verdict
from bot.render.as_replay import as_markdown, as_text
from bot.render.as_replay_json import REPLAY_SCHEMA, document
from bot.replay import Entry, Hit, fold, kept, read
from bot.settings import Settings
from tests.repository import Repository, other_id, rule_text
from tests.schemas import validate
from tests.test_cli import ruleward

A = rule_text(rule_id=other_id(1), name="A")
B = rule_text(rule_id=other_id(2), name="B")


@pytest.fixture
def history(repo: Repository) -> Repository:
    """An import, a clean tuning, one without a bump merged from a branch, a file that is no rule, a removal."""
    repo.commit({"rules/linux/a.toml": A, "rules/b.toml": B}, "Import", day="2026-01-02")
    repo.commit(
        {"rules/b.toml": B.replace("a.exe", "b.exe").replace("2025/01/01", "2026/01/20")}, "Tune B", day="2026-01-20"
    )
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({"rules/linux/a.toml": A.replace("a.exe", "c.exe")}, "wip", day="2026-02-01")
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "--message", "[Docs] Tune A (#7)", "topic", day="2026-02-03")
    repo.commit({"README.md": "# Rules\n"}, "Readme", day="2026-02-04")
    repo.commit({"rules/b.toml": None}, "Remove B", day="2026-03-05")
    return repo


def replayed(repo: Repository, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = ruleward("replay", *arguments, cwd=repo.path)
    assert done.returncode == status, done.stderr
    return done


def whole(repo: Repository, *arguments: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(replayed(repo, "--format", "json", *arguments).stdout)
    validate(made, REPLAY_SCHEMA)
    return made


def titles(made: dict[str, Any]) -> list[str]:
    return [each["title"] for each in made["changes"]]


def test_each_merged_change_that_touches_rules_is_judged_on_its_day(history: Repository) -> None:
    made = whole(history)
    assert [(each["title"], each["day"], each["verdict"]) for each in made["changes"]] == [
        ("Tune B", "2026-01-20", "pass"),
        ("[Docs] Tune A (#7)", "2026-02-03", "block"),
        ("Remove B", "2026-03-05", "block"),
    ]
    assert made["summary"]["verdicts"] == {"incomplete": 0, "block": 2, "warn": 0, "pass": 1}
    said = {finding["policy"] for finding in made["changes"][1]["findings"]}
    assert said == {"updated-date-not-bumped", "logic-under-docs-title"}
    by_policy = {each["policy"]: each for each in made["policies"]}
    removed = by_policy["rule-removed"]
    assert (removed["changes"], removed["blocks"], removed["blocks_alone"]) == (1, 1, 1)
    assert removed["folders"] == {"rules": 1}
    assert removed["months"] == {"2026-03": 1}
    assert removed["examples"][0]["title"] == "Remove B"
    assert "premature-promotion" not in by_policy
    assert [(part["month"], part["rules"], part["blocked"]) for part in made["months"]] == [
        ("2026-01", 1, 0),
        ("2026-02", 1, 1),
        ("2026-03", 1, 1),
    ]
    assert {part["folder"]: part["changes"] for part in made["folders"]} == {"rules": 2, "rules/linux": 1}


def test_days_and_revisions_limit_what_is_replayed(history: Repository) -> None:
    assert titles(whole(history, "--since", "2026-02-01")) == ["[Docs] Tune A (#7)", "Remove B"]
    assert titles(whole(history, "--until", "2026-02-03")) == ["Tune B", "[Docs] Tune A (#7)"]
    assert titles(whole(history, "--since", "main~3", "--until", "main~1")) == ["[Docs] Tune A (#7)"]
    assert titles(whole(history, "--since", "2030-01-01")) == []
    assert "No change of a rule" in replayed(history, "--since", "2030-01-01").stdout
    assert "no such commit" in replayed(history, "--since", "nowhere", status=2).stderr
    assert "2025-13-01 is no day" in replayed(history, "--since", "2025-13-01", status=2).stderr


def test_a_draft_config_judges_all_of_history(history: Repository) -> None:
    history.write({"draft.toml": '[policies]\nupdated-date-not-bumped = "off"\nrule-removed = "warning"\n'})
    made = whole(history, "--config", "draft.toml")
    assert [each["verdict"] for each in made["changes"]] == ["pass", "pass", "warn"]
    history.write({".github/ruleward.toml": '[policies]\nrule-removed = "notice"\n'})
    assert [each["verdict"] for each in whole(history)["changes"]] == ["pass", "block", "pass"]
    history.write({".github/ruleward.toml": "[ruels]\n"})
    assert replayed(history, status=2).stderr.startswith(".github/ruleward.toml:1:1: unknown key")


def test_named_ranges_are_compared_from_their_merge_base(history: Repository, tmp_path: Path) -> None:
    listed = tmp_path / "ranges"
    listed.write_text("# two\n\nmain~3..topic\n  main~1...main  \n", encoding="utf-8")
    made = whole(history, "--ranges", str(listed))
    assert [(each["title"], each["day"], each["rules"]) for each in made["changes"]] == [
        ("wip", "2026-02-01", 1),
        ("Remove B", "2026-03-05", 1),
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [(["main"], "f:1: `main` is no range"), (["a..b"], "f: a: no such commit"), (["..x"], "is no range")],
)
def test_a_line_that_is_no_range_is_told(history: Repository, lines: list[str], said: str) -> None:
    with pytest.raises(RulewardError, match=said):
        spans.ranges(Git(history.path), lines, "f")


def test_a_file_of_ranges_that_is_no_text_is_told(history: Repository, tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\xff..main\n")
    assert "no such commit" in replayed(history, "--ranges", str(tmp_path / "odd"), status=2).stderr
    assert "No such file" in replayed(history, "--ranges", str(tmp_path / "none"), status=2).stderr


def test_ranges_and_days_do_not_go_together(history: Repository) -> None:
    assert "leave out" in replayed(history, "--ranges", "-", "--since", "2026-01-01", status=2).stderr


def test_a_bare_repository_is_replayed_by_the_config_of_its_head(history: Repository, tmp_path: Path) -> None:
    history.commit({".github/ruleward.toml": '[policies]\nrule-removed = "notice"\n'}, "Config", day="2026-03-06")
    history.git("clone", "--quiet", "--bare", str(history.path), str(tmp_path / "bare"))
    made = whole(history, "--repo", str(tmp_path / "bare"))
    assert [each["verdict"] for each in made["changes"]] == ["pass", "block", "pass"]


def test_a_run_that_was_stopped_goes_on(history: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git, place = Git(history.path), tmp_path / "done"
    asked = spans.merged(git, ("rules",), None, None)
    first = list(replay(git, asked[:2], Settings(), Ledger(place), b""))
    with place.open("a", encoding="utf-8") as file:
        file.write('{"key": "cut o')
    read_again: list[str] = []
    blobs = Git.blobs

    def noted(self: Git, oids: Iterable[str]) -> dict[str, bytes]:
        found = blobs(self, oids)
        read_again.extend(found)
        return found

    monkeypatch.setattr(Git, "blobs", noted)
    second = list(replay(git, asked, Settings(), Ledger(place), b""))
    assert second[:2] == first
    assert len(second) == 3
    assert read_again
    read_again.clear()
    assert list(replay(git, asked, Settings(), Ledger(place), b"")) == second
    assert not read_again
    assert list(replay(git, asked, Settings(), Ledger(place), b"# another\n")) == second
    assert read_again


def test_a_repository_without_a_commit_is_said_to_have_none(repo: Repository) -> None:
    assert replayed(repo, status=2).stderr == f"ruleward: HEAD: no such commit in {repo.path}; there is none yet\n"


def test_the_cache_is_named_on_the_command_line(history: Repository, tmp_path: Path) -> None:
    first, second = (replayed(history, "--cache", str(tmp_path / "c")).stdout for _ in range(2))
    assert first == second
    assert len((tmp_path / "c").read_text("utf-8").splitlines()) == 4
    other = history.path / "rules/linux/a.toml"
    assert "no file that a replay wrote" in replayed(history, "--cache", str(other), status=2).stderr
    folder = replayed(history, "--cache", str(tmp_path), status=2).stderr
    assert folder == f"ruleward: {tmp_path}: cannot be read: Is a directory\n"
    assert "cannot be written" in replayed(history, "--cache", str(tmp_path / "no" / "c"), status=2).stderr
    other.write_bytes(b"\xff")
    assert "no file that a replay wrote" in replayed(history, "--cache", str(other), status=2).stderr
    assert key_of("a", "b") != key_of("ab", "")


def test_an_incomplete_change_is_told_and_the_status_is_3(history: Repository) -> None:
    oid = history.git("rev-parse", "main~3:rules/b.toml")
    (history.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    done = replayed(history, status=3)
    assert "not judged: rules/b.toml" in done.stdout
    assert "could not be judged whole" in done.stdout
    assert "Not judged" in replayed(history, "--format", "markdown", status=3).stdout


def test_text_and_markdown_hold_the_figures(history: Repository) -> None:
    text = replayed(history).stdout
    assert text.startswith("3 changes from 2026-01-20 to 2026-03-05, 3 times a rule was changed.\n")
    assert "2 would have been blocked (66.7 %), 0 warned (0.0 %)" in text
    assert "    rules/b.toml: a rule in the state `production` was removed" in text
    page = replayed(history, "--format", "markdown", "--output", "page.md")
    assert page.stdout == ""
    row = "| `rule-removed` | error | 1 | 0 | 0 | 1 | 33.3 % | 1 | 1 | 0 | `rules` |"
    assert row in (history.path / "page.md").read_text("utf-8").splitlines()


# --- the fold ---------------------------------------------------------------------------------------------------------


def hit(policy: str, severity: Level, path: str = "rules/x.toml", **given: Any) -> Hit:
    return Hit(policy=policy, severity=severity, path=path, line=1, message="m", **given)


def entry(day: str, *hits: Hit, verdict: Verdict = Verdict.PASS, title: str = "t") -> Entry:
    day_of = date.fromisoformat(day)
    made = Entry(base="b", head="h" * 40, day=day_of, title=title, verdict=verdict, rules=1, folders={"rules": 1})
    return replace(made, hits=hits)


def test_what_stood_before_makes_no_noise_and_blocks_nothing() -> None:
    entries = [
        entry("2026-01-01", hit("p", Level.ERROR), hit("q", Level.ERROR), verdict=Verdict.BLOCK),
        entry("2026-01-02", hit("p", Level.ERROR), hit("q", Level.NOTICE, silent=True), verdict=Verdict.BLOCK),
        entry("2026-01-03", hit("q", Level.NOTICE, silent=True)),
    ]
    done = fold(entries, {"p": Level.ERROR, "q": Level.ERROR, "r": Level.NOTICE})
    p, q, r = done.policies
    assert (p.policy, p.total, p.changes, p.blocks, p.alone, p.silent) == ("p", 2, 2, 2, 1, 0)
    assert (q.policy, q.total, q.changes, q.blocks, q.alone, q.silent) == ("q", 1, 1, 1, 0, 2)
    assert (r.policy, r.total, r.examples) == ("r", 0, ())
    assert done.findings == 3


def test_a_policy_whose_findings_are_all_excused_is_in_the_table_and_not_among_those_that_found_nothing() -> None:
    entries = [entry("2026-01-01", hit("p", Level.ERROR), hit("q", Level.ERROR, silent=True), verdict=Verdict.BLOCK)]
    levels = {"p": Level.ERROR, "q": Level.ERROR, "r": Level.NOTICE, "s": Level.NOTICE}
    done = fold(entries, levels)
    for page, row in ((as_text(done), "  q "), (as_markdown(done), "| `q` | error | 0 | 0 | 0 | 0 |")):
        assert any(line.startswith(row) for line in page.splitlines())
        assert page.rstrip("\n").endswith("\n2 more policies found nothing; `--format json` names them all.")
    one = as_text(fold(entries, {"p": Level.ERROR, "q": Level.ERROR, "r": Level.NOTICE}))
    assert one.endswith("\n1 more policy found nothing; `--format json` names them all.\n")


def test_examples_are_the_newest_of_different_changes() -> None:
    entries = [entry(f"2026-01-{day:02}", hit("p", Level.ERROR), hit("p", Level.ERROR)) for day in range(1, 6)]
    (tally,) = fold(reversed(entries), {"p": Level.ERROR}).policies
    assert [each.entry.day.day for each in tally.examples] == [5, 4, 3]


def test_an_entry_outlives_its_file() -> None:
    one = entry("2026-01-01", hit("p", Level.ERROR, path="rules/\udcff.toml", silent=True), title="\udcff☂")
    assert read(json.loads(json.dumps(kept(one)))) == one
    with pytest.raises(ValueError, match="no entry"):
        read({})


def test_hostile_text_stays_text() -> None:
    bad = "</details><!-- x --> @ada ::error::\x1b[31m|`"
    odd = hit("p", Level.ERROR, path=f"rules/{bad}")
    done = fold([entry("2026-01-01", odd, title=bad, verdict=Verdict.BLOCK)], {"p": Level.ERROR})
    assert "\x1b" not in as_text(done) + as_markdown(done)
    assert "<!--" not in as_markdown(done)
    assert "::" not in as_text(done) + as_markdown(done)
    validate(document(done), REPLAY_SCHEMA)


def test_objects_are_read_by_one_process_as_by_many(history: Repository) -> None:
    git = Git(history.path)
    oids = [side.oid for side in git.tree("main~1", ["rules"])] * 2 + ["1" * 40]
    apart = git.sizes(oids), git.blobs(oids)
    with git.reading():
        assert (git.sizes(oids), git.blobs(oids)) == apart
        assert (git.sizes([]), git.blobs([])) == ({}, {})
    assert len(apart[1]) == 2


def test_a_reader_that_dies_is_an_error(history: Repository) -> None:
    git = Git(history.path)
    with git.reading():
        assert git._readers is not None
        for reader in git._readers:
            reader._process.kill()
            reader._process.wait()
        with pytest.raises(GitError):
            git.sizes(["1" * 40])
