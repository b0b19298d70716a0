"""Commands about a change: review, check, fix, diff."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.options import Day, cli, coloured, columns, file_option, output_as, repository, write
from bot.model import RulewardError

if TYPE_CHECKING:
    from bot.collect.git import Git


@cli.command("review")
@click.option("--base", metavar="REF", help="What to compare with; by default the default branch.")
@click.option("--head", metavar="REF", help="What to review; by default the working tree.")
@repository("The repository, with a work tree or bare.")
@file_option("--config", "A config to use in place of the base branch's .github/ruleward.toml.")
@click.option("--today", type=Day(), help="The day of the review; by default today in UTC.")
@output_as("text", "markdown", "json", "sarif", "github")
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
    text = render(
        reviewed.review,
        reviewed.settings,
        format_name,
        colour=coloured(output),
        width=columns(output),
        template=reviewed.template,
    )
    write(text, output)
    sys.exit(exit_status(reviewed.review, fail_on))


def _on_working_tree(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of one that looks at the working tree."""
    for option in (
        click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]..."),
        click.option("--today", type=Day(), help="The day to judge dates by; by default today in UTC."),
        file_option("--config", "A config to use in place of the base branch's .github/ruleward.toml."),
        repository(),
        click.option("--base", metavar="REF", help="What to compare with; by default the default branch."),
    ):
        command = option(command)
    return command


@cli.command("check")
@_on_working_tree
def check_command(
    *, base: str | None, repo: Path, config: Path | None, today: date | None, files: tuple[Path, ...]
) -> None:
    """Check the changed rules of the working tree, or those among FILES, for a commit hook.

    Says a line a finding, and nothing where there is none. Files that are no rules are passed over.
    """
    from bot.app import review
    from bot.collect.git import Git
    from bot.judge import exit_status
    from bot.render.as_lines import render

    git = Git(repo)
    only = _only(git, files)
    day = today or datetime.now(UTC).date()
    done = review(git, base=base, head=None, config=config, today=day, only=only).review
    write(render(done), None)
    sys.exit(exit_status(done, "error"))


@cli.command("fix")
@click.option("--dry-run", is_flag=True, help="Write nothing; show the difference as a patch.")
@_on_working_tree
def fix_command(
    *,
    base: str | None,
    repo: Path,
    config: Path | None,
    today: date | None,
    dry_run: bool,
    files: tuple[Path, ...],
) -> None:
    """Set what has one right value in the changed rules of the working tree, or in those among FILES.

    Edits lines of their own and touches no other byte. What stood in the base, or is excepted, is left alone.
    """
    from bot.app import fix
    from bot.collect.git import Git
    from bot.judge import exit_status
    from bot.render.as_lines import after_fixing, render
    from bot.render.as_patch import patch, told

    git = Git(repo)
    only = _only(git, files)
    day = today or datetime.now(UTC).date()
    done = fix(git, base=base, config=config, today=day, only=only, dry_run=dry_run)
    if dry_run:
        text = "".join(patch(edit.path, edit.before, edit.after) for edit in done.edits)
    else:
        text = "".join(f"{line}\n" for edit in done.edits for line in told(edit.fixed))
    write(text, None)
    left = done.left.review
    counted = "" if dry_run else after_fixing(sum(len(edit.fixed) for edit in done.edits), left)
    click.echo(render(left) + counted, nl=False, err=True)
    sys.exit(exit_status(left, "error"))


def _only(git: Git, files: tuple[Path, ...]) -> frozenset[str] | None:
    """Return the named files as the repository names them, None where none was named.

    Raises:
        RulewardError: a file is in no working tree, or nowhere.
    """
    from bot.collect.worktree import named

    if git.top is None:
        raise RulewardError(f"{git.directory}: a bare repository has no working tree")
    if not files:
        return None
    only = named(git.top, files)
    for path in sorted(only):
        if not os.path.lexists(git.top / path) and not git.tracked(path):
            raise RulewardError(f"{path}: no such file")
    return only


@cli.command("diff")
@click.argument("old")
@click.argument("new")
@repository("Where revisions are looked up.")
def diff_command(*, old: str, new: str, repo: Path) -> None:
    """Say what changed from OLD to NEW: two rule files, or one at two revisions, REV:PATH."""
    from bot.app import compare
    from bot.render import render_change

    write(render_change(compare(repo, old, new), colour=coloured(), width=columns()), None)
