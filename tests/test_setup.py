"""``ruleward init`` writes what ``ruleward doctor`` finds right; what is then broken, doctor names with its line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bot import __version__
from bot.app import review
from bot.cli import cli
from bot.collect.git import Git
from bot.config import read_config
from bot.model import Level, RulewardError, Verdict
from bot.policy import all_policies
from bot.settings import CONFIG_PATH, Settings
from bot.setup import doctor, init
from bot.setup.init import (
    Folders,
    Pin,
    Profile,
    config_text,
    level_in,
    own_pin,
    owners_file,
    rule_folders,
    write_files,
)
from bot.setup.wiring import TYPES, uses_of
from bot.setup.workflows import ACTION, AUDIT, EVENTS, FOLDER, REVIEW, workflow, workflow_of_our_own
from tests.repository import Repository, new_repository, other_id, rule_text
from tests.runner import ROOT, read_action

SHA = "0123456789abcdef0123456789abcdef01234567"
INPUTS = list(read_action()["inputs"])
USUAL = Folders(include=Settings().rules.include, deprecated=Settings().rules.deprecated)
TODAY = date(2026, 11, 24)


@pytest.fixture
def rules(repo: Repository) -> Repository:
    """A repository of one rule, set up by ``init``."""
    repo.commit({"rules/a.toml": rule_text(), ".github/CODEOWNERS": "* @acme/detection\n"})
    write_files(repo.path, profile=Profile.ELASTIC, pin=f"{SHA} # v1.0.0")
    return repo


def wrong(repo: Repository) -> list[str]:
    """What doctor objects to."""
    return [str(line).removeprefix("wrong  ") for line in doctor.examine(repo.path, INPUTS) if not line.good]


# --- init -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("event", EVENTS)
def test_doctor_finds_nothing_wrong_with_what_init_writes(repo: Repository, profile: Profile, event: str) -> None:
    repo.commit({"rules/a.toml": rule_text()})
    written = write_files(repo.path, profile=profile, event=event, pin=SHA)
    assert [(each.path, each.new) for each in written] == [
        (".github/workflows/ruleward.yml", True),
        (".github/workflows/ruleward-audit.yml", True),
        (".github/ruleward.toml", True),
    ]
    assert wrong(repo) == []


@pytest.mark.parametrize("profile", Profile)
def test_a_config_that_init_writes_is_read_without_faults(profile: Profile) -> None:
    settings = read_config(config_text(profile, USUAL, None).encode())
    for policy in all_policies().values():
        chosen = settings.policies.get(policy.id)
        assert (chosen.level if chosen else policy.level) is level_in(profile, policy)


def test_what_a_config_shows_behind_its_marks_are_the_defaults() -> None:
    text = config_text(Profile.ELASTIC, USUAL, None)
    assert read_config(text.encode()) == Settings()
    unmarked = re.sub(r"^#(?=[\w.-]+ = )", "", text, flags=re.MULTILINE)
    shown = read_config(unmarked.encode())
    assert {policy: setting.level for policy, setting in shown.policies.items()} == {
        policy.id: policy.level for policy in all_policies().values()
    }
    assert unmarked.count("\n#") < text.count("\n#") - len(all_policies())
    for name in ("rules", "bump", "maturity", "ecs", "waivers", "comment", "removal", "audit", "status"):
        assert getattr(shown, name) == getattr(Settings(), name), name


def test_the_examples_in_a_config_are_good() -> None:
    text = config_text(Profile.ELASTIC, USUAL, None)
    examples = "\n".join(re.findall(r'^# (\[+\w+\]+|"?[\w: ]+"? = .*)$', text, re.MULTILINE))
    settings = read_config(examples.encode())
    assert settings.labels
    assert settings.exceptions


def test_strict_turns_warnings_into_errors_and_leaves_nothing_off() -> None:
    assert {level_in(Profile.STRICT, each) for each in all_policies().values()} == {Level.ERROR, Level.NOTICE}


_VALUES = st.sampled_from([
    'maturity = "production"', 'maturity = "deprecated"', 'maturity = "odd"', 'updated_date = "2030/01/01"',
    'updated_date = "2020/01/01"', 'updated_date = "x"', 'creation_date = "2025/07/07"', 'ecs_version = ["0.0.1"]',
    "ecs_version = []", 'min_stack_version = "8.0.0"', "bypass_bbr_timing = true", 'deprecation_date = "2026/01/01"',
    'rule_id = "x"', 'name = "B rule"', 'name = "Deprecated - A rule"', "risk_score = 99", 'type = "query"',
    'from = "now-1m"', 'query = "process where"', "unknown = 1", "= broken",
])  # fmt: skip


@given(st.dictionaries(st.sampled_from(["rules/a.toml", "rules/b.toml", "rules/_deprecated/C.toml"]),
                       st.none() | st.lists(_VALUES, max_size=6), min_size=1))  # fmt: skip
def test_observe_never_blocks(edits: Mapping[str, list[str] | None]) -> None:
    blocking, watching = (_verdict(edits, profile) for profile in (Profile.STRICT, Profile.OBSERVE))
    assert watching in {Verdict.PASS, Verdict.WARN}
    if watching is Verdict.WARN:
        assert blocking is Verdict.BLOCK


def _verdict(edits: Mapping[str, list[str] | None], profile: Profile) -> Verdict:
    """The verdict on some edits of three rules; None removes one."""
    from bot.diff import diff, pair
    from bot.judge import judge
    from bot.model import Blob
    from bot.parse import parse

    settings = read_config(config_text(profile, USUAL, None).encode())
    paths = ("rules/a.toml", "rules/b.toml", "rules/_deprecated/C.toml")
    old = {path: rule_text(rule_id=other_id(number), name=f"{path} rule") for number, path in enumerate(paths)}
    new = {path: _edited(old[path], edits.get(path, [])) for path in paths if edits.get(path, []) is not None}
    before, after = (
        {path: parse(Blob(path=path, data=text.encode()), max_bytes=10**6) for path, text in side.items()}
        for side in (old, new)
    )
    return judge(diff(pair(before, after), settings), settings, today=TODAY).verdict


def _always(line: str) -> Callable[[object], str]:
    return lambda _: line


def _edited(text: str, lines: list[str] | None) -> str:
    """Set some keys, where they stand or at the end of [metadata]."""
    for line in lines or []:
        key = line.partition(" =")[0]
        text, count = re.subn(rf"^{re.escape(key)} = .*$", _always(line), text, flags=re.MULTILINE)
        text = text if count else text.replace("\n[rule]", f"{line}\n\n[rule]", 1)
    return text


def test_observe_reviews_without_failing(repo: Repository) -> None:
    write_files(repo.path, profile=Profile.OBSERVE, pin=SHA)
    repo.commit({"rules/a.toml": rule_text()})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit({"rules/a.toml": rule_text(query="process where true")})
    made = review(Git(repo.path), base="main", head="topic", config=None, today=TODAY)
    assert made.review.verdict is Verdict.WARN
    text = (repo.path / FOLDER / REVIEW).read_text()
    assert yaml.safe_load(text)["jobs"]["review"]["steps"][0]["with"] == {"fail-on": "never"}


def test_init_finds_the_rules_where_they_are(repo: Repository) -> None:
    repo.write({
        "detections/linux/a.toml": rule_text(),
        "detections/linux/_deprecated/b.toml": rule_text(),
        "odd [1]/c.toml": rule_text(),
        "tests/data/d.toml": rule_text(),
        "node_modules/x/e.toml": rule_text(),
        ".hidden/f.toml": rule_text(),
        "pyproject.toml": "[project]\n",
        "hunting/g.toml": "[hunt]\n",
    })  # fmt: skip
    found = rule_folders(repo.path)
    assert found.include == ("detections/**/*.toml", "odd \\[1\\]/**/*.toml")
    assert found.deprecated == ("detections/linux/_deprecated/**",)
    settings = read_config(config_text(Profile.ELASTIC, found, None).encode())
    governed = [path for path in ("detections/linux/a.toml", "odd [1]/c.toml", "tests/data/d.toml", "pyproject.toml")
                if settings.rules.governs(path)]  # fmt: skip
    assert governed == ["detections/linux/a.toml", "odd [1]/c.toml"]


@pytest.mark.parametrize(
    ("paths", "include"),
    [
        (["sub/rules/a.toml"], ["sub/rules/**/*.toml"]),
        (["x/rules/linux/a.toml", "x/Detection-Rules/b.toml"], ["x/Detection-Rules/**/*.toml", "x/rules/**/*.toml"]),
        (["sub/rules/a.toml", "sub/more/b.toml"], ["sub/**/*.toml"]),
        (["detections/linux/rules/a.toml"], ["detections/**/*.toml"]),
        (["ferrules/a/b.toml"], ["ferrules/**/*.toml"]),
        (["a.toml", "sub/rules/b.toml"], ["/*.toml", "sub/rules/**/*.toml"]),
    ],
)  # fmt: skip
def test_init_names_the_folder_of_the_rules_and_not_what_lies_around_it(
    repo: Repository, paths: list[str], include: list[str]
) -> None:
    repo.write(dict.fromkeys(paths, rule_text()))
    assert list(rule_folders(repo.path).include) == include


@pytest.mark.parametrize(
    ("path", "maturity", "deprecated"),
    [
        ("rules/linux/a.toml", "production", USUAL.deprecated),  # once there is such a folder, it counts
        ("rules/linux/a.toml", "deprecated", ()),  # they are kept in place
        ("detections/a.toml", "production", ()),  # no rule of theirs could stand there
        ("tests/a.toml", "production", ()),
    ],
)
def test_init_leaves_the_usual_deprecated_folder_where_one_may_come(
    repo: Repository, path: str, maturity: str, deprecated: tuple[str, ...]
) -> None:
    repo.write({path: rule_text(maturity=maturity)})
    found = rule_folders(repo.path)
    assert found.deprecated == deprecated
    assert read_config(config_text(Profile.ELASTIC, found, None).encode()).rules.deprecated == deprecated


def test_init_finds_rules_at_the_top(repo: Repository) -> None:
    repo.write({"a.toml": rule_text()})
    settings = read_config(config_text(Profile.ELASTIC, rule_folders(repo.path), None).encode())
    assert settings.rules.governs("a.toml")
    assert not settings.rules.governs("x/a.toml")


def test_init_without_rules_keeps_the_usual_folders(repo: Repository) -> None:
    assert rule_folders(repo.path) == USUAL


@pytest.mark.parametrize("place", [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"])
def test_init_finds_the_owners(repo: Repository, place: str) -> None:
    repo.write({place: "* @acme/detection\n"})
    text = config_text(Profile.ELASTIC, USUAL, owners_file(repo.path))
    assert read_config(text.encode()).audit.owners == place


def test_init_never_touches_a_file_that_is_there(repo: Repository) -> None:
    repo.write({CONFIG_PATH: "# mine\n"})
    done = CliRunner().invoke(cli, ["init", "--repo", str(repo.path)])
    assert done.exit_code == 0
    assert "exists, left as it is: .github/ruleward.toml" in done.output
    assert "wrote .github/workflows/ruleward.yml" in done.output
    assert (repo.path / CONFIG_PATH).read_text() == "# mine\n"
    again = CliRunner().invoke(cli, ["init", "--repo", str(repo.path)])
    assert "wrote" not in again.output
    assert again.exit_code == 0


def test_init_and_doctor_want_a_work_tree(tmp_path: Path) -> None:
    for ask in (
        lambda: write_files(tmp_path, profile=Profile.ELASTIC, pin=SHA),
        lambda: doctor.examine(tmp_path, INPUTS),
    ):
        with pytest.raises(RulewardError, match="not the top of a git work tree"):
            ask()


def test_init_that_cannot_write_says_so(repo: Repository) -> None:
    repo.write({".github": "a file\n"})
    with pytest.raises(RulewardError, match="cannot be written"):
        write_files(repo.path, profile=Profile.ELASTIC, pin=SHA)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A clone of Ruleward that the code believes to run from."""
    made = new_repository(tmp_path / "clone")
    made.commit({"action.yml": "name: Ruleward\n", "bot/__init__.py": ""})
    made.git("update-ref", "refs/remotes/origin/main", "HEAD")
    monkeypatch.setattr(init, "_here", str(made.path / "bot" / "__init__.py"))
    return made


