"""Fixing sets what has one right value, and moves no other byte."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from bot.collect.worktree import named, write
from bot.fix import apply, offered, together
from bot.layout import Layout
from bot.model import Finding, Level, LineFix, RulewardError, Waived
from bot.render.as_patch import patch
from tests.repository import Repository, other_id, rule_text
from tests.test_cli import ruleward

TODAY = "2026-11-24"


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A rule as people lay one out: any line ends, quotes, blanks, comments and order of keys."""
    blank = st.sampled_from(["", " ", "   ", "\t"])

    def line(key: str, value: str) -> str:
        comment = draw(st.sampled_from(["", " # why", "#", ' # updated_date = "1999/01/01"', " # naïve ☂"]))
        return f"{draw(blank)}{key}{draw(blank)}={draw(blank)}{value}{draw(blank)}{comment}"

    quote = draw(st.sampled_from(['"', "'"]))
    dates = [line(key, f"{quote}2024/01/02{quote}") for key in ("creation_date", "updated_date")]
    rest = [line("maturity", '"production"'), "# a comment", "", line("min_stack_version", '"8.1.0"')]
    head = draw(st.permutations([*dates, *rest]))
    body = [
        line("risk_score", str(draw(st.integers(0, 100)))),
        line("severity", '"low"'),
        'note = """',
        'updated_date = "2024/01/02"',
        'risk_score = 3"""',
        "query = '''",
        "[metadata]",
        "'''",
    ]
    lines = [draw(st.sampled_from(["[metadata]", "[ metadata ] # x"])), *head, "", "[rule]", *body]
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    return ending.join(lines) + draw(st.sampled_from(["", ending, ending * 3]))


@given(
    texts(),
    st.sampled_from(
        [
            (("metadata", "updated_date"), "2026/11/24"),
            (("metadata", "creation_date"), "2023/05/06"),
            (("metadata", "deprecation_date"), "2026/11/24"),
            (("rule", "risk_score"), 21),
        ]
    ),
)
def test_an_edit_sets_its_value_and_moves_no_other_byte(text: str, edit: tuple[tuple[str, str], str | int]) -> None:
    (table, key), value = edit
    before = tomli.loads(text)
    line_fix = Layout(text).set((table, key), value)
    assert line_fix is not None
    after = apply(text, [line_fix])
    wanted = {**before, table: {**before[table], key: value}}
    assert tomli.loads(after) == wanted
    old, new = text.encode().split(b"\n"), after.encode().split(b"\n")
    number = line_fix.start_line - 1
    added = len(new) - len(old)
    assert new[:number] + new[number + 1 + added :] == old[:number] + old[number + 1 :]
    assert added == (key not in before[table])
    if not added:
        old_value, new_value = (str(each[table][key]).encode() for each in (before, wanted))
        assert new[number] == old[number].replace(old_value, new_value, 1)
    assert after.count("\r\n") == after.count("\n") * ("\r\n" in text)
    again = Layout(after).set((table, key), value)
    assert again is not None
    assert apply(after, [again]) == after


def finding(fix: LineFix | None, **given: object) -> Finding:
    return Finding(policy="p", severity=Level.ERROR, message="m", path="rules/a.toml", fix=fix, **given)  # type: ignore[arg-type]


def test_edits_of_one_line_that_differ_do_not_go_together() -> None:
    one, same, other = (LineFix(start_line=2, end_line=2, replacement=text) for text in ("a", "a", "b"))
    apart = LineFix(start_line=1, end_line=1, replacement="c")
    chosen = together([finding(one), finding(other), finding(same), finding(None), finding(apart)])
    assert [each.fix for each in chosen] == [one, same, apart]
    assert apply("x\ny\r\nz", [each.fix for each in chosen if each.fix]) == "c\na\r\nz"


def test_what_stood_before_or_is_waived_is_not_offered() -> None:
    fix = LineFix(start_line=1, end_line=1, replacement="a")
    assert offered(finding(fix))
    assert not offered(finding(None))
    assert not offered(finding(fix, preexisting=True))
    assert not offered(finding(fix, waived=Waived(by="ada")))


