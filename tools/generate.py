"""``python -m tools.generate [--check]``: writes what is made from the code, or tells which file is out of date."""

from __future__ import annotations

import argparse
import dataclasses
import html
import inspect
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import yaml

from bot import __version__
from bot.model import Level
from bot.policy import Policy, Scope, all_policies
from bot.setup.workflows import ACTION, REVIEW, workflow, workflow_of_our_own
from tools import demo

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
MANUAL = ROOT / "docs" / "policies.md"
WORKFLOWS = ROOT / ".github" / "workflows"
ACTION_FILE = ROOT / "action.yml"

_HEAD = """\
# Policies

<!-- Made by `make generate` from the docstrings in bot/policies; edits here are lost. -->

What each policy objects to, why, and what to do about it. The level is the default: set another, or options, under
`[policies]` in `.github/ruleward.toml`. `ruleward explain POLICY` prints the same.

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


def manual() -> str:
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
        yield f"**Options:** {(inspect.getdoc(policy.options) or '').splitlines()[0]}\n"
        yield from (f"- {line}" for line in _options(policy.options))
        yield ""
    if policy.scope is Scope.AUDIT:
        yield "`ruleward audit` asks it, no review does; the days stand under `[audit]` in the config.\n"
    if not policy.excusable:
        yield "A finding that stood in the base already counts in full.\n"
    waivable = "yes, with `[[exceptions]]` in the config" if policy.waivable else "no"
    yield f"**Can be waived:** {waivable}\n"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _options(kind: type) -> Iterator[str]:
    """Yield name, default and meaning of each option; the meaning is the ``Attributes:`` part of the docstring."""
    document = inspect.getdoc(kind) or ""
    meanings = dict(re.findall(r"^ +(\w+): (.+(?:\n {8,}.+)*)", document.partition("Attributes:")[2], re.MULTILINE))
    default = kind()
    for field in dataclasses.fields(default):
        meaning = " ".join(meanings.get(field.name, "").split())
        yield f"`{field.name} = {_toml(getattr(default, field.name))}`" + (f": {meaning}" if meaning else "")


def _toml(value: object) -> str:
    """Write a default as the config would."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list | frozenset):
        items = sorted(value) if isinstance(value, frozenset) else value
        return "[" + ", ".join(map(_toml, items)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def table() -> str:
    """Return the README's table of policies."""
    rows = ["| Policy | Level | What it finds |", "|---|---|---|"]
    for policy in all_policies().values():
        summary = policy.summary.removesuffix(".").replace("|", "\\|")
        rows.append(f"| [`{policy.id}`](docs/policies.md#{policy.id}) | {policy.level} | {summary} |")
    return "\n".join(rows)


def example() -> str:
    """Return what the demo's review says first, and the query that lost matches, as a quotation.

    The rules are ours, so that what the review escapes can be written plainly here.
    """
    comment = demo.review("markdown")
    top = comment.partition("<details")[0].rstrip().removeprefix(comment.partition("-->")[0] + "-->").strip()
    query = re.search(r"<details open>.*?</details>", comment, re.DOTALL)
    text = f"{top}\n\n{query[0]}" if query else top
    return "\n".join(f"> {_plain(line)}".rstrip() for line in text.splitlines())


def _plain(line: str) -> str:
    """Write a line of a comment as a person would; the text of HTML elements stays HTML."""
    if line.startswith("<"):
        return html.unescape(line)
    code = re.sub(r"<code>(.*?)</code>", r"`\1`", line.replace("</code><code>", ""))
    return _LINK.sub("](docs/", html.unescape(code))


_LINK = re.compile(r"\]\(https://[^)\s]*?/docs/(?=policies\.md)")


def interface(kind: str) -> str:
    """Return the README's table of the action's inputs or outputs."""
    described = yaml.safe_load(ACTION_FILE.read_text(encoding="utf-8"))[kind]
    with_default = kind == "inputs"
    rows = ["| Input | Default | Meaning |", "|---|---|---|"] if with_default else ["| Output | Meaning |", "|---|---|"]
    for name, each in described.items():
        default = f" `{each['default']}` |" if each.get("default") else " |"
        rows.append(f"| `{name}` |{default if with_default else ''} {each['description'].removesuffix('.')} |")
    return "\n".join(rows)


def copied() -> str:
    """Return the workflow of the README, to be copied."""
    return f"```yaml\n{workflow(REVIEW, uses=f'{ACTION}@v{__version__}')}```"


def readme(text: str) -> str:
    """Return the README with its generated parts renewed."""
    parts = {
        "demo": example(),
        "workflow": copied(),
        "inputs": interface("inputs"),
        "outputs": interface("outputs"),
        "policies": table(),
    }
    for name, content in parts.items():
        start, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise SystemExit(f"{README.name}: the lines {start.strip()} and {end} are gone; put them back")
        text = f"{before}{start}{content}\n{end}{after}"
    return text


def main() -> None:
    """Write what differs; with ``--check`` only tell."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a file is out of date")
    check = parser.parse_args().check
    wanted = {MANUAL: manual(), README: readme(README.read_text(encoding="utf-8"))}
    wanted[WORKFLOWS / REVIEW] = workflow_of_our_own(REVIEW)
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date; run `make generate`", file=sys.stderr)
        sys.exit(1 if stale else 0)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
