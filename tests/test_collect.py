"""What git gives: merge bases, odd entries, working trees, bare and shallow clones."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.app import review
from bot.collect import snapshot
from bot.collect.git import Git, GitError
from bot.collect.snapshot import collect, resolve
from bot.model import Blob, Kind, Past, Review, RulewardError, Unevaluated
from bot.render import as_text
from bot.settings import RuleFiles, Settings
from tests.repository import Repository, new_repository, other_id, rule_text

TODAY = date(2026, 11, 24)


def done(repo: Repository, head: str | None = "HEAD", base: str = "main", config: Path | None = None) -> Review:
    return review(Git(repo.path), base=base, head=head, config=config, today=TODAY).review


def kinds(found: Review) -> dict[str, str]:
    return {rule.change.path: rule.change.kind.value for rule in found.rules}


@pytest.fixture
def branch(repo: Repository) -> Repository:
    repo.commit({"rules/a.toml": rule_text(), "rules/b.toml": rule_text(rule_id=other_id(2), name="B"), "x.txt": "x"})
    repo.git("switch", "--quiet", "--create", "topic")
    return repo


def test_a_branch_is_not_judged_on_what_main_did_meanwhile(branch: Repository) -> None:
    branch.commit({"rules/a.toml": rule_text(query="any where true")})
    branch.git("switch", "--quiet", "main")
    branch.commit({"rules/b.toml": rule_text(rule_id=other_id(2), name="B", query="any where true")})
    assert kinds(done(branch, "topic")) == {"rules/a.toml": "tuning"}


def test_a_repository_that_is_named_is_that_one_in_a_hook_of_another(
    branch: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch.commit({"rules/a.toml": rule_text(query="any where true")})
    other = new_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    assert kinds(done(branch, "topic")) == {"rules/a.toml": "tuning"}
    assert kinds(done(branch, None)) == {"rules/a.toml": "tuning"}
    monkeypatch.chdir(tmp_path)
    assert Git(Path()).top == other.path


def test_the_working_tree_is_a_head_with_staged_unstaged_and_new_files(branch: Repository) -> None:
    branch.write({"rules/a.toml": rule_text(query="any where true")})
    branch.git("add", "rules/a.toml")
    branch.write(
        {"rules/b.toml": None, "rules/sub/c.toml": rule_text(rule_id=other_id(3), name="C"), "rules/no.txt": "x"}
    )
    found = done(branch, None)
    assert kinds(found) == {"rules/a.toml": "tuning", "rules/b.toml": "removal", "rules/sub/c.toml": "new"}
    assert found.head.sha is None


def test_a_move_in_the_working_tree_is_followed(branch: Repository) -> None:
    branch.write({"rules/a.toml": None, "rules/z.toml": rule_text()})
    assert kinds(done(branch, None)) == {"rules/z.toml": "rename"}


def test_ignored_files_are_no_rules(branch: Repository) -> None:
    branch.write({".gitignore": "draft*\n", "rules/draft.toml": "broken ["})
    assert kinds(done(branch, None)) == {}


def test_links_and_submodules_are_unreadable_and_executables_are_rules(branch: Repository) -> None:
    (branch.path / "rules/link.toml").symlink_to("../x.txt")
    branch.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},rules/sub.toml")
    (branch.path / "rules/a.toml").chmod(0o755)
    branch.git("add", "rules/link.toml", "rules/a.toml")
    branch.git("commit", "--quiet", "--message", "odd")
    assert kinds(done(branch)) == {
        "rules/a.toml": "cosmetic",
        "rules/link.toml": "unreadable",
        "rules/sub.toml": "unreadable",
    }


def test_a_link_in_the_working_tree_is_not_followed(branch: Repository) -> None:
    (branch.path / "rules/b.toml").unlink()
    (branch.path / "rules/b.toml").symlink_to("a.toml")
    assert kinds(done(branch, None)) == {"rules/b.toml": "unreadable"}


def test_a_large_file_is_not_read(branch: Repository) -> None:
    branch.commit({"rules/big.toml": "#" * 2000})
    git = Git(branch.path)
    snapshot = collect(git, resolve(git, "main", "HEAD"), RuleFiles(max_bytes=1000))
    assert snapshot.new == {
        "rules/big.toml": Blob(
            path="rules/big.toml", oid=branch.git("rev-parse", "HEAD:rules/big.toml"), size=2000, data=None
        )
    }


def test_a_bare_clone_gives_the_same_review(branch: Repository, tmp_path: Path) -> None:
    branch.commit({"rules/a.toml": rule_text(query="any where true")})
    branch.git("clone", "--quiet", "--bare", str(branch.path), str(tmp_path / "bare.git"))
    bare = Repository(tmp_path / "bare.git")
    assert kinds(done(bare, "topic")) == kinds(done(branch, "topic"))
    with pytest.raises(RulewardError, match="bare repository has no working tree"):
        done(bare, None)


def test_a_shallow_clone_says_what_to_fetch(branch: Repository, tmp_path: Path) -> None:
    branch.commit({"rules/a.toml": rule_text(query="any where true")})
    branch.git("switch", "--quiet", "main")
    branch.commit({"x.txt": "y"})
    shallow = new_repository(tmp_path / "shallow")
    shallow.git("fetch", "--quiet", "--depth=1", f"file://{branch.path}", "main:main2", "topic:topic")
    with pytest.raises(GitError, match=r"git fetch --unshallow"):
        done(shallow, "topic", "main2")


def lose(repo: Repository, *names: str) -> None:
    """Take blobs, each named as REV:PATH, out of a repository."""
    for oid in [repo.git("rev-parse", name) for name in names]:
        (repo.path / ".git/objects" / oid[:2] / oid[2:]).unlink()


def missed(found: Review) -> list[str]:
    assert (found.verdict, found.findings) == ("incomplete", ())
    return [each.path for each in found.unevaluated]


@pytest.mark.parametrize("lost", [["HEAD"], ["main"], ["main", "HEAD"]])
@pytest.mark.parametrize("text", [rule_text(query="any where true"), "broken [", "x = 1\n"])
def test_a_file_whose_blob_is_not_here_is_unevaluated_once_and_nothing_else(
    branch: Repository, lost: list[str], text: str
) -> None:
    branch.commit({"rules/a.toml": text})
    lose(branch, *(f"{ref}:rules/a.toml" for ref in lost))
    found = done(branch)
    assert missed(found) == ["rules/a.toml"]
    assert (found.rules, found.labels, found.skipped) == ((), (), 0)
    assert "No change could be judged." in as_text.render(found, Settings())


def test_a_file_of_the_working_tree_that_cannot_be_read_is_no_removal(
    branch: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch.write({"rules/a.toml": rule_text(query="any where true")})

    def refused(_top: Path, path: str, _most: int) -> Unevaluated:
        return Unevaluated(path=path, reason="no")

    monkeypatch.setattr(snapshot, "read", refused)
    found = done(branch, None)
    assert (missed(found), found.rules) == (["rules/a.toml"], ())


@pytest.mark.parametrize(("lost", "other"), [("HEAD:rules/z.toml", "rules/b.toml"), ("main:rules/a.toml", "x")])
def test_a_rule_that_may_have_moved_from_or_to_an_absent_blob_did_not_come_or_go(
    branch: Repository, lost: str, other: str
) -> None:
    branch.commit({"rules/a.toml": None, "rules/z.toml": rule_text(query="any where true")})
    lose(branch, lost)
    assert missed(done(branch)) == ["rules/a.toml", "rules/z.toml"]
    only = review(Git(branch.path), base="main", head="HEAD", config=None, today=TODAY, only=frozenset({other})).review
    assert (only.verdict, only.unevaluated) == ("pass", ())


def test_a_rule_whose_id_stands_in_a_file_with_an_absent_side_did_not_come_or_go(branch: Repository) -> None:
    moved = rule_text(rule_id=other_id(2), name="B", query="any where true")
    branch.commit({"rules/a.toml": moved, "rules/b.toml": None, "rules/new.toml": rule_text(rule_id=other_id(3))})
    lose(branch, "main:rules/a.toml")
    found = done(branch)
    assert (missed(found), kinds(found)) == (["rules/a.toml", "rules/b.toml"], {"rules/new.toml": "new"})


def test_a_rule_that_came_with_the_id_of_a_file_with_an_absent_side_may_have_moved(branch: Repository) -> None:
    branch.commit({"rules/a.toml": "x = 1\n", "rules/z.toml": rule_text(query="any where true")})
    lose(branch, "HEAD:rules/a.toml")
    found = done(branch)
    assert (missed(found), found.rules) == (["rules/a.toml", "rules/z.toml"], ())


def test_what_has_nothing_to_do_with_an_absent_blob_is_judged_and_renames_are_found(branch: Repository) -> None:
    files: dict[str, str | bytes | None] = {
        "rules/a.toml": rule_text(query="any where true"),
        "rules/b.toml": None,
        "rules/moved.toml": rule_text(rule_id=other_id(5), name="B"),
        "rules/new.toml": rule_text(rule_id=other_id(3), name="C").replace("\n", "\n# nothing like the others\n"),
    }
    branch.commit(files)
    lose(branch, "HEAD:rules/a.toml")
    found = done(branch)
    assert (missed(found), kinds(found)) == (["rules/a.toml"], {"rules/moved.toml": "tuning", "rules/new.toml": "new"})


@pytest.mark.parametrize("ref", ["no-such", "--output=x", "HEAD:rules"])
def test_a_revision_that_is_none_is_an_error_that_names_it(branch: Repository, ref: str) -> None:
    with pytest.raises(RulewardError, match=ref):
        done(branch, ref)


def test_a_folder_that_is_no_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RulewardError, match="not a git repository"):
        Git(tmp_path)


def test_a_machine_without_git_leaves_a_review_incomplete_and_blames_no_folder(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RulewardError, match=r"^git is not installed, or not on PATH$") as caught:
        Git(repo.path)
    assert caught.value.status == 3


def test_a_repository_without_main_or_origin_asks_for_a_base(repo: Repository) -> None:
    repo.commit({"x": "y"})
    repo.git("branch", "--move", "trunk")
    with pytest.raises(RulewardError, match="--base, or let `git remote set-head origin --auto` ask"):
        review(Git(repo.path), base=None, head="trunk", config=None, today=TODAY)


def test_the_default_branch_is_origins(repo: Repository, tmp_path: Path) -> None:
    repo.commit({"rules/a.toml": rule_text()})
    repo.git("branch", "--move", "trunk")
    repo.git("clone", "--quiet", str(repo.path), str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")
    clone.commit({"rules/a.toml": rule_text(query="any where true")})
    found = review(Git(clone.path), base=None, head=None, config=None, today=TODAY).review
    assert found.base.ref == "origin/trunk"
    assert kinds(found) == {"rules/a.toml": "tuning"}


@pytest.mark.parametrize("cloned", [False, True])
def test_the_default_branch_is_a_branch_whatever_tags_are_called(
    branch: Repository, tmp_path: Path, *, cloned: bool
) -> None:
    branch.commit({"rules/a.toml": rule_text(query="any where true")})
    git = Git(branch.path)
    if cloned:
        branch.git("clone", "--quiet", "--no-tags", str(branch.path), str(tmp_path / "clone"))
        git = Git(tmp_path / "clone")
        git.run("remote", "set-head", "origin", "main")
    for name in ("main", "origin/main"):
        git.run("tag", name, "topic")
    found = review(git, base=None, head="refs/heads/topic", config=None, today=TODAY).review
    assert found.base.sha == branch.git("rev-parse", "refs/heads/main")
    assert kinds(found) == {"rules/a.toml": "tuning"}


def test_a_rule_that_moved_and_changed_beyond_likeness_is_found_by_its_id(branch: Repository) -> None:
    text = rule_text(query="any where true\n" + "// padding padding padding\n" * 200)
    branch.commit({"rules/a.toml": None, "rules/moved.toml": text})
    found = done(branch)
    assert [(rule.change.previous_path, rule.change.path) for rule in found.rules] == [
        ("rules/a.toml", "rules/moved.toml")
    ]


def test_a_rename_with_a_new_id_is_found_by_git(branch: Repository) -> None:
    branch.commit({"rules/a.toml": None, "rules/moved.toml": rule_text(rule_id=other_id(9))})
    assert done(branch).rules[0].change.previous_path == "rules/a.toml"


def test_a_revert_is_known_by_the_bases_history(repo: Repository) -> None:
    repo.commit({"rules/a.toml": rule_text(updated="2025/01/01")})
    repo.commit({"rules/a.toml": rule_text(updated="2026/01/01", query="any where true")})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({"rules/a.toml": rule_text(updated="2025/01/01")})
    assert done(repo).rules[0].change.past is Past.HELD
    repo.commit({"rules/a.toml": rule_text(updated="2024/06/01")})
    assert done(repo).rules[0].change.past is Past.NOT_HELD
    repo.write({"rules/a.toml": rule_text(updated="2025/01/01")})
    assert done(repo, None).rules[0].change.past is Past.HELD


def test_what_a_rule_once_was_is_its_own_history_and_counts_on_merged_branches_too(repo: Repository) -> None:
    old = {f"rules/{n}.toml": rule_text(rule_id=other_id(n), name=f"R{n}", updated=f"2025/01/0{n}") for n in (1, 2)}
    new = {f"rules/{n}.toml": rule_text(rule_id=other_id(n), name=f"R{n}", updated="2026/01/01") for n in (1, 2)}
    side = rule_text(rule_id=other_id(2), name="R2", updated="2025/06/01")
    repo.commit({**old, "rules/3.toml/x.txt": "a folder of that name"})
    repo.git("switch", "--quiet", "--create", "side")
    repo.commit({"rules/2.toml": side})
    repo.git("switch", "--quiet", "main")
    repo.commit({**new})
    repo.git("merge", "--quiet", "--strategy", "ours", "--message", "merge", "side")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({"rules/1.toml": old["rules/1.toml"], "rules/2.toml": side})
    assert [rule.change.past for rule in done(repo).rules] == [Past.HELD, Past.HELD]
    swapped = old["rules/2.toml"].replace(other_id(2), other_id(1)).replace("R2", "R1")
    repo.commit({"rules/1.toml": swapped})
    assert [rule.change.past for rule in done(repo).rules] == [Past.NOT_HELD, Past.HELD]


CONFIG = ".github/ruleward.toml"


def test_the_config_is_the_base_branchs_never_the_heads(branch: Repository) -> None:
    branch.commit({CONFIG: "[rules]\ninclude = []\n", "rules/a.toml": rule_text(query="any where true")})
    assert kinds(done(branch)) == {"rules/a.toml": "tuning"}


def test_an_edited_config_is_validated_on_its_line(branch: Repository) -> None:
    branch.commit({CONFIG: "[rules]\nincluded = []\n"})
    found = done(branch)
    assert found.verdict == "block"
    (finding,) = found.findings
    assert (finding.policy, finding.path, finding.line, finding.column) == ("config-invalid", CONFIG, 2, 1)
    assert finding.message.startswith(f"{CONFIG}:2:1: unknown key `included` in [rules]; known here: include, ")


def test_a_broken_config_of_the_base_stops_all_but_its_repair(branch: Repository) -> None:
    branch.git("switch", "--quiet", "main")
    branch.commit({CONFIG: "[rulez]\n"})
    branch.git("switch", "--quiet", "--create", "repair")
    branch.commit({CONFIG: "[rules]\n"})
    assert done(branch, "repair").verdict == "pass"
    branch.commit({"rules/a.toml": rule_text(query="any where true")})
    with pytest.raises(RulewardError, match=r"^\.github/ruleward\.toml:1:1: unknown key `rulez`"):
        done(branch, "repair")


def test_paths_with_odd_names_are_reviewed(branch: Repository) -> None:
    branch.commit({"rules/ü -x\n*.toml": rule_text(rule_id=other_id(5), name="Odd")})
    assert kinds(done(branch)) == {"rules/ü -x\n*.toml": "new"}


# --- since when a rule stood in its state -----------------------------------------------------------------------------


def promoted(repo: Repository, config: str, *moves: dict[str, str | bytes | None]) -> Review:
    """Commit states of a rule, a day apart from 2026-01-02 on, promote it, and review that."""
    repo.commit({".github/ruleward.toml": config})
    for number, files in enumerate(moves):
        repo.commit(files, day=f"2026-01-{number + 3:02}")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({"rules/a.toml": rule_text(updated="2026/01/20")}, day="2026-01-20")
    day = date(2026, 1, 20)
    return review(Git(repo.path), base="main", head="topic", config=None, today=day).review


ON = '[policies]\npremature-promotion = "error"\n'


def test_a_state_began_where_the_history_of_the_file_says(repo: Repository) -> None:
    done = promoted(
        repo,
        ON,
        {"rules/a.toml": rule_text(maturity="beta")},
        {"rules/a.toml": rule_text(maturity="development")},
        {"rules/old.toml": rule_text(maturity="beta", name="B"), "rules/a.toml": None},
        {"rules/old.toml": rule_text(maturity="beta")},
        {"rules/a.toml": rule_text(maturity="beta"), "rules/old.toml": None},
        {"rules/a.toml": rule_text(maturity="beta", updated="2025/02/02")},
    )
    assert done.rules[0].change.state_since == date(2026, 1, 5)


def test_a_history_that_never_changed_state_began_with_the_file(repo: Repository) -> None:
    done = promoted(repo, ON, {"rules/a.toml": rule_text(maturity="beta")})
    assert done.rules[0].change.state_since == date(2026, 1, 3)


def test_the_history_is_asked_for_a_state_only_where_the_policy_is_on(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Git, "versions", None)
    assert promoted(repo, "", {"rules/a.toml": rule_text(maturity="beta")}).rules[0].change.state_since is None


def test_a_shallow_clone_does_not_tell_since_when(repo: Repository, tmp_path: Path) -> None:
    promoted(repo, ON, {"rules/a.toml": rule_text(maturity="beta")}, {"rules/b.toml": rule_text(rule_id=other_id(2))})
    repo.git("clone", "--quiet", "--depth", "2", "--branch", "topic", f"file://{repo.path}", str(tmp_path / "cut"))
    day = date(2026, 1, 20)
    done = review(Git(tmp_path / "cut"), base="HEAD~1", head="HEAD", config=None, today=day).review
    assert done.rules[0].change.kind is Kind.PROMOTION
    assert done.rules[0].change.state_since is None


@pytest.mark.parametrize("head", ["topic", None])
@pytest.mark.parametrize("searched", [0, 500])
def test_an_id_that_the_tree_holds_is_found_by_a_search_and_by_reading_every_rule(
    branch: Repository, monkeypatch: pytest.MonkeyPatch, head: str | None, searched: int
) -> None:
    monkeypatch.setattr(snapshot, "_SEARCHED", searched)
    branch.commit({"rules/c.toml": rule_text(rule_id=other_id(2), name="C")})
    (rule,) = done(branch, head).rules
    assert [finding.policy for finding in rule.findings if "rules/b.toml" in finding.message] == ["duplicate-rule-id"]


@pytest.mark.parametrize("searched", [0, 500])
@pytest.mark.parametrize(
    "new", [{"rule_id": other_id(2), "name": "C"}, {"rule_id": other_id(3), "name": "B"}, {"rule_id": other_id(3)}]
)
def test_where_a_file_is_absent_nobody_can_say_that_an_id_or_a_name_is_new(
    branch: Repository, monkeypatch: pytest.MonkeyPatch, new: dict[str, str], searched: int
) -> None:
    monkeypatch.setattr(snapshot, "_SEARCHED", searched)
    branch.commit({"rules/c.toml": rule_text(**new)})
    lose(branch, "main:rules/b.toml")
    found = done(branch)
    assert missed(found) == ["rules/b.toml"]
    assert kinds(found) == {"rules/c.toml": "new"}


def test_an_absent_file_beside_rules_that_keep_id_and_name_is_not_asked_for(branch: Repository) -> None:
    branch.commit({"rules/a.toml": rule_text(query="any where true", updated="2026/11/24")})
    lose(branch, "main:rules/b.toml")
    assert done(branch).verdict == "pass"


def test_a_partial_clone_away_from_its_server_names_what_it_lacks(branch: Repository, tmp_path: Path) -> None:
    files: dict[str, str | bytes | None] = {
        f"rules/r{number}.toml": rule_text(rule_id=other_id(number), name=f"R{number}") for number in range(10, 40)
    }
    branch.git("switch", "--quiet", "main")
    branch.commit(files)
    branch.git("switch", "--quiet", "--create", "more")
    branch.commit({"rules/new.toml": rule_text(rule_id=other_id(12), name="New"), "rules/README.md": "no rule"})
    branch.git("config", "uploadpack.allowFilter", "true")
    branch.git("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{branch.path}", str(tmp_path / "part"))
    part = Repository(tmp_path / "part")
    part.git("cat-file", "-p", "more:rules/new.toml")
    part.git("remote", "set-url", "origin", f"file://{tmp_path}/gone")
    found = done(part, "more")
    assert missed(found) == sorted([*files, "rules/a.toml", "rules/b.toml"])
    assert kinds(found) == {"rules/new.toml": "new"}
    text = as_text.render(found, Settings())
    assert text.count("not judged: rules/") == 20
    assert "not judged: 12 more files; `--format json` names them all" in text


def test_a_config_that_is_absent_is_not_taken_for_none(branch: Repository) -> None:
    branch.git("switch", "--quiet", "main")
    branch.commit({".github/ruleward.toml": '[policies]\nfile-name = "error"\n'})
    branch.git("switch", "--quiet", "topic")
    branch.commit({"rules/a.toml": rule_text(query="any where true", updated="2026/11/24")})
    lose(branch, "main:.github/ruleward.toml")
    with pytest.raises(GitError, match=r"^\.github/ruleward\.toml: its blob is not in this clone"):
        done(branch)


def test_what_git_says_of_its_own_settings_is_in_no_message(branch: Repository) -> None:
    with pytest.raises(GitError, match=r"^git log: fatal:"):
        Git(branch.path).run("log", "main", "--", "../outside")
