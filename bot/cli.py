"""The command line: environment, exit status, and the real effects; everything else is asked of ``bot.app``."""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, TextIO

import click

from bot import __version__
from bot.model import RulewardError, Verdict
from bot.settings import CONFIG_PATH

if TYPE_CHECKING:
    from bot.collect.git import Git

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
    if output.is_symlink() and not output.is_relative_to("/dev"):  # a branch may hold one that leads anywhere
        raise RulewardError(f"{output}: is a symbolic link, which is never followed; name the file itself")
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
    from bot.judge import exit_status
    from bot.render.as_lines import render

    git = Git(repo)
    only = _only(git, files)
    day = today or datetime.now(UTC).date()
    done = review(git, base=base, head=None, config=config, today=day, only=only).review
    _write(render(done), None)
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
    sys.exit(exit_status(done.left.review, "error"))


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


@cli.command("diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "--repo", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Where revisions are looked up."
)
def diff_command(*, old: str, new: str, repo: Path) -> None:
    """Say what changed from OLD to NEW: two rule files, or one at two revisions, REV:PATH."""
    from bot.app import compare
    from bot.render import render_change

    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 100
    _write(render_change(compare(repo, old, new), colour=terminal and "NO_COLOR" not in os.environ, width=width), None)


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
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="The work tree.")
def init_command(*, profile: str, event: str, pin: str | None, repo: Path) -> None:
    """Write the workflows and a commented config into a repository; what exists is left as it is."""
    from bot.setup.init import Profile, write_files

    written = write_files(repo, profile=Profile(profile), event=event, pin=pin)
    lines = [f"{'wrote' if each.new else 'exists, left as it is:'} {each.path}" for each in written]
    if any(each.new for each in written):
        lines.append("Commit this, require the commit status `ruleward: <branch>`, and ask `ruleward doctor`.")
    _write("\n".join(lines) + "\n", None)


@cli.command("doctor")
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="The work tree.")
def doctor_command(*, repo: Path) -> None:
    """Look whether a repository's workflows, config and tools fit together; it asks no network."""
    from bot.setup.doctor import examine

    inputs = [each.opts[0].removeprefix("--") for each in action_command.params]
    lines = examine(repo, inputs)
    _write("".join(f"{each}\n" for each in lines), None)
    sys.exit(0 if all(each.good for each in lines) else 1)


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
