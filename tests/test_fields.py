"""Field sets of ECS: what Ruleward brings, and what a repository's own files add."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from bot.app import review
from bot.collect.git import Git
from bot.ecs import Version
from bot.fields import FieldSets, built_in, single
from bot.model import RulewardError
from tests.repository import Repository, new_repository, rule_text

FLAT = b"""
agent.team: {type: keyword, multi_fields: [{name: text, type: match_only_text}]}
process.mood: {type: keyword}
process.extras: {type: flattened}
"""


@pytest.mark.parametrize("version", [(8, 11, 1), (8, 11, 5), (9, 0, 0), (9, 3, 0), (9, 4, 0)])
def test_every_set_has_the_fields_that_all_versions_share(version: Version) -> None:
    names = built_in().sets[version]
    assert {"process.name", "process.name.text", "event.category", "labels.*", "dns.answers.data"} <= names
    assert len(names) > 1700


@pytest.mark.parametrize(
    ("version", "unknown"), [((1, 4, 0), True), ((8, 11, 0), True), ((8, 17, 0), False), ((9, 4, 0), False)]
)
def test_a_version_without_a_set_has_the_next_newer_one(version: Version, unknown: bool) -> None:  # noqa: FBT001 - a truth value
    assert built_in().unknown("process.hash.cdhash", [version]) is unknown


def test_ecs_says_which_fields_hold_one_value() -> None:
    assert all(map(single, ("process.name", "process.name.text", "process.parent.executable", "user.id")))
    assert [single(name) for name in ("process.args", "event.type", "host.ip")] == [False] * 3
    assert [single(name) for name in ("process.Ext.odd", "nosuch", "labels.a")] == [None] * 3


@pytest.mark.parametrize("name", ["process", "process.parent", "nosuch.field", "file.Ext.odd", "process.na*", "tags"])
def test_what_is_no_field_inside_a_set_is_not_judged(name: str) -> None:
    assert not built_in().unknown(name, built_in().sets)


def test_a_schema_of_the_repository_adds_to_every_version() -> None:
    fields = built_in().and_schemas({"etc/own.yml": FLAT})
    for name in ("agent.team", "process.mood"):
        assert built_in().unknown(name, [(8, 11, 0)])
    for name in ("agent.team", "agent.team.text", "process.mood", "process.extras.anything.at_all"):
        assert not fields.unknown(name, [(8, 11, 0)])
    assert fields.unknown("process.moood", [(8, 11, 0)])


def test_a_schema_whose_path_names_a_version_is_the_set_of_that_version() -> None:
    fields = built_in().and_schemas({"etc/9.9.0/ecs_flat.yml": FLAT})
    assert not fields.unknown("process.mood", [(9, 9, 0)])
    assert fields.unknown("process.mood", [(9, 4, 0)])
    assert fields.covers((9, 9, 0))
    assert not built_in().covers((9, 9, 0))


def test_a_stack_ships_the_version_that_the_map_says_or_the_next_one() -> None:
    fields = built_in().and_stacks("map.yaml", b'"8.12.0": {ecs: "8.11.0", beats: "8.12.0"}\n"9.0.0": {ecs: "9.0.0"}\n')
    assert [fields.shipped(stack) for stack in ((8, 3, 0), (8, 12, 0), (8, 13, 0), (9, 1, 0))] == [
        (8, 11, 0),
        (8, 11, 0),
        (9, 0, 0),
        None,
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a: [", "own.yml:2:1: no YAML: "),
        (b"- process.name", "own.yml: no mapping of names at its top"),
        (b"process: {fields: {}}", "own.yml: no flat schema of ECS, for `process` has no type"),
        (b"a: " + b"[" * 30 + b"]" * 30, "own.yml: no YAML that can be read: nested too deep"),
        (b"[" * 100_000, "own.yml"),
        (b"1: {type: keyword}", "own.yml: no mapping of names at its top"),
    ],
)
def test_a_broken_schema_is_told_by_its_name(data: bytes, said: str) -> None:
    with pytest.raises(RulewardError) as caught:
        built_in().and_schemas({"own.yml": data})
    assert str(caught.value).startswith(said)
    assert "no " in str(caught.value)


def test_a_broken_stack_map_is_told_by_its_name() -> None:
    with pytest.raises(RulewardError, match=r"`8\.12` does not map a version of the stack"):
        built_in().and_stacks("map.yaml", b'"8.12": {ecs: "8.11.0"}')


CONFIG = """
[ecs]
schemas = "etc/schemas"
stack_map = "etc/stack-schema-map.yaml"
"""
QUERY = "process where process.mood : 1 and process.hash.cdhash : 2 and process.parent.hash.cdash : 3"


def _messages(repo: Repository) -> list[str]:
    done = review(Git(repo.path), base=None, head="topic", config=None, today=date(2026, 11, 24)).review
    return [finding.message for finding in done.all_findings() if finding.policy == "ecs-field-unknown"]


def _branched(path: Path, files: dict[str, str | bytes | None]) -> Repository:
    repo = new_repository(path)
    repo.commit({".github/ruleward.toml": CONFIG, **files})
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit({"rules/a.toml": rule_text(query=QUERY, metadata='min_stack_version = "8.12.0"\n')})
    return repo


def test_schemas_and_the_stack_map_are_read_from_the_tip_of_the_base_branch(tmp_path: Path) -> None:
    stack = '"8.12.0": {ecs: "8.11.0"}\n'
    repo = _branched(tmp_path, {"etc/schemas/own.yml": FLAT, "etc/stack-schema-map.yaml": stack})
    repo.commit({"etc/schemas/own.yml": b"process.hash.cdhash: {type: keyword}\n"})  # the head's counts for nothing
    assert _messages(repo) == [
        "`process.hash.cdhash` is no field of ECS 8.11.0; ECS 9.0.0 has it",
        "`process.parent.hash.cdash` is no field of ECS 8.11.0; did you mean `process.parent.hash.cdhash`?",
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"etc/stack-schema-map.yaml": "{}"},
            ".github/ruleward.toml:3:1: ecs.schemas: the base branch has no YAML file in `etc/schemas`",
        ),
        (
            {"etc/schemas/own.yml": FLAT},
            ".github/ruleward.toml:4:1: ecs.stack_map: the base branch has no file `etc/stack-schema-map.yaml`",
        ),
    ],
)
def test_a_file_that_the_config_names_and_the_base_lacks_is_told(
    tmp_path: Path, files: dict[str, str | bytes | None], said: str
) -> None:
    with pytest.raises(RulewardError, match=re.escape(said)):
        _messages(_branched(tmp_path, files))


def test_field_sets_without_a_repository_are_those_that_come_along() -> None:
    assert isinstance(built_in(), FieldSets)
    assert built_in().own == frozenset()
