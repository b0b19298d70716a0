"""One pull request through the action: what GitHub shows afterwards, and what it was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.github.labels import RECHECK
from bot.github.runner import Inputs
from tests.fake_github import BOT, PERMISSIONS, READ_ONLY, Fault, faults
from tests.repository import other_id, rule_text
from tests.scene import AGAIN, BASE, FIXED, NEAR, OTHER_QUERY, POLICY, RULE, UNBUMPED, WAIVE, Files, config, scene

BLOCKED = ["governance: blocked", "impact: logic", "rule: tuning"]
WARNED = FIXED.replace("risk_score = 47", "risk_score = 99")
MARK = "<!-- ruleward:review v1 change=0123456789abcdef -->\nLooks fine"


def test_a_first_run_says_it_everywhere(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        ran = at.run()
        assert ran.result.status == 1
        assert "❌ **Blocked**: 1 error." in at.comment()
        assert at.labels() == [*BLOCKED[:2], "impact: scope", BLOCKED[2]]
        assert at.status() == (
            "failure",
            "Blocked: 1 error. 1 rule changes what it detects: changed both ways",
        )
        (inline,) = at.inline()
        assert (inline["path"], inline["line"], inline["author"]) == (RULE, 4, BOT)
        assert inline["body"].endswith('\n```suggestion\nupdated_date = "2026/11/24"\n```')
        outputs = ran.result.outputs
        assert (outputs["verdict"], outputs["blocked"], outputs["findings"]) == ("block", "true", "1")
        assert outputs["labels"] == ",".join(at.labels())
        assert outputs["comment-url"].startswith(f"{at.github.server_url}/acme/rules/pull/1#issuecomment-")
        assert Path(outputs["report"]).is_file()
        assert ran.result.annotations == ""
        assert "❌ **Blocked**: 1 error." in ran.result.summary
        assert "<!--" not in ran.result.summary


@pytest.mark.parametrize(
    ("head", "fail_on", "expected"),
    [
        (UNBUMPED, "error", ("failure", "Blocked: 1 error. ")),
        (UNBUMPED, "warning", ("failure", "Blocked: 1 error. ")),
        (UNBUMPED, "never", ("success", "Passed (fail-on: never): 1 error. ")),
        (WARNED, "error", ("success", "Passed with warnings: 1 warning. ")),
        (WARNED, "warning", ("failure", "Blocked (fail-on: warning): 1 warning. ")),
        (WARNED, "never", ("success", "Passed with warnings: 1 warning. ")),
        (FIXED, "warning", ("success", "Passed. ")),
    ],
)
def test_the_words_of_the_status_agree_with_its_state(
    tmp_path: Path, head: str, fail_on: str, expected: tuple[str, str]
) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: head}) as at:
        at.run(inputs=Inputs(fail_on=fail_on))
        state, text = at.status() or ("", "")
        assert (state, text[: len(expected[1])]) == expected


def test_an_emoji_in_rules_or_in_the_config_does_not_keep_the_status_away(tmp_path: Path) -> None:
    def rules(index: str) -> Files:
        return {
            f"rules/{number}.toml": rule_text(rule_id=other_id(number), name=f"{number}", rule=f"index = [{index}]\n")
            for number in range(12)
        }

    with scene(tmp_path, rules('"logs-*"'), rules('"logs-*", "logs-🦊"')) as at:
        at.run()
        state, text = at.status() or ("", "")
        assert state == "failure"
        assert "logs-⟨U+1F98A⟩" in text
        at.again()
        assert at.writes == []


def test_an_emoji_in_a_broken_config_does_not_keep_the_status_away(tmp_path: Path) -> None:
    with scene(tmp_path, config('"🦊" = 2\n'), {RULE: FIXED}) as at:
        at.run()
        state, text = at.status() or ("", "")
        assert state == "error"
        assert "⟨U+1F98A⟩" in text


def test_labels_are_created_with_colour_and_description(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        known = at.github.state()["labels"]
        assert sorted(known) == sorted([*BLOCKED, WAIVE, RECHECK])
        assert known["governance: blocked"] == ("b60205", "A policy stands in the way of merging")
        assert known[WAIVE] == ("fbca04", f"Waives {POLICY} here; put on by a maintainer")


def test_a_pull_request_without_rules_leaves_a_report_of_its_pass(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {"docs/a.md": "b"}) as at:
        document = at.run(workspace=None).report
        assert len(at.github.calls) == 3
        main, topic = (at.repo.git("rev-parse", name) for name in ("main", "topic"))
        assert (document["verdict"], document["rules"], document["unevaluated"]) == ("pass", [], [])
        assert document["base"] == {"ref": "main", "sha": main, "merge_base": main}
        assert document["head"] == {"ref": "topic", "sha": topic}


def test_a_broken_config_leaves_a_report_of_its_faults_and_of_what_is_not_judged(tmp_path: Path) -> None:
    with scene(tmp_path, config("[rules]\nnope = 1\n"), {RULE: FIXED, "docs/a.md": "a"}) as at:
        ran = at.run()
        document = ran.report
        assert (document["verdict"], ran.result.outputs["findings"]) == ("incomplete", "1")
        (fault,) = document["findings"]
        assert fault["message"].startswith(".github/ruleward.toml:2:1: unknown key `nope` in [rules]; ")
        assert (fault["policy"], fault["paths"], fault["line"]) == ("config-invalid", [".github/ruleward.toml"], 2)
        assert document["unevaluated"] == [{"path": RULE, "reason": "the config cannot be used"}]


def test_commits_that_cannot_be_fetched_leave_a_report_of_what_is_not_judged(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.fail_git(*[500] * 20)
        ran = at.run(workspace=None)
        document = ran.report
        assert (ran.result.status, document["verdict"], document["head"]["ref"]) == (3, "incomplete", "topic")
        (missed,) = document["unevaluated"]
        assert missed["path"] == RULE
        assert "500" in missed["reason"]


@pytest.mark.parametrize(("number", "ref"), [(0, ""), (1, "main")])
def test_a_github_that_does_not_answer_leaves_a_report_of_what_it_told(tmp_path: Path, number: int, ref: str) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.fail(faults.primary(3600), when=lambda *_: len(at.github.calls) >= number, times=0)
        ran = at.run()
        document = ran.report
        assert ran.result.outputs["verdict"] == document["verdict"] == "incomplete"
        assert document["base"]["ref"] == ref
        assert [each["path"] for each in document["unevaluated"]] == ["."]


def test_a_finding_outside_the_hunks_is_a_row_and_no_comment_on_a_line(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        assert at.inline() == []
        assert f"/blob/{at.repo.git('rev-parse', 'topic')}/{RULE}#L4)" in at.comment()
        assert '`updated_date = "2026/11/24"`' in at.comment()
        assert at.comment().endswith("`ruleward fix --base main`\n")


def test_a_rerun_writes_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.run()
        before = at.github.state()
        ran = at.again()
        assert at.writes == []
        assert ran.result.status == 1
        assert "GitHub says all of this already: nothing is written" in ran.log
        assert ran.result.outputs["comment-url"]
        assert at.github.state() == before


def test_a_push_that_fixes_turns_everything_green_and_one_that_breaks_again_turns_it_red(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.run()
        at.push({RULE: FIXED})
        assert at.again().result.status == 0
        assert "✅ **Passed**" in at.comment()
        assert at.labels() == ["impact: logic", "rule: tuning"]
        assert at.inline() == []
        assert at.status() == ("success", "Passed. 1 rule changes what it detects: changed both ways")
        at.push({RULE: NEAR})
        assert at.again().result.status == 1
        assert len(at.said()) == 1
        assert "❌ **Blocked**" in at.comment()
        assert "governance: blocked" in at.labels()
        assert len(at.inline()) == 1
        assert at.github.state()["statuses"].keys() == {
            f"{at.repo.git('rev-parse', each)} ruleward: main" for each in ("topic~2", "topic~1", "topic")
        }


def test_a_settled_comment_that_somebody_answered_to_is_marked_and_stays(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.run()
        (number,) = at.github.hub.inline
        at.github.reply_to_inline_as("grace", number, "Why?")
        at.push({RULE: FIXED})
        at.run()
        (inline,) = at.inline()
        assert inline["body"].splitlines()[1] == "✅ **Settled.** This was:"
        assert [each["author"] for each in inline["replies"]] == ["grace"]
        before = at.github.state()
        at.again()
        assert at.writes == []
        at.push({RULE: NEAR})
        at.run()
        assert len(at.inline()) == 2
        at.push({RULE: FIXED})
        at.run()
        assert at.github.state()["issues"][1]["inline"] == before["issues"][1]["inline"]


def test_a_fork_with_a_token_that_may_only_read_gets_annotations_and_the_exit_status(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}, fork=True) as at:
        fork = at.github.add_token("ghs_fork", login=BOT, app=True, permissions=READ_ONLY)
        before = at.github.state()
        ran = at.run(token=fork, event="pull_request")
        assert at.github.state() == before
        assert ran.result.status == 1
        skipped = [line for line in ran.log if line.startswith("skipped")]
        assert skipped == [
            f"skipped the {each}: the token may not write it (Resource not accessible by integration)"
            for each in ("labels", "comment", "inline", "status")
        ]
        assert ran.result.annotations.startswith(f"::error file={RULE},line=4,title={POLICY}::")
        assert "Skipped the comment" in ran.result.summary
        assert "❌ **Blocked**" in ran.result.summary


def test_a_finding_outside_the_hunks_is_annotated_where_nothing_can_be_written(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}, fork=True) as at:
        fork = at.github.add_token("ghs_fork", login=BOT, app=True, permissions=READ_ONLY)
        ran = at.run(token=fork, event="pull_request")
        assert ran.result.annotations.startswith(f"::error file={RULE},line=4,title={POLICY}::")


def test_dependabot_is_reviewed_like_anybody(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}, author="dependabot[bot]") as at:
        fork = at.github.add_token("ghs_fork", login=BOT, app=True, permissions=READ_ONLY)
        ran = at.run(token=fork, event="pull_request")
        assert ran.result.status == 1
        assert len([line for line in ran.log if line.startswith("skipped")]) == 3
        assert at.run().result.status == 1
        assert len(at.said()) == 1


def test_an_app_that_can_not_be_asked_for_its_name_keeps_one_comment_and_says_how_to_name_it(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        app = at.github.add_token("ghs_app", login="rules[bot]", app=True, permissions=PERMISSIONS)
        at.run(token=app)
        at.push({RULE: FIXED})
        no = Fault(name="no GraphQL", effect=False, status=403, body={"message": "Forbidden"})
        at.github.fail(no, when=lambda _, path: path == "/graphql", times=0)
        ran = at.run(token=app)
        told = "this token writes as rules[bot]; give the action `bot-login: rules[bot]`"
        assert f"looking at the pull request again: {told}" in ran.log
        (comment,) = at.issue()["comments"]
        assert comment["author"] == "rules[bot]"
        assert "✅ **Passed**" in comment["body"]
        assert at.labels() == ["impact: logic", "rule: tuning"]
        at.again(token=app, inputs=Inputs(bot_login="rules[bot]"))
        assert at.writes == []


def test_a_token_that_lacks_one_right_loses_one_surface(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        some = at.github.add_token("ghs_some", login=BOT, app=True, permissions={**PERMISSIONS, "statuses": "read"})
        ran = at.run(token=some)
        assert [line for line in ran.log if line.startswith("skipped")] == [
            "skipped the status: the token may not write it (Resource not accessible by integration)"
        ]
        assert len(at.said()) == len(at.inline()) == 1
        assert ran.result.annotations == ""


@pytest.mark.parametrize(("lacks", "said"), [("statuses", "skipped the status: "), ("issues", "skipped the labels: ")])
def test_nor_does_it_lose_more_in_a_private_repository(tmp_path: Path, lacks: str, said: str) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.github.hub.private = True
        held = {name: right for name, right in PERMISSIONS.items() if name != lacks}
        some = at.github.add_token("ghs_some", login=BOT, app=True, permissions=held)
        ran = at.run(token=some, workspace=None)
        assert ran.result.status == 1
        (line,) = (line for line in ran.log if line.startswith("skipped"))
        assert line.startswith(said)
        assert len(at.said()) == len(at.inline()) == 1
        assert ((at.status() or ("none",))[0] == "failure") == (lacks != "statuses")


def test_a_private_pull_request_that_may_not_be_read_names_the_right_that_is_missing(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.github.hub.private = True
        held = {name: right for name, right in PERMISSIONS.items() if name != "pull_requests"}
        ran = at.run(token=at.github.add_token("ghs_some", login=BOT, app=True, permissions=held))
        assert ran.result.status == 3
        assert "The token has to have `pull-requests: write`" in ran.result.annotations


def test_a_file_without_a_diff_takes_no_comment_of_another_file_away(tmp_path: Path) -> None:
    other = "rules/linux/b.toml"
    base = rule_text(rule_id=other_id(2), name="B")
    head = rule_text(rule_id=other_id(2), name="B", query=OTHER_QUERY, metadata='integration = ["endpoint"]\n')
    with scene(tmp_path, {RULE: BASE, other: base}, {RULE: NEAR, other: head + "# long\n" * 40}) as at:
        at.github.hub.git.patch_lines = 20
        ran = at.run()
        assert [each["path"] for each in at.inline()] == [RULE]
        assert f"skipped the inline: GitHub does not show these lines of {other}" in ran.log
        assert f"file={other}," in ran.result.annotations


def test_a_rule_that_was_moved_in_from_elsewhere_takes_no_comment_of_another_file_away(tmp_path: Path) -> None:
    long = "".join(f"# {n}\n" for n in range(40))
    draft = rule_text(rule_id=other_id(2), name="B", updated="2026/13/45") + long
    base = {RULE: BASE, "drafts/b.toml": draft}
    with scene(tmp_path, dict(base), {RULE: NEAR, "drafts/b.toml": None, "rules/b.toml": draft + "# end\n"}) as at:
        ran = at.run(workspace=None)
        assert [each["path"] for each in at.inline()] == [RULE]
        assert "skipped the inline: GitHub does not show these lines of rules/b.toml" in ran.log
        assert "file=rules/b.toml," in ran.result.annotations


def test_a_comment_that_is_counted_and_never_listed_costs_three_seconds(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        at.github.comment_as("spammer", "Buy this!")
        next(each for each in at.github.hub.comments.values() if each.body == "Buy this!").hidden = 10**6
        ran = at.again()
        assert at.writes == []
        assert any(line.endswith("; 3 s were spent waiting for it") for line in ran.log)


def test_the_comment_is_found_among_150_others(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        for number in range(120):
            at.github.comment_as("grace", f"Thought {number}")
        at.run()
        for number in range(30):
            at.github.comment_as("grace", f"Another thought {number}")
        at.again()
        assert at.writes == []
        assert len(at.github.calls) <= 6 + 1
        at.push({RULE: FIXED})
        at.run()
        assert len(at.said()) == 1
        assert "✅ **Passed**" in at.comment()


def test_a_strangers_comment_with_our_marker_is_left_alone(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        number = at.github.comment_as("mallory", MARK)
        at.run()
        at.push({RULE: FIXED})
        at.run()
        assert at.github.hub.comments[number].body == MARK
        assert len(at.said()) == 1
        assert "✅ **Passed**" in at.comment()


def test_a_strangers_comment_on_a_line_with_our_marker_is_left_alone(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.run()
        body = at.inline()[0]["body"]
        number = at.github.inline_as("mallory", body, RULE, 4)
        at.push({RULE: FIXED})
        at.run()
        assert [each["author"] for each in at.inline()] == ["mallory"]
        assert at.github.hub.inline[number].body == body


def test_a_second_comment_of_ours_is_deleted(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        before = at.github.state()
        at.github.comment_as(BOT, MARK)
        at.run()
        assert at.github.state() == before


def test_a_bulk_pull_request_of_1000_rules_takes_few_calls_and_a_short_comment(tmp_path: Path) -> None:
    base = {f"rules/r{n}.toml": rule_text(rule_id=other_id(n), name=f"Rule {n}") for n in range(1000)}
    head = {
        f"rules/r{n}.toml": rule_text(rule_id=other_id(n), name=f"Rule {n}", query=f'process where a == "{n}"')
        for n in range(1000)
    }
    with scene(tmp_path, dict(base), dict(head)) as at:
        ran = at.run(workspace=None)
        assert ran.result.status == 1
        assert len(at.github.calls) <= 30
        assert len(at.comment()) < 20_000
        assert at.inline() == []
        assert at.labels() == ["governance: blocked", "governance: bulk", "impact: logic", "rule: tuning"]
        assert "rules/r999.toml" in ran.result.summary
        assert len(ran.result.summary.encode()) < 1_048_576


def test_a_draft_gets_the_status_and_the_summary_only(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}, draft=True) as at:
        ran = at.run()
        assert [path.partition("/")[2].partition("/")[0] for _, path in at.writes] == ["statuses"]
        assert ran.result.status == 1
        assert ran.result.annotations == ""
        assert "❌ **Blocked**" in ran.result.summary
        at.github.set_draft(False)
        at.run()
        assert len(at.said()) == len(at.inline()) == 1


def test_a_closed_or_merged_pull_request_is_left_alone(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.close()
        ran = at.run()
        assert ran.result.status == 0
        assert ran.log[0] == "pull request #1 is closed: nothing to do"
        at.github.reopen()
        at.github.merge()
        assert at.run().result.status == 0
        assert at.writes == []


def test_a_base_that_changed_is_judged_again_under_its_own_status(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        at.repo.git("branch", "release", "main")
        at.github.retarget("release")
        assert at.run().result.status == 1
        assert (at.status(context="ruleward: release") or ("",))[0] == "failure"
        assert "`ruleward fix --base release`" in at.comment()


def test_a_pull_request_that_touches_no_rule_takes_three_calls_and_no_fetch(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE, "docs/a.md": "a"}, {"docs/a.md": "b"}) as at:
        ran = at.run(workspace=None)
        assert ran.result.status == 0
        assert len(at.github.calls) == 3
        assert at.github.git_calls == []
        assert at.status() == ("success", "No rule changes")
        assert at.said() == []
        assert at.labels() == []
        assert ran.result.outputs["verdict"] == "pass"


def test_a_pull_request_that_takes_its_rules_back_is_cleaned_up(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        at.run()
        at.push({RULE: BASE, "docs/a.md": "a"})
        assert at.run().result.status == 0
        assert at.labels() == []
        assert at.inline() == []
        assert "✅ **Passed**" in at.comment()
        assert (at.status() or ("",))[0] == "success"


def test_docs_alone_are_worth_no_comment(tmp_path: Path) -> None:
    docs = rule_text(updated="2026/11/24").replace("What it finds.", "What it really finds.")
    with scene(tmp_path, {RULE: BASE}, {RULE: docs}) as at:
        assert at.run().result.status == 0
        assert at.said() == []
        assert at.labels() == ["rule: tuning"]


def test_each_surface_can_be_switched_off(tmp_path: Path) -> None:
    switches = {
        "comment": "/issues/1/comments",
        "inline": "/pulls/1/reviews",
        "labels": "/labels",
        "status": "/statuses",
    }
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        for name, path in switches.items():
            at.again(inputs=Inputs(**{each: each == name for each in switches}, dry_run=False))  # type: ignore[arg-type]
            assert at.writes
            assert all(path in each for _, each in at.writes), name
        assert len(at.said()) == len(at.inline()) == 1


def test_annotations_stand_in_for_comments_on_lines(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        ran = at.run(inputs=Inputs(inline=False))
        assert ran.result.annotations.startswith("::error ")
        assert at.inline() == []


def test_a_dry_run_prints_what_it_would_write_and_writes_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: NEAR}) as at:
        ran = at.run(inputs=Inputs(dry_run=True))
        assert at.writes == []
        assert ran.result.status == 1
        told = [line for line in ran.log if line.startswith("dry run: ")]
        assert [line.split()[2] for line in told] == ["create"] * 6 + ["add", "post", "post", "set"]
        assert f"dry run: post a review with comments on {RULE}:4" in told
        assert told[-1].startswith("dry run: set the status ruleward: main to failure: Blocked: 1 error.")


def test_the_status_follows_what_makes_the_job_fail(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        ran = at.run(inputs=Inputs(fail_on="never"))
        assert ran.result.status == 0
        assert (at.status() or ("",))[0] == "success"
        assert "governance: blocked" in at.labels()


def test_a_head_that_moves_before_the_writes_gets_none(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        head = at.commit({RULE: AGAIN})
        at.github.fail(faults.moved(lambda: at.github.push(head)), when=lambda _, path: path.endswith("/statuses"))
        ran = at.run()
        assert at.writes == []
        assert ran.result.status == 0
        assert any(line.startswith("superseded: ") for line in ran.log)


# --- what goes wrong meanwhile ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 3, 6, 11, 14])
def test_a_github_that_cannot_be_reached_is_no_pass(tmp_path: Path, number: int) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.github.fail(faults.primary(3600), when=lambda *_: len(at.github.calls) >= number - 1, times=0)
        ran = at.run()
        if len(at.github.calls) < number:
            assert ran.result.status == 0
            return
        assert ran.result.status == 3
        assert ran.result.annotations.startswith("::error::GitHub keeps answering ")
        assert "**Not finished**" in ran.result.summary
        assert ran.result.outputs["verdict"] == "incomplete"
        assert ran.result.outputs["blocked"] == "false"


def test_a_comment_that_somebody_deletes_meanwhile_is_posted_again(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        (number,) = at.github.hub.comments
        at.push({RULE: FIXED})
        at.github.fail(faults.moved(lambda: at.github.delete_comment(number)), when=lambda method, _: method == "PATCH")
        at.run()
        assert "✅ **Passed**" in at.comment()


@pytest.mark.parametrize("fetch", [False, True])
def test_a_head_that_moves_during_the_writes_is_brought_up_to_date(tmp_path: Path, *, fetch: bool) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        head = at.commit({RULE: FIXED})
        at.github.fail(faults.moved(lambda: at.github.push(head)), when=lambda _, path: "/statuses/" in path)
        ran = at.run(workspace=None if fetch else at.repo.path)
        assert ran.result.status == 0
        assert "✅ **Passed**" in at.comment()
        assert "governance: blocked" not in at.labels()
        assert (at.status() or ("",))[0] == "success"
        at.again()
        assert at.writes == []


def test_a_label_put_on_during_a_run_is_not_written_over(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.run()
        at.push({"docs/a.md": "a"})
        at.run(inputs=Inputs(comment=False))
        at.github.set_permission("grace", "write")
        at.github.fail(
            faults.moved(lambda: at.github.label_as("grace", WAIVE)), when=lambda method, _: method == "PATCH"
        )
        ran = at.run()
        assert ran.result.status == 0
        assert (at.status() or ("",))[0] == "success"
        assert "governance: waived" in at.labels()


def test_a_pull_request_that_is_closed_during_the_writes_is_left(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        at.github.fail(faults.moved(at.github.close), when=lambda _, path: "/statuses/" in path)
        ran = at.run()
        assert ran.result.status == 0
        assert "superseded: the pull request is closed" in ran.log


def test_a_head_that_moves_at_the_second_look_is_superseded_as_well(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        head = at.commit({RULE: FIXED})
        for act in (lambda: at.github.set_title("Another"), lambda: at.github.push(head)):
            at.github.fail(faults.moved(act), when=lambda method, path: method == "GET" and path.endswith("/statuses"))
        ran = at.run()
        assert "looking at the pull request again: it changed while it was reviewed" in ran.log
        assert at.writes == []
        assert ran.result.status == 0


def test_what_cannot_be_brought_up_to_date_is_no_pass(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        head = at.commit({RULE: FIXED})

        def push() -> None:
            at.github.push(head)
            at.github.fail(faults.primary(3600), when=lambda _, path: path.endswith("/events"), times=0)

        at.github.fail(faults.moved(push), when=lambda method, path: method == "POST" and "/statuses/" in path)
        assert at.run().result.status == 3
