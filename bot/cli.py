"""The command line: environment, exit status, and the real effects; everything else is asked of ``bot.app``."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

import click

from bot import __version__
from bot.model import Level, Review, RulewardError, Verdict
from bot.settings import CONFIG_PATH

if TYPE_CHECKING:
    from bot.collect.git import Git

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
    type=click.Choice(["text", "markdown", "json", "sarif", "github"]),
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
    sys.exit(_status(reviewed.review, None if fail_on == "never" else Level(fail_on)))


def _status(review: Review, fail_on: Level | None) -> int:
    """Return the exit status: what could not be completed never looks like a pass."""
    if review.verdict is Verdict.INCOMPLETE:
        return _INCOMPLETE
    if fail_on is None:
        return 0
    standing = (finding.severity.rank for finding in review.all_findings() if finding.waived is None)
    return _BLOCKED if any(rank <= fail_on.rank for rank in standing) else 0


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


def _on_working_tree(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of one that looks at the working tree."""
    for option in (
        click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]..."),
        click.option("--today", type=_Day(), help="The day to judge dates by; by default today in UTC."),
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A config to use in place of the base branch's .github/ruleward.toml.",
        ),
        click.option("--repo", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="The repository."),
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
    from bot.render.as_lines import render

    git = Git(repo)
    only = _only(git, files)
    day = today or datetime.now(UTC).date()
    done = review(git, base=base, head=None, config=config, today=day, only=only).review
    _write(render(done), None)
    sys.exit(_status(done, Level.ERROR))


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
    from bot.render.as_lines import render
    from bot.render.as_patch import patch, told

    git = Git(repo)
    only = _only(git, files)
    day = today or datetime.now(UTC).date()
    done = fix(git, base=base, config=config, today=day, only=only, dry_run=dry_run)
    if dry_run:
        text = "".join(patch(edit.path, edit.before, edit.after) for edit in done.edits)
    else:
        text = "".join(f"{line}\n" for edit in done.edits for line in told(edit.fixed))
    _write(text, None)
    click.echo(render(done.left.review), nl=False, err=True)
    sys.exit(_status(done.left.review, Level.ERROR))


class _When(click.ParamType[date | str]):
    """A day, or else a revision."""

    name = "DATE|REV"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date | str:  # noqa: ARG002
        """Read a day; what is none is a revision, which git will know or not."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value


@cli.command("replay")
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="The repository.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The config to judge by; by default the working tree's .github/ruleward.toml.",
)
@click.option("--since", type=_When(), help="The first day (UTC), or the commit to begin after.")
@click.option("--until", type=_When(), help="The last day, or the newest commit; by default the default branch.")
@click.option(
    "--ranges",
    type=click.File(encoding="utf-8", errors="replace"),
    metavar="FILE",
    help="Changes to replay in place of the merged ones: base..head, one a line; - is stdin.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="What to write.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it; by default stdout.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to note what is done, so that a run that was stopped goes on there.",
)
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
    _write(render(done), output)
    sys.exit(_INCOMPLETE if done.count(Verdict.INCOMPLETE) else 0)


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
@click.argument("subject", type=click.Choice(["report", "config", "replay"]))
def schema_command(subject: str) -> None:
    """Print the JSON Schema of the report, of .github/ruleward.toml, or of a replay."""
    if subject == "report":
        from bot.report import REPORT_SCHEMA

        schema = REPORT_SCHEMA
    elif subject == "replay":
        from bot.render.as_replay_json import REPLAY_SCHEMA

        schema = REPLAY_SCHEMA
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
