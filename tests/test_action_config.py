"""The config is the base branch's: what it decides, and what happens when it is broken, or a head edits it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.github.runner import Inputs
from tests.repository import rule_text
from tests.scene import BASE, FIXED, NEAR, OTHER_QUERY, RULE, UNBUMPED, Files, Scene, config, scene

CONFIG = ".github/ruleward.toml"
BROKEN = "[rules]\n\nnope = 1\n"
READS = f"{CONFIG}:3:1: unknown key `nope` in [rules]; known here: include, exclude, deprecated, max_bytes"
DOCS = rule_text(updated="2026/11/24").replace("What it finds.", "What it really finds.")


def test_a_config_that_the_head_edits_does_not_judge_itself(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, config('[policies]\nupdated-date-not-bumped = "off"\n', {RULE: UNBUMPED})) as at:
        assert at.run().result.status == 1
        assert "❌ **Blocked**: 1 error." in at.comment()


def test_a_broken_config_of_the_head_is_an_error_on_its_line(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, config(BROKEN, {RULE: FIXED})) as at:
        ran = at.run()
        assert ran.result.status == 1
        assert f"[`{CONFIG}:3`]" in at.comment()
        assert READS in at.comment()
        assert READS in ran.result.summary
        assert "config-invalid" in at.comment()
        assert at.run(inputs=Inputs(inline=False)).result.annotations.startswith(
            f"::error file={CONFIG},line=3,col=1,title=config-invalid::{READS}"
        )


def test_each_fault_of_a_config_of_the_head_is_a_comment_on_its_line_until_it_is_mended(tmp_path: Path) -> None:
    sound = "[rules]\n" + "#\n" * 20
    with scene(tmp_path, config(sound), config(f"{sound}nope = 1\nmore = 1\n")) as at:
        at.run()
        assert [(each["path"], each["line"]) for each in at.inline()] == [(CONFIG, 22), (CONFIG, 23)]
        assert f"❌ **Error**: ``{CONFIG}:22:1: unknown key `nope` in [rules]; known here: " in at.inline()[0]["body"]
        at.push({CONFIG: f"{sound}more = 1\n"})
        at.run()
        assert [(each["path"], each["line"]) for each in at.inline()] == [(CONFIG, 22)]


def test_every_fault_of_a_config_of_the_head_is_told_however_many_there_are(tmp_path: Path) -> None:
    keys = [f"key_{number}" for number in range(12)]
    with scene(tmp_path, {RULE: BASE}, {CONFIG: "[policies]\n" + "".join(f"{key} = 1\n" for key in keys)}) as at:
        at.run()
        for number, key in enumerate(keys, 2):
            assert f"{CONFIG}:{number}:1: unknown policy `{key}`; known here: coverage-removed, " in at.comment()
        assert at.comment().count(", writable-path-excluded`` <sub>") == len(keys), "whole, to the last key known there"


def test_a_config_alone_is_judged_on_its_validity(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {CONFIG: BROKEN}) as at:
        assert at.run().result.status == 1
        at.push({CONFIG: "[comment]\nmax_inline = 3\n"})
        assert at.run().result.status == 0
        assert (at.status() or ("",))[0] == "success"


def test_a_broken_config_of_the_base_fails_closed_and_is_named_everywhere(tmp_path: Path) -> None:
    with scene(tmp_path, config(BROKEN), {RULE: FIXED}) as at:
        ran = at.run()
        where = f"{CONFIG}:3:1: "
        assert ran.result.status == 2
        assert ran.result.annotations == f"::error::{READS}\n"
        assert f"- ``{READS}``\n" in ran.result.summary
        assert f"- ``{READS}``\n" in at.comment()
        assert at.status() is not None
        state, text = at.status() or ("", "")
        assert state == "error"
        assert text.startswith(where)
        assert ran.result.outputs["verdict"] == "incomplete"
        assert ran.result.outputs["comment-url"]
        assert at.labels() == []
        at.again()
        assert at.writes == []


def test_a_pull_request_that_repairs_the_config_and_changes_no_rule_passes(tmp_path: Path) -> None:
    with scene(tmp_path, config(BROKEN), {CONFIG: "[rules]\n"}) as at:
        assert at.run().result.status == 0
        assert (at.status() or ("",))[0] == "success"


def test_a_pull_request_that_repairs_the_config_and_changes_a_rule_does_not_pass(tmp_path: Path) -> None:
    with scene(tmp_path, config(BROKEN), {CONFIG: "[rules]\n", RULE: FIXED}) as at:
        assert at.run().result.status == 2
        assert (at.status() or ("",))[0] == "error"


def test_once_the_config_is_right_the_comment_is_the_reviews(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {RULE: FIXED}) as at:
        at.run()
        at.github.unlabel_as("grace", "impact: logic")
        at.repo.git("checkout", "--quiet", "main")
        at.repo.commit({CONFIG: BROKEN})
        at.github.retarget("main")
        assert at.run().result.status == 2
        assert len(at.said()) == 1
        assert "could not review" in at.comment()
        at.repo.commit({CONFIG: "[rules]\n"})
        at.github.retarget("main")
        assert at.run().result.status == 0
        assert "✅ **Passed**" in at.comment()
        assert at.labels() == ["rule: tuning"], "what a person took off was not forgotten meanwhile"


def test_labels_are_named_coloured_and_described_as_the_config_says(tmp_path: Path) -> None:
    text = '[labels]\n"rule: tuning" = { name = "Rule: Tuning!", color = "C0FFEE", description = "Tuned" }\n'
    with scene(tmp_path, config(text), {RULE: FIXED}) as at:
        ran = at.run()
        assert at.labels() == ["Rule: Tuning!", "impact: logic"]
        assert at.github.state()["labels"]["Rule: Tuning!"] == ("c0ffee", "Tuned")
        assert ran.result.outputs["labels"] == "Rule: Tuning!,impact: logic"
        at.again()
        assert at.writes == []
        at.push({RULE: BASE, "docs/a.md": "a"})
        at.run()
        assert at.labels() == []


@pytest.mark.parametrize(("mode", "comments"), [("always", 1), ("off", 0), ("changes", 0)])
def test_the_config_says_when_to_comment(tmp_path: Path, mode: str, comments: int) -> None:
    with scene(tmp_path, config(f'[comment]\nmode = "{mode}"\n'), {RULE: DOCS}) as at:
        assert at.run().result.status == 0
        assert len(at.said()) == comments


def test_a_comment_that_is_off_is_off_for_errors_too(tmp_path: Path) -> None:
    with scene(tmp_path, config('[comment]\nmode = "off"\n'), {RULE: UNBUMPED}) as at:
        assert at.run().result.status == 1
        assert at.said() == []
        assert (at.status() or ("",))[0] == "failure"


def test_comments_on_lines_are_as_many_as_the_config_says(tmp_path: Path) -> None:
    text = rule_text(query=OTHER_QUERY, maturity="beta", metadata='integration = ["endpoint"]\n')
    with scene(tmp_path, config("[comment]\nmax_inline = 1\n"), {RULE: text}) as at:
        at.run()
        assert len(at.inline()) == 1


def test_the_status_is_named_as_the_config_says(tmp_path: Path) -> None:
    with scene(tmp_path, config('[status]\ncontext = "rules on {base}"\n'), {RULE: FIXED}) as at:
        at.run()
        assert (at.status(context="rules on main") or ("",))[0] == "success"
        assert at.status() is None


@pytest.mark.parametrize("where", ["workspace", "input"])
def test_a_pull_request_without_rules_gets_the_status_of_that_name_where_the_config_is_at_hand(
    tmp_path: Path, where: str
) -> None:
    text = '[status]\ncontext = "rules on {base}"\n'
    with scene(tmp_path, config(text), {"docs/a.md": "a"}) as at:
        if where == "workspace":
            at.run()
        else:
            (tmp_path / "mine.toml").write_text(text)
            at.run(workspace=None, inputs=Inputs(config=tmp_path / "mine.toml"))
        assert len(at.github.calls) == 3
        assert (at.status(context="rules on main") or ("",))[0] == "success"


def test_a_pull_request_without_rules_gets_it_by_a_fourth_request_where_merging_waits_for_it(tmp_path: Path) -> None:
    text = '[status]\ncontext = "rules on {base}"\n'
    with scene(tmp_path, config(text, {"etc/own.toml": text.replace("rules", "own")}), {"docs/a.md": "a"}) as at:
        at.github.require("rules on main", "own on main")
        at.run(workspace=None)
        assert (at.status(context="rules on main") or ("",))[0] == "success"
        assert len(at.github.calls) == 4
        assert at.github.git_calls == []
        at.run(workspace=None, inputs=Inputs(config=Path("etc/own.toml")))
        assert (at.status(context="own on main") or ("",))[0] == "success"
        assert at.status() is None


def test_where_merging_waits_for_the_usual_name_a_repository_without_a_config_gets_that(tmp_path: Path) -> None:
    with scene(tmp_path, {RULE: BASE}, {"docs/a.md": "a"}) as at:
        at.github.require("ruleward: main")
        at.run(workspace=None)
        assert (at.status() or ("",))[0] == "success"


def test_a_config_file_may_be_given(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[policies]\nupdated-date-not-bumped = "off"\n')
    with scene(tmp_path, {RULE: BASE}, {RULE: UNBUMPED}) as at:
        assert at.run(inputs=Inputs(config=tmp_path / "mine.toml")).result.status == 0
        assert at.run(inputs=Inputs(config=tmp_path / "gone.toml")).result.status == 2


# --- the repository's own blocks of the comment -----------------------------------------------------------------------


def templated(text: str) -> Files:
    """A base whose config names a template."""
    return config('[comment]\ntemplate = ".github/comment.j2"\n', {RULE: BASE, ".github/comment.j2": text})


def headline(at: Scene) -> str:
    return at.comment().splitlines()[1]


def test_a_block_of_the_comment_may_be_the_repositorys_own(tmp_path: Path) -> None:
    with scene(tmp_path, templated("{% block headline %}Rules: {{ verdict }} <b>{% endblock %}"), {RULE: NEAR}) as at:
        at.run()
        assert headline(at) == "Rules: Blocked <b>"
        assert "### What changes" in at.comment()


def test_a_template_of_the_head_is_not_used(tmp_path: Path) -> None:
    head = {RULE: NEAR, ".github/comment.j2": "{% block headline %}Mine{% endblock %}"}
    with scene(tmp_path, templated("{% block headline %}Theirs{% endblock %}"), dict(head)) as at:
        at.run()
        assert headline(at) == "Theirs"


@pytest.mark.parametrize(
    "expression",
    [
        "{{ lead.__class__.__mro__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.environ }}",
        "{{ config }}",
        "{{ range(10**9) }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{{ lead.format.__globals__ }}",
        '{{ "{0.__class__}".format(lead) }}',
        "{{ beside | attr('__class__') }}",
        "{% for each in blocks %}{{ each }}{% endfor %}",
        "{{ 1 // 0 }}",
        "{{ nothing.at.all }}",
    ],
)
def test_a_template_reads_nothing_but_what_it_is_given(tmp_path: Path, expression: str) -> None:
    with scene(tmp_path, templated("{% block headline %}" + expression + "{% endblock %}"), {RULE: NEAR}) as at:
        ran = at.run()
        assert ran.result.status == 2
        assert (at.status() or ("",))[0] == "error"
        assert (at.status() or ("", ""))[1].startswith(".github/comment.j2:1: ")
        assert "root" not in at.comment()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\n\n{% block headline %}", ".github/comment.j2:3: "),
        ("{% block headlines %}x{% endblock %}", ".github/comment.j2:1: there is no block `headlines`"),
        ("{% block headline %}\n{{ verdict | nope }}{% endblock %}", ".github/comment.j2:2: "),
    ],
)
def test_a_broken_template_fails_closed_and_is_named(tmp_path: Path, text: str, place: str) -> None:
    with scene(tmp_path, templated(text), {RULE: FIXED}) as at:
        ran = at.run()
        assert ran.result.status == 2
        assert ran.result.annotations.startswith(f"::error::{place}")
        assert (at.status() or ("",))[0] == "error"


def test_on_a_draft_it_is_named_as_well(tmp_path: Path) -> None:
    text = "{% block headline %}{{ nothing.at.all }}{% endblock %}"
    with scene(tmp_path, templated(text), {RULE: FIXED}, draft=True) as at:
        assert at.run().result.status == 2
        assert at.status() == ("error", ".github/comment.j2:1: block `headline`: 'nothing' is undefined")


def test_a_template_that_is_not_there_is_an_error_of_the_config(tmp_path: Path) -> None:
    with scene(tmp_path, config('[comment]\ntemplate = "gone.j2"\n'), {RULE: FIXED}) as at:
        assert at.run().result.status == 2
        said = f"{CONFIG}:2:1: comment.template: the base branch has no file `gone.j2`"
        assert (at.status() or ("", ""))[1] == said
        assert said in at.comment()