def test_init_pins_the_commit_of_the_clone_that_it_runs_from(clone: Repository) -> None:
    commit = clone.git("rev-parse", "HEAD")
    assert own_pin() == Pin(version=commit)
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    clone.git("tag", f"v{__version__}")
    assert own_pin() == Pin(version=f"{commit} # v{__version__}")


def test_init_says_where_github_lacks_the_commit_that_it_pins(clone: Repository) -> None:
    commit = clone.commit({"bot/mine.py": ""})
    assert own_pin().version == commit
    assert "GitHub finds it only once it is pushed" in own_pin().note


def test_init_from_no_clone_pins_the_tag_and_says_so(clone: Repository, repo: Repository) -> None:
    (clone.path / "action.yml").unlink()
    done = CliRunner().invoke(cli, ["init", "--repo", str(repo.path)])
    assert f"pinned to the tag v{__version__}, which can be moved, for this runs from no clone" in done.output
    assert f"@v{__version__}\n" in (repo.path / FOLDER / REVIEW).read_text()
    given = CliRunner().invoke(cli, ["init", "--repo", str(clone.path), "--pin", SHA])
    assert "pinned" not in given.output


@pytest.mark.parametrize(
    "pin", ["", "../evil x", "v1 x", "a..b", "-v1", "v1/", "v1\n", "v1 # x\n", "v1 # x y", "${{x}}"]
)
def test_init_refuses_a_pin_that_is_no_version(repo: Repository, pin: str) -> None:
    done = CliRunner().invoke(cli, ["init", "--repo", str(repo.path), f"--pin={pin}"])
    assert isinstance(done.exception, RulewardError)
    assert "name a commit, a tag or a branch" in str(done.exception)
    assert not (repo.path / FOLDER).exists()


