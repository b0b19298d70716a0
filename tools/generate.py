"""``python -m tools.generate [--check]``: writes what is made from the code, or tells which file is out of date."""

from __future__ import annotations

import argparse
import html
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from bot import __version__
from bot.audit_report import AUDIT_SCHEMA
from bot.config import config_schema
from bot.render.as_replay_json import REPLAY_SCHEMA
from bot.report import REPORT_SCHEMA
from bot.setup.workflows import ACTION, REVIEW, workflow, workflow_of_our_own
from tools import demo
from tools.pages import cli, configuration, policies
from tools.pages.values import cell, table

SCHEMAS = {"report": REPORT_SCHEMA, "audit": AUDIT_SCHEMA, "replay": REPLAY_SCHEMA, "config": config_schema()}
"""Each stands where its ``$id`` says, the last one for editors."""

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
WORKFLOWS = ROOT / ".github" / "workflows"
ACTION_FILE = ROOT / "action.yml"


def query() -> str:
    """Return what the demo's review says of the query that lost matches, as a quotation.

    The rules are ours, so that what the review escapes can be written plainly here.
    """
    found = re.search(r"<details open>.*?</details>", demo.review("markdown"), re.DOTALL)
    if found is None:
        raise SystemExit("the demo's review shows no query")
    return "\n".join(f"> {_plain(line)}".rstrip() for line in found[0].splitlines())


def _plain(line: str) -> str:
    """Write a line of a comment as a person would; the text of HTML elements stays HTML."""
    if line.startswith("<"):
        return html.unescape(line)
    return html.unescape(re.sub(r"<code>(.*?)</code>", r"`\1`", line.replace("</code><code>", "")))


def interface(kind: str) -> str:
    """Return the table of the action's inputs or outputs."""
    described = yaml.safe_load(ACTION_FILE.read_text(encoding="utf-8"))[kind]
    rows = [("Input", "Default", "Meaning") if kind == "inputs" else ("Output", "Meaning")]
    for name, each in described.items():
        default = (f"`{each['default']}`" if each["default"] else "none",) if kind == "inputs" else ()
        rows.append((f"`{name}`", *default, cell(each["description"].removesuffix("."))))
    return table(*rows)


def copied() -> str:
    """Return the workflow of the README, to be copied."""
    return f"```yaml\n{workflow(REVIEW, uses=f'{ACTION}@v{__version__}')}```"


def renewed(path: Path, parts: Mapping[str, str]) -> str:
    """Return a document with the parts between its marks renewed."""
    text = path.read_text(encoding="utf-8")
    for name, content in parts.items():
        start, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise SystemExit(f"{path.name}: the lines {start.strip()} and {end} are gone; put them back")
        text = f"{before}{start}{content}\n{end}{after}"
    return text


def wanted() -> dict[Path, str]:
    """Return every generated file, and every file with generated parts, as it should be."""
    return {
        README: renewed(README, {"query": query(), "workflow": copied(), "policies": policies.overview()}),
        DOCS / "github.md": renewed(DOCS / "github.md", {kind: interface(kind) for kind in ("inputs", "outputs")}),
        DOCS / "policies.md": policies.page(),
        DOCS / "configuration.md": configuration.page(),
        DOCS / "cli.md": cli.page(),
        **{DOCS / f"{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in SCHEMAS.items()},
        WORKFLOWS / REVIEW: workflow_of_our_own(REVIEW),
    }


def main() -> None:
    """Write what differs; with ``--check`` only tell."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a file is out of date")
    check = parser.parse_args().check
    texts = wanted()
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date; run `make generate`", file=sys.stderr)
        sys.exit(1 if stale else 0)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
