"""What a run believes: the base branch as it is now, statuses that showed something, and no config of a checkout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.github.runner import SUMMARY_BYTES, Inputs, Result, hand_over
from tests.fake_github import faults
from tests.scene import BASE, FIXED, POLICY, RULE, UNBUMPED, WAIVE, Files, Scene, scene

CONFIG = ".github/ruleward.toml"
OFF = f'[policies]\n{POLICY} = "off"\n'


def merge_into_main(at: Scene, files: dict[str, str | bytes | None]) -> None:
    """Let main move on, without a push to the pull request."""
    at.repo.git("checkout", "--quiet", "main")
    at.repo.commit(files)


def test_a_policy_that_the_base_turned_on_meanwhile_is_asked_at_the_next_run(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE, CONFIG: OFF}, {RULE: UNBUMPED}) as at:
        assert at.run(workspace=None).result.status == 0
        merge_into_main(at, {CONFIG: "# the defaults\n"})
        assert at.run(workspace=None).result.status == 1
        assert (at.status() or ("",))[0] == "failure"


def tag_as_main(at: Scene, files: Files) -> None:
    """Push a tag that bears the base branch's name, as who may not push that branch could."""
    at.repo.git("checkout", "--quiet", "--detach", "main")
    at.repo.git("tag", "main", at.repo.commit(files))
    at.repo.git("checkout", "--quiet", "topic")


def test_a_tag_that_bears_the_base_branchs_name_judges_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        tip = at.repo.git("rev-parse", "main")
        tag_as_main(at, {CONFIG: OFF})
        ran = at.run(workspace=None)
        assert ran.result.status == 1
        assert ran.report["base"]["sha"] == tip


def test_such_a_tag_names_no_status_of_a_run_that_cannot_finish(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        tag_as_main(at, {CONFIG: '[status]\ncontext = "mine"\n'})
        at.github.fail(faults.status(500), when=lambda _, path: "/compare/" in path or "/git/ref/" in path, times=0)
        assert at.run(workspace=None).result.status == 3
        assert {each.context for each in at.github.hub.statuses} == {"ruleward: main"}


def test_a_config_that_the_base_repaired_meanwhile_is_read_at_the_next_run(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE, CONFIG: "[oops]\n"}, {RULE: FIXED}) as at:
        assert at.run(workspace=None).result.status == 2
        merge_into_main(at, {CONFIG: "# the defaults\n"})
        assert at.run(workspace=None).result.status == 0
        assert (at.status() or ("",))[0] == "success"


def test_a_run_that_could_not_finish_has_shown_nobody_anything(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE, CONFIG: "[oops]\n"}, {RULE: UNBUMPED}) as at:
        at.run(workspace=None)
        merge_into_main(at, {CONFIG: "# the defaults\n"})
        at.github.set_permission("grace", "write")
        at.github.label_as("grace", WAIVE)
        assert at.run(workspace=None).result.status == 1
        assert WAIVE not in at.github.state()["issues"][1]["labels"]


