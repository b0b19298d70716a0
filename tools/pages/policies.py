"""``docs/policies.md``, and the README's table of policies: from the docstrings in ``bot/policies``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from bot.model import Level
from bot.policy import Policy, Scope, all_policies
from tools.pages.values import cell, first_line, keys, table

_HEAD = """\
# Policies

<!-- Made by `make generate` from the docstrings in bot/policies; edits here are lost. -->

What each policy objects to, why, and what to do about it. The level is the default: set another, or options, under
`[policies]` in [`.github/ruleward.toml`](configuration.md#policies). `ruleward explain POLICY` says it in the terminal.

A finding about one rule as it stands that stood in the base already is never above a notice, unless its policy says
otherwise here.
"""

_TAIL = """\
## config

Two findings are about `.github/ruleward.toml` and not about a rule. They have no level to set and cannot be excepted.

### config-invalid

The pull request edits the config, and the new one cannot be used.

**Level:** error

**Why:** It would stop every review once it is merged. This pull request is still judged by the config of its base.

**Fix:** Put right what the finding names, on its line.

### exception-expired

The last day of a standing exception has passed.

**Level:** notice

**Why:** An exception that nobody looks at again turns into a rule that nobody decided on.

**Fix:** Remove the exception, or give it a new `expires` and a reason that is still true.
"""


def page() -> str:
    """Return ``docs/policies.md``."""
    parts = [_HEAD]
    for group, policies in groupby(all_policies().values(), key=lambda policy: policy.group):
        parts.append(f"## {group}\n")
        parts += ["\n".join(_section(policy)) for policy in policies]
    return "\n".join([*parts, _TAIL])


def _section(policy: Policy) -> Iterator[str]:
    yield f"### {policy.id}\n"
    yield f"{policy.summary}\n"
    yield f"**Level:** {policy.level}{', until the config gives it one' if policy.level is Level.OFF else ''}\n"
    yield f"**Why:** {_capital(policy.why)}\n"
    yield f"**Fix:** {_capital(policy.remedy)}\n"
    if policy.options is not None:
        yield f"**Options:** {first_line(policy.options)}\n"
        for key in keys(policy.options):
            yield f"- `{key.name} = {key.default}`" + (f": {key.meaning}" if key.meaning else "")
        yield ""
    if policy.scope is Scope.AUDIT:
        yield "`ruleward audit` asks it, no review does; the days stand under `[audit]` in the config.\n"
    if not policy.excusable:
        yield "A finding that stood in the base already counts in full.\n"
    yield f"**Can be waived:** {policy.past}\n"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def overview() -> str:
    """Return the README's table of policies."""
    rows = (
        (f"[`{each.id}`](docs/policies.md#{each.id})", str(each.level), cell(each.summary.removesuffix(".")))
        for each in all_policies().values()
    )
    return table(("Policy", "Level", "What it finds"), *rows)


__all__ = ["overview", "page"]
