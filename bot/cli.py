"""The command line: environment, exit status, and the real effects; everything else is asked of ``bot.app``."""

from __future__ import annotations

import json
import os
import sys
import traceback
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import click

from bot import __version__
from bot.model import Level, Review, RulewardError, Verdict

_BLOCKED, _INCOMPLETE = 1, 3


class _Day(click.ParamType[date]):
    """``YYYY-MM-DD``."""

    name = "YYYY-MM-DD"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is no day, write it like 2026-11-24", param, ctx)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ruleward", message="%(prog)s %(version)s")
def cli() -> None:
    """Say what a change of detection rules means, and hold it to the repository's policies."""


@cli.command("review")
@click.option("--base", metavar="REF", help="What to compare with; by default the default branch.")
@click.option("--head", metavar="REF", help="What to review; by default the working tree.")
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The repository, with a work tree or bare.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A config to use in place of the base branch's .github/ruleward.toml.",
)
@click.option("--today", type=_Day(), help="The day of the review; by default today in UTC.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "markdown", "json", "github"]),
    default="text",
    show_default=True,
    help="What to write.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it; by default stdout.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="The least severe finding that makes the exit status 1.",
)
def review_command(
    *,
    base: str | None,
    head: str | None,
    repo: Path,
    config: Path | None,
    today: date | None,
    format_name: str,
    output: Path | None,
    fail_on: str,
) -> None:
    """Review the rules that HEAD changed since it left BASE."""
    from bot.app import review
    from bot.collect.git import Git
    from bot.render import render

    day = today or datetime.now(UTC).date()
    reviewed = review(Git(repo), base=base, head=head, config=config, today=day)
    terminal = output is None and sys.stdout.isatty()
    text = render(
        reviewed.review,
        reviewed.settings,
        format_name,
        colour=terminal and "NO_COLOR" not in os.environ,
    )
    _write(text, output)
    sys.exit(_status(reviewed.review, fail_on))


def _status(review: Review, fail_on: str) -> int:
    """Return the exit status: what could not be completed never looks like a pass."""
    if review.verdict is Verdict.INCOMPLETE:
        return _INCOMPLETE
    if fail_on == "never":
        return 0
    worst = Level(fail_on).rank
    standing = (finding.severity.rank for finding in review.all_findings() if finding.waived is None)
    return _BLOCKED if any(rank <= worst for rank in standing) else 0


def _write(text: str, output: Path | None) -> None:
    """Write a report as UTF-8 with line feeds, whatever the machine prefers."""
    data = text.encode("utf-8", "replace")
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise RulewardError(f"{output}: cannot be written: {error.strerror}") from error


@cli.command("audit")
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The repository, with a work tree or bare.",
)
@click.option("--head", metavar="REF", help="What to audit; by default the working tree, in a bare repository HEAD.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A config to use in place of the .github/ruleward.toml of what is audited.",
)
@click.option("--today", type=_Day(), help="The day of the audit; by default today in UTC.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    metavar="FILE",
    envvar="RULEWARD_CACHE",
    show_envvar=True,
    help="Where to keep what is learnt from history, for the next run.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "markdown", "json", "html"]),
    default="text",
    show_default=True,
    help="What to write.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it; by default stdout.")
@click.option(
    "--merge",
    is_flag=True,
    help="Fold JSON reports of audits, given as arguments, into one, instead of auditing.",
)
@click.argument("reports", nargs=-1, type=click.Path(path_type=Path), metavar="[A.json B.json ...]")
def audit_command(
    *,
    repo: Path,
    head: str | None,
    config: Path | None,
    today: date | None,
    cache: Path | None,
    format_name: str,
    output: Path | None,
    merge: bool,
    reports: tuple[Path, ...],
) -> None:
    """Audit every rule for what has gone stale, and for what no policy allows.

    The exit status is 0 whatever the audit finds, 2 for wrong use, 3 where files could not be judged.
    """
    from bot.render import render_audit
    from bot.render.escape import terminal as printable

    if merge:
        from bot.audit_report import merge_audits, read_audit

        given = click.get_current_context()
        named = [name for name in ("repo", "head", "config", "today", "cache") if _was_given(given, name)]
        if named:
            raise click.UsageError(f"--merge reads finished reports, so --{named[0]} means nothing to it")
        done = merge_audits((str(path), read_audit(_read(path), str(path))) for path in reports)
    else:
        from bot.audit import audit
        from bot.collect.git import Git

        if reports:
            raise click.UsageError("reports are read with --merge alone")
        done = audit(Git(repo), head=head, config=config, today=today or datetime.now(UTC).date(), cache=cache)
    for source in done.sources:
        if source.note:
            click.echo(f"ruleward: {printable(source.repository)}: {printable(source.note)}", err=True)
    terminal = output is None and sys.stdout.isatty()
    _write(render_audit(done, format_name, colour=terminal and "NO_COLOR" not in os.environ), output)
    sys.exit(0 if done.complete else _INCOMPLETE)


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RulewardError(f"{path}: cannot be read: {error.strerror}") from error


@cli.command("explain")
@click.argument("policy", required=False)
def explain_command(policy: str | None) -> None:
    """Show the manual page of POLICY, or the table of all policies."""
    from bot.policy import all_policies

    known = all_policies()
    if policy is None:
        width = max(map(len, known))
        lines = [f"{each.id:{width}}  {each.level:7}  {each.summary}" for each in known.values()]
        _write("\n".join(lines) + "\n", None)
        return
    page = known.get(policy)
    if page is None:
        raise RulewardError(f"{policy}: no such policy; known are: {', '.join(sorted(known))}")
    _write(f"{page.id} ({page.level})\n\n{page.summary}\n\nWhy: {page.why}\n\nFix: {page.remedy}\n", None)


@cli.command("schema")
@click.argument("subject", type=click.Choice(["report", "audit", "config"]))
def schema_command(subject: str) -> None:
    """Print the JSON Schema of a review's report, of an audit's, or of .github/ruleward.toml."""
    if subject == "report":
        from bot.report import REPORT_SCHEMA

        schema = REPORT_SCHEMA
    elif subject == "audit":
        from bot.audit_report import AUDIT_SCHEMA

        schema = AUDIT_SCHEMA
    else:
        from bot.config import config_schema

        schema = config_schema()
    _write(json.dumps(schema, indent=2) + "\n", None)


def main() -> NoReturn:
    """Run the command line; every error that a user can put right is one line on stderr, without a traceback."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("ruleward: interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except RulewardError as error:
        click.echo(str(error) if error.located else f"ruleward: {error}", err=True)
        sys.exit(error.status)
    except BrokenPipeError:
        # whoever read the report has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:  # noqa: BLE001 - a crash of ours is an incomplete review, and must not look like a finding
        traceback.print_exc()
        sys.exit(_INCOMPLETE)
    sys.exit(0)
