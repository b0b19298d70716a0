"""What the benchmarks measure is what they say: so many rules, so many of them narrowed, and no command that failed."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest
import yaml

from bot.app import review
from bot.collect.git import Git
from bot.model import Blob, Rule
from bot.parse import parse
from tools.made_up import TODAY, build, rule_text, sigma_text
from tools.measure import UnfinishedError, measure


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Git:
    folder = tmp_path_factory.mktemp("bench") / "rules.git"
    build(folder, trees=(5, 20), base=20, edited=(10,), new=(3,))
    return Git(folder)


@pytest.mark.parametrize(("tree", "rules"), [("tree-5", 5), ("tree-20", 20), ("new-3", 23)])
def test_a_tree_holds_as_many_rules_as_it_says(made_up: Git, tree: str, rules: int) -> None:
    assert len(made_up.tree(made_up.commit(tree), ["rules"])) == rules


def test_a_fifth_of_a_made_up_bulk_change_narrows_its_query_and_none_is_objected_to(made_up: Git) -> None:
    day = date.fromisoformat(TODAY)
    found = review(made_up, base="tree-20", head="edit-10", config=None, today=day).review
    verdicts = [rule.change.query.verdict.value for rule in found.rules if rule.change.query is not None]
    assert len(found.rules) == 10
    assert verdicts.count("narrowed") == 2
    assert found.verdict.value == "pass"


def test_a_made_up_sigma_rule_is_as_long_as_one_of_ours_and_can_be_read() -> None:
    ours, theirs = rule_text(7), sigma_text(7)
    assert isinstance(parse(Blob(path="a.toml", size=len(ours), data=ours.encode()), max_bytes=100_000), Rule)
    assert len(yaml.safe_load(theirs)["detection"]["selection"]["Image|endswith"]) == 8
    assert 0.9 < len(theirs) / len(ours) < 1.1


def test_a_command_has_a_time_and_a_memory(tmp_path: Path) -> None:
    small, large = measure([[sys.executable, "-c", code] for code in ("0", "' ' * 2**29")], tmp_path, 1)
    assert small.seconds > 0
    assert large.mebibytes > max(512, small.mebibytes)  # the smaller one is told as large as this process


def test_a_command_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(UnfinishedError, match="ended with status 3"):
        measure([[sys.executable, "-c", "raise SystemExit(3)"]], tmp_path, 1)