@given(texts(), texts())
def test_a_patch_is_one_that_git_applies(before: str, after: str) -> None:
    diff = patch("rules/a.toml", before, after)
    assert bool(diff) == (before != after)
    old = [row[1:] for row in diff.split("\n")[2:] if row[:1] in {" ", "-"}]
    new = [row[1:] for row in diff.split("\n")[2:] if row[:1] in {" ", "+"}]
    assert all(row in before.split("\n") for row in old)
    assert all(row in after.split("\n") for row in new)


@pytest.fixture
def branch(repo: Repository) -> Repository:
    repo.commit({f"rules/{name}.toml": rule_text(rule_id=other_id(n), name=name) for n, name in enumerate("abc")})
    repo.git("switch", "--quiet", "--create", "topic")
    return repo


def fixed(repo: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    return ruleward("fix", "--base", "main", "--today", TODAY, *arguments, cwd=repo.path)


BASE = rule_text(rule_id=other_id(0), name="a")
CHANGED = rule_text(rule_id=other_id(0), name="a", query="any where true")


def test_a_fix_enables_another_until_nothing_is_left(branch: Repository) -> None:
    text = CHANGED.replace('"production"', '"deprecated"').replace('"medium"', '"critical" # loud')
    branch.commit({"rules/_deprecated/a.toml": text.replace("\n", "\r\n"), "rules/a.toml": None})
    done = fixed(branch)
    assert done.returncode == 0, done.stderr
    after = (branch.path / "rules/_deprecated/a.toml").read_bytes().decode()
    wanted = text.replace(
        'updated_date = "2025/01/01"\n', 'updated_date = "2026/11/24"\ndeprecation_date = "2026/11/24"\n'
    )
    assert after == wanted.replace("risk_score = 47", "risk_score = 99").replace("\n", "\r\n")
    assert done.stdout.splitlines() == [
        'rules/_deprecated/a.toml:4: updated_date = "2025/01/01" → "2026/11/24" [updated-date-not-bumped]',
        "rules/_deprecated/a.toml:11: risk_score = 47 → 99 [risk-score-mismatch]",
        'rules/_deprecated/a.toml:4: deprecation_date = "2026/11/24" [deprecation-incomplete]',
    ]
    again = fixed(branch)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_score_that_the_author_has_just_set_is_not_set_back(branch: Repository) -> None:
    branch.write({"rules/a.toml": CHANGED.replace("risk_score = 47", "risk_score = 99")})
    done = fixed(branch)
    assert "risk_score = 99" in (branch.path / "rules/a.toml").read_text("utf-8")
    assert "risk-score-mismatch" not in done.stdout


def test_a_dry_run_writes_nothing_and_shows_a_patch_that_applies(branch: Repository) -> None:
    for name, text in (("a", CHANGED), ("b ☂", rule_text(rule_id=other_id(7), name="new", updated="2027/01/01"))):
        branch.write({f"rules/{name}.toml": text.rstrip("\n")})
    done = fixed(branch, "--dry-run")
    assert done.returncode == 1  # the errors stand in the tree as it is
    assert (branch.path / "rules/a.toml").read_text("utf-8") == CHANGED.rstrip("\n")
    (branch.path / "fix.patch").write_text(done.stdout, encoding="utf-8", newline="")
    branch.git("apply", "fix.patch")
    (branch.path / "fix.patch").unlink()
    assert fixed(branch, "--dry-run").stdout == ""
    assert 'updated_date = "2026/11/24"' in (branch.path / "rules/a.toml").read_text("utf-8")


def test_an_error_that_no_fix_mends_makes_the_status_1(branch: Repository) -> None:
    branch.write({"rules/a.toml": CHANGED.replace('maturity = "production"', 'maturity = "old"')})
    done = fixed(branch)
    assert done.returncode == 1
    assert "updated_date" in done.stdout
    assert done.stderr.startswith("rules/a.toml:3: error: `metadata.maturity` is `old`, which is none of")
    assert done.stderr.endswith("[unknown-maturity]\n1 fixed, 1 left\n")


def test_only_the_named_files_are_fixed(branch: Repository) -> None:
    other = rule_text(rule_id=other_id(1), name="b", query="any where true")
    branch.write({"rules/a.toml": CHANGED, "rules/b.toml": other})
    assert fixed(branch, "rules/a.toml").returncode == 0
    assert (branch.path / "rules/b.toml").read_text("utf-8") == other
    assert fixed(branch, "rules").returncode == 0
    assert "2026/11/24" in (branch.path / "rules/b.toml").read_text("utf-8")


def test_a_moved_file_that_is_named_alone_is_still_the_old_rule(branch: Repository) -> None:
    branch.write({"rules/linux/a.toml": CHANGED, "rules/a.toml": None})
    assert fixed(branch, "rules/linux/a.toml").returncode == 0
    assert "2026/11/24" in (branch.path / "rules/linux/a.toml").read_text("utf-8")


def test_what_an_exception_covers_is_left(repo: Repository) -> None:
    excepted = '[[exceptions]]\npolicy = "updated-date-not-bumped"\npath = "rules/a.toml"\nreason = "so"\n'
    repo.commit({".github/ruleward.toml": excepted, "rules/a.toml": rule_text(rule_id=other_id(0), name="a")})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.write({"rules/a.toml": CHANGED})
    assert fixed(repo).returncode == 0
    assert (repo.path / "rules/a.toml").read_text("utf-8") == CHANGED


def test_a_risk_score_that_did_not_fit_before_is_left(repo: Repository) -> None:
    odd = rule_text().replace("risk_score = 47", "risk_score = 99")
    repo.commit({"rules/a.toml": odd})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.write({"rules/a.toml": odd.replace('"One"', '"Three"')})
    assert fixed(repo).returncode == 0
    text = (repo.path / "rules/a.toml").read_text("utf-8")
    assert "risk_score = 99" in text
    assert "2026/11/24" in text


def test_an_edit_of_a_deprecated_rule_is_not_dated_for_it_is_to_be_taken_back(repo: Repository) -> None:
    over = rule_text(maturity="deprecated", metadata='deprecation_date = "2025/01/01"\n')
    repo.commit({"rules/_deprecated/a.toml": over})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.write({"rules/_deprecated/a.toml": over.replace("a.exe", "b.exe")})
    done = fixed(repo)
    assert (done.returncode, done.stdout) == (1, "")
    assert "[deprecated-rule-edited]" in done.stderr


def test_where_an_exception_or_the_config_allows_that_edit_it_is_dated(repo: Repository) -> None:
    over = rule_text(maturity="deprecated", metadata='deprecation_date = "2025/01/01"\n')
    excepted = (
        '[[exceptions]]\npolicy = "deprecated-rule-edited"\npath = "rules/_deprecated/a.toml"\nreason = "wrong"\n'
    )
    repo.commit({"rules/_deprecated/a.toml": over})
    repo.git("switch", "--quiet", "--create", "topic")
    for config in (excepted, '[policies]\ndeprecated-rule-edited = "off"\n'):
        repo.write({"rules/_deprecated/a.toml": over.replace("a.exe", "b.exe"), "our.toml": config})
        done = fixed(repo, "--config", "our.toml")
        assert (done.returncode, done.stderr) == (0, "1 fixed, nothing left\n")
        assert done.stdout.endswith('"2025/01/01" → "2026/11/24" [updated-date-not-bumped]\n')


@pytest.mark.parametrize(
    ("given", "written"),
    [('"2024-1-2"', '"2024/01/02"'), ("2024-01-02", '"2024/01/02"'), ("'2024.01.02'", "'2024/01/02'")],
)
def test_a_date_that_is_plain_to_read_is_written_as_rules_write_it(repo: Repository, given: str, written: str) -> None:
    repo.commit({})
    repo.git("switch", "--quiet", "--create", "topic")
    text = rule_text(updated="2026/11/24")
    repo.write({"rules/a.toml": text.replace('creation_date = "2024/01/01"', f"creation_date = {given} # first")})
    assert fixed(repo).returncode == 0
    assert f"creation_date = {written} # first\n" in (repo.path / "rules/a.toml").read_text("utf-8")


def test_a_date_that_tells_of_nothing_once_the_rest_is_taken_back_is_put_back_too(branch: Repository) -> None:
    odd = BASE.replace('"2024/01/01"', '"2024/1/1"')
    branch.write({"rules/a.toml": odd.replace("2025/01/01", "2026/11/24")})
    done = fixed(branch)
    assert (done.returncode, done.stderr) == (0, "3 fixed, nothing left\n")
    assert done.stdout == (
        'rules/a.toml:2: creation_date = "2024/1/1" → "2024/01/01" [invalid-date, creation-date-changed]\n'
        'rules/a.toml:4: updated_date = "2026/11/24" → "2025/01/01" [updated-date-without-change]\n'
    )
    assert (branch.path / "rules/a.toml").read_text("utf-8") == BASE


def test_no_date_is_set_for_an_edit_that_fixing_takes_back(branch: Repository) -> None:
    branch.write({"rules/a.toml": BASE.replace('"2024/01/01"', '"2024/01/02"')})
    done = fixed(branch)
    assert (done.returncode, done.stderr) == (0, "1 fixed, nothing left\n")
    assert done.stdout == 'rules/a.toml:2: creation_date = "2024/01/02" → "2024/01/01" [creation-date-changed]\n'
    assert (branch.path / "rules/a.toml").read_text("utf-8") == BASE


def test_a_new_date_alone_is_left_for_its_author(branch: Repository) -> None:
    branch.write({"rules/a.toml": BASE.replace("2025/01/01", "2026/11/24")})
    done = fixed(branch)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith("[updated-date-without-change]\nnothing fixed, 1 left\n")


def test_what_git_would_convert_is_fixed_as_it_lies_on_disk(branch: Repository) -> None:
    branch.git("config", "core.autocrlf", "true")
    branch.write({"rules/a.toml": CHANGED.replace("\n", "\r\n")})
    branch.git("add", "--all")
    assert fixed(branch).returncode == 0
    wanted = CHANGED.replace("2025/01/01", "2026/11/24").replace("\n", "\r\n")
    assert (branch.path / "rules/a.toml").read_bytes().decode() == wanted


def test_a_bare_repository_and_a_missing_or_foreign_file_are_wrong_calls(branch: Repository, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", "--bare", branch.path, tmp_path / "bare"], check=True)
    (tmp_path / "else.toml").touch()
    assert fixed(branch, "--repo", str(tmp_path / "bare")).returncode == 2
    assert fixed(branch, "rules/none.toml").stderr == "ruleward: rules/none.toml: no such file\n"
    assert fixed(branch, "../else.toml").returncode == 2


# --- the write itself -------------------------------------------------------------------------------------------------


def test_a_write_keeps_the_mode_and_leaves_nothing_beside(tmp_path: Path) -> None:
    place = tmp_path / "rules" / "a.toml"
    place.parent.mkdir()
    place.write_bytes(b"old")
    place.chmod(0o640)
    write(tmp_path, "rules/a.toml", b"old", b"new")
    assert place.read_bytes() == b"new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("linked", ["rules/a.toml", "rules"])
def test_a_write_follows_no_link(tmp_path: Path, linked: str) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    (real / "a.toml").write_bytes(b"old")
    top = tmp_path / "top"
    (top / linked).parent.mkdir(parents=True)
    (top / linked).symlink_to(real / "a.toml" if linked.endswith("toml") else real)
    with pytest.raises(RulewardError, match="symbolic link"):
        write(top, "rules/a.toml", b"old", b"new")
    assert (real / "a.toml").read_bytes() == b"old"


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"newer")
    with pytest.raises(RulewardError, match="changed meanwhile") as left:
        write(tmp_path, "a.toml", b"old", b"new")
    assert left.value.status == 3
    assert (tmp_path / "a.toml").read_bytes() == b"newer"


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulewardError, match="not fixed"):
        write(tmp_path, "a.toml", b"old", b"new")


def test_a_write_that_fails_leaves_the_file_and_nothing_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.toml").write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(RulewardError, match="not fixed: No space left"):
        write(tmp_path, "a.toml", b"old", b"new")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.toml", b"old")]


def test_a_named_link_stays_a_link_and_the_way_to_it_is_followed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "rules").mkdir(parents=True)
    (top / "rules" / "a.toml").symlink_to("/etc/hostname")
    (tmp_path / "way").symlink_to(top)
    assert named(top, [tmp_path / "way" / "rules" / "a.toml", top / "rules", top]) == {"rules/a.toml", "rules", "."}
