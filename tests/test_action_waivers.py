"""Maintainers' labels: what counts, what does not and why, how long it holds, and who may switch what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.github.labels import RECHECK
from bot.github.runner import Inputs
from bot.waive import read_record
from tests.actions import Ran
from tests.fake_github import BOT, PERMISSIONS, READ_ONLY
from tests.repository import other_id, rule_text
from tests.scene import (
    AGAIN,
    BASE,
    FIXED,
    NEAR,
    OTHER_QUERY,
    POLICY,
    RULE,
    UNBUMPED,
    WAIVE,
    Files,
    Scene,
    config,
    scene,
)


def records(at: Scene) -> list[str]:
    """The comments that record waivers."""
    return [body for body in at.said() if body.startswith("<!-- ruleward:waiver ")]


def waive(at: Scene, login: str = "grace", role: str = "write", label: str = WAIVE) -> None:
    """Put a waiver's label on."""
    at.github.set_permission(login, role)
    at.github.label_as(login, label)


def refusal(at: Scene) -> str:
    """What the comment says of the one label that does not count."""
    assert records(at) == []
    (line,) = (line for line in at.comment().splitlines() if line.startswith("- ⚠️ The label "))
    return line


def assert_blocked(at: Scene) -> None:
    assert (at.status() or ("",))[0] == "failure"
    assert "governance: blocked" in at.labels()
    assert "governance: waived" not in at.labels()


def assert_waived(at: Scene) -> None:
    assert (at.status() or ("",))[0] == "success"
    assert "governance: blocked" not in at.labels()
    assert {"governance: waived", WAIVE} <= set(at.labels())
    assert len(records(at)) == 1


def test_a_waiver_counts_and_is_recorded_before_the_status(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        ran = at.again()
        assert ran.result.status == 0
        assert ran.result.outputs["verdict"] == "pass"
        assert_waived(at)
        paths = [path for _, path in at.writes]
        assert paths[0] == "/issues/1/comments"
        assert paths.index("/issues/1/comments") < next(n for n, path in enumerate(paths) if "/statuses/" in path)
        record = read_record(records(at)[0])
        assert record is not None
        assert (record.policy, record.by, record.head) == (POLICY, "grace", at.repo.git("rev-parse", "topic"))
        assert len(record.findings) == 1
        assert f"<sub>`{POLICY}`</sub>, waived by `grace` at `2026-11-24T" in at.comment()
        assert "@grace" not in at.comment()


@pytest.mark.parametrize("fail_on", ["error", "warning"])
def test_the_label_of_a_warning_is_there_to_choose_where_warnings_block(tmp_path: Path, fail_on: str) -> None:
    label = "waive: creation-date-changed"
    with scene(tmp_path, {RULE: BASE}, {RULE: rule_text(created="2024/01/02", updated="2026/11/24")}) as at:
        blocks = at.run(inputs=Inputs(fail_on=fail_on)).result.status == 1
        assert blocks == (fail_on == "warning") == (label in at.github.state()["labels"])
        waive(at, label=label)
        assert at.again(inputs=Inputs(fail_on=fail_on)).result.status == 0
        assert (at.status() or ("",))[0] == "success"


def test_a_waiver_costs_four_calls_more_and_a_rerun_writes_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        at.again()
        at.again()
        assert at.writes == []
        assert len(at.github.calls) <= 6 + 4


def test_who_may_not_write_may_not_waive(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at, role="triage")
        assert at.run().result.status == 1
        assert refusal(at) == f"- ⚠️ The label `{WAIVE}` was taken off: `grace` does not have write access."
        assert WAIVE not in at.labels()
        assert_blocked(at)


def test_a_config_may_ask_for_more_or_less_than_write_access(tmp_path: Path) -> None:
    base = config('[waivers]\npermission = "maintain"\n')
    with scene(tmp_path, base, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at, role="write")
        at.run()
        assert "does not have maintain access" in refusal(at)
        waive(at, role="maintain")
        at.run()
        assert_waived(at)


def test_an_app_may_not_waive(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at, login="helper[bot]", role="admin")
        at.run()
        assert "it was put on by an app, and a person has to" in refusal(at)
        assert_blocked(at)


def test_who_opened_the_pull_request_may_not_waive(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}, author="grace") as at:
        at.run()
        waive(at)
        at.run()
        assert "`grace` opened this pull request, and somebody else has to waive" in refusal(at)
        assert_blocked(at)