@pytest.mark.parametrize("pin", [SHA, f"{SHA} # v1.0.0", "v1", "main", "releases/v1.2"])
def test_init_takes_a_commit_a_tag_or_a_branch(repo: Repository, pin: str) -> None:
    write_files(repo.path, profile=Profile.ELASTIC, pin=pin)
    assert f"- uses: {ACTION}@{pin}\n" in (repo.path / FOLDER / REVIEW).read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "require the commit status `ruleward: <branch>`, and"),
        (["--event", "pull_request"], "require the job `Review`, and"),
        (["--profile", "observe"], "Commit this, and"),
    ],
)
def test_init_says_what_to_require(repo: Repository, options: list[str], said: str) -> None:
    done = CliRunner().invoke(cli, ["init", "--repo", str(repo.path), *options])
    assert said in done.output
    assert yaml.safe_load((repo.path / FOLDER / REVIEW).read_text())["jobs"]["review"]["name"] == "Review"


def test_init_says_that_a_config_counts_once_it_is_merged(repo: Repository) -> None:
    said = "The config counts once merged; until then `ruleward review --config .github/ruleward.toml` tries it."
    assert said in CliRunner().invoke(cli, ["init", "--repo", str(repo.path)]).output
    assert said not in CliRunner().invoke(cli, ["init", "--repo", str(repo.path)]).output


