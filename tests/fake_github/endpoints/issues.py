"""Issues, their comments and their events."""

from __future__ import annotations

from http import HTTPStatus

from tests.fake_github import limits, payload
from tests.fake_github.access import holds, may_write, need_read, need_write
from tests.fake_github.clock import stamp
from tests.fake_github.routing import Answer, Call, Page, forbidden, not_found, route
from tests.fake_github.state import Comment, Inline, Issue, Label, record, visible


def _surfaces(issue: Issue) -> tuple[str, ...]:
    return ("issues", "pull_requests") if issue.pull else ("issues",)


def own_or_writer(call: Call, each: Comment | Inline, *surfaces: str) -> None:
    """Refuse to change what somebody else wrote, except to apps and people who may write here."""
    need_write(call, *surfaces)
    writer = call.token.app or holds(call.hub, call.token.person, "write")
    if each.author is not call.token.person and not writer:
        raise forbidden("Must have admin rights to Repository.")


@route("GET /repos/{owner}/{repo}/issues")
def list_issues(call: Call) -> Answer:
    """List issues and pull requests, the newest first, by state, labels, creator and time."""
    need_read(call, "issues")
    query = call.query
    state = query.get("state", "open")
    names = {each.strip().lower() for each in query.get("labels", "").split(",") if each.strip()}
    found = [
        each
        for each in visible(call.hub.issues.values())
        if state in {"all", each.state}
        and names <= {label.name.lower() for label in each.labels}
        and query.get("creator", each.author.login).lower() == each.author.login.lower()
        and stamp(each.updated) >= query.get("since", "")
    ]
    key = {"updated": lambda each: each.updated, "comments": lambda each: payload.issue(call.hub, each)["comments"]}
    found.sort(
        key=key.get(query.get("sort", "created"), lambda each: (each.created, each.number)),
        reverse=query.get("direction", "desc") == "desc",
    )
    return Answer(Page(found, lambda each: payload.issue(call.hub, each)))


@route("GET /repos/{owner}/{repo}/issues/{issue_number}")
def get_issue(call: Call) -> Answer:
    """Return one issue."""
    need_read(call, "issues", "pull_requests")
    return Answer(payload.issue(call.hub, call.issue))


def _labels(call: Call) -> list[Label]:
    found = []
    for each in call.body.get("labels", []):
        name = limits.label_name(each if isinstance(each, str) else str(each["name"]))
        found.append(call.hub.labels.setdefault(name.lower(), Label(id=call.hub.new_id(), name=name)))
    return found


@route("POST /repos/{owner}/{repo}/issues")
def create_issue(call: Call) -> Answer:
    """Open an issue."""
    need_write(call, "issues")
    hub, person = call.hub, call.token.person
    title, body = limits.title_text(call.body["title"]), limits.body_text(call.body, "Issue", blank=True)
    number = hub.next_number()
    made = record(Issue, hub.written(), number=number, title=title, body=body or None, author=person)
    if may_write(call, "issues", least="triage"):
        for label in _labels(call):
            hub.put_label(made, label, person)
    hub.issues[number] = made
    return Answer(payload.issue(hub, made), HTTPStatus.CREATED)


@route("PATCH /repos/{owner}/{repo}/issues/{issue_number}")
def edit_issue(call: Call) -> Answer:
    """Change an issue: title, body, state, labels."""
    issue, hub, person = call.issue, call.hub, call.token.person
    need_write(call, *_surfaces(issue))
    if not call.token.app and issue.author is not person and not holds(hub, person, "triage"):
        raise forbidden("Must have admin rights to Repository.")
    body = call.body
    title = limits.title_text(body.get("title", issue.title))
    text = limits.body_text(body, "Issue", blank=True) if "body" in body else issue.body
    hub.edited(issue)
    if title != issue.title:
        hub.happened(issue, person, "renamed", renamed=(issue.title, title))
    issue.title, issue.body = title, text
    if "labels" in body:
        wanted = _labels(call)
        for label in [each for each in issue.labels if each not in wanted]:
            hub.take_label(issue, label, person)
        for label in wanted:
            hub.put_label(issue, label, person)
    if "state" in body:
        hub.set_state(issue, body["state"], person, body.get("state_reason"))
    return Answer(payload.issue(hub, issue))


@route("GET /repos/{owner}/{repo}/issues/{issue_number}/events")
def list_events(call: Call) -> Answer:
    """List what happened to an issue, the oldest first."""
    need_read(call, "issues", "pull_requests")
    found = visible(call.hub.of_issue(call.hub.events, call.issue))
    return Answer(Page(found, lambda each: payload.event(call.hub, each)))


@route("GET /repos/{owner}/{repo}/issues/{issue_number}/comments")
def list_comments(call: Call) -> Answer:
    """List the comments of the conversation, the oldest first."""
    issue = call.issue
    need_read(call, *_surfaces(issue))
    found = [
        each
        for each in visible(call.hub.of_issue(call.hub.comments.values(), issue))
        if stamp(each.updated) >= call.query.get("since", "")
    ]
    return Answer(Page(found, lambda each: payload.comment(call.hub, each)))


@route("POST /repos/{owner}/{repo}/issues/{issue_number}/comments")
def create_comment(call: Call) -> Answer:
    """Say something in the conversation."""
    issue, hub = call.issue, call.hub
    need_write(call, *_surfaces(issue))
    text = limits.body_text(call.body, "IssueComment")
    made = record(Comment, hub.written(), issue=issue, author=call.token.person, body=text)
    hub.comments[made.id] = made
    return Answer(payload.comment(hub, made), HTTPStatus.CREATED)


def _comment(call: Call) -> Comment:
    found = call.hub.comments.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    return found


@route("GET /repos/{owner}/{repo}/issues/comments/{comment_id}")
def get_comment(call: Call) -> Answer:
    """Return one comment."""
    need_read(call, "issues", "pull_requests")
    return Answer(payload.comment(call.hub, _comment(call)))


@route("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}")
def edit_comment(call: Call) -> Answer:
    """Write a comment again."""
    comment = _comment(call)
    own_or_writer(call, comment, *_surfaces(comment.issue))
    comment.body = limits.body_text(call.body, "IssueComment")
    call.hub.edited(comment)
    return Answer(payload.comment(call.hub, comment))


@route("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}")
def delete_comment(call: Call) -> Answer:
    """Take a comment away."""
    comment = _comment(call)
    own_or_writer(call, comment, *_surfaces(comment.issue))
    call.hub.clock.tick()
    del call.hub.comments[comment.id]
    return Answer(None, HTTPStatus.NO_CONTENT)
