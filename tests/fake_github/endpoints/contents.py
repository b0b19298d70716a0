"""What files hold."""

from __future__ import annotations

import base64
from http import HTTPStatus
from urllib.parse import quote

from tests.fake_github.access import need_read
from tests.fake_github.routing import Answer, Call, Refusal, not_found, route


@route("GET /repos/{owner}/{repo}/contents/{path}")
def get_content(call: Call) -> Answer:
    """Return one file of a commit, a branch or a tag."""
    need_read(call, "contents")
    hub, path, ref = call.hub, call.names["path"], call.query.get("ref", "HEAD")
    commit = hub.git.resolve(ref)
    if commit is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"No commit found for the ref {ref}")
    found = hub.git.text(commit, path)
    if found is None:
        raise not_found()
    sha, text = found
    url = f"{hub.api}/contents/{quote(path)}?ref={quote(ref)}"
    git, html = f"{hub.api}/git/blobs/{sha}", f"{hub.web}/{hub.full_name}/blob/{ref}/{path}"
    data = text.encode()
    return Answer(
        {
            "type": "file",
            "encoding": "base64",
            "size": len(data),
            "name": path.rpartition("/")[2],
            "path": path,
            "content": base64.encodebytes(data).decode("ascii"),
            "sha": sha,
            "url": url,
            "git_url": git,
            "html_url": html,
            "download_url": f"{hub.web}/{hub.full_name}/raw/{ref}/{path}",
            "_links": {"self": url, "git": git, "html": html},
        }
    )
