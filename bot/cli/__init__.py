"""The command line: environment, exit status, and the real effects; everything else is asked of ``bot.app``."""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn

import click

from bot.cli import changes, github, manual, trees  # each makes its commands
from bot.cli.options import INCOMPLETE, cli
from bot.model import RulewardError

for _command in cli.commands.values():  # whole, where click would cut what is longer than a line
    _command.short_help = " ".join((_command.help or "").partition("\n\n")[0].split())


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
        sys.exit(INCOMPLETE)
    sys.exit(0)


__all__ = ["changes", "cli", "github", "main", "manual", "trees"]
