"""One run on GitHub: read what is there, review, decide everything, write, and look again.

Whatever cuts a run off, the next one finishes: what to write is worked out from what GitHub holds, every time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.action_audit import audit_tree
from bot.app import Reviewed, review
from bot.collect.git import Git
from bot.collect.remote import Remote
from bot.config import read_config
from bot.github.apply import Outcome, Publisher
from bot.github.client import Client, GitHubError, RefusedError
from bot.github.event import AuditTree, ReviewGroup, ReviewPull, activity
from bot.github.facts import Pull, Thread, own
from bot.github.labels import RECHECK, label, labels, owned, waiver
from bot.github.plan import Held, SetStatus, StatusWish, Surface, Wishes, Write, differing, inline_key, plan, same_text
from bot.github.runner import Inputs, Result, Runner
from bot.judge import exit_status, judged_again
from bot.model import Finding, Level, Review, RulewardError, Verdict
from bot.policy import all_policies
from bot.render import render
from bot.render.as_markdown import Note, change_digest, noted
from bot.render.as_markdown import render as comment_of
from bot.render.as_pull import (
    candidates,
    error_comment,
    error_text,
    inline_wishes,
    status_text,
    waiver_comment,
    worth_saying,
)
from bot.render.escape import command_data, prose
from bot.report import label_names
from bot.settings import CONFIG_PATH, CommitStatus, Settings
from bot.waive import Facts, Record, Refusal, Request, asks, granted, read_record, refused, settled, waived

_STATES = {0: "success", 1: "failure"}
_LOOKS = 3
_ONE_PAGE = 100
_OURS = ("rule:", "impact:", "governance:", "waive:")
_UNTOUCHED = "No rule changes"
_KEPT = ("report", "comment-url")
_FOR_PEOPLE = 2  # the exit status of what somebody has to put right; the rest is put right by another run


def act(runner: Runner, inputs: Inputs) -> Result:
    """Do what an event asks for.

    Raises:
        RulewardError: the event asks for nothing that this action does, or GitHub could not be reached.
    """
    what = activity(runner.event, runner.payload, inputs.command)
    client = Client(runner.api_url, runner.token, runner.repository, runner.clock)
    try:
        match what:
            case ReviewPull(number=number):
                return _review_pull(runner, inputs, Thread(client, number, login=inputs.bot_login), client)
            case ReviewGroup():
                return _GroupRun(runner, inputs, client, what).run()
            case AuditTree():
                return audit_tree(runner, inputs, client)
    finally:
        runner.say(f"GitHub was asked {client.calls} times; {client.waited:.0f} s were spent waiting for it")


def _review_pull(runner: Runner, inputs: Inputs, thread: Thread, client: Client) -> Result:
    """Review a pull request, and again where it changed, or another run wrote, while this one did.

    What this run wrote may be older than what the other wrote before it: so whoever writes looks again, and puts right
    what is not as it should be.
    """
    run = _PullRun(runner, inputs, client, thread)
    result = run.look()
    superseded = run.superseded
    for look in range(2, _LOOKS + 1):
        if not run.again:
            break
        again = run.thread.fresh(run.login)
        run = _PullRun(runner, inputs, client, again, recording=run.recording, final=look == _LOOKS)
        later = run.look()
        if not superseded or run.unfinished:  # another head has its own run, which reports on it
            result = later
        superseded = superseded or run.superseded
    return result


def objects(runner: Runner, client: Client, thread: Thread, base: str, head: str) -> tuple[Git, str]:
    """Return a repository that holds two commits, and their merge base.

    A workspace that has both is read, and left as it is; else they are fetched into a bare repository of this run's
    own. Nothing of the head is checked out anywhere.
    """
    workspace = _workspace(runner, base, head)
    if workspace is not None:
        return workspace, workspace.merge_base(base, head)
    merge_base = thread.merge_base(base, head)
    url = f"{runner.server_url}/{runner.repository}.git"
    made = Remote(runner.temp / "objects.git", url, runner.token, client.pause)
    made.take((base, head, merge_base))
    return made, merge_base


def _workspace(runner: Runner, base: str, head: str) -> Git | None:
    """Return the workspace's repository where it has all that is needed: both commits, and their history."""
    if runner.workspace is None:
        return None
    try:
        git = Git(runner.workspace)
        if git.shallow() or git.promisor():
            return None
        git.commit(base)
        git.commit(head)
        git.merge_base(base, head)
    except RulewardError:  # no repository, somebody else's, or without these commits: fetching is no worse
        return None
    return git


