"""``docs/policies.md``, and the README's table of policies: from the docstrings in ``bot/policies``."""

from __future__ import annotations

from itertools import groupby

from bot.policy import all_policies
from bot.render.as_manual import OF_THE_CONFIG, Manual, manuals
from tools.pages.values import cell, table

_HEAD = """\
# Policies

<!-- Made by `make generate` from the docstrings in bot/policies; edits here are lost. -->

What each policy objects to, why, and what to do about it. The level is the default: set another, or options, under
`[policies]` in [`.github/ruleward.toml`](configuration.md#policies). `ruleward explain POLICY` prints the same page.

A finding about one rule as it stands that stood in the base already is never above a notice, unless its policy says
otherwise here.
"""

_CONFIG = """\
## config

A few findings are about `.github/ruleward.toml` and not about a rule. They have no level to set and cannot be excepted.
"""


def page() -> str:
    """Return ``docs/policies.md``."""
    known = manuals()
    parts = [_HEAD]
    for group, policies in groupby(all_policies().values(), key=lambda policy: policy.group):
        parts.append(f"## {group}\n")
        parts += [_section(known[policy.id]) for policy in policies]
    return "\n".join([*parts, _CONFIG, *map(_section, OF_THE_CONFIG.values())])


def _section(manual: Manual) -> str:
    return "\n\n".join([f"### {manual.id}", *manual.paragraphs]) + "\n"


def overview() -> str:
    """Return the README's table of policies."""
    rows = (
        (f"[`{each.id}`](docs/policies.md#{each.id})", str(each.level), cell(each.summary.removesuffix(".")))
        for each in all_policies().values()
    )
    return table(("Policy", "Level", "What it finds"), *rows)


__all__ = ["overview", "page"]
