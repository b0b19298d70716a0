"""One audit on GitHub: the tree of the default branch, its page, and the one issue that says what is stale."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from bot.action.objects import config_of
from bot.audit import audit, settings_of
from bot.audit_report import merge_audits, read_audit
from bot.audited import Audit
from bot.collect.git import Git
from bot.collect.remote import Remote
from bot.github.apply import plainly
from bot.github.client import Client, RefusedError
from bot.github.labels import STALE, label
from bot.github.rolling import Kept, Rolling
from bot.github.runner import Inputs, Result, Runner
from bot.model import RulewardError, is_table
from bot.render import render_audit
from bot.render.as_issue import render as issue_of
from bot.render.escape import prose
from bot.settings import Settings

_INCOMPLETE = 3
_PAGE = "index.html"
_REPORT = "ruleward-audit.json"


def audit_tree(runner: Runner, inputs: Inputs, client: Client) -> Result:
    """Audit the commit that the workflow runs for.

    Raises:
        RulewardError: there is no such commit, its config is broken, or GitHub could not be asked.
    """
    if runner.shards is not None:
        done, settings = _folded(runner.shards), Settings()
    else:
        git, head = _repository(runner, client)
        config = config_of(runner, inputs, git, head)
        settings = settings_of(git, head=head, config=config)
        done = audit(
            git, head=head, config=config, today=runner.today, cache=runner.cache, repository=runner.repository
        )
    stale = len(done.stale)
    result = Result(status=0 if done.complete else _INCOMPLETE, summary=render_audit(done, "markdown"))
    report = runner.temp / _REPORT
    report.write_text(render_audit(done, "json"), encoding="utf-8", errors="replace")
    result.outputs = {"report": str(report), "stale-count": str(stale), "issue-url": ""}
    for source in done.sources:
        if source.note:
            runner.say(source.note)
    runner.say(f"{stale} of {len(done.rules)} rules are stale")
    if inputs.dashboard is not None:
        _write_page(inputs, done)
    if inputs.comment:
        _issue(runner, inputs, client, done, settings, result)
    return result


def _folded(folder: Path) -> Audit:
    """Fold the reports below a folder into one.

    Raises:
        RulewardError: there is none, or one is no report of an audit.
    """
    files = sorted(folder.rglob("*.json"))
    if not files:
        raise RulewardError(f"{folder}: there is no report (*.json) below it to fold")
    try:
        return merge_audits((str(file), read_audit(file.read_bytes(), str(file))) for file in files)
    except OSError as error:
        raise RulewardError(f"{folder}: cannot be read: {error.strerror}") from error


def _repository(runner: Runner, client: Client) -> tuple[Git, str]:
    """Return a repository that holds the commit with its history: the workspace, or one that is fetched.

    A workspace without old blobs is read too, but what it lacks is fetched into a repository of this run's own.
    """
    sha = runner.sha if _on_default_branch(runner) else ""
    sha = sha or _tip_of_default_branch(client)
    beside = _workspace(runner, sha)
    if beside is not None and not beside.promisor():
        return beside, sha
    url = f"{runner.server_url}/{runner.repository}.git"
    objects = beside.objects() if beside is not None else None
    made = Remote(runner.temp / "objects.git", url, runner.token, client.pause, beside=objects)
    made.take_history(sha)
    return made, sha


def _workspace(runner: Runner, sha: str) -> Git | None:
    """Return the workspace's repository where it holds a commit with all that led to it."""
    if runner.workspace is None:
        return None
    try:
        git = Git(runner.workspace)
        known = git.holds(sha)
    except RulewardError:  # no repository, or somebody else's: fetching is no worse
        known, git = False, None
    if git is None or not known:
        runner.say("the workspace does not hold the commit to audit: it is fetched")
        return None
    if git.shallow():
        runner.say("the workspace's history is cut off (fetch-depth: 0 keeps all of it): it is fetched")
        return None
    return git


def _on_default_branch(runner: Runner) -> bool:
    """Tell whether the workflow runs for the default branch: who starts one by hand may choose another."""
    repository = runner.payload.get("repository")
    branch = repository.get("default_branch") if is_table(repository) else None
    return not runner.ref or not isinstance(branch, str) or runner.ref == f"refs/heads/{branch}"


def _tip_of_default_branch(client: Client) -> str:
    branch = quote(str(client.get("")["default_branch"]), safe="/")
    return str(client.get(f"/git/ref/heads/{branch}")["object"]["sha"])


def _write_page(inputs: Inputs, done: Audit) -> None:
    """Write the page, and the report that it is made of, into a folder for a later step to publish."""
    folder = inputs.dashboard
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _PAGE).write_text(render_audit(done, "html"), encoding="utf-8", errors="replace")
        (folder / "audit.json").write_text(render_audit(done, "json"), encoding="utf-8", errors="replace")
    except OSError as error:
        raise RulewardError(f"{folder}: cannot be written: {error.strerror}") from error


def _issue(  # noqa: PLR0917 - one call, from above
    runner: Runner, inputs: Inputs, client: Client, done: Audit, settings: Settings, result: Result
) -> None:
    """Make the issue agree, as far as the token may."""
    rolling = Rolling(client, label(STALE, settings), login=inputs.bot_login)
    try:
        found = rolling.find()
        result.outputs["issue-url"] = found[0].url if found else ""
        if not (done.complete or done.stale):
            runner.say("the issue is left as it is: the audit is incomplete, and what it lacks may be stale")
            return
        wish = issue_of(done, settings, found[0].body if found else None)
        if inputs.dry_run:
            runner.say(f"dry run: {_planned(found, open_=wish.open)}: {wish.title}")
            return
        said: list[str] = []
        kept = rolling.agree(wish, found, said, labelled=inputs.labels)
    except RefusedError as error:
        reason = plainly(error)
        runner.say(f"skipped the issue: {reason}")
        result.summary += f"\nSkipped the issue: {prose(reason)}.\n"
        return
    for line in said or ["GitHub says all of this already: nothing is written"]:
        runner.say(line)
    result.outputs["issue-url"] = kept.url if kept is not None else ""


def _planned(found: tuple[Kept, ...], *, open_: bool) -> str:
    if not found:
        return "open an issue" if open_ else "open no issue"
    return f"keep issue #{found[0].number} {'open' if open_ else 'closed'}"


__all__ = ["audit_tree"]
