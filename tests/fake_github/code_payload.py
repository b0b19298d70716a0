"""What GitHub says of code, as JSON: pull requests, comments on lines, files, commits and their statuses."""

from __future__ import annotations

from urllib.parse import quote

from tests.fake_github import payload
from tests.fake_github import repository as git
from tests.fake_github.clock import stamp
from tests.fake_github.routing import Json
from tests.fake_github.state import Hub, Inline, Issue, Review, Status

_SHARED_WITH_ISSUE = (
    "id node_id html_url number state locked title body user labels assignee assignees milestone closed_at "
    "created_at updated_at author_association"
)
_ON_A_LINE = "side line original_line start_side start_line original_start_line position original_position"


def _side(hub: Hub, owner: str, ref: str, sha: str, repo: Json | None) -> Json:
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": payload.user(hub, hub.person(owner)),
        "repo": repo,
    }


def pull_simple(hub: Hub, each: Issue) -> Json:
    """Describe a pull request as lists do."""
    pull = each.as_pull
    url = f"{hub.api}/pulls/{each.number}"
    own = payload.issue(hub, each)
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
    fork = None if pull.fork_deleted else payload.repository(hub, pull.owner if pull.fork else None)
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
        "base": _side(hub, hub.owner, pull.base_ref, pull.base_sha, payload.repository(hub)),
        "draft": pull.draft,
        "merged_at": payload.optional(pull.merged),
        "merge_commit_sha": pull.merge_sha,
        "auto_merge": None,
        "requested_reviewers": [],
        "requested_teams": [],
    }


def pull_full(hub: Hub, each: Issue) -> Json:
    """Describe a pull request on its own."""
    pull = each.as_pull
    files = hub.git.files(pull.base_sha, pull.head_sha)
    return {
        **pull_simple(hub, each),
        "merged": pull.merged is not None,
        "merged_by": payload.user(hub, pull.merged_by) if pull.merged_by else None,
        "mergeable": None if each.closed else True,
        "mergeable_state": _mergeable(hub, each),
        "rebaseable": None,
        "maintainer_can_modify": False,
        "comments": sum(1 for _ in hub.of_issue(hub.comments.values(), each)),
        "review_comments": sum(1 for _ in hub.of_issue(hub.inline.values(), each)),
        "commits": len(hub.git.commits(pull.base_sha, pull.head_sha)),
        "additions": sum(one.additions for one in files),
        "deletions": sum(one.deletions for one in files),
        "changed_files": len(files),
    }


def _mergeable(hub: Hub, each: Issue) -> str:
    pull = each.as_pull
    newest = {status.context: status.state for status in hub.statuses if status.sha == pull.head_sha}
    if each.closed or pull.draft:
        return "draft" if pull.draft else "unknown"
    return "clean" if all(newest.get(name) == "success" for name in hub.required) else "blocked"


def inline(hub: Hub, each: Inline) -> Json:
    """Describe a comment on a line."""
    url = f"{hub.api}/pulls/comments/{each.id}"
    page = f"{hub.web}/{hub.full_name}/pull/{each.issue.number}#discussion_r{each.id}"
    pull_url = f"{hub.api}/pulls/{each.issue.number}"
    made = {
        "id": each.id,
        "node_id": payload.node("PRRC", each.id),
        "url": url,
        "html_url": page,
        "pull_request_url": pull_url,
        "pull_request_review_id": each.review.id,
        "diff_hunk": each.hunk,
        "path": each.path,
        "commit_id": each.commit,
        "original_commit_id": each.original_commit,
        "user": payload.user(hub, each.author),
        "body": each.body,
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "author_association": payload.association(each.author),
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
        "node_id": payload.node("PRR", each.id),
        "user": payload.user(hub, each.author),
        "body": each.body,
        "state": each.state,
        "html_url": page,
        "pull_request_url": pull_url,
        "_links": {"html": {"href": page}, "pull_request": {"href": pull_url}},
        "submitted_at": stamp(each.created),
        "commit_id": each.commit,
        "author_association": payload.association(each.author),
    }


def status(hub: Hub, each: Status) -> Json:
    """Describe a commit status."""
    return {
        "id": each.id,
        "node_id": payload.node("SC", each.id),
        "url": f"{hub.api}/statuses/{each.sha}",
        "avatar_url": f"{hub.web}/avatars/{each.creator.id}",
        "state": each.state,
        "description": each.description,
        "target_url": each.target,
        "context": each.context,
        "created_at": stamp(each.created),
        "updated_at": stamp(each.updated),
        "creator": payload.user(hub, each.creator),
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
    signed = each.sha in hub.signed
    author, committer = (
        next((payload.user(hub, person) for person in hub.people.values() if person.email == one.email), None)
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
            "verification": {
                "verified": signed,
                "reason": "valid" if signed else "unsigned",
                "signature": "-----BEGIN PGP SIGNATURE-----" if signed else None,
                "payload": f"tree {each.tree}" if signed else None,
                "verified_at": stamp(hub.clock.now) if signed else None,
            },
        },
        "author": author,
        "committer": committer,
        "parents": [
            {"sha": sha, "url": f"{hub.api}/commits/{sha}", "html_url": f"{page}/{sha}"} for sha in each.parents
        ],
    }
