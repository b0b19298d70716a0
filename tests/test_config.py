"""The config: every key of the contract, and faults that name their place."""

from __future__ import annotations

import contextlib
from datetime import date

import jsonschema
import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigError, config_schema, read_config
from bot.model import Category, Level
from bot.settings import EcsMode, Globs, Settings

WHOLE = """
[rules]
include = ["detections/**/*.toml"]
exclude = ["detections/drafts/**"]
deprecated = []
max_bytes = 5000

[policies]
updated-date-lagging = { level = "warning", window_days = 7 }
rule-removed = "off"

[bump]
requires = ["logic", "scope"]

[maturity]
states = ["draft", "live", "deprecated"]
entry = ["draft"]
shipping = ["live"]
edges = { draft = ["live"], live = ["deprecated"] }

[ecs]
mode = "require"
minimum = "8.11.0"
versions = ["9.9.0"]
schemas = "etc/ecs"
stack_map = "etc/stack.yaml"

[labels]
"rule: new" = { name = "Rule: New", color = "0e8a16", description = "A rule came" }

[waivers]
permission = "maintain"
allow_author = true

[comment]
mode = "always"
bulk_threshold = 10
max_inline = 5
template = ".github/ruleward.md.j2"

[removal]
grace_days = 1

[audit]
stale_days = 1
stale_logic_days = 2
limbo_days = 3
promote_days = 4
owners = "CODEOWNERS"

[status]
context = "rules: {base}"

[[exceptions]]
policy = "rule-removed"
path = "detections/a.toml"
reason = "agreed"
expires = 2027-01-31

[[exceptions]]
policy = "invalid-date"
rule_id = "x"
reason = "agreed"
"""


def test_every_key_of_the_contract_is_read() -> None:
    settings = read_config(WHOLE.encode())
    assert settings.rules.governs("detections/x/y.toml")
    assert not settings.rules.governs("detections/drafts/y.toml")
    assert settings.policies["rule-removed"].level is Level.OFF
    assert settings.policies["updated-date-lagging"].level is Level.WARNING
    assert settings.bump.requires == {Category.LOGIC, Category.SCOPE}
    assert settings.maturity.edges == {"draft": ("live",), "live": ("deprecated",)}
    assert settings.ecs.mode is EcsMode.REQUIRE
    assert settings.labels["rule: new"].name == "Rule: New"
    assert settings.exceptions[0].expires == date(2027, 1, 31)
    assert settings.exceptions[0].line == 54
    assert settings.exceptions[1].expires is None


def test_the_schema_takes_what_the_reader_takes() -> None:
    tables = tomli.loads(WHOLE)
    tables["exceptions"][0]["expires"] = "2027-01-31"
    jsonschema.Draft202012Validator.check_schema(config_schema())
    jsonschema.validate(tables, config_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"rulez": {}}, config_schema())


