"""Pull requests: what they are, their files and their commits."""

from __future__ import annotations

from tests.fake_github import code_payload, limits
from tests.fake_github.access import need_read
from tests.fake_github.routing import Answer, Call, Page, route
from tests.fake_github.state import visible


@route("GET /repos/{owner}/{repo}/pulls")
def list_pulls(call: Call) -> Answer:
    """List pull requests, the newest first, by state, head and base."""
    need_read(call, "pull_requests")
    query = call.query
    state = query.get("state", "open")
    found = []
    for each in visible(issue for issue in call.hub.issues.values() if issue.pull):
        pull = each.as_pull
        label = f"{pull.owner}:{pull.head_ref}"
        fits = query.get("head", label) == label and query.get("base", pull.base_ref) == pull.base_ref
        if fits and state in {"all", each.state}:
            found.append(each)
    by = "updated" if query.get("sort") == "updated" else "created"
    newest = "asc" if query.get("sort", "created") != "created" else "desc"
    found.sort(key=lambda each: getattr(each, by), reverse=query.get("direction", newest) == "desc")
    return Answer(Page(found, lambda each: code_payload.pull_simple(call.hub, each)))


@route("GET /repos/{owner}/{repo}/pulls/{pull_number}")
def get_pull(call: Call) -> Answer:
    """Return one pull request."""
    need_read(call, "pull_requests")
    return Answer(code_payload.pull_full(call.hub, call.pull_issue))


@route("GET /repos/{owner}/{repo}/pulls/{pull_number}/files")
def list_files(call: Call) -> Answer:
    """List what the pull request changes; what is beyond the limit is left out and nothing says so."""
    need_read(call, "pull_requests")
    pull = call.pull_issue.as_pull
    files = call.hub.git.files(pull.base_sha, pull.head_sha)[: limits.PULL_FILES]
    return Answer(Page(files, lambda each: code_payload.file(call.hub, each, pull.head_sha)))


@route("GET /repos/{owner}/{repo}/pulls/{pull_number}/commits")
def list_commits(call: Call) -> Answer:
    """List the commits, the oldest first."""
    need_read(call, "pull_requests")
    pull = call.pull_issue.as_pull
    commits = call.hub.git.commits(pull.base_sha, pull.head_sha)[: limits.PULL_COMMITS]
    return Answer(Page(commits, lambda each: code_payload.commit(call.hub, each)))
