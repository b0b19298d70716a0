"""Repositories that are made to harm: what they hold is never run, never followed, and is shown as text."""

# ruff: noqa: E501 - rows of bait
from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from bot.app import review
from bot.collect.git import Git
from bot.settings import CONFIG_PATH
from tests.fuzz.rendering import TODAY
from tests.hardness.case import Ran, run
from tests.repository import RULE_ID, Repository, other_id, rule_text
from tests.scene import BASE, NEAR, RULE, UNBUMPED, scene

LIES = [
    "new\nline", "ansi\x1b[31mred", "bidi\u202etxt", "::error ::x", "<!-- ruleward:review v1 -->", "</details>", "##[group]x", "@octocat",
    "`code`", "|", "quote\"'", "back\\slash", "tab\tx", "%0A::set-output", "https:", "sp  ace ", "-dash", "nul\u200b", "ünïcode",
]  # fmt: skip


@pytest.fixture
def branch(repo: Repository) -> Repository:
    repo.commit({RULE: BASE, "rules/linux/b.toml": rule_text(rule_id=other_id(2), name="B")})
    repo.git("switch", "--quiet", "--create", "topic")
    return repo


def ruleward(repo: Repository, *arguments: str) -> Ran:
    return run(repo.path, arguments)


def reviewed(repo: Repository, *arguments: str) -> Ran:
    ran = ruleward(repo, "review", "--base", "main", "--head", "topic", "--today", "2026-11-24", *arguments)
    assert "Traceback" not in ran.errors
    return ran


def put(repo: Repository, path: bytes, text: str) -> None:
    """Commit a file under any name that git takes, without a work tree that might not."""
    blob = Git(repo.path).run("hash-object", "-w", "--stdin", stdin=text.encode()).decode().strip()
    Git(repo.path).run("update-index", "-z", "--index-info", stdin=f"100644 {blob}\t".encode() + path + b"\0")


@pytest.mark.parametrize("form", ["text", "markdown", "json", "sarif", "github"])
def test_no_path_is_more_than_text_in_any_format(branch: Repository, form: str) -> None:
    for number, lie in enumerate(LIES):
        text = rule_text(rule_id=other_id(number + 9), name=f"N{number}", updated="2020/01/01")
        put(branch, f"rules/{lie}.toml".encode(), text)
    put(branch, b"rules/\xff\xfe.toml", rule_text(rule_id=other_id(90), name="bytes", updated="2020/01/01"))
    put(
        branch,
        b"rules/" + b"/".join([b"d" * 200] * 19) + b".toml",
        rule_text(rule_id=other_id(91), name="long", updated="2020/01/01"),
    )
    branch.git("commit", "--quiet", "--message", "odd")
    ran = reviewed(branch, "--format", form)
    assert ran.status == 1
    assert not any(ord(char) < 32 and char != "\n" for char in ran.output)
    assert form == "json" or "\u202e" not in ran.output  # JSON is for programs, which need the very path
    assert ran.output.count("<!--") == (1 if form == "markdown" else 0)
    if form == "github":
        assert all(
            line.startswith(("::error ", "::warning ", "::notice ", "Ruleward: ")) for line in ran.output.splitlines()
        )
    else:
        assert "::" not in ran.output
        assert "##[" not in ran.output
    if form in {"json", "sarif"}:
        json.loads(ran.output)


def test_paths_that_differ_in_case_alone_are_two_rules(branch: Repository) -> None:
    put(branch, b"rules/linux/A.toml", rule_text(rule_id=other_id(5), name="Other", updated="2026/11/24"))
    branch.git("commit", "--quiet", "--message", "odd")
    found = review(Git(branch.path), base="main", head="topic", config=None, today=TODAY).review
    assert [(each.change.path, each.change.kind.value) for each in found.rules] == [("rules/linux/A.toml", "new")]


def test_a_link_in_the_place_of_the_rules_takes_them_away_and_leads_nowhere(branch: Repository) -> None:
    branch.write({RULE: None, "rules/linux/b.toml": None})
    (branch.path / "rules/linux").rmdir()
    (branch.path / "rules").rmdir()
    outside = branch.path.parent / "outside"
    outside.mkdir()
    (outside / "secret.toml").write_text(rule_text(rule_id=other_id(3), name="Secret"), encoding="utf-8")
    (branch.path / "rules").symlink_to("../outside")
    branch.git("add", "--all")
    branch.git("commit", "--quiet", "--message", "link")
    for head in (("--head", "topic"), ()):
        ran = ruleward(branch, "review", "--base", "main", *head, "--today", "2026-11-24", "--format", "json")
        assert ran.status == 1
        assert json.loads(ran.output)["summary"]["rules"]["removal"] == 2
        assert "Secret" not in ran.output