class _PullRun:
    """The review of one pull request."""

    def __init__(
        self,
        runner: Runner,
        inputs: Inputs,
        client: Client,
        thread: Thread,
        *,
        recording: bool = True,
        final: bool = False,
    ) -> None:
        """Look at nothing yet.

        Args:
            runner: where the run finds itself.
            inputs: what the workflow asks for.
            client: of the repository.
            thread: the pull request, unread.
            recording: whether waivers can be recorded; one that cannot does not count.
            final: write in any case, for there will be no further look.
        """
        self.runner = runner
        self.inputs = inputs
        self.client = client
        self.thread = thread
        self.recording = recording
        self.final = final
        self.result = Result()
        self.superseded = False
        self.unfinished = False
        self.again = False
        self.login = ""

    def look(self) -> Result:
        """Review, and make GitHub agree, as far as GitHub can be reached."""
        try:
            self._look()
        except GitHubError as error:
            self.again = False
            self.unfinished = True
            _unfinished(self.result, error)
        return self.result

    def _look(self) -> Result:
        pull = self.thread.pull
        if not pull.open:
            self.runner.say(f"pull request #{pull.number} is closed: nothing to do")
            self.result.summary += "The pull request is closed: nothing was reviewed.\n"
            return self.result
        try:
            if self._untouched(pull):
                return self._pass(pull)
            git, merge_base = objects(self.runner, self.client, self.thread, pull.base_sha, pull.head_sha)
            reviewed = review(
                git,
                base=pull.base_sha,
                head=pull.head_sha,
                merge_base=merge_base,
                config=self.inputs.config,
                today=self.runner.today,
                title=pull.title,
            )
            named = _named(reviewed.review, pull.base_ref, pull.head_ref)
            reviewed = replace(reviewed, review=named)
            wishes, reviewed = self._wishes(git, pull, reviewed)
        except RulewardError as error:
            if isinstance(error, GitHubError) and not isinstance(error, RefusedError):
                raise
            return self._broken(pull, error)
        self._report(pull, reviewed)
        self._publish(pull, wishes, reviewed)
        return self.result

    # --- pull requests that are none of ours ------------------------------------------------------------------------

    def _untouched(self, pull: Pull) -> bool:
        """Tell, by one look at the list of files, whether there is nothing to review and nothing to clean up."""
        if pull.comments or pull.inline or pull.files > _ONE_PAGE:
            return False
        if any(name.lower().startswith(_OURS) for name in pull.labels):
            return False
        return not any(path.lower().endswith(".toml") for path in self.thread.paths())

    def _pass(self, pull: Pull) -> Result:
        self.runner.say(f"pull request #{pull.number} touches no TOML file")
        self.result.summary = f"{_UNTOUCHED}.\n"
        self.result.outputs = _outputs(Verdict.PASS)
        context = _context(self._status_at_hand(pull), pull.base_ref)
        wish = StatusWish(context=context, state="success", description=_UNTOUCHED)
        if self.inputs.status:
            self._write(pull, (SetStatus(status=wish),))
        return self.result

    def _status_at_hand(self, pull: Pull) -> CommitStatus:
        """Read what the status is called where that takes no request and no fetch: a given file, or the workspace."""
        try:
            if self.inputs.config is not None:
                return read_config(self.inputs.config.read_bytes(), str(self.inputs.config)).status
            if self.runner.workspace is None:
                return CommitStatus()
            git = Git(self.runner.workspace)
            git.commit(pull.base_sha)
            return CommitStatus() if git.promisor() else read_config(git.file(pull.base_sha, CONFIG_PATH)).status
        except (RulewardError, OSError):
            return CommitStatus()

    def _write(self, pull: Pull, writes: Iterable[Write]) -> Outcome:
        """Carry writes out, or in a dry run only say them."""
        if self.inputs.dry_run:
            for write in writes:
                self.runner.say(f"dry run: {write}")
            return Outcome()
        publisher = Publisher(self.client, self.thread, pull.head_sha, run_url=self.runner.run_url)
        outcome = publisher.apply(writes)
        for surface, reason in outcome.skipped.items():
            self._skipped(surface, reason)
        return outcome

    # --- what should be there ---------------------------------------------------------------------------------------

    def _wishes(self, git: Git, pull: Pull, reviewed: Reviewed) -> tuple[Wishes, Reviewed]:
        """Work out what GitHub should hold; who may waive is asked here."""
        settings = reviewed.settings
        held, fresh, refusals = self._waivers(pull, reviewed)
        made = judged_again(waived(reviewed.review, (*held, *fresh)), settings)
        reviewed = replace(reviewed, review=made)
        status = StatusWish(
            context=_context(settings.status, pull.base_ref),
            state=_STATES.get(exit_status(made, self.inputs.fail_on), "error"),
            description=status_text(made),
        )
        if pull.draft:
            return Wishes(status=status if self.inputs.status else None), reviewed
        notes = self._notes(pull, made, refusals)
        body = comment_of(made, settings, blob_url=self._blob_url(pull), template=reviewed.template, notes=notes)
        bulk = len(made.rules) >= settings.comment.bulk_threshold
        inline = None
        if self.inputs.inline:
            paths = () if bulk else candidates(made)
            merge_base = made.base.merge_base or ""
            hunks = git.hunks(merge_base, pull.head_sha, paths, settings.rules.included.roots()) if paths else {}
            inline = inline_wishes(made, hunks, most=settings.comment.max_inline)
        recheck = label(RECHECK, settings).name
        mode = settings.comment.mode.value
        wanted = (
            bool(notes)
            or mode == "always"
            or worth_saying(made, settings.maturity.shipping, settings.comment.bulk_threshold)
        )
        return Wishes(
            comment=body if self.inputs.comment and mode != "off" else None,
            wanted=wanted,
            change=change_digest(made),
            labels=labels(made.labels, settings) if self.inputs.labels else None,
            owned=owned(settings),
            offered=tuple(waiver(each) for each in _waivable(made)) if self.inputs.labels else (),
            taken_off=(
                *(each.label for each in refusals),
                *(name for name in pull.labels if name.lower() == recheck.lower()),
            )
            if self.inputs.labels
            else (),
            records=tuple(waiver_comment(each) for each in fresh),
            inline=inline,
            status=status if self.inputs.status else None,
        ), reviewed

    def _notes(self, pull: Pull, made: Review, refusals: Iterable[Refusal]) -> tuple[Note, ...]:
        """Say which labels do not count and why; what was said stays, while the change is the same.

        The label is gone by the next run: without what the comment says already, its reason would be gone as well.
        """
        mine = own(self.thread.comments, "review", self.thread) if self.inputs.comment else ()
        stay = noted(mine[0].body, change_digest(made)) if mine else ()
        off = self.inputs.labels
        fresh = [Note(label=each.label, reason=each.reason, off=off) for each in refusals]
        return (*(each for each in stay if each.label not in pull.labels), *fresh)

    def _waivers(self, pull: Pull, reviewed: Reviewed) -> tuple[list[Record], list[Record], list[Refusal]]:
        """Judge every ``waive:`` label: the waivers that hold, those that begin now, and the labels that come off."""
        records = _records(self.thread) if any(map(asks, pull.labels)) else []
        held: list[Record] = []
        fresh: list[Record] = []
        refusals: list[Refusal] = []
        for request in _requests(self.thread):
            known = settled(request, records, reviewed.review)
            if known is None:
                known = refused(request, self._facts(pull, request, reviewed.settings), reviewed.settings.waivers)
                if known is None:
                    if self.recording and not pull.draft:  # one that nobody can look up does not count
                        fresh.append(granted(request, reviewed.review))
                    continue
            if isinstance(known, Refusal):
                refusals.append(known)
            else:
                held.append(known)
        return held, fresh, refusals

    def _facts(self, pull: Pull, request: Request, settings: Settings) -> Facts:
        context = _context(settings.status, pull.base_ref)
        mine = self.thread.statuses(pull.head_sha, context)
        return Facts(
            rights=self.thread.permission(request.by) if request.by and not request.bot else {},
            author=pull.author.login,
            writers=() if settings.waivers.allow_author else self.thread.commit_people,
            seen=min((each.created for each in mine), default=None),
        )

    def _blob_url(self, pull: Pull) -> str:
        return f"{self.runner.server_url}/{self.runner.repository}/blob/{pull.head_sha}"

    # --- reporting and writing --------------------------------------------------------------------------------------

    def _report(self, pull: Pull, reviewed: Reviewed) -> None:
        made, settings = reviewed.review, reviewed.settings
        self.result.status = exit_status(made, self.inputs.fail_on)
        self.result.summary = comment_of(
            made, settings, blob_url=self._blob_url(pull), template=reviewed.template, whole=True
        )
        self.result.outputs = _outputs(made.verdict, made, _keep(self.runner, made, settings))
        self.runner.say(status_text(made))

    def _publish(self, pull: Pull, wishes: Wishes, reviewed: Reviewed) -> None:
        outcome = self._agree(pull, wishes)
        if not self.inputs.inline or outcome.skipped.keys() & {Surface.INLINE, Surface.COMMENT}:
            # a token that may not comment may not comment on a line either, also where no finding stood on one
            self.result.annotations = render(reviewed.review, reviewed.settings, "github")
        self._url(outcome)

    def _agree(self, pull: Pull, wishes: Wishes) -> Outcome:
        """Make GitHub agree, and look at the pull request before the writes and after them."""
        writes = plan(wishes, self._held(pull, wishes))
        if not writes:
            self.runner.say("GitHub says all of this already: nothing is written")
            return Outcome()
        if self.inputs.dry_run:
            return self._write(pull, writes)
        before = self.thread.now()
        if pull.moved(before):
            self._supersede(before)
            return Outcome()
        if not (self.final or (_alike(pull, before) and Outcome(created=True).alone(pull, before))):
            self._repeat("it changed while it was reviewed")
            return Outcome()
        outcome = self._write(pull, writes)
        self._look_back(pull, wishes, outcome)
        return outcome

    def _look_back(self, pull: Pull, wishes: Wishes, outcome: Outcome) -> None:
        """Find out whether what was written is what should be there by now."""
        if Surface.WAIVER in outcome.skipped:
            self.recording = False
            self._repeat("the waiver could not be recorded, so it does not count")
            return
        if outcome.login and self.thread.taken_for(outcome.login):
            # an app's own token cannot ask who it is; what it wrote before was not recognised as ours
            self.login = outcome.login
            self._repeat(f"this token writes as {outcome.login}; give the action `bot-login: {outcome.login}`")
            return
        after = self.thread.now()
        if pull.moved(after):
            self._supersede(after)
            self._repeat("what was written is not about what it is now")
        elif not _alike(pull, after, wishes.taken_off):
            self._repeat("it changed meanwhile")
        elif not outcome.alone(pull, after):
            self._repeat("somebody else wrote at the same time")

    def _repeat(self, reason: str) -> None:
        self.again = not self.final
        if self.again:
            self.runner.say(f"looking at the pull request again: {reason}")

    def _url(self, outcome: Outcome) -> None:
        """Tell where the comment is: written now, or found."""
        url = outcome.url
        if not url and self.thread.pull.comments:
            mine = own(self.thread.comments, "review", self.thread)
            url = mine[0].url if mine else ""
        self.result.outputs["comment-url"] = url

    def _held(self, pull: Pull, wishes: Wishes) -> Held:
        """Read what the wishes touch, and nothing else."""
        mine = own(self.thread.comments, "review", self.thread) if wishes.comment is not None else ()
        ours_on = [name for name in pull.labels if name.lower() in wishes.owned]
        events = self.thread.label_events(ours_on) if differing(wishes, pull.labels) else ()
        said = bool(mine) and wishes.comment is not None and same_text(mine[0].body, wishes.comment)
        creating = differing(wishes, pull.labels) or (wishes.offered and not said)
        known = self.thread.repository_labels() if creating else None
        inline = self.thread.inline if wishes.inline is not None else ()
        status = wishes.status
        stand = self.thread.statuses(pull.head_sha, status.context) if status is not None else ()
        marked = (
            mine
            or any(event.label.lower() in wishes.owned for event in events)
            or any(inline_key(each.body) for each in inline)
        )
        return Held(
            login=self.thread.login if marked else "",
            labels=tuple(pull.labels),
            events=events,
            known=known,
            comments=mine,
            spare=_spare(self.thread) if wishes.comment is not None else (),
            inline=inline,
            status=stand[0] if stand else None,
        )

    def _supersede(self, later: Pull) -> None:
        self.superseded = True
        what = f"{later.head_sha[:12]} on {later.base_ref} by now, which has its own run" if later.open else "closed"
        self.runner.say(f"superseded: the pull request is {what}")
        self.result.status = 0
        self.result.summary += "\nSuperseded: the pull request moved on while this ran.\n"

    def _skipped(self, surface: Surface, reason: str) -> None:
        self.runner.say(f"skipped the {surface.value}: {reason}")
        self.result.summary += f"\nSkipped the {surface.value}: {prose(reason)}.\n"

    def _broken(self, pull: Pull, error: RulewardError) -> Result:
        """Report a review that could not be made: it fails, on every surface, and says why."""
        message = str(error)
        self.result.status = error.status
        self.result.annotations = _annotation(message)
        self.result.summary = error_comment(message).partition("\n")[2]
        self.result.outputs = _outputs(Verdict.INCOMPLETE)
        mine = own(self.thread.comments, "review", self.thread) if self.inputs.comment and not pull.draft else ()
        wish = StatusWish(
            context=_context(CommitStatus(), pull.base_ref), state="error", description=error_text(message)
        )
        wishes = Wishes(
            comment=error_comment(message, mine[0].body if mine else "")
            if self.inputs.comment and not pull.draft
            else None,
            wanted=error.status == _FOR_PEOPLE,
            taken_off=tuple(name for name in pull.labels if name.lower() == RECHECK) if self.inputs.labels else (),
            status=wish if self.inputs.status else None,
        )
        self._url(self._agree(pull, wishes))
        return self.result


