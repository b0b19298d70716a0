"""The documents a newcomer reads are true: their commands parse, their config is good, their example policy works."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from bot.cli import cli
from bot.config import read_config
from bot.policy import all_policies
from bot.render.as_manual import manuals
from bot.render.keys import keys
from bot.settings import DERIVED, LabelStyle, Settings, StandingException
from tests.repository import Repository, rule_text
from tools import generate
from tools.pages import configuration, policies

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")))
DOCUMENTS = (*PAGES, CONTRIBUTING, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md")
EXAMPLE = "short-description"

# The program as a user calls it, with one more folder to find policies in.
_RULEWARD = "import sys, bot.policies; bot.policies.__path__.append(sys.argv.pop(1)); import bot.cli; bot.cli.main()"
_CLAIMS = """
import sys, pathlib, bot.policies
bot.policies.__path__.append(sys.argv[1])
from tests.test_policies import read_page, run, said
claims = read_page(pathlib.Path(sys.argv[2]))
for claim in claims:
    ours = [said(finding) for finding in run(claim) if finding.policy == claim.policy]
    assert ours == claim.findings, (claim.sentence, ours)
print(len(claims), sum(bool(claim.findings) for claim in claims))
"""


def fences(path: Path, language: str) -> list[str]:
    """The contents of a document's fenced blocks in a language; those that it quotes are left out."""
    tokens = MarkdownIt().parse(path.read_text(encoding="utf-8"))
    return [token.content for token in tokens if (token.type, token.info, token.level) == ("fence", language, 0)]


def ruleward_calls() -> list[list[str]]:
    """The arguments of every call of ruleward in the README and in docs/, in fences and in running text."""
    calls: list[list[str]] = []
    for page in PAGES:
        lines = [line for block in fences(page, "console") for line in block.splitlines()]
        lines += re.findall(r"`(ruleward [a-z][^`]*)`", page.read_text(encoding="utf-8").replace("\n", " "))
        words = (shlex.split(line.partition(" > ")[0], comments=True) for line in lines if "COMMAND" not in line)
        calls += [call[1:] for call in words if call and call[0] == "ruleward" and "POLICY" not in call]
    return [list(call) for call in dict.fromkeys(map(tuple, calls))]


def python(script: str, *arguments: str | Path, cwd: Path = ROOT, status: int = 0) -> str:
    """Run a script in a process of its own, so that what it registers is gone afterwards."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{script}", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example policy and its page, taken out of CONTRIBUTING.md."""
    folder = tmp_path / "more-policies"
    folder.mkdir()
    (code,) = fences(CONTRIBUTING, "python")
    (page,) = fences(CONTRIBUTING, "markdown")
    (folder / f"{EXAMPLE.replace('-', '_')}.py").write_text(code, encoding="utf-8")
    (folder / f"{EXAMPLE}.md").write_text(page, encoding="utf-8")
    return folder


def test_the_example_policy_is_none_that_exists() -> None:
    assert EXAMPLE not in all_policies()


def test_a_new_policy_does_what_its_page_claims(example: Path) -> None:
    claims, firing = map(int, python(_CLAIMS, example, example / f"{EXAMPLE}.md").split())
    assert claims > firing > 0


def test_a_new_policy_is_listed_and_explained(example: Path) -> None:
    assert re.search(rf"^{EXAMPLE} +notice +The description is", python(_RULEWARD, example, "explain"), re.MULTILINE)
    assert "Why: Whoever is woken" in python(_RULEWARD, example, "explain", EXAMPLE)


def test_a_new_policy_is_in_the_schema_of_the_config(example: Path) -> None:
    schema = json.loads(python(_RULEWARD, example, "schema", "config"))
    _, table = schema["properties"]["policies"]["properties"][EXAMPLE]["anyOf"]
    assert table["properties"]["least"] == {"type": "integer", "minimum": 0}


def test_a_new_policy_fires_in_a_review_at_the_level_of_the_config(example: Path, repo: Repository) -> None:
    repo.commit({".github/ruleward.toml": f'[policies]\n{EXAMPLE} = {{ level = "error", least = 200 }}\n'})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit({"rules/a.toml": rule_text(created="2026/11/24", updated="2026/11/24")})
    arguments = ("--base", "main", "--head", "topic", "--today", "2026-11-24", "--format", "json")
    report = json.loads(python(_RULEWARD, example, "review", *arguments, cwd=repo.path, status=1))
    found = [finding for rule in report["rules"] for finding in rule["findings"] if finding["policy"] == EXAMPLE]
    assert [finding["severity"] for finding in found] == ["error"]


def test_the_documents_call_every_command() -> None:
    assert {call[0] for call in ruleward_calls()} == set(cli.commands)


@pytest.mark.parametrize("call", ruleward_calls(), ids=" ".join)
def test_a_call_in_a_document_is_one_that_ruleward_takes(call: list[str]) -> None:
    name, *arguments = call
    cli.commands[name].make_context(name, arguments)