@pytest.mark.parametrize("name", [CONFIG_PATH, ".github/CODEOWNERS", ".github/c.j2"])
def test_a_link_in_the_place_of_a_file_beside_the_rules_is_not_followed(repo: Repository, name: str) -> None:
    outside = repo.path.parent / "outside.txt"
    outside.write_text("* @secret\n", encoding="utf-8")
    repo.write({RULE: BASE, "x": "y"})
    if name.endswith(".j2"):
        repo.write({CONFIG_PATH: f'[comment]\ntemplate = "{name}"\n'})
    (repo.path / name).parent.mkdir(exist_ok=True)
    (repo.path / name).symlink_to(outside)
    repo.commit({})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({RULE: UNBUMPED})
    for command in (
        ("review", "--base", "main", "--head", "topic", "--format", "markdown"),
        ("audit", "--format", "json"),
        ("check", "--base", "main"),
    ):
        ran = ruleward(repo, *command, "--today", "2026-11-24")
        assert "secret" not in ran.output + ran.errors
        assert "Traceback" not in ran.errors
        assert ran.status in {0, 1, 2}


def test_a_link_in_the_place_of_the_report_is_not_followed(branch: Repository) -> None:
    outside = branch.path.parent / "outside.txt"
    outside.write_text("mine\n", encoding="utf-8")
    (branch.path / "report.json").symlink_to(outside)
    ran = reviewed(branch, "--format", "json", "--output", "report.json")
    assert ran.status == 2
    assert "symbolic link" in ran.errors
    assert outside.read_text(encoding="utf-8") == "mine\n"


def trap(repo: Repository) -> Path:
    """Have every program that a config of git can name leave a mark, and every attribute name one."""
    mark = repo.path.parent / "ran"
    program = repo.path.parent / "trap.sh"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{mark}'\ncat 2>/dev/null\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    hooks = repo.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-checkout",
        "pre-commit",
        "reference-transaction",
        "post-index-change",
        "fsmonitor-watchman",
        "pre-auto-gc",
    ):
        (hooks / name).write_text(program.read_text(encoding="utf-8"), encoding="utf-8")
        (hooks / name).chmod(0o755)
    settings = {
        "core.fsmonitor": str(program), "core.pager": str(program), "core.editor": str(program), "core.sshCommand": str(program),
        "core.gitProxy": str(program), "core.askPass": str(program), "core.attributesFile": str(repo.path / "attributes"),
        "pager.diff": str(program), "pager.log": str(program), "diff.external": str(program), "diff.trap.command": str(program),
        "diff.trap.textconv": str(program), "interactive.diffFilter": str(program), "gpg.program": str(program),
        "gpg.ssh.program": str(program), "log.showSignature": "true", "credential.helper": str(program),
        "uploadpack.packObjectsHook": str(program), "alias.diff": f"!{program}", "alias.log": f"!{program}",
        "color.ui": "always", "color.diff": "always", "log.follow": "true", "log.showRoot": "false", "log.diffMerges": "off",
        "diff.noprefix": "true", "diff.mnemonicPrefix": "true", "diff.interHunkContext": "50", "diff.renames": "copies",
        "diff.orderFile": str(repo.path / "attributes"), "diff.relative": "true", "grep.lineNumber": "true", "grep.column": "true",
        "grep.fullName": "true", "grep.patternType": "perl", "grep.fallbackToNoIndex": "true", "core.quotePath": "true",
        "status.showUntrackedFiles": "no", "diff.ignoreSubmodules": "all", "log.date": "relative",
    }  # fmt: skip
    with (repo.path / ".git" / "config").open("a", encoding="utf-8") as file:
        for key, value in settings.items():
            section, name = key.rsplit(".", 1)
            kind, _, part = section.partition(".")
            head = f'{kind} "{part}"' if part else kind
            file.write(f"[{head}]\n\t{name} = {json.dumps(value)}\n")
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    (repo.path / ".git" / "info" / "attributes").write_text("* diff=trap merge=trap\n", encoding="utf-8")
    (repo.path / "attributes").write_text("* diff=trap\n", encoding="utf-8")
    mark.unlink(missing_ok=True)
    return mark