def test_a_status_that_somebody_else_set_is_set_again(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        with at.github.lock:
            ours = at.github.hub.statuses[-1]
            theirs = replace(ours, state="success", creator=at.github.hub.person("eve"))
            at.github.hub.statuses.append(theirs)
        at.run()
        assert (at.status() or ("",))[0] == "failure"


def test_a_config_of_the_workspace_is_read_at_the_base_commit(tmp_path: Path) -> None:
    strict: Files = {RULE: BASE, "etc/own.toml": "# all of it\n"}
    with scene(tmp_path, strict, {RULE: UNBUMPED, "etc/own.toml": OFF}) as at:
        at.repo.git("checkout", "--quiet", "topic")
        for config in (Path("etc/own.toml"), at.repo.path / "etc/own.toml"):
            assert at.run(inputs=Inputs(config=config)).result.status == 1
        outside = tmp_path / "own.toml"
        outside.write_text(OFF, encoding="utf-8")
        assert at.run(inputs=Inputs(config=outside)).result.status == 0


def test_a_config_that_the_base_does_not_have_is_named(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        ran = at.run(inputs=Inputs(config=Path("gone.toml")))
        assert ran.result.status == 2
        assert "gone.toml: the base branch has no such file" in ran.result.annotations


def test_a_broken_review_reports_under_the_name_that_the_config_gives_the_status(tmp_path: Path) -> None:
    config = '[status]\ncontext = "rules gate"\n[comment]\ntemplate = "gone.j2"\n'
    with scene(tmp_path, {RULE: BASE, CONFIG: config}, {RULE: FIXED}) as at:
        assert at.run().result.status == 2
        (status,) = at.github.hub.statuses
        assert (status.context, status.state) == ("rules gate", "error")


def test_so_it_does_where_another_key_of_that_config_is_wrong(tmp_path: Path) -> None:
    config = '[status]\ncontext = "rules gate"\n'
    with scene(tmp_path, {RULE: BASE, CONFIG: config}, {RULE: FIXED}) as at:
        assert at.run(workspace=None).result.status == 0
        merge_into_main(at, {CONFIG: f"{config}nope = 1\n"})
        assert at.run(workspace=None).result.status == 2
        assert (at.status(context="rules gate") or ("",))[0] == "error"
        assert at.status() is None


def test_a_config_that_names_a_missing_template_is_invalid_in_the_pull_request_that_brings_it(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {CONFIG: '[comment]\ntemplate = "gone.j2"\n'}) as at:
        ran = at.run()
        assert ran.result.status == 1
        assert ".github/ruleward.toml:2:1: comment.template: this change has no file `gone.j2`" in ran.result.summary


@pytest.mark.parametrize(
    ("ecs", "said"),
    [
        (
            'schemas = "etc/schemas"',
            ".github/ruleward.toml:2:1: ecs.schemas: this change has no YAML file in `etc/schemas`",
        ),
        (
            'stack_map = "etc/stacks.yaml"',
            ".github/ruleward.toml:2:1: ecs.stack_map: this change has no file `etc/stacks.yaml`",
        ),
    ],
)
def test_a_config_that_names_missing_fields_is_invalid_in_the_pull_request_that_brings_it(
    tmp_path: Path, ecs: str, said: str
) -> None:
    with scene(tmp_path, {RULE: BASE}, {CONFIG: f"[ecs]\n{ecs}\n"}) as at:
        ran = at.run()
        assert ran.result.status == 1
        assert said in ran.result.summary


def test_a_change_of_no_rule_can_repair_what_the_config_names(tmp_path: Path) -> None:
    config = '[comment]\ntemplate = "gone.j2"\n'
    with scene(tmp_path, {RULE: BASE, CONFIG: config}, {CONFIG: "# none\n"}) as at:
        assert at.run().result.status == 0


def test_a_draft_loses_the_label_that_asked_for_a_run(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}, draft=True) as at:
        at.github.label_as("grace", "governance: recheck")
        at.run()
        assert at.github.state()["issues"][1]["labels"] == []


def test_a_file_that_is_not_toml_is_no_rule_whatever_the_pattern(tmp_path: Path) -> None:
    config = '[rules]\ninclude = ["rules/**"]\n'
    with scene(tmp_path, {RULE: BASE, CONFIG: config, "rules/README.md": "a"}, {"rules/README.md": "b"}) as at:
        assert at.run().result.status == 0


def test_a_summary_that_github_would_drop_is_cut(tmp_path: Path) -> None:
    place = tmp_path / "summary"
    hand_over(Result(summary="\U0001f600 a line\n" * 100_000), {"GITHUB_STEP_SUMMARY": str(place)})
    written = place.read_bytes()
    assert SUMMARY_BYTES - 100 < len(written) < SUMMARY_BYTES + 100
    assert written.decode("utf-8").endswith("\n\nThe rest did not fit; the report has everything.\n")


def test_a_fault_of_github_is_no_success(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.fail(faults.status(500), when=lambda _, path: "/issues/" in path, times=0)
        ran = at.run(workspace=None)
        assert ran.result.status == 3
        assert ran.result.outputs["verdict"] == "incomplete"
