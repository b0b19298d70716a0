"""``ruleward diff``: one rule twice, on an author's terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import cli
from bot.model import RulewardError
from tests.repository import Repository, rule_text

OLD = 'process where process.name == "a.exe"'
NEW = 'process where process.name == "a.exe" and\n  not user.name : "svc"'


def said(*arguments: str) -> str:
    done = CliRunner().invoke(cli.cli, ["diff", *arguments], catch_exceptions=False, standalone_mode=False)
    assert done.exit_code == 0
    return done.output


def wrong(*arguments: str) -> str:
    with pytest.raises(RulewardError) as caught:
        said(*arguments)
    assert caught.value.status == 2
    return str(caught.value)


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(rule_text(query=OLD), encoding="utf-8")
    new.write_text(rule_text(query=NEW, rule="max_signals = 50\n"), encoding="utf-8")
    return str(old), str(new)


def test_two_files_are_told_with_what_they_mean(two: tuple[str, str]) -> None:
    lines = said(*two).splitlines()
    assert lines[0] == f"{two[0]} → {two[1]} (tuning)"
    assert " logic      query narrowed" in lines
    assert " schedule   max_signals set to 50" in lines
    assert "query narrowed (eql)" in lines
    assert '  • adds exclusion: user.name : "svc"' in lines
    assert "  • no longer matches {event.category: process; process.name: a.exe; user.name: svc}" in lines
    assert lines[-3:] == [f"  -{OLD}", f"  +{OLD} and", '  +  not user.name : "svc"']


def test_what_is_only_written_otherwise_is_said_to_mean_the_same(tmp_path: Path) -> None:
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    for place, span in ((old, "5m"), (new, "300s")):
        place.write_text(rule_text(rule=f'interval = "{span}"\n'), encoding="utf-8")
    assert " schedule   interval 5m → 300s, means the same" in said(str(old), str(new)).splitlines()


def test_the_same_input_gives_the_same_bytes(two: tuple[str, str]) -> None:
    assert said(*two) == said(*two)


def test_a_rule_at_two_revisions_is_told(repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text(query=OLD)})
    repo.git("tag", "before")
    repo.commit({"rules/a.toml": None, "rules/b.toml": rule_text(query=NEW)})
    told = said("before:rules/a.toml", "HEAD:rules/b.toml", "--repo", str(repo.path))
    assert told.startswith("rules/a.toml → rules/b.toml (tuning)\n")
    assert "query narrowed (eql)" in told


def test_a_file_of_the_work_tree_is_found_from_the_top_of_the_repository(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"rules/a.toml": rule_text(query=OLD)})
    repo.write({"rules/a.toml": rule_text(query=NEW)})
    monkeypatch.chdir(repo.path / "rules")
    assert "query narrowed (eql)" in said("main:rules/a.toml", "rules/a.toml")
    monkeypatch.chdir(repo.path.parent)
    assert "query narrowed (eql)" in said("--repo", str(repo.path), "main:rules/a.toml", "rules/a.toml")


def test_rules_of_different_ids_are_compared_all_the_same(tmp_path: Path) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text(rule_text(query=OLD), encoding="utf-8")
    other.write_text(rule_text(query=NEW, rule_id="22222222-2222-4333-8444-555555555555"), encoding="utf-8")
    told = said(str(one), str(other))
    assert "query narrowed (eql)" in told
    assert "rule_id" in told


def test_what_is_equal_is_said_to_be(two: tuple[str, str]) -> None:
    assert said(two[0], two[0]) == f"{two[0]}\nThe two are the same.\n"


def test_layout_alone_is_said_to_be_that(two: tuple[str, str]) -> None:
    with Path(two[1]).open("w", encoding="utf-8") as file:
        file.write("# a comment\n" + rule_text(query=OLD))
    assert said(*two).endswith("Only layout, comments or the order of keys differ.\n")


def test_text_of_a_rule_cannot_drive_the_terminal(two: tuple[str, str]) -> None:
    with Path(two[1]).open("w", encoding="utf-8") as file:
        file.write(rule_text(query=OLD, name="\\u001b[2J::error::"))
    told = said(*two)
    assert "\x1b" not in told
    assert "::error::" not in told


def test_a_file_that_is_not_there_is_told(two: tuple[str, str], repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text()})
    assert wrong("none.toml", two[1]).startswith("none.toml: no such file; name a file, or one at a revision, such as")
    assert wrong(str(Path(two[0]).parent), two[1]).endswith("a folder; name one rule file in it")
    asked = ("--repo", str(repo.path))
    assert wrong("HEAD:rules/b.toml", two[1], *asked).startswith("HEAD:rules/b.toml: HEAD has no such file")
    assert wrong("nowhere:rules/a.toml", two[1], *asked).startswith("nowhere: no such commit")
    for outside in ("HEAD:/rules/a.toml", "HEAD:../rules/a.toml", "HEAD:rules/../../a.toml"):
        assert wrong(outside, two[1], *asked).startswith(f"{outside}: HEAD has no such file; write its path")


def test_a_file_that_is_no_rule_is_told_with_its_place(two: tuple[str, str]) -> None:
    Path(two[1]).write_text('[rule]\nname = "x\n', encoding="utf-8")
    assert wrong(*two).startswith(f"{two[1]}:2:10: not TOML")
    Path(two[1]).write_text("[tool]\n", encoding="utf-8")
    assert wrong(*two) == f"{two[1]}: it has no [rule] table; name the file of a rule"
