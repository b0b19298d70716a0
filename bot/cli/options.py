"""What several commands share: the group, days, and how a report is written."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click

from bot import __version__
from bot.model import RulewardError

INCOMPLETE = 3
"""The exit status of what could not be completed."""

Command = Callable[..., None]


_LIKE_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Day(click.ParamType[date]):
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


class When(click.ParamType[date | str]):
    """A day, or else a revision."""

    name = "DATE|REV"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date | str:
        """Read a day; what does not look like one is a revision, which git will know or not."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            if _LIKE_A_DAY.fullmatch(value):
                self.fail(f"{value} is no day of the calendar", param, ctx)
            return value


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ruleward", message="%(prog)s %(version)s")
def cli() -> None:
    """Say what a change of detection rules means, and hold it to the repository's policies."""


def write(text: str, output: Path | None) -> None:
    """Write a report as UTF-8 with line feeds, whatever the machine prefers."""
    data = text.encode("utf-8", "replace")
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    if output.is_symlink() and not output.is_relative_to("/dev"):  # a branch may hold one that leads anywhere
        raise RulewardError(f"{output}: is a symbolic link, which is never followed; name the file itself")
    try:
        output.write_bytes(data)
    except OSError as error:
        raise RulewardError(f"{output}: cannot be written: {error.strerror}") from error


def coloured(output: Path | None = None) -> bool:
    """Tell whether a report is coloured: only on a terminal, and not where NO_COLOR is set (https://no-color.org)."""
    return output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def columns(output: Path | None = None) -> int:
    """Return how wide a report may be: as wide as the terminal, a hundred characters elsewhere."""
    return shutil.get_terminal_size().columns if output is None and sys.stdout.isatty() else 100


Decorator = Callable[[Command], Command]


def file_option(name: str, text: str, *, variable: str | None = None) -> Decorator:
    """Make an option that names a file, which a variable of the environment may give too."""
    kind = click.Path(path_type=Path)
    return click.option(name, type=kind, metavar="FILE", envvar=variable, show_envvar=variable is not None, help=text)


def repository(text: str = "The repository.") -> Decorator:
    """Make the option that names a repository."""
    return click.option("--repo", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help=text)


def output_as(*formats: str) -> Callable[[Command], Command]:
    """Make the options that say what to write, and where."""

    def add(command: Command) -> Command:
        command = file_option("--output", "Where to write it; by default stdout.")(command)
        kind = click.Choice(formats)
        return click.option(
            "--format", "format_name", type=kind, default="text", show_default=True, help="What to write."
        )(command)

    return add
