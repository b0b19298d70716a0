"""The command line: environment, exit status, and the real effects; everything else is asked of ``bot.app``."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import NoReturn, TextIO

import click

from bot.cli import changes, github, manual, trees  # each makes its commands
from bot.cli.options import INCOMPLETE, cli
from bot.model import RulewardError

for _command in cli.commands.values():  # whole, where click would cut what is longer than a line
    _command.short_help = " ".join((_command.help or "").partition("\n\n")[0].split())


def main() -> NoReturn:
    """Run the command line; every error that a user can put right is one line on stderr, without a traceback."""
    if sys.flags.optimize > 1:
        _complain(
            "ruleward: python -OO drops the policies' manual, their docstrings: unset PYTHONOPTIMIZE, or set it to 1"
        )
        sys.exit(2)
    if sys.__stdout__ is None:  # `>&-`: nobody wants the report, and the exit status says the rest
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        _complain("ruleward: interrupted")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except RulewardError as error:
        # what git or GitHub said may hold text of a pull request, and a runner obeys commands on stderr too
        _complain(str(error) if error.located else f"ruleward: {error}")
        sys.exit(error.status)
    except BrokenPipeError:
        _abandon(sys.stdout)  # whoever read the report has enough of it
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - a crash of ours is an incomplete review, and must not look like a finding
        if isinstance(error, OSError) and error.errno in _FULL:
            _abandon(sys.stdout)
        import traceback  # what crashes pays for it

        _complain(_machine(error) or traceback.format_exc())
        sys.exit(INCOMPLETE)
    sys.exit(0)


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def _machine(error: Exception) -> str:
    """Say in a line what is wrong with the machine, empty where it is not the machine."""
    if isinstance(error, OSError) and error.errno in _FULL:
        place = f"{error.filename}: " if error.filename else ""
        return f"ruleward: {place}the output cannot be written: {error.strerror}"
    system = sys.getfilesystemencoding()
    if isinstance(error, UnicodeEncodeError) and error.encoding == system != "utf-8":
        return f"ruleward: this locale ({system}) cannot name {error.object!a}: set LC_ALL=C.UTF-8 or PYTHONUTF8=1"
    return ""


def _complain(text: str) -> None:
    """Write to stderr, if that takes anything; the exit status says it in any case."""
    from bot.render.escape import terminal

    try:
        click.echo(terminal(text, keep="\n"), err=True)
    except OSError:
        _abandon(sys.stderr)


def _abandon(stream: TextIO) -> None:
    """Let a stream lead nowhere: what it still holds would fail again when the process ends, and change its status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


__all__ = ["changes", "cli", "github", "main", "manual", "trees"]