class _GroupRun:
    """The review of what a merge queue is about to merge: a status on its head, nothing else."""

    def __init__(self, runner: Runner, inputs: Inputs, client: Client, group: ReviewGroup) -> None:
        self.runner = runner
        self.inputs = inputs
        self.client = client
        self.group = group
        self.thread = Thread(client, group.number or 0, login=inputs.bot_login)
        self.result = Result()

    def run(self) -> Result:
        """Review the group as its pull request was reviewed, as far as GitHub can be reached."""
        try:
            return self._run()
        except GitHubError as error:
            _unfinished(self.result, error)
            return self.result

    def _run(self) -> Result:
        group, runner = self.group, self.runner
        settings = Settings()
        try:
            git, merge_base = objects(runner, self.client, self.thread, group.base, group.head)
            reviewed = review(
                git,
                base=group.base,
                head=group.head,
                merge_base=merge_base,
                config=self.inputs.config,
                today=runner.today,
                again=True,
            )
            records = self._records()
        except RulewardError as error:
            self.result.status = error.status
            self.result.annotations = _annotation(str(error))
            self.result.summary = error_comment(str(error)).partition("\n")[2]
            self.result.outputs = _outputs(Verdict.INCOMPLETE)
            self._status(settings, "error", error_text(str(error)))
            return self.result
        settings = reviewed.settings
        made = judged_again(waived(reviewed.review, records), settings)
        made = _named(made, group.target, "merge queue")
        self.result.status = exit_status(made, self.inputs.fail_on)
        self.result.summary = comment_of(made, settings, template=reviewed.template, whole=True)
        self.result.outputs = _outputs(made.verdict, made, _keep(self.runner, made, settings))
        self._status(settings, _STATES.get(self.result.status, "error"), status_text(made))
        runner.say(status_text(made))
        return self.result

    def _records(self) -> list[Record]:
        """The waivers of the pull request in the queue whose labels are still on, as they were when they counted."""
        if self.group.number is None:
            return []
        on = {(each.policy, each.by, each.at) for each in _requests(self.thread)}
        return [each for each in _records(self.thread) if (each.policy, each.by, each.at) in on] if on else []

    def _status(self, settings: Settings, state: str, description: str) -> None:
        wish = StatusWish(context=_context(settings.status, self.group.target), state=state, description=description)
        if not self.inputs.status:
            return
        mine = self.thread.statuses(self.group.head, wish.context)
        if mine and mine[0].says(state, description):
            return
        if self.inputs.dry_run:
            self.runner.say(f"dry run: {SetStatus(status=wish)}")
            return
        publisher = Publisher(self.client, self.thread, self.group.head, run_url=self.runner.run_url)
        for surface, reason in publisher.apply([SetStatus(status=wish)]).skipped.items():
            self.runner.say(f"skipped the {surface.value}: {reason}")


