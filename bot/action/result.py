"""What a run leaves to the workflow, whatever it reviewed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from bot.app import faulty
from bot.config import ConfigError
from bot.github.client import GitHubError
from bot.github.runner import Result, Runner
from bot.model import Review, Revision, RulewardError, Unevaluated, Verdict
from bot.render import render
from bot.render.escape import command_data, prose
from bot.report import label_names
from bot.settings import CONFIG_PATH, CommitStatus, Settings

STATES = {0: "success", 1: "failure"}
"""The exit status of a review to the state of its commit status; anything else is an error."""

SHORT = 10.0
"""Seconds that a run which could not finish waits at most to say so in the commit status."""

_KEPT = ("report", "comment-url")
_NOWHERE = Revision(ref="", sha=None)


def unfinished(
    runner: Runner, result: Result, error: GitHubError, base: Revision = _NOWHERE, head: Revision = _NOWHERE
) -> None:
    """Say that GitHub could not be asked: whatever was found, this is no pass."""
    if not result.outputs.get("report"):
        result.outputs["report"] = keep(runner, unreviewed(runner, error, base, head), Settings())
    result.status = error.status
    result.annotations = annotation(str(error))
    result.summary += f"\n⚠️ **Not finished**: {prose(str(error))}.\n"
    result.outputs = {**outputs_of(Verdict.INCOMPLETE), **{key: result.outputs.get(key, "") for key in _KEPT}}


def crash(error: Exception) -> str:
    """Say in the commit status that something failed which nobody thought of; what, stands in the log."""
    return f"Ruleward failed ({type(error).__name__}), and reviewed nothing; the log of the run says more"


def named(made: Review, base: str, head: str) -> Review:
    """Name the ends as people know them."""
    return replace(made, base=replace(made.base, ref=base), head=replace(made.head, ref=head))


def annotation(message: str) -> str:
    """Write a message as the workflow commands that show it on the run's page."""
    return "".join(f"::error::{command_data(line)}\n" for line in message.splitlines())


def context_of(status: CommitStatus, base: str) -> str:
    """Return what the commit status is called on pull requests to a branch."""
    return status.context.replace("{base}", base)


def keep(runner: Runner, made: Review, settings: Settings) -> str:
    """Write the report, for later steps of the workflow."""
    place = runner.temp / "ruleward-report.json"
    place.write_text(render(made, settings, "json"), encoding="utf-8", errors="replace")
    return str(place)


def unreviewed(
    runner: Runner, error: RulewardError, base: Revision, head: Revision, paths: Iterable[str] = ()
) -> Review:
    """Return what is known of a change that could not be reviewed: why, and which files that leaves unjudged.

    Args:
        runner: where the run finds itself.
        error: what stopped the review.
        base: the end that it would have been compared with, as far as that is known.
        head: the other end.
        paths: the files of the change, none where they are not known.
    """
    faults = faulty(error) if isinstance(error, ConfigError) else ()
    reason = "the config cannot be used" if faults else str(error)
    rules = sorted({path for path in paths if path.lower().endswith(".toml") and path != CONFIG_PATH})
    return Review(
        base=base,
        head=head,
        today=runner.today,
        verdict=Verdict.INCOMPLETE,
        findings=faults,
        unevaluated=tuple(Unevaluated(path=path, reason=reason) for path in rules or ["."]),
    )


def outputs_of(verdict: Verdict, made: Review | None = None, report: str = "") -> dict[str, str]:
    """Return the outputs of a review; ``made`` is None where there was nothing to review."""
    standing = [each for each in made.all_findings() if each.waived is None] if made else []
    return {
        "verdict": verdict.value,
        "blocked": json.dumps(verdict is Verdict.BLOCK),
        "findings": str(len(standing)),
        "rules-changed": str(len(made.rules) if made else 0),
        "labels": ",".join(label_names(made)) if made else "",
        "report": report,
        "comment-url": "",
    }
