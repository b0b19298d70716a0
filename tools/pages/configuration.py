"""``docs/configuration.md``: every key of the config, from the dataclasses in ``bot/settings.py``."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import LABELS, SECTIONS
from bot.github.labels import labels
from bot.model import Category
from bot.policy import all_policies
from bot.render.keys import first_line, keys
from bot.settings import (
    LabelStyle,
    Settings,
    StandingException,
)
from tools.pages.values import cell, sentence, table

_HEAD = """\
# Configuration

<!-- Made by `make generate` from the dataclasses in bot/settings.py; edits here are lost. -->

Ruleward reads `.github/ruleward.toml`, and every file that it names, **at the tip of the base branch**: a pull request cannot relax the rules that
it is judged by. One that edits the config gets the new file checked ([`config-invalid`](policies.md#config-invalid)) and is judged by the old one.
In your working tree `--config FILE` tries another.

There need not be a config; every key has a default. `ruleward init` writes one in which the defaults stand behind a `#`.
An unknown key or a wrong type is an error that names line, column and the keys known there. `ruleward schema config` prints the JSON Schema, for
editors that complete TOML.

All keys are in [the example](#the-whole-of-it) at the end.
"""

_MORE = {
    "rules": "A file under `include` that has no `[rule]` table, and had none in the base, is no rule and is passed over. "
    "A new one is the error [`unreadable-rule`](policies.md#unreadable-rule), for it may be a rule that lost its table. "
    "Where other TOML lies among the rules, such as a `pyproject.toml`, name the rules' own folder in `include`, or that file in `exclude`.",
    "bump": f"The categories: {', '.join(f'`{each}`' for each in Category)}.",
    "maturity": "`deprecated` is the state that policies about deprecation mean. Later in `states` is forward.",
    "ecs": "In `schemas` a path that names a version (`9.3.1/…`) holds the fields of that version, any other file those that hold for all of them.",
    "comment": "In the mode `changes` a comment is made for an error, a warning, a bulk pull request, or a shipping rule that changed in "
    "logic, scope, schedule, severity or lifecycle. One that exists is kept up to date in any case, and turns green.",
    "audit": "What the days mean, and how ages are found: [the audit](audit.md).",
    "status": "Branch protection requires it by this name.",
}

_POLICIES = """\
## policies

A policy has a level: `error`, `warning`, `notice`, or `off`. Give it another by its id, or a table with a level and options; either may be left out.

```toml
[policies]
creation-date-changed = "error"
updated-date-lagging = { level = "warning", window_days = 14 }
```

[All policies](policies.md) have their level and options on their pages. These have options:
"""

_LABELS = """\
## labels

How each of Ruleward's labels looks. The key is the label's id, the value a table:

KEYS

```toml
[labels]
"rule: new" = { name = "Rule: New", color = "0e8a16", description = "A rule that is new" }
```

The ids, with what they are by default:

LABELS

`waive: <policy>` labels keep their names; [maintainers put them on](github.md#labels-for-maintainers).
"""

_EXCEPTIONS = """\
## exceptions

{first}
Each is a table of a list, `[[exceptions]]`. What it covers counts for nothing: a review shows it as excepted, with the reason, and so does the audit's page. Once its last day has
passed it is a finding itself, [`exception-expired`](policies.md#exception-expired).

{keys}
"""

_EXAMPLE_POLICIES = """\
[policies]  # id = level, or a table with a level and options
creation-date-changed = "error"
updated-date-lagging = { level = "warning", window_days = 14 }
premature-promotion = { level = "warning", min_days = 30 }
"""

_EXAMPLE_REST = """\
[labels]  # names and colours that this repository has already
"rule: new" = { name = "Rule: New", color = "0e8a16", description = "A rule that is new" }
"governance: blocked" = { name = "blocked" }

[[exceptions]]  # "yes, we know"
policy = "ecs-version-lowered"
path = "rules/linux/old_sensor.toml"
reason = "back to what our oldest stack ships"
expires = 2027-06-30

[[exceptions]]
policy = "stale-logic"
rule_id = "6f0c2a0e-3b1d-4c53-9a57-0d4f1f8c7be2"
reason = "a classic, and still right"
"""

_WIDEST = 100


def page() -> str:
    """Return ``docs/configuration.md``."""
    parts = [_HEAD, *(_section(name, kind) for name, kind in SECTIONS.items())]
    parts.insert(2, _POLICIES + "\n" + _with_options() + "\n")
    looks = (
        (f"`{identity}`", f"`{each.color}`", each.description)
        for identity, each in zip(LABELS, labels(LABELS, Settings()), strict=True)
    )
    parts += [
        _LABELS.replace("KEYS", _keys(LabelStyle, default="the label's own")).replace(
            "LABELS", table(("Label", "Colour", "Description"), *looks)
        ),
        _EXCEPTIONS.format(first=first_line(StandingException), keys=_keys(StandingException)),
        f"## The whole of it\n\nEvery key, most with its default.\n\n```toml\n{example()}```\n",
    ]
    return "\n".join(parts)


def _section(name: str, kind: type) -> str:
    more = f"\n{_MORE[name]}\n" if name in _MORE else ""
    return f"## {name}\n\n{first_line(kind)}\n\n{_keys(kind)}\n{more}"


def _keys(kind: type, *, default: str = "none") -> str:
    rows = []
    for key in keys(kind):
        shown = f"`{key.default}`" if key.default else "needed" if key.needed else default
        rows.append((f"`{key.name}`", key.type, cell(shown), sentence(key.meaning)))
    return table(("Key", "Type", "Default", "Meaning"), *rows)


def _with_options() -> str:
    rows = (
        (
            f"[`{each.id}`](policies.md#{each.id})",
            f"`{key.name}`",
            f"`{key.default}`",
            sentence(key.meaning or first_line(each.options)),
        )
        for each in all_policies().values()
        if each.options is not None
        for key in keys(each.options)
    )
    return table(("Policy", "Option", "Default", "Meaning"), *rows)


def example() -> str:
    """Return a config with every key."""
    parts = ["\n".join(_lines(name, kind)) + "\n" for name, kind in SECTIONS.items()]
    parts.insert(1, _EXAMPLE_POLICIES)
    return "\n".join([*parts, _EXAMPLE_REST])


def _lines(name: str, kind: type) -> Iterator[str]:
    yield f"[{name}]"
    for key in keys(kind):
        yield f"# {sentence(key.meaning)}."
        line = f"{key.name} = {key.default}"
        if len(line) <= _WIDEST or not key.default.startswith("{"):
            yield line
        else:
            shown = getattr(kind(), key.name)
            yield from (f"{key.name}.{inner} = {_list(values)}" for inner, values in shown.items())


def _list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{each}"' for each in values) + "]"


__all__ = ["SECTIONS", "example", "page"]