def test_no_config_is_the_defaults() -> None:
    assert read_config(None) == Settings()
    assert read_config(b"") == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n", ".github/ruleward.toml:1:1: unknown key `x`; known here: rules, bump, "),
        ("[rules]\n\nincluded = []\n", ":3:1: unknown key `included` in [rules]; known here: include, exclude, "),
        ("[rules]\nmax_bytes = true\n", ":2:1: `rules.max_bytes` must be a whole number"),
        ("[rules]\nmax_bytes = -1\n", ":2:1: `rules.max_bytes` must be a whole number"),
        ("[rules]\ninclude = ['a', 1]\n", ":2:17: `rules.include[1]` must be a string"),
        ("[rules]\ninclude = 'a'\n", ":2:1: `rules.include` must be a list"),
        ("[rules]\ninclude = ['a', 'b\\']\n", ":2:17: `b\\` is no path pattern"),
        ("[rules]\ninclude = ['a/[z-a].toml']\n", ":2:12: `a/[z-a].toml` is no path pattern"),
        ("[rules]\ninclude = ['*a*b*c*d']\n", ":2:12: `*a*b*c*d` has more stars than can be matched quickly"),
        ("rules = 1\n", ":1:1: `rules` must be a table"),
        (
            "[policies]\nrule-remove = 'error'\n",
            ":2:1: unknown policy `rule-remove` (did you mean `rule-removed`?); known",
        ),
        (
            "[policies]\nmin-stack = 'error'\n",
            ":2:1: unknown policy `min-stack` (did you mean `min-stack-lowered`, `min-stack-uncommented`?); known",
        ),
        ("[policies]\nno-such = 'error'\n", ":2:1: unknown policy `no-such`; known here: "),
        ("[policies]\nrule-removed = 'loud'\n", "must be one of error, warning, notice, off"),
        (
            "[policies]\nrule-removed = { days = 1 }\n",
            "unknown key `days` in [policies.rule-removed]; known here: level",
        ),
        ("[bump]\nrequires = ['all']\n", ":2:13: `bump.requires[0]` must be one of logic, "),
        ("[maturity]\nentry = ['draft']\n", ":2:1: `draft` in `maturity.entry` is not among maturity.states"),
        ("[ecs]\nminimum = '8.11'\n", ":2:1: `8.11` is no version"),
        ("[labels]\n'rule: odd' = {}\n", "unknown key `rule: odd` in [labels]"),
        ("[labels]\n'rule: new' = { color = '#fff' }\n", "six hex digits"),
        ("[labels]\n'rule: new' = { description = 'Rules 🛡' }\n", "takes no `🛡` in a label's description"),
        ("[status]\ncontext = ' '\n", ":2:1: a commit status needs a name"),
        ("[[exceptions]]\npolicy = 'rule-removed'\n", ":1:1: `exceptions[0]` needs `reason`"),
        ("[[exceptions]]\npolicy = 'rule-removed'\nreason = 'x'\n", "names either `rule_id` or `path`"),
        ("[[exceptions]]\npolicy = 'unreadable-rule'\npath = 'a'\nreason = 'x'\n", "cannot be excepted"),
        (
            "[[exceptions]]\npolicy='rule-removed'\npath='a'\nreason='x'\nexpires='soon'\n",
            ":5:1: `exceptions[0].expires`",
        ),
        (
            "[[exceptions]]\nline = 1\npolicy='rule-removed'\npath='a'\nreason='x'\n",
            ":2:1: unknown key `line` in [exceptions[0]]; known here: policy, reason, rule_id, path, expires",
        ),
        ("a = \n", ":1:5: not TOML"),
        ("\ufeff[rules]\n", ":1:1: not TOML: it begins with a byte order mark (U+FEFF)"),
    ],
)
def test_a_fault_names_its_line_and_what_is_known_there(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(text.encode())
    assert expected in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(b"x = 1\n[rules]\ny = 1\n[audit]\nstale_days = 'a'\n")
    assert [fault.line for fault in caught.value.faults] == [1, 3, 5]


def test_states_that_leave_out_what_a_default_names_are_one_fault_a_key_on_their_own_line() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(b'[maturity]\n\nstates = ["a", "b"]\nshipping = ["b"]\n')
    edges, entry = caught.value.faults
    assert {(fault.line, fault.column) for fault in (edges, entry)} == {(3, 1)}
    assert edges.message.endswith("set `maturity.edges` too")
    assert entry.message.startswith("`maturity.entry` is not set, and `development`, `experimental`, ")


def test_states_with_all_that_names_them_are_no_fault() -> None:
    settings = read_config(b'[maturity]\nstates=["a", "b"]\nentry=["a"]\nshipping=["b"]\nedges={a=["b"]}\n')
    assert settings.maturity.before_shipping("a")


@given(st.text(st.sampled_from("ab=[]{}\"'\n.#rules policies"), max_size=80))
def test_no_text_raises_anything_but_a_config_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert read_config(text.encode()) is not None


@pytest.mark.parametrize(
    ("patterns", "path", "meant"),
    [
        (("rules/**/*.toml",), "rules/a.toml", True),
        (("rules/**/*.toml",), "rules/a/b/c.toml", True),
        (("rules/**/*.toml",), "other/rules/a.toml", False),
        (("*.toml",), "any/where/a.toml", True),
        (("rules/_deprecated/**",), "rules/_deprecated/a.toml", True),
        (("rules/_deprecated/**",), "rules/_deprecated", False),
        (("rules/**", "!rules/x/**"), "rules/x/a.toml", False),
        ((), "a", False),
    ],
)
def test_globs_are_those_of_gitignore(patterns: tuple[str, ...], path: str, *, meant: bool) -> None:
    assert (path in Globs(patterns)) is meant


@pytest.mark.parametrize(
    ("patterns", "roots"),
    [
        (("rules/**/*.toml", "bbr/*.toml"), ("bbr", "rules")),
        (("*.toml", "rules/**"), ()),
        (("/a/b/*.toml",), ("a/b",)),
        (("a/*/b/*.toml",), ("a",)),
    ],
)
def test_only_the_folders_that_can_match_are_searched(patterns: tuple[str, ...], roots: tuple[str, ...]) -> None:
    assert Globs(patterns).roots() == roots
