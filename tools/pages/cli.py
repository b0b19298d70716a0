"""``docs/cli.md``: every command with its options, from click."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from bot.cli import cli
from tools.pages.values import cell, sentence, table

_HEAD = """\
# Commands

<!-- Made by `make generate` from bot/cli; edits here are lost. -->

`ruleward COMMAND --help` says the same on your terminal. A report goes to stdout, or to the file that `--output` names, as UTF-8; everything else goes to
stderr, so `--format json` can be piped. Progress is shown on a terminal only, and `NO_COLOR` is honoured. The same input gives the same bytes.

No command but `action` asks a network; in a partial clone git fetches from your own remote what it was made without. None runs code of the repository that it
looks at.

## Exit statuses

| Status | Meaning |
|---|---|
| 0 | done; nothing stands that was asked for |
| 1 | done; something does |
| 2 | wrong use: an option, a revision or the config |
| 3 | incomplete: a part could not be obtained or judged. This never looks like a pass |
| 130 | interrupted |

What counts as something is said with each command.
"""

_STATUSES = {
    "review": "1 where a finding stands that `--fail-on` asks for.",
    "check": "1 where an error stands.",
    "fix": "1 where an error is left afterwards; after `--dry-run` the tree is as it was, and so is the status.",
    "audit": "0 whatever is found, a file that is no rule too (`unreadable-rule`); 3 where a file could not be had, as in a partial clone without its remote.",
    "diff": "0, whether anything changed or not.",
    "replay": "0 whatever is found; 3 where a change could not be judged whole.",
    "action": "1 where the verdict is a failure under `fail-on`, as the commit status says.",
    "explain": "2 where there is no such policy.",
    "init": "0, also where everything existed already.",
    "doctor": "1 where something has to be changed.",
    "schema": "0.",
}
"""What the exit status of each command says beyond the table."""

_EXAMPLES = {
    "review": """\
ruleward review                                                # the working tree, and where it left the default branch
ruleward review --base main --head my-branch                   # two revisions
ruleward review --repo ../my-rules.git --head my-branch        # another repository, bare ones too
ruleward review --format markdown --output review.md           # what the comment would say
ruleward review --today 2026-11-24                             # the day to judge dates by
ruleward review --fail-on warning""",
    "check": """\
ruleward check                                                 # a line a finding, nothing where there is none
ruleward check rules/linux/a.toml""",
    "fix": """\
ruleward fix --dry-run                                         # a patch, for `git apply` or to look at
ruleward fix                                                   # the changed rules of the working tree
ruleward fix rules/linux                                       # or those among some files and folders""",
    "audit": """\
ruleward audit                                                 # the working tree; in a bare repository HEAD
ruleward audit --head main --cache ages.json                   # remember what history said, for the next run
ruleward audit --format html --output audit.html               # one page, nothing fetched
ruleward audit --merge one.json two.json --format html         # the JSON reports of several repositories as one page""",
    "diff": """\
ruleward diff old.toml new.toml                                # two files
ruleward diff main:rules/linux/a.toml rules/linux/a.toml       # a rule at a revision, and as it stands now""",
    "replay": """\
ruleward replay --since 2025-01-01                             # what was merged since a day
ruleward replay --since v1.0 --until main                      # or between two commits
ruleward replay --since 2025-01-01 --config draft.toml         # under other levels
ruleward replay --since 2025-01-01 --cache replay.jsonl        # a run that was stopped goes on where it was
ruleward replay --since v1.0 --format markdown --output replay.md""",
    "explain": """\
ruleward explain                                               # every policy in one line each
ruleward explain updated-date-not-bumped""",
    "init": """\
ruleward init --profile observe                                # watch only, block nothing""",
    "doctor": "ruleward doctor",
    "schema": """\
ruleward schema config > ruleward.schema.json                  # for editors that complete TOML
ruleward schema report""",
}

_MORE = {
    "review": "On the terminal the first five edited queries are explained under their rules, what loses coverage first; for more the command is named. "
    "The findings follow, the worst first, and before the headline stands what was compared with what. Reads and writes nothing but `--output`. A shallow clone that lacks the merge base is told what to fetch.",
    "check": "The hook that [pre-commit](migration.md#3-a-hook-for-authors) runs. It compares with the merge base, not with the last commit.",
    "fix": "Sets dates, a `deprecation_date`, and a `risk_score` that a changed severity left behind (to 21, 47, 73 or 99), and goes on while one edit asks for "
    "the next. Each edit changes or adds one line; quotes, comments, alignment, line ends and every other byte stay. What stood in the base before, and what "
    "an exception covers, is left alone. What is fixed goes to stdout, what is left and the count to stderr.",
    "audit": "More about it: [the audit](audit.md).",
    "replay": "All changes are judged under one config: the one in your working tree unless you name another, never the one of that time. What stood in a rule "
    "before, and what an exception covers, counts as `silent`; `alone` counts the changes that one policy alone would have blocked. A change that touches "
    "several folders counts as blocked or warned in each of them, wherever the finding is. `--format json` has every finding. [Migration](migration.md) "
    "uses it.",
    "action": "What `action.yml` runs. Each option is an [input of the action](github.md#inputs); the rest it reads from the `GITHUB_*` and `RUNNER_*` "
    "variables of a runner.",
    "init": "Writes `.github/workflows/ruleward.yml`, `.github/workflows/ruleward-audit.yml` and `.github/ruleward.toml`. What exists is left as it is. It looks for "
    "the folders that hold rules, and pins the action to the commit of the clone that it runs from.",
}


def page() -> str:
    """Return ``docs/cli.md``."""
    top = click.Context(cli, info_name="ruleward")
    return "\n".join([_HEAD, *(_section(name, command, top) for name, command in cli.commands.items())])


def _section(name: str, command: click.Command, top: click.Context) -> str:
    context = click.Context(command, info_name=name, parent=top)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## {name}", inspect.cleandoc(command.help or ""), f"```text\n{usage}\n```", _MORE.get(name, "")]
    if name in _EXAMPLES:
        parts.append(f"```console\n{_EXAMPLES[name]}\n```")
    rows = list(_options(command, context))
    if rows:
        parts.append(table(("Option", "Meaning"), *rows))
    parts.append(f"**Exit status:** {_STATUSES[name]}")
    return "\n\n".join(filter(None, parts)) + "\n"


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield each option, but ``--help``, and what it means, with its default and its variable as ``--help`` tells them."""
    for option in command.params:
        if isinstance(option, click.Option):
            record = option.get_help_record(context)
            if record is not None:
                said, meaning = record
                text = " ".join(meaning.split()).replace("[", "(").replace("]", ")")
                yield f"`{cell(said)}`", sentence(text.replace(". (", " ("))


__all__ = ["page"]