@pytest.mark.parametrize(
    "command",
    [
        ("review", "--base", "main", "--head", "topic"),
        ("review", "--base", "main"),
        ("check", "--base", "main"),
        ("fix", "--base", "main", "--dry-run"),
        ("audit", "--head", "topic"),
        ("audit",),
        ("replay", "--since", "2020-01-01", "--until", "topic"),
        ("diff", f"main:{RULE}", f"topic:{RULE}"),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_nothing_that_a_git_config_names_is_run_and_nothing_of_it_changes_what_is_said(
    repo: Repository, command: tuple[str, ...]
) -> None:
    repo.commit({RULE: BASE, "rules/linux/b.toml": rule_text(rule_id=other_id(2), name="B")})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit(
        {
            RULE: rule_text(query="any where true", updated="2024/06/01"),
            "rules/linux/b.toml": None,
            ".gitattributes": "* diff=trap\n",
        }
    )
    repo.write({"rules/linux/c.toml": rule_text(rule_id=RULE_ID, name="C")})
    whole = (*command, *(() if command[0] in {"diff", "doctor", "replay"} else ("--today", "2026-11-24")))
    plain = ruleward(repo, *whole)
    mark = trap(repo)
    again = ruleward(repo, *whole)
    assert not mark.exists(), mark.read_text(encoding="utf-8")
    if command[0] != "doctor":
        assert (again.status, again.output) == (plain.status, plain.output)
    assert "Traceback" not in again.errors


def test_no_config_of_a_workspace_moves_the_lines_that_take_a_comment(branch: Repository) -> None:
    branch.commit({RULE: "\n".join(f"line {n}" for n in range(40))})
    old = branch.git("rev-parse", "HEAD")
    new = branch.commit({RULE: "\n".join("changed" if n in {2, 30} else f"line {n}" for n in range(40))})
    expected = Git(branch.path).hunks(old, new, [RULE], ())
    trap(branch)
    assert expected == {RULE: (range(1, 7), range(28, 35))}
    assert Git(branch.path).hunks(old, new, [RULE], ()) == expected


def test_a_file_that_says_it_is_another_commits_child_is_not_believed(branch: Repository) -> None:
    """Grafts would move the merge base, and a replaced object would hide what the head holds."""
    branch.commit({RULE: UNBUMPED})
    before = reviewed(branch, "--format", "json").output
    innocent = Git(branch.path).run("hash-object", "-w", "--stdin", stdin=BASE.encode()).decode().strip()
    branch.git("replace", branch.git("rev-parse", f"topic:{RULE}"), innocent)
    branch.git("checkout", "--quiet", "--orphan", "other")
    branch.commit({RULE: UNBUMPED})
    other = branch.git("rev-parse", "HEAD")
    grafts = branch.path / ".git" / "info" / "grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(
        f"{branch.git('rev-parse', 'topic')} {other}\n{branch.git('rev-parse', 'main')} {other}\n", encoding="ascii"
    )
    assert reviewed(branch, "--format", "json").output == before


def test_objects_of_another_repository_that_a_workspace_names_change_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        expected = at.run(workspace=None).result.status
        mark = trap(at.repo)
        alternates = at.repo.path / ".git" / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_text("/nonexistent\n../../../../../../etc\n", encoding="ascii")
        assert at.again().result.status == expected == 1
        assert not mark.exists()


def test_a_path_that_is_no_text_takes_no_comment_on_a_line_of_another_file_away(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        put(at.repo, b"rules/\xff.toml", rule_text(rule_id=other_id(2), name="B", updated="2026/13/45"))
        at.repo.git("commit", "--quiet", "--message", "odd")
        at.github.push(at.repo.git("rev-parse", "topic"))
        assert at.run(workspace=None).result.status == 1
        assert [each["path"] for each in at.inline()] == [RULE]


def test_a_huge_comment_of_a_stranger_costs_nothing_and_says_nothing(tmp_path: Path) -> None:
    bodies = [
        "<!-- ruleward:review v1 change=" + "a" * 65_000,
        "<!-- ruleward:review v1 " + "change= " * 8_000,
        "<!-- ruleward:waiver {" + '"a":' * 16_000,
        "<!-- ruleward:waiver " + "{" * 65_000,
        "<!-- ruleward:inline " + "0" * 65_000,
    ]
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        plain = at.run().result
        for body in bodies:
            at.github.comment_as("mallory", body)
        assert at.again().result.status == plain.status
        assert at.writes == []


def _deep(depth: int) -> bytes:
    return b'{"action":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "payload",
    [
        _deep(100_000),
        b'{"number": ' + b"9" * 100_000 + b"}",
        b"{" * 10_000_000,
        b"[]",
        b"\xff",
        b'"' + b"\\u0000" * 100_000,
    ],
)
def test_a_payload_that_is_a_bomb_is_one_line_of_error(tmp_path: Path, payload: bytes) -> None:
    event = tmp_path / "event.json"
    event.write_bytes(payload)
    ran = run(
        tmp_path,
        ("action",),
        GITHUB_EVENT_PATH=str(event),
        GITHUB_EVENT_NAME="pull_request_target",
        GITHUB_REPOSITORY="o/r",
        GITHUB_API_URL="http://127.0.0.1:9",
        INPUT_TOKEN="t",
        GITHUB_TOKEN="t",
    )
    assert ran.status == 2
    assert "Traceback" not in ran.errors
    assert len(ran.errors) < 1000
