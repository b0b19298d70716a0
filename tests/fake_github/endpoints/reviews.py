"""Reviews and the comments on lines."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from tests.fake_github import code_payload, limits
from tests.fake_github.access import need_read, need_write
from tests.fake_github.clock import stamp
from tests.fake_github.endpoints.issues import own_or_writer
from tests.fake_github.repository import spots
from tests.fake_github.routing import Answer, Call, Json, Page, Refusal, invalid, not_found, route
from tests.fake_github.state import Hub, Inline, Issue, Person, Review, record, visible

_STATES = {"COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}
_THREAD = "pull_request_review_thread"


class Misplaced(Exception):  # noqa: N818  # becomes the answer of whoever asked
    """A comment cannot stand where it wants to."""

    def __init__(self, what: str, sentence: str) -> None:
        """Say which part does not fit."""
        super().__init__(sentence)
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a comment stands."""

    path: str
    commit: str
    hunk: str
    subject: str = "line"
    side: str = "RIGHT"
    line: int | None = None
    start_side: str | None = None
    start_line: int | None = None
    position: int | None = None


def place(hub: Hub, issue: Issue, wanted: Json, commit: str) -> Place:
    """Find where a comment wants to stand in the diff of a commit.

    Raises:
        Misplaced: the commit, the path or a line is not part of the diff.
    """
    pull = issue.as_pull
    known = {each.sha for each in hub.git.commits(pull.base_sha, pull.head_sha)}
    if commit not in known:
        raise Misplaced("commit_id", "commit_id is not part of the pull request")
    files = {each.path: each for each in hub.git.files(pull.base_sha, commit)}
    path = wanted["path"]
    if path not in files:
        raise Misplaced("Path", "Path could not be resolved")
    patch = files[path].patch
    if wanted.get("subject_type") == "file":
        return Place(path=path, commit=commit, hunk=patch or "", subject="file")
    places = spots(patch) if patch else {}
    lines = (patch or "").split("\n")
    side, line, start = wanted.get("side", "RIGHT"), wanted.get("line"), wanted.get("start_line")
    if line is None and "position" in wanted:
        side, line = next(
            ((one, number) for (one, number), spot in places.items() if spot.position == wanted["position"]),
            (side, None),
        )
    spot = places.get((side, line)) if line is not None else None
    if spot is None:
        raise Misplaced("line", "Line could not be resolved")
    start_side = wanted.get("start_side", side) if start is not None else None
    if start is not None:
        first = places.get((start_side or side, start))
        if first is None or first.hunk != spot.hunk:
            raise Misplaced("start_line", "Start line could not be resolved")
        if first.position >= spot.position or (start_side == side and start >= line):
            raise Misplaced("start_line", "start_line must precede the end line")
    top = max(index for index in range(spot.position + 1) if lines[index].startswith("@@ "))
    return Place(
        path=path,
        commit=commit,
        hunk="\n".join(lines[top : spot.position + 1]),
        side=side,
        line=line,
        start_side=start_side,
        start_line=start,
        position=spot.position,
    )


def inline(hub: Hub, review: Review, person: Person, body: str, at: Place) -> Inline:
    """Write a comment on a line."""
    made = record(
        Inline,
        hub.written(),
        issue=review.issue,
        review=review,
        author=person,
        body=body,
        path=at.path,
        commit=at.commit,
        original_commit=at.commit,
        hunk=at.hunk,
        subject=at.subject,
        side=at.side,
        line=at.line,
        original_line=at.line,
        start_side=at.start_side,
        start_line=at.start_line,
        original_start_line=at.start_line,
        position=at.position,
        original_position=at.position,
    )
    hub.inline[made.id] = made
    follow(hub, made, at.commit)
    return made


def follow(hub: Hub, comment: Inline, before: str) -> None:
    """Let a comment follow its line from a commit to the head; one whose line was touched stands on no line."""
    pull = comment.issue.as_pull
    head = pull.head_sha
    if before == head or comment.line is None:
        return
    files = {each.path: each for each in hub.git.files(pull.base_sha, head)}
    patch = files[comment.path].patch if comment.path in files else None
    line, start = comment.line, comment.start_line
    if comment.side == "RIGHT":
        line = hub.git.moved_line(comment.path, line, before, head) or 0
        start = start and hub.git.moved_line(comment.path, start, before, head)
    spot = spots(patch or "").get((comment.side, line))
    if spot is None or (comment.start_line and not start):
        comment.line = comment.start_line = comment.position = None
    else:
        comment.line, comment.start_line, comment.position, comment.commit = line, start, spot.position, head


def new_review(hub: Hub, issue: Issue, person: Person, **more: str) -> Review:
    """Write a review."""
    made = record(Review, hub.written(), issue=issue, author=person, **more)
    hub.reviews[made.id] = made
    return made


def reply(hub: Hub, to: Inline, person: Person, body: str) -> Inline:
    """Answer to a comment on a line; an answer to an answer goes to the first one."""
    review = new_review(hub, to.issue, person, body="", state="COMMENTED", commit=to.issue.as_pull.head_sha)
    at = Place(
        path=to.path,
        commit=to.commit,
        hunk=to.hunk,
        subject=to.subject,
        side=to.side,
        line=to.line,
        start_side=to.start_side,
        start_line=to.start_line,
        position=to.position,
    )
    made = inline(hub, review, person, body, at)
    made.original_commit, made.original_line, made.original_position = (
        to.original_commit,
        to.original_line,
        to.original_position,
    )
    made.reply_to = to.reply_to or to.id
    return made