def test_our_own_workflow_runs_what_was_merged_and_nothing_else() -> None:
    made = yaml.safe_load(workflow_of_our_own(REVIEW))
    copied = yaml.safe_load(workflow(REVIEW, uses=f"{ACTION}@{SHA}"))
    (job,), (theirs,) = made["jobs"].values(), copied["jobs"].values()
    checkout, step = job.pop("steps")
    (given,) = theirs.pop("steps")
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    assert (step.pop("uses"), given.pop("uses")) == ("./", f"{ACTION}@{SHA}")
    assert (step, job) == (given, theirs)


def test_a_review_answers_the_events_and_a_matching_token() -> None:
    made = yaml.safe_load(workflow(REVIEW, uses=f"{ACTION}@{SHA}"))
    assert made[True]["pull_request_target"] == {"types": list(TYPES)}  # YAML 1.1 reads `on` as true
    assert made["permissions"] == {}
    assert made["concurrency"]["cancel-in-progress"] is False
    (job,) = made["jobs"].values()
    assert "if" not in job


@pytest.mark.parametrize("name", [REVIEW, AUDIT])
@pytest.mark.parametrize("observe", [True, False])
@pytest.mark.parametrize("event", EVENTS)
def test_the_linters_find_nothing_in_a_workflow_that_init_writes(
    tmp_path: Path, name: str, event: str, *, observe: bool
) -> None:
    place = tmp_path / FOLDER / name
    place.parent.mkdir(parents=True)
    place.write_text(workflow(name, uses=f"{ACTION}@{SHA} # v1.0.0", event=event, observe=observe))
    (tmp_path / ".git").mkdir()
    for command in (("zizmor", "--quiet", "--offline", "--pedantic"), ("actionlint", "-shellcheck=", "-pyflakes=")):
        program = Path(sys.executable).parent / command[0]
        done = subprocess.run([program, *command[1:], str(place)], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()


# --- doctor -----------------------------------------------------------------------------------------------------------

_GROUP = "  group: ruleward-${{ github.event.pull_request.number || github.ref }}\n"
_TYPES = "    types: [opened, synchronize, reopened, edited, labeled, unlabeled, ready_for_review]\n"
_STEP = f"      - uses: ruleward/ruleward@{SHA} # v1.0.0\n"
_STATUSES = "      statuses: write # the commit status, which branch protection should require\n"
_CHECKOUT = "      - uses: actions/checkout@v6\n        with:\n"
_HEAD = f"{_CHECKOUT}          ref: ${{{{ github.event.pull_request.head.sha }}}}\n"
_FORK = f"{_CHECKOUT}          repository: ${{{{ github.event.pull_request.head.repo.full_name }}}}\n"
_BOTH = f"  pull_request:\n{_TYPES}  merge_group:"
_LS_REMOTE = "`git ls-remote https://github.com/ruleward/ruleward v1 'v1^{}'`"

# What is edited, and into what; the text on whose line doctor objects, and what it says there.
BROKEN = {
    "a type is missing": ("[opened, synchronize", "[opened", "types:",
                          "`pull_request_target` lacks synchronize: set `types: [opened, synchronize, reopened"),
    "no types": (_TYPES, "", "  pull_request_target:",
                 "`pull_request_target` lacks edited, labeled, unlabeled, ready_for_review: set"),
    "a path filter": ("  merge_group:", "    paths: [rules/**]\n  merge_group:", "paths:",
                      "`paths` keeps the run from some pull requests, whose required status then never comes"),
    "both events": ("  merge_group:", _BOTH, "  pull_request:", "runs twice for each pull request"),
    "a missing permission": (_STATUSES, "", "    permissions:", "the token lacks statuses: write"),
    "too much permission": ("contents: read", "contents: write", "contents: write",
                            "`contents: write` is more than Ruleward needs: make it `read`"),
    "a permission for nothing": (_STATUSES, f"{_STATUSES}      packages: write\n", "packages",
                                 "`packages: write` is more than Ruleward needs: make it `none`"),
    "no block": ("    permissions:\n", "    env:\n", "permissions: {}", "the token lacks contents: read, pull"),
    "all permissions": ("    permissions:\n", "    permissions: write-all\n    env:\n", "write-all",
                        "`permissions: write-all` is not what Ruleward needs: give the job contents: read,"),
    "no concurrency": ("concurrency:\n", "env:\n", "  review:", "two runs may write at once: add `concurrency` with"),
    "one group for all": (_GROUP, "  group: ruleward\n", "group: ruleward", "the concurrency group is not one a pull"),
    "runs cut off": ("in-progress: false", "in-progress: true", "in-progress", "a run may be cut off between two"),
    "a job that may be skipped": ("    timeout-minutes: 15\n", "    if: github.actor != 'x'\n", "    if:",
                                  "a job that its `if` skips counts as passed: remove it"),
    "a step that may be skipped": (_STEP, f"{_STEP}        if: false\n", "        if:",
                                   "a step that its `if` skips reviews nothing, and the job is green: remove it"),
    "a failure for nothing": ("    timeout-minutes: 15\n", "    continue-on-error: true\n", "continue-on-error",
                              "`continue-on-error` makes a block look like a pass: remove it"),
    "the head checked out": (_STEP, _HEAD + _STEP, "ref: $", "checks out the pull request beside a token that may"),
    "the fork checked out": (_STEP, _FORK + _STEP, "repository: $", "checks out the pull request beside a token"),
    "a tag": (f"@{SHA} # v1.0.0", "@v1", "@v1",
              f"`v1` can be moved to other code: write the commit that {_LS_REMOTE} prints last"),
    "no such input": (_STEP, f"{_STEP}        with:\n          fail_on: error\n", "fail_on",
                      "the action has no input `fail_on`; known are token, command, config, fail-on"),
    "no YAML": ("jobs:", "jobs: ]", "jobs: ]", "not YAML: "),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_doctor_names_what_is_wrong_with_a_workflow_and_where(rules: Repository, case: str) -> None:
    old, new, at, said = BROKEN[case]
    file = rules.path / FOLDER / REVIEW
    text = file.read_text()
    assert text.count(old) == 1
    text = text.replace(old, new)
    file.write_text(text)
    number = text[: text.index(at)].count("\n") + at.count("\n") + 1
    objections = wrong(rules)
    assert any(line.startswith(f".github/workflows/ruleward.yml:{number}: {said}") for line in objections), objections


def test_doctor_takes_the_tag_of_a_release_and_tells_its_risk(rules: Repository) -> None:
    file = rules.path / FOLDER / REVIEW
    file.write_text(file.read_text().replace(f"@{SHA} # v1.0.0", "@v1.0.0"))
    assert wrong(rules) == []
    (line,) = (str(line) for line in doctor.examine(rules.path, INPUTS) if line.note and "v1.0.0" in line.text)
    assert line == (
        "note   .github/workflows/ruleward.yml:30: `v1.0.0` can be moved to other code: safer is the commit that "
        "`git ls-remote https://github.com/ruleward/ruleward v1.0.0 'v1.0.0^{}'` prints last"
    )


def test_doctor_tells_what_a_review_without_the_status_cannot_do(rules: Repository) -> None:
    file = rules.path / FOLDER / REVIEW
    file.write_text(file.read_text().replace(_STEP, f"{_STEP}        with:\n          status: false\n"))
    assert wrong(rules) == []
    (line,) = (str(line) for line in doctor.examine(rules.path, INPUTS) if line.note and "waive:" in line.text)
    assert line == (
        "note   .github/workflows/ruleward.yml:32: without the commit status no `waive:` label counts, and the job is "
        "all there is to require"
    )


@pytest.mark.parametrize(
    "ref", ["main", "refs/heads/main", "${{ github.event.pull_request.base.sha }}", "${{ github.sha }}"]
)
def test_doctor_minds_no_checkout_of_what_was_merged(rules: Repository, ref: str) -> None:
    file = rules.path / FOLDER / REVIEW
    file.write_text(file.read_text().replace(_STEP, f"{_CHECKOUT}          ref: {ref}\n{_STEP}"))
    assert wrong(rules) == []


@pytest.mark.parametrize("edit", [("  pull_request_target:", "  push:"), (_STEP, "      - run: true\n")])
def test_doctor_misses_a_review(rules: Repository, edit: tuple[str, str]) -> None:
    file = rules.path / FOLDER / REVIEW
    file.write_text(file.read_text().replace("  merge_group:\n    types: [checks_requested]\n", "").replace(*edit))
    assert ".github/workflows: no workflow reviews pull requests: `ruleward init` writes one" in wrong(rules)


def test_a_review_without_a_merge_queue_is_right_until_another_workflow_runs_in_one(rules: Repository) -> None:
    file = rules.path / FOLDER / REVIEW
    file.write_text(file.read_text().replace("  merge_group:\n    types: [checks_requested]\n", ""))
    assert wrong(rules) == []
    rules.write({f"{FOLDER}/ci.yml": "on: [push, merge_group]\njobs: {}\n"})
    (line,) = wrong(rules)
    assert "this one does not, so its status never comes there: add `merge_group`" in line


def test_a_merge_queue_may_have_a_workflow_of_its_own(rules: Repository) -> None:
    file = rules.path / FOLDER / REVIEW
    text = file.read_text()
    file.write_text(text.replace("  merge_group:\n    types: [checks_requested]\n", ""))
    pulls = text[text.index("  # The token") : text.index("  merge_group:")]
    rules.write({f"{FOLDER}/queue.yml": text.replace(pulls, "")})
    assert wrong(rules) == []


def test_an_audit_has_needs_of_its_own(rules: Repository) -> None:
    file = rules.path / FOLDER / AUDIT
    file.write_text(file.read_text().replace("      issues: write # the one issue that lists stale rules\n", ""))
    (line,) = wrong(rules)
    assert "ruleward-audit.yml" in line
    assert "the token lacks issues: write" in line


def test_two_reviews_are_one_too_many(rules: Repository) -> None:
    rules.write({f"{FOLDER}/second.yaml": (rules.path / FOLDER / REVIEW).read_bytes()})
    assert wrong(rules) == [".github/workflows: 2 steps run Ruleward and reviews: keep one"]


def test_a_dry_run_needs_nothing_but_is_no_review(rules: Repository) -> None:
    dry = (
        f"on: [pull_request]\njobs:\n  try:\n    if: true\n    steps:\n{_STEP}        with:\n          dry-run: true\n"
    )
    rules.write({f"{FOLDER}/ci.yml": dry})
    assert wrong(rules) == []
    (rules.path / FOLDER / REVIEW).unlink()
    assert wrong(rules) == [".github/workflows: no workflow reviews pull requests: `ruleward init` writes one"]


CONFIGS = {
    "an unknown key": ("[rules]\nnope = 1\n", ".github/ruleward.toml:2:1: unknown key `nope` in [rules]"),
    "no rules": ('[rules]\ninclude = ["other/**/*.toml"]\n', "no file matches other/**/*.toml: set `include`"),
    "no template": (
        '[comment]\ntemplate = ".github/x.j2"\n',
        ".github/ruleward.toml:2:1: comment.template: there is no `.github/x.j2`",
    ),
    "no owners": ('[audit]\nowners = "OWNERS"\n', "there is no `OWNERS`, but `.github/CODEOWNERS`: set `owners`"),
    "a long label": (f'[labels]\n"rule: new" = {{ name = "{"x" * 51}" }}\n', "a label's name has 1 to 50 characters"),
    "a bad colour": ('[labels]\n"rule: new" = { color = "#fff" }\n', "six hex digits"),
    "one name twice": (
        '[labels]\n"rule: new" = { name = "Rule" }\n"rule: tuning" = { name = "rule" }\n',
        "two labels are named `rule`, and GitHub knows no capitals: rename `rule: tuning`",
    ),
    "a false waiver": ('[labels]\n"rule: new" = { name = "Waive: x" }\n', "`rule: new` is named like a waiver"),
    "an exception for no file": (
        '[[exceptions]]\npolicy = "file-name"\npath = "rules/gone.toml"\nreason = "old"\n',
        ".github/ruleward.toml:1: exceptions: there is no `rules/gone.toml` for `file-name`: correct the path",
    ),
    "the name of another label": (
        '[labels]\n"rule: new" = { name = "Rule: Tuning" }\n',
        "two labels are named `Rule: Tuning`, and GitHub knows no capitals: rename `rule: new`",
    ),
    "a long status": (f'[status]\ncontext = "{"x" * 256}"\n', "status.context is over 255 characters"),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_doctor_names_what_is_wrong_with_a_config(rules: Repository, case: str) -> None:
    text, expected = CONFIGS[case]
    rules.write({CONFIG_PATH: text})
    assert any(expected in line for line in wrong(rules)), wrong(rules)


def test_doctor_says_when_a_config_begins_to_count(rules: Repository) -> None:
    def noted() -> list[str]:
        done = CliRunner().invoke(cli, ["doctor", "--repo", str(rules.path)])
        assert done.exit_code == 0
        return [line for line in done.output.splitlines() if line.startswith("note ")]

    place, until = f"note   {CONFIG_PATH}", f"until then `ruleward review --config {CONFIG_PATH}` tries it"
    assert noted() == [f"{place}: counts once it is on `main`, which has none: {until}"]
    rules.commit({CONFIG_PATH: "[rules]\n"})
    assert noted() == []
    rules.write({CONFIG_PATH: "[policies]\n"})
    assert noted() == [f"{place}: counts once it is on `main`, which has another: {until}"]
    rules.git("branch", "--move", "main", "trunk")
    assert noted() == []


def test_a_repository_without_a_config_is_right(rules: Repository) -> None:
    (rules.path / CONFIG_PATH).unlink()
    assert wrong(rules) == []


@pytest.mark.parametrize("hook", [True, False])
def test_what_a_sparse_checkout_leaves_out_exists(
    rules: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, hook: bool
) -> None:
    rules.commit({})
    rules.git("sparse-checkout", "set", "rules")
    if hook:
        monkeypatch.setenv("GIT_DIR", str(new_repository(tmp_path / "other").path / ".git"))
    done = CliRunner().invoke(cli, ["init", "--repo", str(rules.path)])
    assert [line.partition(":")[0] for line in done.output.splitlines()] == ["exists, left as it is"] * 3
    monkeypatch.delenv("GIT_DIR", raising=False)
    assert rules.git("status", "--porcelain") == ""
    with pytest.raises(RulewardError, match=r"`git sparse-checkout add \.github` brings it"):
        doctor.examine(rules.path, INPUTS)
    rules.git("sparse-checkout", "add", ".github")
    assert wrong(rules) == []


def test_a_config_that_is_a_link_is_wrong(rules: Repository) -> None:
    (rules.path / CONFIG_PATH).rename(rules.path / "elsewhere.toml")
    (rules.path / CONFIG_PATH).symlink_to("../elsewhere.toml")
    assert wrong(rules) == [f"{CONFIG_PATH}: is a symbolic link, which is never followed: put the file itself there"]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("git version 2.30.9", "wrong  git 2.30 is too old: install 2.31 or newer"),
        ("git version 2.31.0.windows.1", "ok     git 2.31"),
        ("", "wrong  git does not run: install it, and put it on the PATH"),
    ],
)
def test_doctor_looks_at_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, line: str) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin" if said else str(tmp_path / "none"))
    assert str(next(doctor.tools())) == line


