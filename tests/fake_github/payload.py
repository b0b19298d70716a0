"""What GitHub says of each thing it holds, as JSON."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from tests.fake_github.clock import START, stamp
from tests.fake_github.routing import Json
from tests.fake_github.state import Comment, Event, Hub, Issue, Label, Person

_USER_PAGES = "events followers following gists organizations received_events repos starred subscriptions"
_REPOSITORY_PAGES = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
    "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags "
    "teams trees"
)
_FEATURES = "discussions downloads issues pages projects wiki"


def node(kind: str, number: int) -> str:
    """Return an id as the GraphQL API would have it."""
    return f"{kind}_{number}"


def optional(moment: datetime | None) -> str | None:
    """Return a moment, or None for never."""
    return stamp(moment) if moment else None


def user(hub: Hub, person: Person) -> Json:
    """Say who somebody is."""
    url = f"{hub.root}/users/{quote(person.login)}"
    return {
        "login": person.login,
        "id": person.id,
        "node_id": node("U", person.id),
        "avatar_url": f"{hub.web}/avatars/{person.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{hub.web}/{quote(person.login.removesuffix('[bot]'))}",
        **{f"{each}_url": f"{url}/{each}" for each in _USER_PAGES.split()},
        "type": person.kind,
        "site_admin": False,
    }


def repository(hub: Hub, owner: str | None = None) -> Json:
    """Describe the repository, or a fork of it."""
    login = owner or hub.owner
    full_name = f"{login}/{hub.name}"
    url = f"{hub.root}/repos/{full_name}"
    account = user(hub, hub.person(login))
    zeros = "forks forks_count network_count open_issues open_issues_count size stargazers_count subscribers_count"
    return {
        "id": 1 if owner is None else 100_000 + hub.person(login).id,
        "node_id": node("R", 1),
        "name": hub.name,
        "full_name": full_name,
        "owner": account if owner else {**account, "type": "Organization"},
        "private": hub.private,
        "html_url": f"{hub.web}/{full_name}",
        "description": None,
        "fork": owner is not None,
        "url": url,
        **{f"{each}_url": f"{url}/{each}" for each in _REPOSITORY_PAGES.split()},
        "clone_url": f"{hub.web}/{full_name}.git",
        "git_url": f"git:{hub.web.partition(':')[2]}/{full_name}.git",
        "ssh_url": f"git@localhost:{full_name}.git",
        "svn_url": f"{hub.web}/{full_name}",
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "default_branch": "main",
        **{f"has_{each}": each in {"issues", "downloads"} for each in _FEATURES.split()},
        "archived": False,
        "disabled": False,
        **dict.fromkeys(zeros.split(), 0),
        "watchers": 0,
        "watchers_count": 0,
        "visibility": "private" if hub.private else "public",
        **{f"{each}_at": stamp(START) for each in ("created", "pushed", "updated")},
    }


def label(hub: Hub, each: Label) -> Json:
    """Describe a label."""
    return {
        "id": each.id,
        "node_id": node("LA", each.id),
        "url": f"{hub.api}/labels/{quote(each.name)}",
        "name": each.name,
        "color": each.color,
        "default": False,
        "description": each.description,
    }


def association(person: Person) -> str:
    """Return what somebody is to the repository; as at GitHub, it tells little."""
    return "NONE" if person.role in {"none", "read"} else "COLLABORATOR"


def issue(hub: Hub, each: Issue) -> Json:
    """Describe an issue, or a pull request as the issue that it is too."""
    url = f"{hub.api}/issues/{each.number}"
    page = f"{hub.web}/{hub.full_name}/{'pull' if each.pull else 'issues'}/{each.number}"
    made = {
        "id": each.id,
        "node_id": node("I", each.id),
        "url": url,
        "repository_url": hub.api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page,
        "number": each.number,
        "state": each.state,
        "state_reason": each.reason,
        "title": each.title,
        "body": each.body,
        "user": user(hub, each.author),
        "labels": [label(hub, one) for one in each.labels],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "comments": sum(1 for _ in hub.of_issue(hub.comments.values(), each)),
        "closed_at": optional(each.closed),
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "author_association": association(each.author),
    }
    if each.pull:
        made["draft"] = each.pull.draft
        made["pull_request"] = {
            "url": f"{hub.api}/pulls/{each.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": optional(each.pull.merged),
        }
    return made


def comment(hub: Hub, each: Comment) -> Json:
    """Describe a comment of the conversation."""
    kind = "pull" if each.issue.pull else "issues"
    return {
        "id": each.id,
        "node_id": node("IC", each.id),
        "url": f"{hub.api}/issues/comments/{each.id}",
        "html_url": f"{hub.web}/{hub.full_name}/{kind}/{each.issue.number}#issuecomment-{each.id}",
        "issue_url": f"{hub.api}/issues/{each.issue.number}",
        "body": each.body,
        "user": user(hub, each.author),
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "author_association": association(each.author),
        "performed_via_github_app": None,
    }


def event(hub: Hub, each: Event) -> Json:
    """Describe something that happened."""
    made: Json = {
        "id": each.id,
        "node_id": node("E", each.id),
        "url": f"{hub.api}/issues/events/{each.id}",
        "actor": user(hub, each.actor),
        "event": each.kind,
        "commit_id": each.commit,
        "commit_url": f"{hub.api}/commits/{each.commit}" if each.commit else None,
        "created_at": stamp(each.created),
        "performed_via_github_app": None,
    }
    if each.label:
        made["label"] = {"name": each.label[0], "color": each.label[1]}
    if each.renamed:
        made["rename"] = {"from": each.renamed[0], "to": each.renamed[1]}
    return made
