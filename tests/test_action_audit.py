"""The audit on GitHub: one issue, whatever happens, and a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.github.client import GitHubError
from bot.github.runner import Inputs
from bot.model import RulewardError
from tests.actions import Ran, run
from tests.fake_github import BOT, READ_ONLY, FakeGitHub, faults
from tests.repository import Repository, new_repository, other_id, rule_text

STALE = "2024/05/06"
FRESH = "2026/11/20"
LABEL = "governance: stale-rules"


@dataclass(frozen=True)
class Scene:
    """A repository, the GitHub that holds it, and a folder for runs."""

    repo: Repository
    github: FakeGitHub
    folder: Path

    def audit(self, inputs: Inputs | None = None, **more: Any) -> Ran:
        sha = self.repo.git("rev-parse", "main")
        return run(self.github, self.folder, event="schedule", payload={}, sha=sha, inputs=inputs, **more)

    def update(self, day: str, number: int = 0) -> None:
        self.repo.commit({f"rules/r{number}.toml": _rule(number, day)}, "update")

    def issues(self) -> dict[int, Any]:
        return dict(self.github.state()["issues"])


def _rule(number: int, day: str) -> str:
    return rule_text(rule_id=other_id(number), name=f"Rule {number}", updated=day)


@contextmanager
def scene(folder: Path, days: list[str]) -> Iterator[Scene]:
    repo = new_repository(folder / "repo")
    repo.commit({f"rules/r{number}.toml": _rule(number, day) for number, day in enumerate(days)})
    with FakeGitHub(repo.path) as github:
        yield Scene(repo, github, folder)


def test_a_first_audit_opens_one_issue_with_its_label(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE, FRESH]) as at:
        ran = at.audit()
        ((number, issue),) = at.issues().items()
        assert (issue["author"], issue["state"], issue["labels"]) == (BOT, "open", [LABEL])
        assert "rules/r0.toml" in issue["body"]
        assert "rules/r1.toml" not in issue["body"]
        assert ran.result.outputs["stale-count"] == "1"
        assert ran.result.outputs["issue-url"].endswith(f"/issues/{number}")
        assert at.github.state()["labels"][LABEL] == ("d4a72c", "The list of rules that need attention")


def test_a_tag_that_bears_the_default_branchs_name_is_not_audited(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE, FRESH]) as at:
        at.repo.git("checkout", "--quiet", "--detach", "main")
        at.repo.git("tag", "main", at.repo.commit({"rules/r0.toml": None, "rules/r1.toml": None}))
        ran = run(at.github, at.folder, event="schedule", payload={})
        assert ran.result.outputs["stale-count"] == "1"


@pytest.mark.parametrize("checkout", [True, False])
def test_a_config_of_the_repository_is_read_at_the_audited_commit(tmp_path: Path, *, checkout: bool) -> None:
    with scene(tmp_path, [STALE, FRESH]) as at:
        at.repo.commit({"conf/own.toml": "[audit]\nstale_days = 9999\n"})
        place = Path("conf/own.toml")
        (at.repo.path / place).write_text("[oops]\n")  # what lies in a workspace may be anybody's
        workspace = at.repo.path if checkout else None
        ran = at.audit(Inputs(config=workspace / place if workspace else place), workspace=workspace)
        assert ran.result.outputs["stale-count"] == "0"


def test_a_second_audit_writes_nothing_on_another_day_too(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE, FRESH]) as at:
        first = at.audit()
        at.github.forget()
        again = at.audit(today=first.today.replace(day=25))
        assert at.github.writes == []
        assert again.result.outputs["issue-url"] == first.result.outputs["issue-url"]


def test_nothing_stale_opens_no_issue(tmp_path: Path) -> None:
    with scene(tmp_path, [FRESH]) as at:
        assert at.audit().result.outputs["stale-count"] == "0"
        assert at.issues() == {}


def test_a_refresh_closes_the_issue_and_a_regression_opens_the_same_one_again(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        at.audit()
        at.update(FRESH)
        at.audit()
        ((number, closed),) = at.issues().items()
        assert (closed["state"], closed["reason"]) == ("closed", "completed")
        at.update(STALE)
        at.audit()
        ((same, opened),) = at.issues().items()
        assert same == number
        assert opened["state"] == "open"
        assert "+1" in opened["body"]


def test_a_strangers_look_alike_is_left_alone(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        number = at.github.open_issue_as("eve", "Stale rules: 1 rule to look at", "<!-- ruleward:audit v1 -->\nmine")
        at.github.label_as("eve", LABEL)
        before = at.issues()[number]
        at.audit()
        assert at.issues()[number] == before
        assert len(at.issues()) == 2


def test_the_issue_is_found_without_its_label_and_gets_it_back(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        at.audit()
        ((number, _),) = at.issues().items()
        at.github.unlabel_as("ada", LABEL, number=number)
        at.audit()
        ((same, issue),) = at.issues().items()
        assert same == number
        assert issue["labels"] == [LABEL]


def test_what_a_person_writes_into_the_issue_is_written_over(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        at.audit()
        ((number, issue),) = at.issues().items()
        with at.github.lock:
            at.github.hub.issues[number].body = str(issue["body"]) + "\nLooked at by @everybody\n"
        at.audit()
        assert at.issues()[number]["body"] == issue["body"]


def test_two_audits_at_once_leave_one_issue(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        second: list[Ran] = []
        at.github.fail(
            faults.moved(lambda: second.append(at.audit())),
            when=lambda verb, path: (verb, path[-7:]) == ("POST", "/issues"),
        )
        at.audit()
        assert second
        standing = [issue for issue in at.issues().values() if issue["body"].startswith("<!-- ruleward:audit")]
        assert len(standing) == 1
        assert [issue["state"] for issue in at.issues().values()].count("open") == 1
        at.github.forget()
        at.audit()
        assert at.github.writes == []


def _ends_alike(folder: Path, fault: faults.Fault, numbers: Iterable[int], wanted: Any) -> None:
    for number in numbers:
        with scene(folder / f"at{number}", [STALE]) as at:
            at.github.fail(fault, at=number)
            with suppress(GitHubError):  # the next audit finishes
                at.audit(workspace=at.repo.path)
            at.audit(workspace=at.repo.path)
            assert at.github.state() == wanted, f"{fault.name} at call {number}"


@pytest.mark.parametrize("fault", faults.EVERY, ids=lambda fault: fault.name)
def test_an_issue_whose_opening_something_happens_to_is_there_once(tmp_path: Path, fault: faults.Fault) -> None:
    with scene(tmp_path / "clean", [STALE]) as at:
        at.audit(workspace=at.repo.path)
        (opening,) = (
            number
            for number, each in enumerate(at.github.calls, 1)
            if each.method == "POST" and each.path.endswith("/issues")
        )
        wanted = at.github.state()
    _ends_alike(tmp_path, fault, [opening], wanted)


@pytest.mark.long
@pytest.mark.parametrize("fault", faults.EVERY, ids=lambda fault: fault.name)
def test_an_audit_that_something_happens_to_ends_like_one_that_nothing_does(
    tmp_path: Path, fault: faults.Fault
) -> None:
    with scene(tmp_path / "clean", [STALE]) as at:
        at.audit(workspace=at.repo.path)
        calls, wanted = len(at.github.calls), at.github.state()
    _ends_alike(tmp_path, fault, range(1, calls + 1), wanted)


def test_three_thousand_stale_rules_fit(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE] * 3_000) as at:
        ran = at.audit()
        (issue,) = at.issues().values()
        assert len(issue["body"]) <= 65_536
        assert "3,000" in issue["title"]
        assert len(json.loads(Path(ran.result.outputs["report"]).read_bytes())["rules"]) == 3_000
        at.github.forget()
        at.audit()
        assert at.github.writes == []


def test_a_token_that_may_only_read_writes_no_issue_and_says_so(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        at.github.add_token("ghs_read", login=BOT, app=True, permissions=READ_ONLY)
        ran = at.audit(token="ghs_read")
        assert at.issues() == {}
        assert ran.result.status == 0
        said = "the token may not write it (Resource not accessible by integration)"
        assert f"skipped the issue: {said}" in ran.log


@pytest.mark.parametrize(
    ("status", "said"),
    [(410, "Issues has been disabled in this repository."), (403, "Repository was archived so is read-only.")],
)
def test_why_there_is_no_issue_is_said_in_githubs_words(tmp_path: Path, status: int, said: str) -> None:
    with scene(tmp_path, [STALE]) as at:
        fault = faults.Fault(name="no issue", status=status, effect=False, body={"message": said})
        at.github.fail(fault, when=lambda method, _: method == "POST", times=0)
        ran = at.audit()
        assert f"skipped the issue: the token may not write it ({said})" in ran.log
        assert said.rstrip(".") in ran.result.summary


def test_a_dry_run_and_a_run_without_comments_write_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        ran = at.audit(Inputs(dry_run=True))
        assert "dry run: open an issue: Stale rules: 1 rule to look at" in ran.log
        at.audit(Inputs(comment=False))
        assert at.github.writes == []


def test_the_page_and_the_report_are_written_for_a_later_step(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        at.audit(Inputs(dashboard=tmp_path / "site"))
        page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
        assert "rules/r0.toml" in page
        assert "acme/rules" in page
        assert json.loads((tmp_path / "site" / "audit.json").read_bytes())["summary"]["stale"] == 1


def test_the_workspace_is_read_where_it_has_the_history(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        at.audit(workspace=at.repo.path)
        assert at.github.git_calls == []
        assert len(at.issues()) == 1


def test_a_workspace_whose_history_is_cut_off_is_not_used(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        at.update(FRESH)
        at.update(STALE)
        at.repo.git("clone", "--quiet", "--depth=1", at.repo.path.as_uri(), str(tmp_path / "shallow"))
        ran = at.audit(workspace=tmp_path / "shallow")
        assert at.github.git_calls
        assert any("cut off" in line for line in ran.log)


def test_renamed_label_is_used(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        config = '[labels]\n"governance: stale-rules" = { name = "Dusty", color = "C0FFEE" }\n'
        at.repo.commit({".github/ruleward.toml": config})
        at.audit()
        (issue,) = at.issues().values()
        assert issue["labels"] == ["Dusty"]
        assert at.github.state()["labels"]["Dusty"][0] == "c0ffee"


def test_a_workspace_without_old_blobs_is_read_left_alone_and_completed_elsewhere(tmp_path: Path) -> None:
    with scene(tmp_path, [STALE]) as at:
        at.update(FRESH)
        at.repo.git("config", "uploadpack.allowFilter", "true")
        place = tmp_path / "partial"
        at.repo.git("clone", "--quiet", "--filter=blob:none", at.repo.path.as_uri(), str(place))
        before = sorted(str(file) for file in place.rglob("*"))
        ran = at.audit(workspace=place)
        assert ran.result.outputs["stale-count"] == "0"
        assert sorted(str(file) for file in place.rglob("*")) == before
        assert len(at.github.git_calls) <= 2 * 2  # the old blob alone: every fetch asks for the references first


def test_the_reports_of_many_repositories_become_one_page_and_one_issue(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    for name, day in (("one", STALE), ("two", STALE), ("three", FRESH)):
        with scene(tmp_path / name, [day]) as at:
            ran = at.audit()
            document = json.loads(Path(ran.result.outputs["report"]).read_bytes())
        text = json.dumps(document).replace("acme/rules", f"acme/{name}")
        (shards / name).mkdir(parents=True)
        (shards / name / "report.json").write_text(text, encoding="utf-8")
    with scene(tmp_path / "home", [FRESH]) as at:
        ran = at.audit(Inputs(dashboard=tmp_path / "site"), shards=shards)
        assert ran.result.outputs["stale-count"] == "2"
        (issue,) = at.issues().values()
        assert "acme/one" in issue["body"]
        assert "acme/three" not in issue["body"]
        assert "acme/two" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
        at.github.forget()
        at.audit(shards=shards)
        assert at.github.writes == []
        (tmp_path / "none").mkdir()
        with pytest.raises(RulewardError, match="there is no report"):
            at.audit(shards=tmp_path / "none")


MANY = Path(__file__).parent.parent / ".github" / "workflows" / "audit-many.yml"
JOBS: dict[str, dict[str, Any]] = yaml.safe_load(MANY.read_text(encoding="utf-8"))["jobs"]


def name_missing(folder: Path, *repositories: str) -> None:
    """Run the step of the workflow that stands in for the reports of failed jobs."""
    (step,) = (each for each in JOBS["fold"]["steps"] if "REPOSITORIES" in each.get("env", {}))
    assert step["shell"] == "python"
    environment = {**os.environ, "REPOSITORIES": json.dumps(repositories)}
    subprocess.run([sys.executable, "-c", step["run"]], cwd=folder, env=environment, check=True)


def test_a_repository_whose_audit_failed_is_named_and_the_others_are_reported(tmp_path: Path) -> None:
    shard = tmp_path / "shards" / "ruleward-shard-1"
    with scene(tmp_path / "one", [STALE]) as at:
        report = Path(at.audit().result.outputs["report"])
        shard.mkdir(parents=True)
        (shard / "report.json").write_bytes(report.read_bytes())
    name_missing(tmp_path, "acme/renamed", "acme/rules")
    with scene(tmp_path / "home", [FRESH]) as at:
        site = tmp_path / "site"
        assert at.audit(Inputs(dashboard=site), shards=tmp_path / "shards").result.status == 3
        (issue,) = at.issues().values()
        assert "`acme/renamed`: its audit failed" in issue["body"]
        assert "rules/r0.toml" in issue["body"]
        assert "acme/renamed: its audit failed" in (site / "index.html").read_text(encoding="utf-8")


def test_an_audit_that_lacks_something_closes_no_issue(tmp_path: Path) -> None:
    with scene(tmp_path / "home", [STALE]) as at:
        url = at.audit().result.outputs["issue-url"]
        at.github.forget()
        name_missing(tmp_path, "acme/rules")
        ran = at.audit(shards=tmp_path / "shards")
        assert (ran.result.status, ran.result.outputs["issue-url"]) == (3, url)
        assert at.github.writes == []
        assert "the issue is left as it is: the audit is incomplete, and what it lacks may be stale" in ran.log


def test_nothing_that_follows_waits_for_every_audit_to_succeed() -> None:
    assert JOBS["fold"]["if"] == "${{ !cancelled() }}"
    fold = [each for each in JOBS["fold"]["steps"] if each["name"] in {"Keep the report", "Hand the page over"}]
    assert {each["if"] for each in fold} == {"${{ !cancelled() && steps.fold.outputs.report }}"}
    assert JOBS["publish"]["if"] == "${{ !cancelled() && inputs.publish && needs.fold.outputs.report }}"
    assert JOBS["fold"]["outputs"] == {"report": "${{ steps.fold.outputs.report }}"}
    kept = JOBS["audit"]["steps"][-1]
    assert kept["with"]["name"] == "ruleward-shard-${{ strategy.job-index }}"


def test_an_audit_of_one_repository_that_lacks_something_keeps_its_report_and_page() -> None:
    jobs = yaml.safe_load(MANY.with_name("audit.yml").read_text(encoding="utf-8"))["jobs"]
    after = [each for each in jobs["audit"]["steps"] if each.get("name") in {"Keep the report", "Hand the page over"}]
    assert [each["if"] for each in after] == ["${{ !cancelled() && steps.audit.outputs.report }}"] * 2
    assert jobs["publish"]["if"] == "${{ !cancelled() && needs.audit.outputs.report }}"
    assert jobs["audit"]["outputs"] == {"report": "${{ steps.audit.outputs.report }}"}
