"""Commits, branches, comparisons, and the statuses of commits."""

from __future__ import annotations

from http import HTTPStatus

from tests.fake_github import code_payload, limits, payload
from tests.fake_github.access import need_read, need_write
from tests.fake_github.routing import Answer, Call, Json, Page, Refusal, invalid, not_found, route
from tests.fake_github.state import Status, record, visible


def _resolved(call: Call, revision: str) -> str:
    found = call.hub.git.resolve(revision)
    if found is None:
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"No commit found for SHA: {revision}",
            [{"resource": "Commit", "field": "sha", "code": "invalid"}],
        )
    return found


@route("GET /repos/{owner}/{repo}/commits/{ref}")
def get_commit(call: Call) -> Answer:
    """Return one commit."""
    need_read(call, "contents")
    return Answer(code_payload.commit(call.hub, call.hub.git.commit(_resolved(call, call.names["ref"]))))


@route("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls")
def commit_pulls(call: Call) -> Answer:
    """List the pull requests that hold a commit, or that it merged."""
    need_read(call, "pull_requests")
    hub, sha = call.hub, _resolved(call, call.names["commit_sha"])
    found = []
    for each in visible(issue for issue in hub.issues.values() if issue.pull):
        pull = each.as_pull
        if sha == pull.merge_sha or sha in {one.sha for one in hub.git.commits(pull.base_sha, pull.head_sha)}:
            found.append(each)
    return Answer(Page(found, lambda each: code_payload.pull_simple(hub, each)))


@route("GET /repos/{owner}/{repo}/branches/{branch}")
def get_branch(call: Call) -> Answer:
    """Return one branch and its tip."""
    need_read(call, "contents")
    hub, name = call.hub, call.names["branch"]
    tip = hub.git.branch(name)
    if tip is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "Branch not found")
    url = f"{hub.api}/branches/{name}"
    return Answer(
        {
            "name": name,
            "commit": code_payload.commit(hub, hub.git.commit(tip)),
            "_links": {"self": url, "html": f"{hub.web}/{hub.full_name}/tree/{name}"},
            "protected": False,
            "protection": {"enabled": False},
            "protection_url": f"{url}/protection",
        }
    )


@route("GET /repos/{owner}/{repo}/git/ref/{ref}")
def get_ref(call: Call) -> Answer:
    """Return one ref, such as ``heads/main``."""
    need_read(call, "contents")
    hub, name = call.hub, f"refs/{call.names['ref']}"
    sha = hub.git.resolve(name)
    if sha is None:
        raise not_found()
    there = {"type": "commit", "sha": sha, "url": f"{hub.api}/git/commits/{sha}"}
    return Answer({"ref": name, "node_id": f"REF_{name}", "url": f"{hub.api}/git/{name}", "object": there})


@route("GET /repos/{owner}/{repo}/compare/{basehead}")
def compare(call: Call) -> Answer:
    """Compare two commits from where they parted; files are on the first page alone."""
    need_read(call, "contents")
    hub = call.hub
    base, dots, head = call.names["basehead"].partition("...")
    start, end = hub.git.resolve(base), hub.git.resolve(head.rpartition(":")[2])
    if not dots or start is None or end is None:
        raise not_found()
    parted = hub.git.merge_base(start, end)
    if parted is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"No common ancestor between {base} and {head}.")
    commits, behind = hub.git.commits(start, end), len(hub.git.commits(end, start))
    url = f"{hub.api}/compare/{call.names['basehead']}"
    page = f"{hub.web}/{hub.full_name}/compare/{call.names['basehead']}"
    first = call.query.get("page", "1") == "1"
    files = hub.git.files(start, end)[: limits.COMPARE_FILES] if first else ()
    words = {(False, False): "identical", (True, False): "ahead", (False, True): "behind", (True, True): "diverged"}
    around = {
        "url": url,
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": code_payload.commit(hub, hub.git.commit(start)),
        "merge_base_commit": code_payload.commit(hub, hub.git.commit(parted)),
        "status": words[bool(commits), bool(behind)],
        "ahead_by": len(commits),
        "behind_by": behind,
        "total_commits": len(commits),
        "files": [code_payload.file(hub, each, end) for each in files],
    }
    return Answer(
        Page(
            commits,
            lambda each: code_payload.commit(hub, each),
            lambda page_: {**around, "commits": page_},
            limits.COMPARE_COMMITS,
        )
    )


@route("POST /repos/{owner}/{repo}/statuses/{sha}")
def create_status(call: Call) -> Answer:
    """Set a status of a commit."""
    need_write(call, "statuses", least="write")
    hub, body = call.hub, call.body
    sha = _resolved(call, call.names["sha"])
    description = limits.status_description(body.get("description"))
    context = body.get("context", "default")
    if sum(each.sha == sha and each.context == context for each in hub.statuses) >= limits.STATUSES:
        raise invalid("Status", "context", "custom", "This SHA and context has reached the maximum number of statuses.")
    made = record(
        Status,
        hub.written(),
        sha=sha,
        state=body["state"],
        context=context,
        description=description,
        target=body.get("target_url"),
        creator=call.token.person,
    )
    hub.statuses.append(made)
    return Answer(code_payload.status(hub, made), HTTPStatus.CREATED)


# PyGithub asks by the older path.
@route("GET /repos/{owner}/{repo}/commits/{ref}/statuses", legacy="GET /repos/{owner}/{repo}/statuses/{ref}")
def list_statuses(call: Call) -> Answer:
    """List every status that a commit ever had, the newest first."""
    need_read(call, "statuses")
    sha = _resolved(call, call.names["ref"])
    found = visible(each for each in reversed(call.hub.statuses) if each.sha == sha)
    return Answer(Page(found, lambda each: code_payload.status(call.hub, each)))


@route("GET /repos/{owner}/{repo}/commits/{ref}/status")
def combined_status(call: Call) -> Answer:
    """Sum up the newest status of each context."""
    need_read(call, "statuses")
    hub, sha = call.hub, _resolved(call, call.names["ref"])
    latest = {each.context: each for each in visible(each for each in hub.statuses if each.sha == sha)}
    states = {each.state for each in latest.values()}
    bad, waiting = states & {"error", "failure"}, "pending" in states or not states
    around = {
        "state": "failure" if bad else "pending" if waiting else "success",
        "sha": sha,
        "total_count": len(latest),
        "repository": payload.repository(hub),
        "commit_url": f"{hub.api}/commits/{sha}",
        "url": f"{hub.api}/commits/{sha}/status",
    }

    def rendered(each: Status) -> Json:
        return {name: value for name, value in code_payload.status(hub, each).items() if name != "creator"}

    return Answer(Page(latest.values(), rendered, lambda page: {**around, "statuses": page}))