def test_who_wrote_a_commit_may_not_waive(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}, author="linus") as at:
        at.github.set_permission("ada", "admin", email="ada@example.org")
        at.run()
        at.github.label_as("ada", WAIVE)
        at.run()
        sha = at.repo.git("rev-parse", "topic")[:12]
        told = f"`ada` wrote a commit of this pull request (`{sha}`), and somebody else has to waive"
        assert told in refusal(at)
        assert_blocked(at)


def test_who_committed_what_another_wrote_may_not_waive(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}, author="linus") as at:
        at.repo.git("commit", "--quiet", "--amend", "--no-edit", "--author", "Linus <linus@example.org>")
        at.github.push(at.repo.git("rev-parse", "topic"))
        at.github.set_permission("ada", "admin", email="ada@example.org")
        at.run()
        at.github.label_as("ada", WAIVE)
        at.run()
        assert "`ada` wrote a commit" in refusal(at)


def moved(at: Scene, files: Files) -> None:
    """Let the base branch move on."""
    at.commit(files, branch="main")


@pytest.mark.parametrize("fetch", [False, True])
def test_who_only_updated_the_branch_wrote_nothing_and_may_waive(tmp_path: Path, *, fetch: bool) -> None:
    with scene(tmp_path, {RULE: BASE, "gone.md": "x"}, {RULE: UNBUMPED, "new.md": "y"}) as at:
        moved(at, {"docs/a.md": "1", "gone.md": None})
        at.github.update_branch("grace")
        moved(at, {"docs/a.md": "2"})
        at.github.update_branch("grace")
        workspace = None if fetch else at.repo.path
        at.run(workspace=workspace)
        waive(at)
        at.run(workspace=workspace)
        assert_waived(at)


@pytest.mark.parametrize("fetch", [False, True])
def test_who_put_a_file_together_while_updating_the_branch_may_not_waive(tmp_path: Path, *, fetch: bool) -> None:
    with scene(tmp_path, {RULE: BASE, "a.md": "1\n" * 9}, {RULE: UNBUMPED, "a.md": "0\n" + "1\n" * 9}) as at:
        moved(at, {"a.md": "1\n" * 9 + "2\n"})
        sha = at.github.update_branch("grace")
        workspace = None if fetch else at.repo.path
        at.run(workspace=workspace)
        waive(at)
        at.run(workspace=workspace)
        told = "an update of the branch that does more than bring in files that one side alone changed"
        assert f"(`{sha[:12]}`, {told})" in refusal(at)
        assert_blocked(at)


@pytest.mark.parametrize("kept", ["ours", "theirs"])
def test_who_chose_between_two_sides_of_a_file_may_not_waive(tmp_path: Path, kept: str) -> None:
    with scene(tmp_path, {RULE: BASE, "a.md": "1"}, {RULE: UNBUMPED, "a.md": "ours"}) as at:
        moved(at, {"a.md": "theirs"})
        at.repo.git("checkout", "--quiet", "--detach", "topic")
        at.repo.commit({"a.md": kept, "b.md": kept})
        at.repo.commit({"b.md": None})
        at.github.update_branch("grace", tree=at.repo.git("rev-parse", "HEAD^{tree}"))
        at.run()
        waive(at)
        at.run()
        assert "an update of the branch that does more than bring in files that one side alone changed" in refusal(at)


