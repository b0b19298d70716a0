"""Commands about a whole tree and its history: audit, replay."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TextIO

import click

from bot.cli.options import INCOMPLETE, Day, When, cli, coloured, columns, file_option, output_as, repository, write
from bot.model import Verdict
from bot.settings import CONFIG_PATH


@cli.command("audit")
@repository("The repository, with a work tree or bare.")
@click.option("--head", metavar="REF", help="What to audit; by default the working tree, in a bare repository HEAD.")
@file_option("--config", "A config to use in place of the .github/ruleward.toml of what is audited.")
@click.option("--today", type=Day(), help="The day of the audit; by default today in UTC.")
@file_option("--cache", "Where to keep what is learnt from history, for the next run.", variable="RULEWARD_CACHE")
@output_as("text", "markdown", "json", "html")
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

    The exit status is 0 whatever the audit finds, a broken file too, 2 for wrong use, 3 where a file could not be had.
    """
    from bot.render import render_audit
    from bot.render.escape import terminal as printable

    if merge:
        from bot.audit_report import merge_audits, read_audit
        from bot.collect.named import content

        given = click.get_current_context()
        named = [name for name in ("repo", "head", "config", "today", "cache") if _was_given(given, name)]
        if named:
            raise click.UsageError(f"--merge reads finished reports, so --{named[0]} means nothing to it")
        done = merge_audits((str(path), read_audit(content(path), str(path))) for path in reports)
    else:
        from bot.audit import audit
        from bot.collect.git import Git

        if reports:
            raise click.UsageError("reports are read with --merge alone")
        done = audit(Git(repo), head=head, config=config, today=today or datetime.now(UTC).date(), cache=cache)
    for source in done.sources:
        if source.note:
            click.echo(f"ruleward: {printable(source.repository)}: {printable(source.note)}", err=True)
    write(render_audit(done, format_name, colour=coloured(output), width=columns(output)), output)
    sys.exit(0 if done.complete else INCOMPLETE)


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


@cli.command("replay")
@repository()
@file_option("--config", "The config to judge by; by default the working tree's .github/ruleward.toml.")
@click.option("--since", type=When(), help="The first day (UTC), or the commit to begin after.")
@click.option("--until", type=When(), help="The last day, or the newest commit; by default the default branch.")
@click.option(
    "--ranges",
    type=click.File(encoding="utf-8", errors="replace"),
    metavar="FILE",
    help="Changes to replay in place of the merged ones: base..head, one a line; - is stdin.",
)
@output_as("text", "markdown", "json")
@file_option("--cache", "Where to note what is done, so that a run that was stopped goes on there.")
def replay_command(
    *,
    repo: Path,
    config: Path | None,
    since: date | str | None,
    until: date | str | None,
    ranges: TextIO | None,
    format_name: str,
    output: Path | None,
    cache: Path | None,
) -> None:
    """Say what today's policies would have said of every change that was merged.

    Each first-parent commit that touches rules is reviewed against its parent, on its own day, all under one config.
    """
    from bot.app import replay, standing_config
    from bot.collect import spans
    from bot.collect.git import Git
    from bot.collect.ledger import Ledger
    from bot.config import read_config
    from bot.judge import levels_of
    from bot.replay import fold

    if ranges is not None and (since is not None or until is not None):
        raise click.UsageError("--ranges names the changes: leave out --since and --until")
    git = Git(repo)
    text = standing_config(git, config)
    settings = read_config(text, str(config or CONFIG_PATH))
    if ranges is None:
        asked = spans.merged(git, settings.rules.included.roots(), since, until)
    else:
        asked = spans.ranges(git, ranges, ranges.name)
    entries = replay(git, asked, settings, Ledger(cache), text)
    if sys.stderr.isatty():
        with click.progressbar(entries, length=len(asked), label="ruleward replay", file=sys.stderr) as bar:
            done = fold(bar, levels_of(settings))
    else:
        done = fold(entries, levels_of(settings))
    if format_name == "json":
        from bot.render.as_replay_json import render
    elif format_name == "markdown":
        from bot.render.as_replay import as_markdown as render
    else:
        from bot.render.as_replay import as_text as render
    write(render(done), output)
    sys.exit(INCOMPLETE if done.count(Verdict.INCOMPLETE) else 0)
