"""What a merge queue is about to merge."""

from __future__ import annotations

from bot.action.naming import Naming
from bot.action.objects import config_of, objects
from bot.action.result import (
    SHORT,
    STATES,
    annotation,
    context_of,
    crash,
    keep,
    named,
    outputs_of,
    unfinished,
    unreviewed,
)
from bot.action.waivers import records, requests
from bot.app import review
from bot.collect.git import Git
from bot.collect.named import Config
from bot.github.apply import Publisher
from bot.github.client import Client, GitHubError
from bot.github.event import ReviewGroup
from bot.github.facts import Thread
from bot.github.labels import RECHECK, label
from bot.github.plan import SetStatus, StatusWish
from bot.github.runner import Inputs, Result, Runner
from bot.judge import exit_status, judged_again
from bot.model import Revision, RulewardError
from bot.render.as_markdown import render as comment_of
from bot.render.as_pull import (
    error_comment,
    error_text,
    status_text,
)
from bot.settings import CommitStatus, Settings
from bot.waive import Record, waived


class GroupRun:
    """The review of what a merge queue is about to merge: a status on its head, nothing else."""

    def __init__(self, runner: Runner, inputs: Inputs, client: Client, group: ReviewGroup) -> None:
        """Look at nothing yet."""
        self.runner = runner
        self.inputs = inputs
        self.client = client
        self.group = group
        # what a queue is told is no report on the pull request, which another commit may be the head of
        self.thread = Thread(client, group.number or 0, login=inputs.bot_login, about=0)
        self.naming = Naming(runner=runner, inputs=inputs, client=client)
        self.result = Result()
        self.git: Git | None = None
        self.config: Config = None

    def run(self) -> Result:
        """Review the group as its pull request was reviewed, as far as GitHub can be reached."""
        try:
            return self._run()
        except GitHubError as error:
            unfinished(self.runner, self.result, error, *self._ends())
            self._tell(str(error))
            return self.result
        except Exception as error:
            self._tell(crash(error))
            raise

    def _tell(self, message: str) -> None:
        """Say by the commit status too that this is no pass: it may still be what an older run made of it."""
        self.client.hurry(SHORT)
        try:
            self._set(self._wish(self._names().status, "error", error_text(message)))
        except GitHubError as again:
            self.runner.say(f"the commit status may still be what an older run set: {again}")

    def _names(self) -> Settings:
        """Find out what the status and the labels are called after something failed."""
        return self.naming.after(self.git, self.config, self.group.base)

    def _ends(self) -> tuple[Revision, Revision]:
        group = self.group
        return Revision(ref=group.target, sha=group.base), Revision(ref="merge queue", sha=group.head)

    def _run(self) -> Result:
        group, runner = self.group, self.runner
        try:
            git, merge_base = objects(runner, self.client, self.thread, group.base, group.head)
            self.git = git
            config = self.config = config_of(runner, self.inputs, git, group.base)
            reviewed = review(
                git,
                base=group.base,
                head=group.head,
                merge_base=merge_base,
                config=config,
                today=runner.today,
                again=True,
            )
            settings = reviewed.settings
            made = judged_again(waived(reviewed.review, self._records()), settings)
            made = named(made, group.target, "merge queue")
            summary = comment_of(made, settings, template=reviewed.template, whole=True)
        except RulewardError as error:
            self.result.status = error.status
            self.result.annotations = annotation(str(error))
            known = self._names()
            told = error_comment(str(error), recheck=label(RECHECK, known).name)
            self.result.summary = told.partition("\n")[2]
            made = unreviewed(runner, error, *self._ends())
            self.result.outputs = outputs_of(made.verdict, made, keep(runner, made, Settings()))
            self._status(known.status, "error", error_text(str(error)))
            return self.result
        self.result.status = exit_status(made, self.inputs.fail_on)
        self.result.summary = summary
        self.result.outputs = outputs_of(made.verdict, made, keep(self.runner, made, settings))
        told = status_text(made, self.inputs.fail_on)
        self._status(settings.status, STATES.get(self.result.status, "error"), told)
        runner.say(told)
        return self.result

    def _records(self) -> list[Record]:
        """The waivers of the pull request in the queue whose labels are still on, as they were when they counted."""
        if self.group.number is None:
            return []
        target = self.group.target
        on = {(each.policy, each.by, each.at, target) for each in requests(self.thread)}
        return [each for each in records(self.thread) if (each.policy, each.by, each.at, each.base) in on] if on else []

    def _status(self, status: CommitStatus, state: str, description: str) -> None:
        """Set the status, unless it says this already."""
        wish = self._wish(status, state, description)
        standing = self.thread.standing(self.group.head, wish.context) if self.inputs.status else None
        if standing is None or not standing.says(state, description):
            self._set(wish)

    def _wish(self, status: CommitStatus, state: str, description: str) -> StatusWish:
        return StatusWish(context=context_of(status, self.group.target), state=state, description=description)

    def _set(self, wish: StatusWish) -> None:
        """Set the status, or in a dry run only say it."""
        if not self.inputs.status:
            return
        if self.inputs.dry_run:
            self.runner.say(f"dry run: {SetStatus(status=wish)}")
            return
        publisher = Publisher(self.client, self.thread, self.group.head, link=self.runner.link(self.thread.about))
        for surface, reason in publisher.apply([SetStatus(status=wish)]).skipped.items():
            self.runner.say(f"skipped the {surface.value}: {reason}")
