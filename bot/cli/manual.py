"""Commands that explain Ruleward itself: explain, schema."""

from __future__ import annotations

import json
import re
from textwrap import fill

import click

from bot.cli.options import cli, columns, write
from bot.model import RulewardError


@cli.command("explain")
@click.argument("policy", required=False)
def explain_command(policy: str | None) -> None:
    """Show the manual page of POLICY, or the table of all policies."""
    from bot.policy import meant
    from bot.render.as_manual import manuals

    known = manuals()
    if policy is None:
        width = max(map(len, known))
        lines = [f"{each.id:{width}}  {each.level:7}  {each.summary}" for each in known.values()]
        write("\n".join(lines) + "\n", None)
        return
    page = known.get(policy)
    if page is None:
        names = ", ".join(f"`{name}`" for name in meant(policy, known))
        hint = f"did you mean {names}?" if names else "`ruleward explain` lists them all"
        raise RulewardError(f"{policy}: no such policy; {hint}")
    told = (re.sub(r"^\*\*(.+?)\*\*", r"\1", each) for each in page.paragraphs)
    lines = "\n\n".join([page.id, *told]).split("\n")
    write("".join(f"{_wrapped(line)}\n" for line in lines), None)


def _wrapped(line: str) -> str:
    """Break a line between words where the terminal ends."""
    hang = "  " if line.startswith("- ") else ""
    return fill(line, columns(), subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)


@cli.command("schema")
@click.argument("subject", type=click.Choice(["report", "audit", "config", "replay"]))
def schema_command(subject: str) -> None:
    """Print the JSON Schema of a review's report, of an audit's, of .github/ruleward.toml, or of a replay."""
    if subject == "report":
        from bot.report import REPORT_SCHEMA

        schema = REPORT_SCHEMA
    elif subject == "audit":
        from bot.audit_report import AUDIT_SCHEMA

        schema = AUDIT_SCHEMA
    elif subject == "replay":
        from bot.render.as_replay_json import REPLAY_SCHEMA

        schema = REPLAY_SCHEMA
    else:
        from bot.config import config_schema

        schema = config_schema()
    write(json.dumps(schema, indent=2) + "\n", None)
