"""The command line: environment, exit status, and the real effects; everything else is asked of ``bot.app``."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn, Protocol

import click

from bot import __version__
from bot.model import RulewardError

_INCOMPLETE = 3


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
    from bot.judge import exit_status
    from bot.render import render

    day = today or datetime.now(UTC).date()
    reviewed = review(Git(repo), base=base, head=head, config=config, today=day)
    terminal = output is None and sys.stdout.isatty()
    text = render(
        reviewed.review,
        reviewed.settings,
        format_name,
        colour=terminal and "NO_COLOR" not in os.environ,
        template=reviewed.template,
    )
    _write(text, output)
    sys.exit(exit_status(reviewed.review, fail_on))


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


_Command = Callable[..., None]


class _Option(Protocol):
    """What ``click.option`` is once its name is given."""

    def __call__(self, **attributes: object) -> Callable[[_Command], _Command]: ...


def _input(name: str) -> _Option:
    """Make an option of an input of the action: the workflow gives it in the environment, a person on the line."""
    return partial(click.option, f"--{name}", envvar=f"INPUT_{name.upper().replace('-', '_')}", show_envvar=True)


def _switch(name: str, text: str) -> Callable[[_Command], _Command]:
    return _input(name)(type=bool, default=True, metavar="true|false", help=text)


@cli.command("action")
@_input("token")(default=lambda: os.environ.get("GITHUB_TOKEN", ""), help="What GitHub is asked with.")
@_input("command")(
    type=click.Choice(["auto", "review", "audit"]),
    default="auto",
    help="What to do; auto: as the event says.",
)
@_input("config")(type=click.Path(path_type=Path), help="A config to use in place of the base branch's.")
@_input("fail-on")(type=click.Choice(["error", "warning", "never"]), default="error", help="What makes the job fail.")
@_switch("comment", "Keep one comment on the pull request.")
@_switch("inline", "Comment on lines of the diff.")
@_switch("labels", "Put labels on the pull request.")
@_switch("status", "Set the commit status.")
@_input("dashboard")(type=click.Path(path_type=Path), help="A folder to write the audit's page to.")
@_input("dry-run")(type=bool, default=False, metavar="true|false", help="Only say what would be written.")
@_input("bot-login")(default="", help="Who the token writes as; by default GitHub is asked.")
@click.option("--today", type=_Day(), envvar="RULEWARD_TODAY", help="The day to judge by; by default today in UTC.")
def action_command(
    *,
    token: str,
    command: str,
    config: Path | None,
    fail_on: str,
    comment: bool,
    inline: bool,
    labels: bool,
    status: bool,
    dashboard: Path | None,
    dry_run: bool,
    bot_login: str,
    today: date | None,
) -> None:
    """Do what action.yml runs: review or audit as the GITHUB_* environment asks."""
    from bot.action import act
    from bot.github.runner import Inputs, Machine, hand_over, read_runner
    from bot.render.escape import terminal

    inputs = Inputs(
        command=command,
        config=config,
        fail_on=fail_on,
        comment=comment,
        inline=inline,
        labels=labels,
        status=status,
        dashboard=dashboard,
        dry_run=dry_run,
        bot_login=bot_login,
    )
    runner = read_runner(
        os.environ,
        token=token,
        today=today or datetime.now(UTC).date(),
        clock=Machine(),
        say=lambda line: click.echo(f"Ruleward: {terminal(line)}"),
    )
    result = act(runner, inputs)
    click.echo(result.annotations, nl=False)
    hand_over(result, os.environ)
    sys.exit(result.status)


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
@click.argument("subject", type=click.Choice(["report", "config"]))
def schema_command(subject: str) -> None:
    """Print the JSON Schema of the report, or of .github/ruleward.toml."""
    if subject == "report":
        from bot.report import REPORT_SCHEMA

        schema = REPORT_SCHEMA
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
        from bot.render.escape import terminal

        # what git or GitHub said may hold text of a pull request, and a runner obeys commands on stderr too
        click.echo(terminal(str(error) if error.located else f"ruleward: {error}", keep="\n"), err=True)
        sys.exit(error.status)
    except BrokenPipeError:
        # whoever read the report has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:  # noqa: BLE001 - a crash of ours is an incomplete review, and must not look like a finding
        from bot.render.escape import terminal

        click.echo(terminal(traceback.format_exc(), keep="\n"), err=True)
        sys.exit(_INCOMPLETE)
    sys.exit(0)