def test_doctor_looks_at_python() -> None:
    assert str(doctor._tool("Python", (3, 10), (3, 11))) == "wrong  Python 3.10 is too old: install 3.11 or newer"


def test_doctor_prints_a_line_each_and_its_exit_status_says_whether_all_is_right(rules: Repository) -> None:
    good = CliRunner().invoke(cli, ["doctor", "--repo", str(rules.path)])
    assert good.exit_code == 0, good.output
    assert {line[:7] for line in good.output.splitlines()} == {"ok     ", "note   "}
    assert "ok     .github/workflows/ruleward.yml:30: the action is pinned to a commit" in good.output
    assert "ok     1 rule file matches " in good.output
    (rules.path / FOLDER / REVIEW).unlink()
    bad = CliRunner().invoke(cli, ["doctor", "--repo", str(rules.path)])
    assert bad.exit_code == 1
    assert "wrong  .github/workflows: no workflow reviews pull requests: `ruleward init` writes one" in bad.output


def test_a_repository_that_nobody_audits_is_right(rules: Repository) -> None:
    (rules.path / FOLDER / AUDIT).unlink()
    assert wrong(rules) == []
    said = list(map(str, doctor.examine(rules.path, INPUTS)))
    assert "note   .github/workflows: no workflow audits the rules: `ruleward init` writes one" in said


def test_doctor_knows_the_inputs_of_action_yml_and_no_other_option(rules: Repository) -> None:
    place = rules.path / FOLDER / REVIEW
    place.write_text(f"{place.read_text()}        with:\n          today: 2026-11-24\n")
    done = CliRunner().invoke(cli, ["doctor", "--repo", str(rules.path)])
    assert f"the action has no input `today`; known are {', '.join(read_action()['inputs'])}\n" in done.output


def test_doctor_finds_nothing_wrong_with_ruleward_itself() -> None:
    assert [str(line) for line in doctor.examine(ROOT, INPUTS) if not line.good] == []


@given(st.text())
def test_doctor_reads_any_text(text: str) -> None:
    uses, lines = uses_of("x.yml", text)
    assert uses == []
    assert not any(line.good for line in lines)
