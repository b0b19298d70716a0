"""One look at a pull request: read, review, decide everything, write, and look whether it is still the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from bot.action.merges import plain
from bot.action.naming import Naming
from bot.action.objects import config_of, objects, parting
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
from bot.action.waivers import spare, weigh
from bot.app import Reviewed, review
from bot.collect.git import Git
from bot.collect.named import Config
from bot.github.apply import Outcome, Publisher
from bot.github.client import Client, GitHubError, RefusedError
from bot.github.facts import Pull, Thread, own
from bot.github.labels import RECHECK, Label, label, labels, owned, waiver
from bot.github.plan import Held, SetStatus, StatusWish, Surface, Wishes, Write, differing, inline_key, plan, same_text
from bot.github.runner import Inputs, Result, Runner
from bot.judge import exit_status, judged_again
from bot.model import Finding, Level, Review, Revision, RulewardError, Verdict
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
from bot.render.escape import prose
from bot.settings import CONFIG_PATH, Settings
from bot.waive import Refusal, asks, waived

_ONE_PAGE = 100
_OURS = ("rule:", "impact:", "governance:", "waive:")
_READING = "pull_request"  # the event under which a fork's runs get a token that may only read
_UNTOUCHED = "No rule changes"
_FOR_PEOPLE = 2  # the exit status of what somebody has to put right; the rest is put right by another run


class PullRun:
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
        self.naming = Naming(runner=runner, inputs=inputs, client=client)
        self.result = Result()
        self.superseded = False
        self.unfinished = False
        self.again = False
        self.login = ""
        self.git: Git | None = None
        self.config: Config = None

    def look(self) -> Result:
        """Review, and make GitHub agree, as far as GitHub can be reached."""
        try:
            self._look()
        except GitHubError as error:
            self.again = False
            self.unfinished = True
            self._give_up(error)
        except Exception as error:
            self._tell(crash(error))
            raise
        return self.result

    def _give_up(self, error: GitHubError) -> None:
        """Say that this is no pass, by the commit status too."""
        unfinished(self.runner, self.result, error, *self._ends())
        self._tell(str(error))

    def _tell(self, message: str) -> None:
        """Say in the commit status that this is no pass: it may still be what an older run made of it.

        What a newer run made of it stays.
        """
        pull, tip = self.thread.seen
        if pull is None or not self.inputs.status:
            return
        self.client.hurry(SHORT)
        names = self.naming.after(self.git, self.config, tip or f"refs/heads/{pull.base_ref}")
        context = context_of(names.status, pull.base_ref)
        wish = StatusWish(context=context, state="error", description=error_text(message))
        if self._overtaken(pull, context):
            return
        try:
            self._write(pull, (SetStatus(status=wish),))
        except GitHubError as again:
            self.runner.say(f"the commit status may still be what an older run set: {again}")

    def _overtaken(self, pull: Pull, context: str) -> bool:
        """Tell, here and in the log, whether a newer run has reported on this head: what it said stays.

        A status that is not this workflow's own does not tell that.
        """
        runner, thread = self.runner, self.thread
        asked = self.inputs.status and not runner.rerun
        overtaken = asked and thread.overtaken(pull.head_sha, context, runner.run_url)
        if overtaken:
            runner.say("what a newer run said stays: it set the commit status since")
        return overtaken

    def _ends(self) -> tuple[Revision, Revision]:
        """The ends of what is reviewed, as far as GitHub has told them."""
        pull, tip = self.thread.seen
        if pull is None:
            return Revision(ref="", sha=None), Revision(ref="", sha=None)
        return Revision(ref=pull.base_ref, sha=tip), Revision(ref=pull.head_ref, sha=pull.head_sha)

    def _look(self) -> Result:
        pull = self.thread.pull
        if not pull.open:
            self.runner.say(f"pull request #{pull.number} is closed: nothing to do")
            self.result.summary += "The pull request is closed: nothing was reviewed.\n"
            return self.result
        try:
            base = self.thread.base_tip
            if self._untouched(pull):
                return self._pass(pull)
            git, merge_base = objects(self.runner, self.client, self.thread, base, pull.head_sha)
            self.git = git
            config = self.config = config_of(self.runner, self.inputs, git, base)
            reviewed = review(
                git,
                base=base,
                head=pull.head_sha,
                merge_base=merge_base,
                config=config,
                today=self.runner.today,
                title=pull.title,
            )
            reviewed = replace(reviewed, review=named(reviewed.review, pull.base_ref, pull.head_ref))
            wishes, reviewed = self._wishes(git, pull, reviewed)
            self._report(pull, reviewed)
        except RulewardError as error:
            if isinstance(error, GitHubError) and not isinstance(error, RefusedError):
                raise
            return self._broken(pull, error)
        self._publish(pull, wishes, reviewed)
        return self.result

    # --- pull requests that are none of ours ------------------------------------------------------------------------

    def _untouched(self, pull: Pull) -> bool:
        """Tell, by one look at the list of files, whether there is nothing to review and nothing to clean up.

        Where GitHub does not list them, the review finds out.
        """
        if pull.comments or pull.inline or pull.files > _ONE_PAGE:
            return False
        if any(name.lower().startswith(_OURS) for name in pull.labels):
            return False
        try:
            paths = self.thread.paths()
        except GitHubError as error:
            self.runner.say(f"the list of files is not read: {error}")
            return False
        return not any(path.lower().endswith(".toml") for path in paths)

    def _pass(self, pull: Pull) -> Result:
        self.runner.say(f"pull request #{pull.number} touches no TOML file")
        self.result.summary = f"{_UNTOUCHED}.\n"
        base, head = self._ends()
        base = replace(base, merge_base=self.thread.merge_base(self.thread.base_tip, pull.head_sha))
        made = Review(base=base, head=head, today=self.runner.today, verdict=Verdict.PASS)
        self.result.outputs = outputs_of(made.verdict, made, keep(self.runner, made, Settings()))
        if self.inputs.status:
            context = context_of(self._names(pull).status, pull.base_ref)
            wish = StatusWish(context=context, state="success", description=_UNTOUCHED)
            self._write(pull, (SetStatus(status=wish),))
        return self.result

    def _names(self, pull: Pull) -> Settings:
        """Find out what the status is called, by a request only where that may matter.

        Where no config is at hand and GitHub would merge the pull request as it stands, nobody waits for that name.
        """
        base = self.thread.base_tip
        return self.naming.here(base) or (Settings() if pull.free else self.naming.there(base))

    def _write(self, pull: Pull, writes: Iterable[Write]) -> Outcome:
        """Carry writes out, or in a dry run only say them."""
        if self.inputs.dry_run:
            for write in writes:
                self.runner.say(f"dry run: {write}")
            return Outcome()
        publisher = Publisher(self.client, self.thread, pull.head_sha, link=self.runner.link(self.thread.about))
        outcome = publisher.apply(writes)
        for surface, reason in outcome.skipped.items():
            self._skipped(surface, reason)
        return outcome

    # --- what should be there ---------------------------------------------------------------------------------------

    def _wishes(self, git: Git, pull: Pull, reviewed: Reviewed) -> tuple[Wishes, Reviewed]:
        """Work out what GitHub should hold; who may waive is asked here."""
        settings = reviewed.settings
        held, fresh, refusals = weigh(
            self.thread,
            reviewed,
            is_plain=partial(plain, git, partial(parting, self.runner, self.client, self.thread)),
            recording=self.recording,
            unseen=self._unseen(pull),
        )
        made = judged_again(waived(reviewed.review, (*held, *fresh)), settings)
        reviewed = replace(reviewed, review=made)
        status = StatusWish(
            context=context_of(settings.status, pull.base_ref),
            state=STATES.get(exit_status(made, self.inputs.fail_on), "error"),
            description=status_text(made, self.inputs.fail_on),
        )
        if pull.draft:
            wishes = Wishes(status=status if self.inputs.status else None, taken_off=self._rechecks(pull, settings))
            return wishes, reviewed
        for each in refusals:
            self.runner.say(f"the label `{each.label}` does not count: {each.reason}")
        notes = self._notes(pull, made, refusals)
        body = comment_of(made, settings, blob_url=self._blob_url(pull), template=reviewed.template, notes=notes)
        bulk = len(made.rules) >= settings.comment.bulk_threshold
        inline = None
        if self.inputs.inline:
            paths = () if bulk else candidates(made)
            merge_base = made.base.merge_base or ""
            roots = settings.rules.included.roots()
            roots = (*roots, CONFIG_PATH) if roots else ()
            hunks = git.hunks(merge_base, pull.head_sha, paths, roots) if paths else {}
            inline = inline_wishes(made, hunks, most=settings.comment.max_inline)
        mode = settings.comment.mode.value
        wanted = (
            bool(notes)
            or mode == "always"
            or worth_saying(made, settings.maturity.shipping, settings.comment.bulk_threshold)
        )
        wishes = Wishes(
            comment=body if self.inputs.comment and mode != "off" else None,
            wanted=wanted,
            change=change_digest(made),
            labels=labels(made.labels, settings) if self.inputs.labels else None,
            owned=owned(settings),
            taken_off=(
                *(each.label for each in refusals),
                *self._rechecks(pull, settings),
            )
            if self.inputs.labels
            else (),
            records=tuple(waiver_comment(each) for each in fresh),
            inline=inline,
            status=status if self.inputs.status else None,
        )
        return replace(wishes, offered=self._offered(pull, made, settings, wishes)), reviewed

    def _unseen(self, pull: Pull) -> str:
        """Say why no commit status is ever set here, empty where one may be."""
        if not self.inputs.status:
            return "which the input `status: false` switches off"
        if self.runner.event == _READING and pull.fork:
            return f"which a run of `{_READING}` may not set on a pull request from a fork"
        return ""

    def _offered(self, pull: Pull, made: Review, settings: Settings, wishes: Wishes) -> tuple[Label, ...]:
        """The labels for people to put on: the waivers of what blocks, and with these or any of ours the recheck."""
        if not self.inputs.labels:
            return ()
        waivers = tuple(map(waiver, _waivable(made, self.inputs.fail_on)))
        return (*waivers, label(RECHECK, settings)) if waivers or differing(wishes, pull.labels) else ()

    def _rechecks(self, pull: Pull, settings: Settings) -> tuple[str, ...]:
        """The label that asked for this run, under whatever name, so that it can be put on again."""
        recheck = label(RECHECK, settings).name.lower()
        return tuple(name for name in pull.labels if name.lower() == recheck) if self.inputs.labels else ()

    def _notes(self, pull: Pull, made: Review, refusals: Iterable[Refusal]) -> tuple[Note, ...]:
        """Say which labels do not count and why; what was said stays, while the change is the same.

        The label is gone by the next run: without what the comment says already, its reason would be gone as well.
        """
        mine = own(self.thread.comments, "review", self.thread) if self.inputs.comment else ()
        stay = noted(mine[0].body, change_digest(made)) if mine else ()
        off = self.inputs.labels
        fresh = [Note(label=each.label, reason=each.reason, off=off) for each in refusals]
        return (*(each for each in stay if each.label not in pull.labels), *fresh)

    def _blob_url(self, pull: Pull) -> str:
        return f"{self.runner.server_url}/{self.runner.repository}/blob/{pull.head_sha}"

    # --- reporting and writing --------------------------------------------------------------------------------------

    def _report(self, pull: Pull, reviewed: Reviewed) -> None:
        made, settings = reviewed.review, reviewed.settings
        self.result.status = exit_status(made, self.inputs.fail_on)
        self.result.summary = comment_of(
            made, settings, blob_url=self._blob_url(pull), template=reviewed.template, whole=True
        )
        self.result.outputs = outputs_of(made.verdict, made, keep(self.runner, made, settings))
        self.runner.say(status_text(made, self.inputs.fail_on))

    def _publish(self, pull: Pull, wishes: Wishes, reviewed: Reviewed) -> None:
        outcome = self._agree(pull, wishes)
        if not self.inputs.inline or outcome.skipped.keys() & {Surface.INLINE, Surface.COMMENT}:
            # a token that may not comment may not comment on a line either, also where no finding stood on one
            self.result.annotations = render(reviewed.review, reviewed.settings, "github")
        self._url(outcome)

    def _agree(self, pull: Pull, wishes: Wishes) -> Outcome:
        """Make GitHub agree, and look at the pull request before the writes and after them."""
        writes = plan(wishes, self._held(pull, wishes))
        if self.thread.mistaken:
            if self.final:
                raise GitHubError("whose the token is turned out too late; run this again")
            self._repeat("the token is another app's than it was taken for")
            return Outcome()
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
            if self.final:
                error = GitHubError("a waiver could not be recorded, so it does not count; run this again")
                self._give_up(error)
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
        # ours come after the sticky comment: where that one is still to be posted, there is none of them to look for
        first = wishes.comment is not None and wishes.wanted and not mine
        lines = pull.inline or (wishes.inline and not first)
        inline = self.thread.inline if wishes.inline is not None and lines else ()
        status = wishes.status
        marked = (
            *(each.author for each in mine),
            *(event.actor for event in events if event.label.lower() in wishes.owned),
            *(each.author for each in inline if inline_key(each.body)),
        )
        return Held(
            login=self.thread.login(marked),
            labels=tuple(pull.labels),
            events=events,
            known=known,
            comments=mine,
            spare=spare(self.thread) if wishes.comment is not None else (),
            inline=inline,
            status=self.thread.standing(pull.head_sha, status.context) if status is not None else None,
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
        """Report a review that could not be made: it fails, on every surface that no newer run wrote, and says why."""
        message = str(error)
        self.result.status = error.status
        self.result.annotations = annotation(message)
        settings = self.naming.after(self.git, self.config, self.thread.base_tip)
        recheck = label(RECHECK, settings)
        self.result.summary = error_comment(message, recheck=recheck.name).partition("\n")[2]
        made = unreviewed(self.runner, error, *self._ends(), self._paths())
        self.result.outputs = outputs_of(made.verdict, made, keep(self.runner, made, Settings()))
        context = context_of(settings.status, pull.base_ref)
        if self._overtaken(pull, context):
            return self.result
        mine = own(self.thread.comments, "review", self.thread) if self.inputs.comment and not pull.draft else ()
        wish = StatusWish(context=context, state="error", description=error_text(message))
        wishes = Wishes(
            comment=error_comment(message, recheck=recheck.name, before=mine[0].body if mine else "")
            if self.inputs.comment and not pull.draft
            else None,
            wanted=error.status == _FOR_PEOPLE,
            offered=(recheck,) if self.inputs.labels and not pull.draft else (),
            taken_off=self._rechecks(pull, settings),
            status=wish if self.inputs.status else None,
        )
        self._url(self._agree(pull, wishes))
        return self.result

    def _paths(self) -> tuple[str, ...]:
        """The files of the pull request, none where GitHub does not tell them."""
        try:
            return self.thread.paths()
        except GitHubError as error:
            self.runner.say(f"the report cannot name the files: {error}")
            return ()


def _alike(pull: Pull, later: Pull, taken_off: Iterable[str] = ()) -> bool:
    """Tell whether a later reading asks for the same review, labels that we took off ourselves apart."""
    gone = frozenset(taken_off)
    before, after = ({name for name in each.labels if asks(name) and name not in gone} for each in (pull, later))
    return pull.same(later) and before == after


def _waivable(made: Review, fail_on: str) -> list[str]:
    """The policies that block, and that a label could waive; where warnings fail the run, they block as well."""
    known = all_policies()
    blocking = {Level.ERROR, Level.WARNING} if fail_on == "warning" else {Level.ERROR}

    def blocks(finding: Finding) -> bool:
        return finding.severity in blocking and finding.waived is None

    ids = {finding.policy for finding in made.all_findings() if blocks(finding)}
    return sorted(each for each in ids if each in known and known[each].waivable)
