"""What GitHub says of each thing it holds, as JSON."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from tests.fake_github import repository as git
from tests.fake_github.clock import START, stamp
from tests.fake_github.routing import Json
from tests.fake_github.state import Comment, Event, Hub, Inline, Issue, Label, Person, Pull, Review, Status

_USER_PAGES = "events followers following gists organizations received_events repos starred subscriptions"
_REPOSITORY_PAGES = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
    "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags "
    "teams trees"
)
_FEATURES = "discussions downloads issues pages projects wiki"
_SHARED_WITH_ISSUE = (
    "id node_id html_url number state locked title body user labels assignee assignees milestone closed_at "
    "created_at updated_at author_association"
)
_ON_A_LINE = "side line original_line start_side start_line original_start_line position original_position"


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


def _side(hub: Hub, owner: str, ref: str, sha: str, repo: Json | None) -> Json:
    return {"label": f"{owner}:{ref}", "ref": ref, "sha": sha, "user": user(hub, hub.person(owner)), "repo": repo}


def pull_simple(hub: Hub, each: Issue) -> Json:
    """Describe a pull request as lists do."""
    pull = part(each)
    url = f"{hub.api}/pulls/{each.number}"
    own = issue(hub, each)
    links = {
        "self": url,
        "html": own["html_url"],
        "issue": own["url"],
        "comments": own["comments_url"],
        "review_comments": f"{url}/comments",
        "review_comment": f"{hub.api}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{hub.api}/statuses/{pull.head_sha}",
    }
    fork = None if pull.fork_deleted else repository(hub, pull.owner if pull.fork else None)
    return {
        **{name: own[name] for name in _SHARED_WITH_ISSUE.split()},
        "url": url,
        "issue_url": own["url"],
        "diff_url": f"{own['html_url']}.diff",
        "patch_url": f"{own['html_url']}.patch",
        **{
            f"{name}_url": links[name]
            for name in ("comments", "review_comments", "review_comment", "commits", "statuses")
        },
        "_links": {name: {"href": href} for name, href in links.items()},
        "head": _side(hub, pull.owner, pull.head_ref, pull.head_sha, fork),
        "base": _side(hub, hub.owner, pull.base_ref, pull.base_sha, repository(hub)),
        "draft": pull.draft,
        "merged_at": optional(pull.merged),
        "merge_commit_sha": pull.merge_sha,
        "auto_merge": None,
        "requested_reviewers": [],
        "requested_teams": [],
    }


def pull_full(hub: Hub, each: Issue) -> Json:
    """Describe a pull request on its own."""
    pull = part(each)
    files = hub.git.files(pull.base_sha, pull.head_sha)
    return {
        **pull_simple(hub, each),
        "merged": pull.merged is not None,
        "merged_by": user(hub, pull.merged_by) if pull.merged_by else None,
        "mergeable": None if each.closed else True,
        "mergeable_state": "draft" if pull.draft else "unknown" if each.closed else "clean",
        "rebaseable": None,
        "maintainer_can_modify": False,
        "comments": sum(1 for _ in hub.of_issue(hub.comments.values(), each)),
        "review_comments": sum(1 for _ in hub.of_issue(hub.inline.values(), each)),
        "commits": len(hub.git.commits(pull.base_sha, pull.head_sha)),
        "additions": sum(one.additions for one in files),
        "deletions": sum(one.deletions for one in files),
        "changed_files": len(files),
    }


def part(each: Issue) -> Pull:
    """Return what a pull request has beyond its issue."""
    if each.pull is None:
        raise TypeError(f"#{each.number} is no pull request")
    return each.pull


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


def inline(hub: Hub, each: Inline) -> Json:
    """Describe a comment on a line."""
    url = f"{hub.api}/pulls/comments/{each.id}"
    page = f"{hub.web}/{hub.full_name}/pull/{each.issue.number}#discussion_r{each.id}"
    pull_url = f"{hub.api}/pulls/{each.issue.number}"
    made = {
        "id": each.id,
        "node_id": node("PRRC", each.id),
        "url": url,
        "html_url": page,
        "pull_request_url": pull_url,
        "pull_request_review_id": each.review.id,
        "diff_hunk": each.hunk,
        "path": each.path,
        "commit_id": each.commit,
        "original_commit_id": each.original_commit,
        "user": user(hub, each.author),
        "body": each.body,
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "author_association": association(each.author),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "subject_type": each.subject,
    }
    if each.subject == "line":
        for name in _ON_A_LINE.split():
            made[name] = getattr(each, name)
    return made if each.reply_to is None else {**made, "in_reply_to_id": each.reply_to}


def review(hub: Hub, each: Review) -> Json:
    """Describe a review."""
    page = f"{hub.web}/{hub.full_name}/pull/{each.issue.number}#pullrequestreview-{each.id}"
    pull_url = f"{hub.api}/pulls/{each.issue.number}"
    return {
        "id": each.id,
        "node_id": node("PRR", each.id),
        "user": user(hub, each.author),
        "body": each.body,
        "state": each.state,
        "html_url": page,
        "pull_request_url": pull_url,
        "_links": {"html": {"href": page}, "pull_request": {"href": pull_url}},
        "submitted_at": stamp(each.created),
        "commit_id": each.commit,
        "author_association": association(each.author),
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


def status(hub: Hub, each: Status) -> Json:
    """Describe a commit status."""
    return {
        "id": each.id,
        "node_id": node("SC", each.id),
        "url": f"{hub.api}/statuses/{each.sha}",
        "avatar_url": f"{hub.web}/avatars/{each.creator.id}",
        "state": each.state,
        "description": each.description,
        "target_url": each.target,
        "context": each.context,
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "creator": user(hub, each.creator),
    }


def file(hub: Hub, each: git.FileDiff, head: str) -> Json:
    """Describe a file of a diff."""
    path = quote(each.path)
    made: Json = {
        "sha": each.sha,
        "filename": each.path,
        "status": each.status,
        "additions": each.additions,
        "deletions": each.deletions,
        "changes": each.additions + each.deletions,
        "blob_url": f"{hub.web}/{hub.full_name}/blob/{head}/{path}",
        "raw_url": f"{hub.web}/{hub.full_name}/raw/{head}/{path}",
        "contents_url": f"{hub.api}/contents/{path}?ref={head}",
    }
    if each.patch is not None:
        made["patch"] = each.patch
    return made if each.previous is None else {**made, "previous_filename": each.previous}


def commit(hub: Hub, each: git.Commit) -> Json:
    """Describe a commit; an address that belongs to no account has no account."""
    url = f"{hub.api}/commits/{each.sha}"
    page = f"{hub.web}/{hub.full_name}/commit"
    author, committer = (
        next((user(hub, person) for person in hub.people.values() if person.email == one.email), None)
        for one in (each.author, each.committer)
    )
    return {
        "sha": each.sha,
        "node_id": f"C_{each.sha}",
        "url": url,
        "html_url": f"{page}/{each.sha}",
        "comments_url": f"{url}/comments",
        "commit": {
            "url": f"{hub.api}/git/commits/{each.sha}",
            "author": {"name": each.author.name, "email": each.author.email, "date": each.author.date},
            "committer": {"name": each.committer.name, "email": each.committer.email, "date": each.committer.date},
            "message": each.message,
            "tree": {"sha": each.tree, "url": f"{hub.api}/git/trees/{each.tree}"},
            "comment_count": 0,
        },
        "author": author,
        "committer": committer,
        "parents": [
            {"sha": sha, "url": f"{hub.api}/commits/{sha}", "html_url": f"{page}/{sha}"} for sha in each.parents
        ],
    }