def test_a_policy_that_a_document_asks_to_explain_exists() -> None:
    asked = {call[1] for call in ruleward_calls() if call[0] == "explain" and len(call) > 1}
    assert asked
    assert asked <= set(all_policies())


def test_the_terminal_explains_what_the_page_of_policies_says() -> None:
    page = (ROOT / "docs/policies.md").read_text(encoding="utf-8")
    sections = dict(each.split("\n\n", 1) for each in re.split(r"^### ", page, flags=re.MULTILINE)[1:])
    assert sections.keys() == manuals().keys()
    for identity, manual in manuals().items():
        assert sections[identity].startswith("\n\n".join(manual.paragraphs))


@pytest.mark.parametrize("block", [block for page in PAGES for block in fences(page, "toml")])
def test_a_config_in_a_document_is_good(block: str) -> None:
    assert read_config(block.encode()) != Settings()


def test_the_whole_config_is_the_defaults_and_names_every_key() -> None:
    example = configuration.example()
    assert example in (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    given = read_config(example.encode())
    defaults = Settings()
    for name, kind in configuration.SECTIONS.items():
        assert getattr(given, name) == getattr(defaults, name)
        assert set(tomllib.loads(example)[name]) == {field.name for field in fields(kind)}
    assert given.policies
    assert given.labels
    assert {each.expires is None for each in given.exceptions} == {True, False}


def test_every_table_of_the_config_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## (\w+)$", text, re.MULTILINE)) == {
        field.name for field in fields(Settings) if DERIVED not in field.metadata
    }


@pytest.mark.parametrize("kind", [*configuration.SECTIONS.values(), LabelStyle, StandingException])
def test_every_key_of_the_config_has_a_meaning(kind: type) -> None:
    assert [key.name for key in keys(kind) if not key.meaning] == []


def test_every_command_is_documented_with_its_options() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    sections = dict(zip(*[iter(re.split(r"^## (\w+)$", text, flags=re.MULTILINE)[1:])] * 2, strict=True))
    for name, command in cli.commands.items():
        said = set(re.findall(r"^\| `(--[a-z-]+)", sections[name], re.MULTILINE))
        assert said == {each.opts[0] for each in command.params if each.opts[0].startswith("--")}
        assert "**Exit status:**" in sections[name]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_make_target_that_a_document_names_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert named <= targets


def test_contributing_names_every_room_and_no_other() -> None:
    (picture,) = (block for block in fences(CONTRIBUTING, "text") if block.startswith("bot/"))
    inside = re.findall(r"^  (\S.*?)(?:  |$)", picture, re.MULTILINE)
    named = {name for names in inside for name in names.split(", ")}
    rooms = {path.name for path in (ROOT / "bot").glob("*.py")} - {"__init__.py"}
    rooms |= {f"{path.name}/" for path in (ROOT / "bot").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert named == rooms


def test_the_manual_has_a_section_a_policy() -> None:
    headings = re.findall(r"^### (.+)$", policies.page(), re.MULTILINE)
    assert len(headings) == len(set(headings))
    assert set(headings) - set(all_policies()) == {"config-invalid", "exception-expired", "no-rule-files"}
    assert set(headings) >= set(all_policies())


def test_the_manual_gives_the_default_of_every_option() -> None:
    assert "- `window_days = 30`" in policies.page()


def test_a_policy_s_page_says_how_to_get_past_it() -> None:
    page = policies.page()
    label = "with the label `waive: misplaced-rule` for one pull request, or `[[exceptions]]` in the config for longer"
    assert f"**Can be waived:** {label}\n" in page
    sections = {each.partition("\n")[0]: each for each in re.split(r"^### ", page, flags=re.MULTILINE)}
    assert "**Can be waived:** no\n" in sections["duplicate-rule-id"]
    assert "**Can be waived:** with `[[exceptions]]` in the config\n" in sections["deprecation-limbo"]


def test_a_stale_document_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("README.md", "docs/github.md"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    for name, value in (
        ("ROOT", tmp_path),
        ("README", tmp_path / "README.md"),
        ("DOCS", tmp_path / "docs"),
        ("WORKFLOWS", tmp_path),
    ):
        monkeypatch.setattr(generate, name, value)
    monkeypatch.setattr(generate, "query", lambda: "> a query")
    assert _generate(monkeypatch) == 0
    assert _generate(monkeypatch, "--check") == 0
    (tmp_path / "docs" / "policies.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert _generate(monkeypatch, "--check") == 1
    assert capsys.readouterr().err == "docs/policies.md is out of date; run `make generate`\n"


def _generate(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the generator; its exit status."""
    monkeypatch.setattr(sys, "argv", ["generate", *arguments])
    try:
        generate.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_document_without_its_marks_is_not_written_over(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Ruleward\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="put them back"):
        generate.renewed(readme, {"policies": "a table"})