@route("GET /repos/{owner}/{repo}/pulls/{pull_number}/comments")
def list_comments(call: Call) -> Answer:
    """List the comments on lines, the oldest first."""
    need_read(call, "pull_requests")
    found = [
        each
        for each in visible(call.hub.of_issue(call.hub.inline.values(), call.pull_issue))
        if stamp(each.updated) >= call.query.get("since", "")
    ]
    if call.query.get("direction") == "desc" and "sort" in call.query:
        found.reverse()
    return Answer(Page(found, lambda each: code_payload.inline(call.hub, each)))


@route("POST /repos/{owner}/{repo}/pulls/{pull_number}/comments")
def create_comment(call: Call) -> Answer:
    """Write one comment on a line, or on a file."""
    issue, hub, person = call.pull_issue, call.hub, call.token.person
    need_write(call, "pull_requests")
    text = limits.body_text(call.body, "PullRequestReviewComment")
    if "in_reply_to" in call.body:
        return _answered(call, call.body["in_reply_to"], text)
    try:
        at = place(hub, issue, call.body, call.body["commit_id"])
    except Misplaced as error:
        name = error.what if error.what == "commit_id" else f"{_THREAD}.{error.what.lower()}"
        raise invalid("PullRequestReviewComment", name, "custom", f"{name}: {error}") from None
    review = new_review(hub, issue, person, body="", state="COMMENTED", commit=at.commit)
    return Answer(code_payload.inline(hub, inline(hub, review, person, text, at)), HTTPStatus.CREATED)


def _answered(call: Call, number: int, text: str) -> Answer:
    to = call.hub.inline.get(number)
    if to is None or to.issue is not call.pull_issue:
        raise not_found()
    return Answer(code_payload.inline(call.hub, reply(call.hub, to, call.token.person, text)), HTTPStatus.CREATED)


@route("POST /repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies")
def create_reply(call: Call) -> Answer:
    """Answer to a comment on a line."""
    need_write(call, "pull_requests")
    return _answered(call, call.number("comment_id"), limits.body_text(call.body, "PullRequestReviewComment"))


def _comment(call: Call) -> Inline:
    found = call.hub.inline.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    return found


@route("GET /repos/{owner}/{repo}/pulls/comments/{comment_id}")
def get_comment(call: Call) -> Answer:
    """Return one comment on a line."""
    need_read(call, "pull_requests")
    return Answer(code_payload.inline(call.hub, _comment(call)))


@route("PATCH /repos/{owner}/{repo}/pulls/comments/{comment_id}")
def edit_comment(call: Call) -> Answer:
    """Write a comment on a line again."""
    comment = _comment(call)
    own_or_writer(call, comment, "pull_requests")
    comment.body = limits.body_text(call.body, "PullRequestReviewComment")
    call.hub.edited(comment)
    return Answer(code_payload.inline(call.hub, comment))


@route("DELETE /repos/{owner}/{repo}/pulls/comments/{comment_id}")
def delete_comment(call: Call) -> Answer:
    """Take a comment on a line away."""
    comment = _comment(call)
    own_or_writer(call, comment, "pull_requests")
    call.hub.clock.tick()
    del call.hub.inline[comment.id]
    return Answer(None, HTTPStatus.NO_CONTENT)


@route("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews")
def list_reviews(call: Call) -> Answer:
    """List the reviews, the oldest first."""
    need_read(call, "pull_requests")
    found = visible(call.hub.of_issue(call.hub.reviews.values(), call.pull_issue))
    return Answer(Page(found, lambda each: code_payload.review(call.hub, each)))


@route("POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews")
def create_review(call: Call) -> Answer:
    """Write a review: all of it, or nothing if one comment cannot stand where it wants to."""
    issue, hub, person = call.pull_issue, call.hub, call.token.person
    need_write(call, "pull_requests")
    pull, event = issue.as_pull, call.body.get("event")
    if event is None:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Unprocessable Entity", ["the fake keeps no pending reviews"])
    if event != "COMMENT" and (issue.author is person or call.token.app):
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Unprocessable Entity", [f"Can not {verb} this pull request"])
    wanted = call.body.get("comments", [])
    commit = call.body.get("commit_id", pull.head_sha)
    try:
        text = limits.body_text(call.body, "PullRequestReview", blank=bool(wanted) or event == "APPROVE")
        made = [
            (limits.body_text(each, "PullRequestReviewComment"), place(hub, issue, each, commit)) for each in wanted
        ]
    except (Misplaced, Refusal) as error:
        # Of a review GitHub says what is wrong in words alone.
        words = error.words if isinstance(error, Refusal) else str(error)
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Unprocessable Entity", [words]) from None
    review = new_review(hub, issue, person, body=text, state=_STATES[event], commit=commit)
    for body, at in made:
        inline(hub, review, person, body, at)
    return Answer(code_payload.review(hub, review))
