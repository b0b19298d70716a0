"""Labels, of the repository and of an issue."""

from __future__ import annotations

from http import HTTPStatus

from tests.fake_github import limits, payload
from tests.fake_github.access import may_write, need_read, need_write
from tests.fake_github.routing import Answer, Call, Page, Refusal, invalid, not_found, route
from tests.fake_github.state import Issue, Label


def _rights(issue: Issue, call: Call) -> None:
    surfaces = ("issues", "pull_requests") if issue.pull else ("issues",)
    need_write(call, *surfaces, least="triage")


def _found(call: Call) -> Label:
    label = call.hub.label(call.names["name"])
    if label is None:
        raise not_found()
    return label


def _page(call: Call, labels: list[Label]) -> Answer:
    return Answer(Page(labels, lambda each: payload.label(call.hub, each)))


@route("GET /repos/{owner}/{repo}/labels")
def list_labels(call: Call) -> Answer:
    """List the labels of the repository."""
    need_read(call, "issues", "pull_requests")
    return _page(call, list(call.hub.labels.values()))


@route("GET /repos/{owner}/{repo}/labels/{name}")
def get_label(call: Call) -> Answer:
    """Return one label."""
    need_read(call, "issues", "pull_requests")
    return Answer(payload.label(call.hub, _found(call)))


@route("POST /repos/{owner}/{repo}/labels")
def create_label(call: Call) -> Answer:
    """Create a label; its name must be free."""
    need_write(call, "issues", least="write")
    name = limits.label_name(call.body["name"])
    if call.hub.label(name):
        raise invalid("Label", "name", "already_exists")
    hub = call.hub
    label = Label(
        id=hub.new_id(),
        name=name,
        color=limits.label_color(call.body.get("color", "ededed")),
        description=limits.label_description(call.body.get("description")),
    )
    hub.clock.tick()
    hub.labels[name.lower()] = label
    return Answer(payload.label(hub, label), HTTPStatus.CREATED)


@route("PATCH /repos/{owner}/{repo}/labels/{name}")
def edit_label(call: Call) -> Answer:
    """Change a label's name, colour or description."""
    need_write(call, "issues", least="write")
    label = _found(call)
    name = limits.label_name(call.body.get("new_name", label.name))
    if call.hub.label(name) not in {None, label}:
        raise invalid("Label", "name", "already_exists")
    color = limits.label_color(call.body.get("color", label.color))
    description = limits.label_description(call.body.get("description", label.description))
    call.hub.clock.tick()
    del call.hub.labels[label.name.lower()]
    label.name, label.color, label.description = name, color, description
    call.hub.labels[name.lower()] = label
    return Answer(payload.label(call.hub, label))


@route("DELETE /repos/{owner}/{repo}/labels/{name}")
def delete_label(call: Call) -> Answer:
    """Delete a label, from every issue too."""
    need_write(call, "issues", least="write")
    label = _found(call)
    call.hub.clock.tick()
    del call.hub.labels[label.name.lower()]
    for issue in call.hub.issues.values():
        if label in issue.labels:
            issue.labels.remove(label)
    return Answer(None, HTTPStatus.NO_CONTENT)


@route("GET /repos/{owner}/{repo}/issues/{issue_number}/labels")
def issue_labels(call: Call) -> Answer:
    """List the labels of an issue."""
    need_read(call, "issues", "pull_requests")
    return _page(call, call.issue.labels)


@route("POST /repos/{owner}/{repo}/issues/{issue_number}/labels")
def add_labels(call: Call) -> Answer:
    """Add labels; one that the repository has not is created, grey, by who may do that."""
    issue, hub = call.issue, call.hub
    _rights(issue, call)
    wanted = [each if isinstance(each, str) else str(each["name"]) for each in call.body.get("labels", [])]
    names = list({limits.label_name(each).lower(): each for each in wanted}.values())
    held = {each.name.lower() for each in issue.labels}
    limits.label_count(issue, sum(each.lower() not in held for each in names))
    if any(hub.label(each) is None for each in names) and not may_write(call, "issues", least="write"):
        raise Refusal(
            HTTPStatus.FORBIDDEN,
            "You do not have permission to create labels on this repository.",
            [{"resource": "Repository", "field": "label", "code": "unauthorized"}],
        )
    for name in names:
        label = hub.labels.setdefault(name.lower(), Label(id=hub.new_id(), name=name))
        hub.put_label(issue, label, call.token.person)
    return Answer([payload.label(hub, each) for each in issue.labels])


@route("DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}")
def remove_label(call: Call) -> Answer:
    """Take one label off an issue."""
    issue = call.issue
    _rights(issue, call)
    label = call.hub.label(call.names["name"])
    if label is None or label not in issue.labels:
        raise Refusal(HTTPStatus.NOT_FOUND, "Label does not exist")
    call.hub.take_label(issue, label, call.token.person)
    return Answer([payload.label(call.hub, each) for each in issue.labels])