def _records(thread: Thread) -> list[Record]:
    """The waivers on record: comments of our own that nobody edited."""
    mine = (each for each in own(thread.comments, "waiver", thread) if not each.edited)
    return [record for record in (read_record(each.body) for each in mine) if record is not None]


def _spare(thread: Thread) -> tuple[int, ...]:
    """The records that say what an older one says: two runs at the same time wrote them."""
    seen: set[Record | None] = set()
    spare: list[int] = []
    for each in own(thread.comments, "waiver", thread):
        record = None if each.edited else read_record(each.body)
        if record is not None and record in seen:
            spare.append(each.number)
        seen.add(record)
    return tuple(spare)


def _requests(thread: Thread) -> Iterator[Request]:
    """The ``waive:`` labels that are on, with who put each on last, and when."""
    asked = sorted(filter(asks, thread.pull.labels))
    if not asked:
        return
    latest = {event.label.lower(): event for event in thread.label_events(asked) if event.on}
    for name in asked:
        event = latest.get(name.lower())
        yield Request(
            label=name,
            by=event.actor.login if event else "",
            bot=event is not None and event.actor.bot,
            at=event.at if event else "",
        )


def _alike(pull: Pull, later: Pull, taken_off: Iterable[str] = ()) -> bool:
    """Tell whether a later reading asks for the same review, labels that we took off ourselves apart."""
    gone = frozenset(taken_off)
    before, after = ({name for name in each.labels if asks(name) and name not in gone} for each in (pull, later))
    return pull.same(later) and before == after


