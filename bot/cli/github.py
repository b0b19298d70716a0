"""Commands for GitHub: action, init, doctor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from bot.cli.options import Command, Day, cli, repository, write
from bot.model import RulewardError
from bot.settings import CONFIG_PATH

if TYPE_CHECKING:
    from bot.setup.doctor import Merged


class _Option(Protocol):
    """What ``click.option`` is once its name is given."""

    def __call__(self, **attributes: object) -> Callable[[Command], Command]: ...


def _input(name: str) -> _Option:
    """Make an option of an input of the action: the workflow gives it in the environment, a person on the line."""
    return partial(click.option, f"--{name}", envvar=f"INPUT_{name.upper().replace('-', '_')}", show_envvar=True)


def _switch(name: str, text: str) -> Callable[[Command], Command]:
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
@click.option("--today", type=Day(), envvar="RULEWARD_TODAY", help="The day to judge by; by default today in UTC.")
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


@cli.command("init")
@click.option(
    "--profile",
    type=click.Choice(["elastic", "strict", "observe"]),
    default="elastic",
    show_default=True,
    help="How stern to begin; observe blocks nothing.",
)
@click.option(
    "--event",
    type=click.Choice(["pull_request_target", "pull_request"]),
    default="pull_request_target",
    show_default=True,
    help="What makes a review run; pull_request may not write to pull requests from forks.",
)
@click.option("--pin", metavar="REF", help="The version of the action to use; by default this one.")
@repository("The work tree.")
def init_command(*, profile: str, event: str, pin: str | None, repo: Path) -> None:
    """Write the workflows and a commented config into a repository; what exists is left as it is."""
    from bot.setup.init import Pin, Profile, own_pin, write_files

    chosen = own_pin() if pin is None else Pin(version=pin)
    written = write_files(repo, profile=Profile(profile), event=event, pin=chosen.version)
    lines = [f"{'wrote' if each.new else 'exists, left as it is:'} {each.path}" for each in written]
    new = {each.path for each in written if each.new}
    if new - {CONFIG_PATH} and chosen.note:
        lines.append(chosen.note)
    if new:
        # where a fork's token may only read, its pull requests never get the status
        what = "commit status `ruleward: <branch>`" if event == "pull_request_target" else "job `Review`"
        require = "" if profile == "observe" else f"require the {what}, "
        lines.append(f"Commit this, {require}and ask `ruleward doctor`.")
    if CONFIG_PATH in new:
        lines.append(f"The config counts once merged; until then `ruleward review --config {CONFIG_PATH}` tries it.")
    write("\n".join(lines) + "\n", None)


@cli.command("doctor")
@repository("The work tree.")
def doctor_command(*, repo: Path) -> None:
    """Look whether a repository's workflows, config and tools fit together; it asks no network."""
    from bot.setup.doctor import examine

    inputs = [each.opts[0].removeprefix("--") for each in action_command.params if "INPUT_" in (each.envvar or "")]
    lines = examine(repo, inputs, _merged(repo))
    write("".join(f"{each}\n" for each in lines), None)
    sys.exit(0 if all(each.good for each in lines) else 1)


def _merged(repo: Path) -> Merged | None:
    from bot.collect.git import Git
    from bot.setup.doctor import Merged

    try:
        git = Git(repo)
        branch, commit = git.default_branch()
        return Merged(branch=branch, config=git.file(commit, CONFIG_PATH))
    except RulewardError:  # nothing is merged yet, or no branch is known as the default
        return None
