"""Commands that explain Ruleward itself: explain, schema."""

from __future__ import annotations

import dataclasses
import json

import click

from bot.cli.options import cli, write
from bot.model import RulewardError


@cli.command("explain")
@click.argument("policy", required=False)
def explain_command(policy: str | None) -> None:
    """Show the manual page of POLICY, or the table of all policies."""
    from bot.policy import all_policies, likely

    known = all_policies()
    if policy is None:
        width = max(map(len, known))
        lines = [f"{each.id:{width}}  {each.level:7}  {each.summary}" for each in known.values()]
        write("\n".join(lines) + "\n", None)
        return
    page = known.get(policy)
    if page is None:
        close = likely(policy, known)
        hint = f"did you mean `{close}`?" if close else "`ruleward explain` without one lists them all"
        raise RulewardError(f"{policy}: no such policy; {hint}")
    parts = [f"{page.id} ({page.level})", page.summary, f"Why: {page.why}", f"Fix: {page.remedy}"]
    options = page.defaults()
    if dataclasses.is_dataclass(options) and not isinstance(options, type):
        set_to = (f"  {name} = {json.dumps(value)}" for name, value in dataclasses.asdict(options).items())
        parts.append("\n".join(["Options:", *set_to]))
    write("\n\n".join([*parts, f"Can be waived: {page.past}"]) + "\n", None)


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