def _unfinished(result: Result, error: GitHubError) -> None:
    """Say that GitHub could not be asked: whatever was found, this is no pass."""
    result.status = error.status
    result.annotations = _annotation(str(error))
    result.summary += f"\n⚠️ **Not finished**: {prose(str(error))}.\n"
    result.outputs = {**_outputs(Verdict.INCOMPLETE), **{key: result.outputs.get(key, "") for key in _KEPT}}


def _named(made: Review, base: str, head: str) -> Review:
    """Name the ends as people know them."""
    return replace(made, base=replace(made.base, ref=base), head=replace(made.head, ref=head))


def _waivable(made: Review) -> list[str]:
    """The policies that block, and that a label could waive."""
    known = all_policies()

    def blocks(finding: Finding) -> bool:
        return finding.severity is Level.ERROR and finding.waived is None

    ids = {finding.policy for finding in made.all_findings() if blocks(finding)}
    return sorted(each for each in ids if each in known and known[each].waivable)


def _annotation(message: str) -> str:
    return "".join(f"::error::{command_data(line)}\n" for line in message.splitlines())


def _context(status: CommitStatus, base: str) -> str:
    return status.context.replace("{base}", base)


def _keep(runner: Runner, made: Review, settings: Settings) -> str:
    """Write the report, for later steps of the workflow."""
    place = runner.temp / "ruleward-report.json"
    place.write_text(render(made, settings, "json"), encoding="utf-8", errors="replace")
    return str(place)


def _outputs(verdict: Verdict, made: Review | None = None, report: str = "") -> dict[str, str]:
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


__all__ = ["act"]