def test_who_changed_a_rule_while_updating_the_branch_may_not_waive(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        moved(at, {"docs/a.md": "1"})
        at.repo.git("checkout", "--quiet", "--detach", "topic")
        at.repo.commit({"docs/a.md": "1", RULE: AGAIN})
        at.github.update_branch("grace", tree=at.repo.git("rev-parse", "HEAD^{tree}"))
        at.run()
        waive(at)
        at.run()
        assert "`grace` wrote a commit of this pull request" in refusal(at)
        assert_blocked(at)


def test_a_merge_that_only_says_that_github_made_it_is_its_authors(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        moved(at, {"docs/a.md": "1"})
        at.github.update_branch("grace")
        at.github.hub.signed.clear()
        at.run()
        waive(at)
        at.run()
        assert "`grace` wrote a commit of this pull request" in refusal(at)


def test_a_config_may_let_authors_waive(tmp_path: Path) -> None:
    with scene(tmp_path, config("[waivers]\nallow_author = true\n"), {RULE: UNBUMPED}, author="grace") as at:
        at.run()
        waive(at)
        at.run()
        assert_waived(at)


def test_more_commits_than_github_lists_may_be_anybodys(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        tree = at.repo.git("rev-parse", "topic^{tree}")
        tip = at.repo.git("rev-parse", "topic")
        for number in range(250):
            tip = at.repo.git("commit-tree", tree, "-p", tip, "-m", f"{number}")
        at.repo.git("update-ref", "refs/heads/topic", tip)
        at.github.push(tip)
        at.run()
        waive(at)
        at.run()
        assert "nobody can tell who wrote them" in refusal(at)


def test_nobody_waives_what_they_have_not_seen(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        waive(at)
        at.run()
        assert "it is older than the first review of the newest commit" in refusal(at)
        assert_blocked(at)
        at.github.label_as("grace", WAIVE)
        at.run()
        assert_waived(at)
        at.push({RULE: AGAIN})
        at.run()
        assert_blocked(at)


def test_who_goes_back_to_a_commit_after_the_label_is_not_waived_for_its_old_report(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: AGAIN}) as at:
        at.run()
        before = at.repo.git("rev-parse", "topic")
        at.push({RULE: UNBUMPED})
        at.run()
        waive(at)
        at.github.push(before)
        at.repo.git("update-ref", "refs/heads/topic", before)
        assert at.run().result.status == 1
        assert "the branch was force-pushed or the base changed since the review" in refusal(at)
        assert_blocked(at)
        waive(at)
        assert at.run().result.status == 0


def test_who_goes_on_to_a_commit_again_after_the_label_is_not_waived_for_its_old_report(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        harmless = at.repo.git("rev-parse", "topic")
        later = at.push({RULE: AGAIN})
        at.run()
        at.github.push(harmless)  # the forced push, before the label
        at.run()
        waive(at)
        at.github.push(later)
        assert at.run().result.status == 1
        assert "the branch was force-pushed or the base changed since the review" in refusal(at)
        assert_blocked(at)


def test_who_turns_back_to_a_base_after_the_label_is_not_waived_for_its_old_report(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        at.repo.git("branch", "release", "main")
        at.github.retarget("release")
        at.run()
        waive(at)
        at.github.retarget("main")
        assert at.run().result.status == 1
        assert "the branch was force-pushed or the base changed since the review" in refusal(at)


def test_nobody_waives_for_an_old_report_what_a_forced_push_to_the_base_brought_into_the_change(tmp_path: Path) -> None:
    other = rule_text(rule_id=other_id(2))
    with scene(tmp_path, {RULE: BASE, "rules/b.toml": other}, {RULE: BASE}) as at:
        before = at.repo.git("rev-parse", "main")
        at.repo.git("branch", "--force", "main", at.commit({"rules/b.toml": other.replace("a.exe", "b.exe")}))
        at.push({RULE: UNBUMPED})
        at.run()
        assert "rules/b.toml" not in at.comment()
        at.github.force_push_base(before)
        waive(at)
        assert at.run().result.status == 1
        assert "rules/b.toml" in at.comment()
        assert "the branch was force-pushed or the base changed since the review" in refusal(at)
        waive(at)
        assert at.run().result.status == 0


def test_a_report_on_the_same_commit_elsewhere_shows_nobody_this_pull_request(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        later = at.commit({RULE: AGAIN})
        at.github.open_pull(2, head=later, head_ref="other")
        at.run(number=2)  # so the commit has a status before the label is put on
        at.github.set_permission("grace", "write")
        at.github.label_as("grace", WAIVE, number=1)
        at.github.push(later, number=1)
        assert at.run().result.status == 1
        assert WAIVE not in at.labels()
        assert records(at) == []
        at.github.label_as("grace", WAIVE, number=1)
        assert at.run().result.status == 0


@pytest.mark.parametrize("run_id", [None, 7])
def test_each_pull_request_of_a_commit_is_told_its_verdict_once(tmp_path: Path, run_id: int | None) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.github.open_pull(2, head=at.repo.git("rev-parse", "topic"), head_ref="other")
        for number in (1, 2):
            at.run(number=number, run_id=run_id)
            at.again(number=number, run_id=run_id)
            assert at.writes == []


def test_a_server_that_keeps_no_link_takes_no_waiver_away(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        (status,) = at.github.hub.statuses
        status.target = None
        waive(at)
        assert at.run().result.status == 0


@pytest.mark.parametrize("link", ["https://github.com/acme/rules/actions/runs/77", "https://example.org/?pr=1"])
def test_a_report_that_says_of_no_pull_request_that_it_is_about_that_one_shows_nobody_any(
    tmp_path: Path, link: str
) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        (status,) = at.github.hub.statuses
        status.target = link
        waive(at)
        assert at.run().result.status == 1
        assert "it is older than the first review of the newest commit" in refusal(at)


def test_without_the_status_a_waiver_is_refused_for_that_and_not_for_its_age(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        off = Inputs(status=False)
        at.run(inputs=off)
        waive(at)
        at.run(inputs=off)
        assert "a waiver needs the commit status, which the input `status: false` switches off" in refusal(at)


def test_a_fork_whose_run_may_only_read_is_told_that_no_waiver_counts_there(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}, author="mallory", fork=True) as at:
        token = at.github.add_token("ghs_read", app=True, permissions=READ_ONLY)
        at.run(event="pull_request", token=token)
        waive(at)
        log = at.run(event="pull_request", token=token).log
        assert any("which a run of `pull_request` may not set on a pull request from a fork" in line for line in log)
        at.run(event="pull_request_target")
        assert "whose commit status is not there yet; wait for that" in refusal(at)
        waive(at)
        at.run(event="pull_request_target")
        assert_waived(at)


def test_a_label_that_was_on_before_the_push_does_not_waive_what_came_after(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.run()
        at.push({RULE: UNBUMPED})
        waive(at)
        at.run()
        assert "older than the first review" in refusal(at)


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("waive: no-such-policy", "there is no policy `no-such-policy`"),
        (f"waive:{POLICY}", f"a waiver is written `{WAIVE}`, with one blank"),
        ("waive:", "a waiver is written `waive: <policy>`, with one blank"),
        ("waive: duplicate-rule-id", "`duplicate-rule-id` cannot be waived"),
        ("waive: unreadable-rule", "`unreadable-rule` cannot be waived"),
        ("waive: rule-removed", "`rule-removed` finds nothing here that could be waived"),
    ],
)
def test_a_label_that_cannot_count_comes_off_with_the_reason(tmp_path: Path, label: str, reason: str) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at, label=label)
        ran = at.run()
        assert f"the label `{label}` does not count: {reason}" in ran.log
        assert refusal(at) == f"- ⚠️ The label `{label}` was taken off: {reason}."
        assert label not in at.labels()
        assert_blocked(at)


def test_the_reason_stays_while_the_change_is_the_same(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at, role="read")
        at.run()
        before = at.github.state()
        at.again()
        assert at.writes == []
        assert at.github.state() == before
        at.push({RULE: AGAIN})
        at.run()
        assert "The label" not in at.comment()


def test_unreadable_rules_cannot_be_waived(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: "[rule\n"}) as at:
        at.run()
        assert "waive: unreadable-rule" not in at.github.state()["labels"]
        assert "cannot be waived" in at.comment()
        waive(at, role="admin", label="waive: unreadable-rule")
        assert at.run().result.status == 1


def test_an_edited_record_is_void(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        at.run()
        (number,) = (each.id for each in at.github.hub.comments.values() if "ruleward:waiver" in each.body)
        at.github.edit_comment_as("mallory", number, records(at)[0].replace("1 finding", "all findings"))
        at.push({RULE: UNBUMPED, "docs/a.md": "another head"})
        assert at.run().result.status == 1
        assert "governance: blocked" in at.labels()
        assert WAIVE not in at.labels()


def test_a_record_by_a_stranger_is_void(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        at.run()
        body = records(at)[0]
        (number,) = (each.id for each in at.github.hub.comments.values() if "ruleward:waiver" in each.body)
        at.github.delete_comment(number)
        at.github.comment_as("mallory", body)
        at.push({RULE: UNBUMPED, "docs/a.md": "another head"})
        assert at.run().result.status == 1
        assert_blocked(at)


def test_a_waiver_holds_over_a_head_with_the_same_findings(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        at.run()
        at.push({"docs/a.md": "no rule"})
        assert at.run().result.status == 0
        assert_waived(at)


def test_a_waiver_ends_when_what_it_covers_changed(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        at.run()
        at.push({RULE: AGAIN})
        ran = at.run()
        assert ran.result.status == 1
        assert WAIVE not in at.labels()
        assert_blocked(at)
        given = at.repo.git("rev-parse", "topic~1")[:12]
        assert f": what `{POLICY}` finds is no longer what was waived on `{given}`." in at.comment()


def test_a_waiver_ends_when_a_finding_is_new(tmp_path: Path) -> None:
    other = "rules/linux/b.toml"
    base = {RULE: BASE, other: rule_text(rule_id=other_id(2), name="B")}
    with scene(tmp_path, dict(base), {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        at.run()
        at.push({other: rule_text(rule_id=other_id(2), name="B", query=OTHER_QUERY)})
        assert at.run().result.status == 1
        assert WAIVE not in at.labels()


def test_taking_the_label_off_ends_a_waiver_and_putting_it_on_again_needs_a_new_record(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        at.run()
        at.github.unlabel_as("ada", WAIVE)
        assert at.run().result.status == 1
        assert_blocked(at)
        at.github.label_as("mallory", WAIVE)
        assert at.run().result.status == 1
        assert "`mallory` does not have write access" in at.comment()
        at.github.label_as("grace", WAIVE)
        assert at.run().result.status == 0
        assert len(records(at)) == 2
        assert {"governance: waived", WAIVE} <= set(at.labels())


def test_a_label_that_another_was_renamed_to_does_not_bring_an_ended_waiver_back(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        at.run()
        at.github.unlabel_as("grace", WAIVE)
        at.run()
        at.github.label_as("ada", "docs")
        labels = at.github.hub.labels
        del labels[WAIVE.lower()]
        label = labels[WAIVE.lower()] = labels.pop("docs")
        label.name = WAIVE
        assert at.run().result.status == 1
        assert "GitHub does not say who put it on" in at.comment()
        assert_blocked(at)


def test_a_waiver_that_another_base_allowed_does_not_hold_on_this_one(tmp_path: Path) -> None:
    lax = '[waivers]\npermission = "triage"\nallow_author = true\n'
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}, author="mallory") as at:
        at.repo.git("checkout", "--quiet", "-b", "lax", "main")
        at.repo.commit(config(lax, {}))
        at.repo.git("checkout", "--quiet", "topic")
        at.github.retarget("lax")
        at.run()
        waive(at, "mallory", "triage")
        assert at.run().result.status == 0
        assert len(records(at)) == 1
        at.github.retarget("main")
        assert at.run().result.status == 1
        assert WAIVE not in at.labels()
        assert "`mallory` does not have write access" in at.comment()
        assert_blocked(at)


def test_case_does_not_count_in_a_label(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.github.label_as("grace", f"Waive: {POLICY}")
        at.github.unlabel_as("grace", f"Waive: {POLICY}")
        at.run()
        waive(at, label=f"Waive: {POLICY}")
        assert at.run().result.status == 0


def test_a_waiver_that_cannot_be_recorded_does_not_count(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        waive(at)
        few = {**PERMISSIONS, "issues": "read", "pull_requests": "read"}
        token = at.github.add_token("ghs_few", login=BOT, app=True, permissions=few)
        ran = at.again(token=token)
        assert ran.result.status == 1
        assert (at.status() or ("",))[0] == "failure"
        assert "skipped the waiver: the token may not write it (Resource not accessible by integration)" in ran.log


def test_a_waiver_on_a_draft_waits_until_it_is_ready(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}, draft=True) as at:
        at.run()
        waive(at)
        assert at.run().result.status == 1
        assert at.said() == []
        at.github.set_draft(False)
        assert at.run().result.status == 0
        assert_waived(at)


def test_two_waivers_are_two_records(tmp_path: Path) -> None:
    text = rule_text(query=OTHER_QUERY, maturity="beta")
    with scene(tmp_path, {RULE: BASE}, {RULE: text}) as at:
        at.run()
        waive(at)
        at.run()
        assert at.status() is not None
        assert (at.status() or ("",))[0] == "failure"
        waive(at, login="linus", label="waive: maturity-transition")
        at.run()
        assert (at.status() or ("",))[0] == "success"
        assert len(records(at)) == 2


def test_recheck_runs_again_and_comes_off(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.run()
        at.github.label_as("grace", "governance: recheck")
        at.again()
        assert at.writes == [("DELETE", "/issues/1/labels/governance: recheck")]
        assert at.labels() == ["impact: logic", "rule: tuning"]


def test_the_label_for_a_recheck_is_there_for_people_once_one_of_ours_is(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.run()
        assert at.github.state()["labels"][RECHECK] == ("1d76db", "Put it on to have the rules reviewed again")
        assert at.labels() == ["impact: logic", "rule: tuning"]
        at.again()
        assert at.writes == []


def test_the_label_for_a_recheck_is_there_where_no_review_could_be_made(tmp_path: Path) -> None:
    with scene(tmp_path, config("[rules]\nnope = 1\n"), {RULE: FIXED}) as at:
        at.run(inputs=Inputs(labels=False, comment=False))
        assert RECHECK not in at.github.state()["labels"]
        at.run()
        assert f"put the label `{RECHECK}` on" in at.comment()
        assert RECHECK in at.github.state()["labels"]
        assert at.labels() == []
        at.again()
        assert at.writes == []


def test_the_label_for_a_recheck_has_the_name_that_the_config_gives_it_where_that_can_be_read(tmp_path: Path) -> None:
    renamed = '[comment]\ntemplate = "gone.j2"\n[labels]\n"governance: recheck" = { name = "Ruleward, again" }\n'
    with scene(tmp_path, config(renamed), {RULE: FIXED}) as at:
        at.run()
        assert "put the label `Ruleward, again` on" in at.comment()
        assert set(at.github.state()["labels"]) == {"Ruleward, again"}
        at.github.label_as("grace", "Ruleward, again")
        at.run()
        assert at.labels() == []


def test_a_label_that_a_person_took_off_stays_off_while_the_change_is_the_same(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.run()
        at.github.unlabel_as("grace", "impact: logic")
        at.again()
        assert at.writes == []
        at.push({"docs/a.md": "no rule"})
        at.run()
        assert at.labels() == ["rule: tuning"]
        at.push({RULE: AGAIN})
        at.run()
        assert "impact: logic" in at.labels()


def test_a_label_that_a_person_put_on_is_never_taken_off(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.label_as("grace", "impact: threat")
        at.github.label_as("grace", "area: linux")
        at.run()
        at.push({RULE: UNBUMPED})
        at.run()
        assert {"impact: threat", "area: linux"} <= set(at.labels())


def test_without_the_labels_surface_no_label_is_touched(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        off = Inputs(labels=False)
        at.run(inputs=off)
        waive(at, role="read")
        at.run(inputs=off)
        assert at.labels() == [WAIVE]
        assert f"The label `{WAIVE}` does not count: `grace` does not have write access." in at.comment()
        at.again(inputs=off)
        assert at.writes == []


def test_the_label_of_a_waiver_is_there_once_its_policy_blocks(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.run()
        assert WAIVE not in at.github.state()["labels"]
        at.push({RULE: NEAR})
        at.run()
        assert at.github.state()["labels"][WAIVE] == ("fbca04", f"Waives {POLICY} here; put on by a maintainer")


# --- the merge queue --------------------------------------------------------------------------------------------------


def group(at: Scene, number: int = 1) -> dict[str, Any]:
    """The payload of a merge queue that is about to merge the pull request."""
    base, head = at.repo.git("rev-parse", "main"), at.repo.git("rev-parse", "topic")
    tree = at.repo.git("rev-parse", "topic^{tree}")
    merged = at.repo.git("commit-tree", tree, "-p", base, "-p", head, "-m", "queue")
    at.repo.git("update-ref", f"refs/heads/gh-readonly-queue/main/pr-{number}", merged)
    return {
        "action": "checks_requested",
        "merge_group": {
            "base_sha": base,
            "head_sha": merged,
            "base_ref": "refs/heads/main",
            "head_ref": f"refs/heads/gh-readonly-queue/main/pr-{number}-{base}",
        },
    }


def queued(at: Scene, *, fetch: bool = False) -> Ran:
    """Run on the queue's event."""
    at.github.forget()
    workspace = None if fetch else at.repo.path
    return at.run(event="merge_group", payload=group(at), workspace=workspace)


def queue_status(at: Scene) -> str:
    return (at.status(at.repo.git("rev-parse", "refs/heads/gh-readonly-queue/main/pr-1")) or ("none",))[0]


def test_the_queue_gets_a_status_on_its_own_head_and_nothing_else(tmp_path: Path) -> None:
    text = rule_text(query=OTHER_QUERY, maturity="beta", updated="2026/11/24")
    with scene(tmp_path, {RULE: BASE}, {RULE: text}) as at:
        assert queued(at).result.status == 1
        assert [path.split("/")[1] for _, path in at.writes] == ["statuses"]
        assert queue_status(at) == "failure"
        assert queued(at).result.status == 1
        assert at.writes == []


def test_the_queue_asks_for_no_dates_again(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        assert queued(at).result.status == 0
        assert queue_status(at) == "success"


def test_the_queue_honours_the_waivers_of_its_pull_request(tmp_path: Path) -> None:
    label = "waive: maturity-transition"
    text = rule_text(query=OTHER_QUERY, maturity="beta", updated="2026/11/24")
    with scene(tmp_path, {RULE: BASE}, {RULE: text}) as at:
        at.run()
        waive(at, label=label)
        at.run()
        assert queued(at, fetch=True).result.status == 0
        assert queue_status(at) == "success"
        at.github.unlabel_as("grace", label)
        assert queued(at).result.status == 1
        at.github.label_as("mallory", label)
        assert queued(at).result.status == 1


def test_a_queue_that_can_not_be_judged_fails(tmp_path: Path) -> None:
    with scene(tmp_path, config("[rules]\nnope = 1\n"), {RULE: UNBUMPED}) as at:
        ran = queued(at)
        assert ran.result.status == 2
        assert queue_status(at) == "error"
        assert ran.result.annotations.startswith("::error::.github/ruleward.toml:2:1: ")


def test_a_queue_whose_template_cannot_be_used_says_where(tmp_path: Path) -> None:
    files: Files = {RULE: BASE, "t.j2": "{% block headline %}{{ nothing.at.all }}{% endblock %}"}
    with scene(tmp_path, config('[comment]\ntemplate = "t.j2"\n', files), {RULE: FIXED}) as at:
        ran = queued(at)
        assert ran.result.status == 2
        assert ran.report["verdict"] == "incomplete"
        assert at.github.hub.statuses[-1].description == "t.j2:1: block `headline`: 'nothing' is undefined"


def test_a_queue_that_cannot_be_reviewed_leaves_a_report_that_says_so(tmp_path: Path) -> None:
    with scene(tmp_path, config("[rules]\nnope = 1\n"), {RULE: FIXED}) as at:
        document = queued(at).report
        assert (document["verdict"], [each["line"] for each in document["findings"]]) == ("incomplete", [2])
        assert (document["base"]["ref"], document["head"]["ref"]) == ("main", "merge queue")


def test_a_queue_whose_pull_request_is_unknown_fails(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.forget()
        ran = at.run(event="merge_group", payload=group(at, 77))
        assert ran.result.status == 3
