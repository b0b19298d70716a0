"""Real pull requests: what Ruleward says of them, against facts that were computed apart from it.

The corpus is not part of this repository; without it these tests skip, and the rest of the suite stands alone.
"""

from __future__ import annotations

import json
import lzma
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import fix, replay, review
from bot.collect.git import Git
from bot.collect.ledger import Ledger
from bot.collect.spans import ranges
from bot.diff import SET_LIKE
from bot.fix import offered
from bot.model import Finding, Kind, Level, Op, Past, Review, Rule, RuleReview, parse_date
from bot.settings import Settings

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real pull requests is not beside this clone")

FLAGS = {
    "updated_date_not_bumped": "updated-date-not-bumped",
    "updated_date_regressed": "updated-date-backwards",
    "updated_date_in_future": "updated-date-in-future",
    "updated_before_creation": "updated-date-before-creation",
    "invalid_date": "invalid-date",
    "creation_date_changed": "creation-date-changed",
    "deleted_production": "rule-removed",
    "deprecated_rule_edited": "deprecated-rule-edited",
    "ecs_version_removed": "ecs-version-lowered",
    "rule_id_malformed": "invalid-rule-id",
    "type_changed": "rule-type-changed",
}
"""The corpus's flag to the policy that must say the same of the same rule."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("corpus") / "rules"
    subprocess.run(["git", "clone", "--quiet", "--bare", CORPUS / "dev.bundle", place], check=True)
    return place


@pytest.fixture(scope="module")
def pulls() -> list[dict[str, Any]]:
    with lzma.open(CORPUS / "dev.jsonl.xz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def reviews(repository: Path, pulls: list[dict[str, Any]]) -> dict[str, Review]:
    git = Git(repository)
    return {
        pull["id"]: review(
            git,
            base=pull["base"],
            head=pull["head"],
            config=None,
            today=date.fromisoformat(pull["commit_date_utc"]),
        ).review
        for pull in pulls
    }


def each_rule(
    reviews: Mapping[str, Review], pulls: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any], RuleReview]]:
    for pull in pulls:
        ours = {rule.change.path: rule for rule in reviews[pull["id"]].rules}
        for fact in pull["rules"]:
            path = fact["path"] or fact["old_path"]
            assert path in ours, f"{pull['id']}: {path} is missing"
            yield pull, fact, ours[path]


def test_the_same_rules_are_found_with_the_same_partner(
    reviews: dict[str, Review], pulls: list[dict[str, Any]]
) -> None:
    kinds = {"new": {Kind.NEW}, "deleted": {Kind.REMOVAL}}
    wrong = []
    for pull, fact, ours in each_rule(reviews, pulls):
        change = ours.change
        previous = change.previous_path or (change.path if change.before is not None else None)
        if fact["old_path"] != previous or (change.kind in kinds.get(fact["change"], {change.kind})) is False:
            wrong.append((pull["id"], fact["path"], fact["old_path"], previous, change.kind))
    assert not wrong
    for pull in pulls:
        assert len(reviews[pull["id"]].rules) == len(pull["rules"]), pull["id"]


def test_dates_maturity_and_ecs_version_are_the_facts(reviews: dict[str, Review], pulls: list[dict[str, Any]]) -> None:
    wrong = []
    for pull, fact, ours in each_rule(reviews, pulls):
        for key in ("updated_date", "creation_date", "maturity", "ecs_version"):
            if key in fact:
                sides = [ours.change.base, ours.change.head]
                seen = [None if side is None else side.get("metadata", key) for side in sides]
                if seen != fact[key]:
                    wrong.append((pull["id"], fact["path"], key, fact[key], seen))
    assert not wrong


def test_changed_keys_are_the_facts_but_for_sets(reviews: dict[str, Review], pulls: list[dict[str, Any]]) -> None:
    wrong = []
    for pull, fact, ours in each_rule(reviews, pulls):
        base, head = ours.change.base, ours.change.head
        if base is None or head is None:
            continue
        seen = {change.key for change in ours.change.changes}
        reordered = {
            ".".join(path)
            for path in SET_LIKE
            if isinstance(base.get(*path), list) and _bag(base, path) == _bag(head, path)
        }
        if set(fact["changed"]) - reordered != seen:
            wrong.append((pull["id"], fact["path"], set(fact["changed"]) ^ seen))
    assert not wrong


def _bag(rule: Rule, path: tuple[str, ...]) -> set[str]:
    value = rule.get(*path)
    return set(map(str, value)) if isinstance(value, list) else set()


def test_findings_are_the_flags(reviews: dict[str, Review], pulls: list[dict[str, Any]]) -> None:
    """Every difference is one that the contract asks for."""
    missing: list[object] = []
    surplus: list[object] = []
    agreed: Counter[str] = Counter()
    for pull, fact, ours in each_rule(reviews, pulls):
        today = date.fromisoformat(pull["commit_date_utc"])
        said = {finding.policy: finding for finding in ours.findings}
        flagged = {FLAGS[flag] for flag in fact["flags"] if flag in FLAGS}
        for policy in sorted(set(FLAGS.values())):
            if (policy in said) == (policy in flagged):
                agreed[policy] += policy in said
            elif policy in flagged and not _may_be_silent(policy, ours, said, today):
                missing.append((pull["id"], policy, fact["path"], fact["updated_date"]))
            elif policy in said and not _may_speak(policy, ours, said[policy], fact):
                surplus.append((pull["id"], policy, fact["path"], fact["updated_date"], said[policy].message))
    assert not missing
    assert not surplus
    assert set(agreed) == set(FLAGS.values())


def _may_be_silent(policy: str, ours: RuleReview, said: Mapping[str, Finding], today: date) -> bool:
    """Where the contract is silent on what the corpus flags."""
    base, head = ours.change.base, ours.change.head
    if policy == "updated-date-not-bumped":
        fresh = base is not None and (base.updated_date or today) >= today - timedelta(days=1)
        return fresh or not ours.change.asked - {"bookkeeping"} or "invalid-date" in said
    if policy == "updated-date-in-future":
        return head is not None and (head.updated_date or today) <= today + timedelta(days=1)
    if policy == "updated-date-backwards":
        return base is not None and (base.updated_date or date.max) > today + timedelta(days=1)
    return False


def _may_speak(policy: str, ours: RuleReview, finding: Finding, fact: Mapping[str, Any]) -> bool:
    """Where the contract speaks of what the corpus does not flag."""
    if policy == "updated-date-not-bumped":
        return bool(fact["whitespace_only"])  # re-wrapped prose is a changed value all the same
    if policy in {"updated-date-before-creation", "invalid-date", "updated-date-in-future"}:
        head = ours.change.head
        return head is not None and (
            finding.preexisting or parse_date(head.get("metadata", "updated_date")) is not None
        )
    return finding.preexisting


def test_backward_dates_are_errors_unless_the_history_held_the_file(
    reviews: dict[str, Review], pulls: list[dict[str, Any]]
) -> None:
    seen: Counter[tuple[Past, Level]] = Counter()
    for _pull, _fact, ours in each_rule(reviews, pulls):
        levels = [finding.severity for finding in ours.findings if finding.policy == "updated-date-backwards"]
        seen.update((ours.change.past, level) for level in levels)
    assert set(seen) == {(Past.HELD, Level.NOTICE), (Past.NOT_HELD, Level.ERROR)}


FINER = {
    "tuning": {"tuning", "metadata", "promotion", "demotion"},
    "new": {"new", "restoration"},
    "deprecation": {"deprecation"},
}


def test_labels_hold_the_maintainers_word(reviews: dict[str, Review], pulls: list[dict[str, Any]]) -> None:
    tagged = [pull for pull in pulls if set(pull["truth_labels"]) & FINER.keys()]
    agreed = [
        pull["id"]
        for pull in tagged
        if all(
            {f"rule: {word}" for word in FINER[label]} & set(reviews[pull["id"]].labels)
            for label in set(pull["truth_labels"]) & FINER.keys()
        )
    ]
    assert len(agreed) / len(tagged) >= 0.95, sorted({pull["id"] for pull in tagged} - set(agreed))


def test_no_review_is_incomplete_and_every_change_has_two_ops(reviews: dict[str, Review]) -> None:
    for done in reviews.values():
        assert done.unevaluated == ()
        for rule in done.rules:
            for change in rule.change.changes:
                assert (change.op is Op.ADDED) == (change.before is None)


@pytest.mark.long
def test_a_replay_says_the_same_as_every_review(
    repository: Path, reviews: dict[str, Review], pulls: list[dict[str, Any]]
) -> None:
    """One config, one memory and one process for all of them change nothing; the days are those of the head commits."""
    git = Git(repository)
    spans = ranges(git, (f"pr/{pull['id']}/base..pr/{pull['id']}/head" for pull in pulls), "pulls")
    assert [span.day.isoformat() for span in spans] == [pull["commit_date_utc"] for pull in pulls]
    assert [span.title for span in spans] == [pull["subject"] for pull in pulls]
    for pull, entry in zip(pulls, replay(git, spans, Settings(), Ledger(None), b""), strict=True):
        done = reviews[pull["id"]]
        assert entry.verdict is done.verdict
        assert entry.rules == len(done.rules)
        expected = Counter((each.policy, each.severity, each.path, each.line) for each in done.all_findings())
        said = Counter((each.policy, each.severity, each.path, each.line) for each in entry.hits)
        assert {key[0] for key in said - expected} <= {"logic-under-docs-title"}  # the reviews had no title
        assert not expected - said


@dataclass
class Work:
    """What fixing all pull requests came to."""

    pulls: int = 0
    files: int = 0
    lines: int = 0
    policies: Counter[str] = field(default_factory=Counter)


def test_fixing_a_pull_request_mends_its_findings_and_moves_no_other_line(
    repository: Path,
    reviews: dict[str, Review],
    pulls: list[dict[str, Any]],
    tmp_path: Path,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    place = tmp_path / "tree"
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", repository, place], check=True)
    work = Work()
    for pull in pulls:
        before = [each for each in reviews[pull["id"]].all_findings() if offered(each)]
        if before:
            run = ["git", "-C", str(place), "checkout", "--quiet", "--force", "--detach", pull["head"]]
            subprocess.run(run, check=True)
            _fix(place, pull, before, reviews[pull["id"]], work)
    assert work.policies["updated-date-not-bumped"] > 500
    record_testsuite_property("fixed", f"{work}")


def _fix(place: Path, pull: dict[str, Any], before: list[Finding], review_of: Review, work: Work) -> None:
    """Fix the working tree, and hold it to what was promised."""
    git = Git(place)
    today = date.fromisoformat(pull["commit_date_utc"])
    done = fix(git, base=pull["base"], config=None, today=today, only=None, dry_run=False)
    left = {_known(each) for each in done.left.review.all_findings()}
    assert not left & {_known(each) for each in before}, pull["id"]
    assert left <= {_known(each) for each in review_of.all_findings()}, pull["id"]
    again = review(git, base=pull["base"], head=None, config=None, today=today).review
    assert list(done.left.review.all_findings()) == list(again.all_findings())
    mended = [each.finding for edit in done.edits for each in edit.fixed]
    named = {(each.path, number) for each in mended for number in _lines(each)}
    moved = set(_moved(git))
    assert moved == named, pull["id"]
    assert fix(git, base=pull["base"], config=None, today=today, only=None, dry_run=False).edits == ()
    work.pulls += 1
    work.files += len(done.edits)
    work.lines += len(moved)
    work.policies.update(each.policy for each in mended)


def _known(finding: Finding) -> tuple[str, str, object]:
    return finding.policy, finding.path, finding.at


def _lines(finding: Finding) -> range:
    assert finding.fix is not None
    return range(finding.fix.start_line, finding.fix.end_line + 1)


def _moved(git: Git) -> Iterator[tuple[str, int]]:
    """The lines of the head that the working tree holds no more as they were."""
    path = ""
    for row in git.run("diff", "--unified=0", "--no-ext-diff", "HEAD").decode("utf-8", "replace").split("\n"):
        if row.startswith("--- a/"):
            path = row.removeprefix("--- a/")
        elif hunk := re.match(r"@@ -(\d+)(?:,(\d+))? ", row):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            yield from ((path, number) for number in range(start, start + count))
