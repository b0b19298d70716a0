"""Files: rules, where their keys stand, the config, schemas, stack maps, workflows, CODEOWNERS."""

# ruff: noqa: E501, PT017 - a row of bait; what was caught is data here
from __future__ import annotations

import contextlib
import random
from typing import Any

import tomli
from hypothesis import strategies as st

from bot.config import ConfigError, read_config
from bot.fields import built_in
from bot.layout import Layout, too_deep
from bot.model import Blob, NoRule, Rule, RulewardError, Unreadable, same
from bot.owners import Owners
from bot.parse import parse
from bot.settings import Globs, Settings, is_pattern
from bot.setup import document
from bot.setup.wiring import check, uses_of
from tests.fuzz.target import Target
from tests.fuzz.texts import as_bytes, changed, soup
from tests.repository import rule_text
from tests.test_layout import document as toml_of
from tests.test_layout import documents, paths

_RULE = rule_text(rule='[rule.alert_suppression]\ngroup_by = ["a.b"] # why\n[[rule.threat]]\nframework = "X"\n')


def _check_rule(data: bytes) -> None:
    parsed = parse(Blob(path="rules/a.toml", size=len(data), data=data), max_bytes=5_000)
    if isinstance(parsed, Unreadable):
        assert parsed.reason
        assert "\n" not in parsed.reason
        assert parsed.line is None or 1 <= parsed.line <= data.count(b"\n") + data.count(b"\r") + 2
        return
    assert isinstance(parsed, Rule | NoRule)
    if isinstance(parsed, Rule):
        layout = Layout(parsed.text)
        for path in paths(dict(parsed.data)):
            lines = layout.lines(path)
            assert lines is not None, path
            assert 1 <= lines[0] <= lines[1] <= parsed.text.count("\n") + 1


rule = Target(name="rule", values=as_bytes(changed(_RULE) | soup), check=_check_rule)


def _check_layout(drawn: tuple[dict[str, object], int, str, Any, str | int]) -> None:
    table, seed, ending, chosen, value = drawn
    text = toml_of(table, random.Random(seed)).replace("\n", ending)
    parsed = tomli.loads(text)
    assert too_deep(text, 50) is None
    every = [path for path in paths(parsed) if isinstance(path[-1], str)] or [("x",)]
    path = every[chosen % len(every)]
    parent = _at(parsed, path[:-1])
    if isinstance(parent, dict) and seed % 3 == 0:
        path = (*path[:-1], "new_key")
    if isinstance(_at(parsed, path), dict | list):
        return
    fix = Layout(text).set(path, value)
    if fix is None:
        return
    lines = text.split("\n")
    before, after = lines[: fix.start_line - 1], lines[fix.end_line :]
    tail = "\r" if lines[fix.end_line - 1].endswith("\r") else ""
    again = "\n".join([*before, fix.replacement + tail, *after])
    wanted = tomli.loads(text)
    _put(wanted, path, value)
    assert same(tomli.loads(again), wanted), (text, path, value, again)


def _at(value: Any, path: Any) -> Any:
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _put(value: Any, path: Any, new: object) -> None:
    _at(value, path[:-1])[path[-1]] = new


layout = Target(
    name="layout",
    values=st.tuples(
        documents,
        st.integers(0, 1000),
        st.sampled_from(["\n", "\r\n"]),
        st.integers(0, 50),
        st.text(st.sampled_from("ab\"'\\\n\t\r\x00\x7f#é\u2028 "), max_size=8) | st.integers(-3, 9),
    ),
    check=_check_layout,
    few=150,
)

_CONFIG = """[rules]
include = ["rules/**/*.toml"]
max_bytes = 1_000_000
[policies]
updated-date-lagging = { level = "notice", window_days = 30 }
schedule-gap = "off"
[maturity]
states = ["development", "production", "deprecated"]
edges = { development = ["production"], production = ["deprecated"], deprecated = [] }
[ecs]
mode = "optional"
minimum = "8.11.0"
[labels]
"rule: new" = { name = "Rule: New", color = "0e8a16", description = "x" }
[waivers]
permission = "write"
[comment]
mode = "changes"
[[exceptions]]
policy = "schedule-gap"
path = "rules/a.toml"
reason = "so"
expires = 2027-01-31
"""


def _check_config(data: bytes) -> None:
    try:
        made = read_config(data)
    except ConfigError as error:
        assert error.faults
        for fault in error.faults:
            assert fault.message
            assert 1 <= fault.line <= data.count(b"\n") + data.count(b"\r") + 2, fault
            assert fault.column >= 1
        return
    assert isinstance(made, Settings)
    made.rules.governs("rules/a.toml")


config = Target(name="config", values=as_bytes(changed(_CONFIG) | soup), check=_check_config)


def _check_globs(drawn: tuple[list[str], str]) -> None:
    patterns, path = drawn
    made = Globs(tuple(pattern for pattern in patterns if is_pattern(pattern)))
    assert (path in made) in {True, False}
    assert isinstance(made.roots(), tuple)


globs = Target(
    name="globs",
    values=st.tuples(st.lists(st.text(st.sampled_from("ab/*?[]!\\-. {}"), max_size=12), max_size=3), soup),
    check=_check_globs,
)

_YAML = 'a.b:\n  type: keyword\n  multi_fields:\n    - {name: text, flat_name: a.b.text}\nc: &x {type: object}\nd: *x\n"8.12.0": {ecs: "8.11.0"}\n'


def _check_yaml(data: bytes) -> None:
    with contextlib.suppress(RulewardError):
        built_in().and_schemas({"x/8.11.0/y.yml": data})
    with contextlib.suppress(RulewardError):
        built_in().and_stacks("map.yaml", data)


yaml = Target(name="yaml", values=as_bytes(changed(_YAML) | soup), check=_check_yaml)

_WORKFLOW = """name: x
on:
  pull_request_target:
    types: [opened, synchronize, labeled]
permissions: { contents: read }
concurrency: { group: x }
jobs:
  a:
    if: github.event.number
    runs-on: ubuntu-latest
    permissions: {}
    steps:
      - uses: actions/checkout@v4
        with: { ref: "${{ github.head_ref }}" }
      - uses: acme/ruleward@v1
        with: { token: x, nope: y }
"""


def _check_workflow(text: str) -> None:
    with contextlib.suppress(document.NotYamlError):
        document.read(text)
    uses, lines = uses_of(".github/workflows/x.yml", text)
    for use in uses:
        lines += check(use, inputs={"token"}, queue=True)
    assert all(str(line) for line in lines)


workflow = Target(name="workflow", values=changed(_WORKFLOW) | soup, check=_check_workflow)


def _check_owners(drawn: tuple[bytes, str]) -> None:
    data, path = drawn
    for asked in (path, path + data.decode("utf-8", "replace")):  # all that a pattern begins with stands in the second
        assert all(isinstance(name, str) for name in Owners(data).of(asked))


owners = Target(
    name="codeowners",
    values=st.tuples(
        as_bytes(changed("# us\n* @acme/all\n/rules/a\\ [b]/ @a b@c.d # hm\nrules/**/x?.toml @b\n") | soup), soup
    ),
    check=_check_owners,
)
