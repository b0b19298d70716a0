"""The ``waive:`` labels of a pull request, and what is on record of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from bot.action.result import STATES, context_of
from bot.app import Reviewed
from bot.github.facts import Commit, Thread, own
from bot.settings import Settings
from bot.waive import Facts, Record, Refusal, Request, Written, asks, granted, read_record, refused, settled

_PARENTS = 2  # of a merge of one branch into another
_REPORTED = frozenset(STATES.values())  # a run that could not finish has shown nobody anything


def weigh(
    thread: Thread,
    reviewed: Reviewed,
    *,
    is_plain: Callable[[Commit], bool],
    recording: bool,
    unseen: str = "",
) -> tuple[list[Record], list[Record], list[Refusal]]:
    """Judge every ``waive:`` label: the waivers that hold, those that begin now, and the labels that come off.

    Args:
        thread: the pull request.
        reviewed: its review.
        is_plain: tells whether a merge changed nothing by itself.
        recording: whether a new waiver can be recorded; one that cannot does not count.
        unseen: why no commit status is ever set here, empty where one may be.
    """
    pull = thread.pull
    asked = tuple(requests(thread))
    written = records(thread) if asked else []
    held: list[Record] = []
    fresh: list[Record] = []
    refusals: list[Refusal] = []
    for request in asked:
        known = settled(request, written, reviewed.review)
        if known is None:
            facts = replace(_facts(thread, request, reviewed.settings, is_plain), unseen=unseen)
            known = refused(request, facts, reviewed.settings.waivers)
            if known is None:
                if recording and not pull.draft:  # one that nobody can look up does not count
                    fresh.append(granted(request, reviewed.review))
                continue
        if isinstance(known, Refusal):
            refusals.append(known)
        else:
            held.append(known)
    return held, fresh, refusals


def _facts(thread: Thread, request: Request, settings: Settings, is_plain: Callable[[Commit], bool]) -> Facts:
    pull = thread.pull
    commits = () if settings.waivers.allow_author else thread.commits
    context = context_of(settings.status, pull.base_ref)
    reports = [each.created for each in thread.statuses(pull.head_sha, context) if each.state in _REPORTED]
    since = [created for created in reports if created > thread.turned]
    return Facts(
        rights=thread.permission(request.by) if request.by and not request.bot else {},
        author=pull.author.login,
        listed=commits is not None,
        wrote=_wrote(request.by, commits or (), is_plain),
        seen=min(since, default=None),
        outdated=bool(reports) and not since,
    )


def _wrote(login: str, commits: Iterable[Commit], is_plain: Callable[[Commit], bool]) -> Written | None:
    """Return a commit that somebody wrote; who only brought the branch up to date with a button wrote none."""
    theirs = [each for each in commits if login in each.people]
    buttons = [each for each in theirs if each.signed and len(each.parents) == _PARENTS]
    other = next((each for each in theirs if each not in buttons), None)
    if other is not None:
        return Written(sha=other.sha)
    mixed = next((each for each in buttons if not is_plain(each)), None)
    return Written(sha=mixed.sha, update=True) if mixed is not None else None


def records(thread: Thread) -> list[Record]:
    """The waivers on record: comments of our own that nobody edited."""
    mine = (each for each in own(thread.comments, "waiver", thread) if not each.edited)
    return [record for record in (read_record(each.body) for each in mine) if record is not None]


def spare(thread: Thread) -> tuple[int, ...]:
    """The records that say what an older one says: two runs at the same time wrote them."""
    seen: set[Record | None] = set()
    spare: list[int] = []
    for each in own(thread.comments, "waiver", thread):
        record = None if each.edited else read_record(each.body)
        if record is not None and record in seen:
            spare.append(each.number)
        seen.add(record)
    return tuple(spare)


def requests(thread: Thread) -> Iterator[Request]:
    """The ``waive:`` labels that are on, with who put each on last, and when.

    Nobody is told where the last event took the label off: another label was renamed to it, and nobody put it on.
    """
    asked = sorted(filter(asks, thread.pull.labels))
    if not asked:
        return
    latest = {event.label.lower(): event for event in thread.label_events(asked)}
    for name in asked:
        last = latest.get(name.lower())
        event = last if last is not None and last.on else None
        yield Request(
            label=name,
            by=event.actor.login if event else "",
            bot=event is not None and event.actor.bot,
            at=event.at if event else "",
        )
