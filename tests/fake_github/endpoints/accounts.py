"""Who somebody is, and what they may do."""

from __future__ import annotations

from tests.fake_github import payload
from tests.fake_github.access import holds, need_read, role
from tests.fake_github.clock import START, stamp
from tests.fake_github.routing import Answer, Call, forbidden, not_found, route

# The older word for each role, which `permission` still speaks.
_LEGACY = {"triage": "read", "maintain": "write"}


_TEXTS = "bio blog company email hireable location name"
_COUNTS = (
    "collaborators disk_usage followers following owned_private_repos private_gists public_gists public_repos "
    "total_private_repos"
)


@route("GET /user")
def user(call: Call) -> Answer:
    """Say who the token belongs to; the token of an app belongs to nobody."""
    if call.token.app:
        raise forbidden()
    return Answer(
        {
            **payload.user(call.hub, call.token.person),
            **dict.fromkeys(_TEXTS.split()),
            **dict.fromkeys(_COUNTS.split(), 0),
            "two_factor_authentication": True,
            "created_at": stamp(START),
            "updated_at": stamp(START),
        }
    )


@route("GET /rate_limit")
def rate_limit(call: Call) -> Answer:
    """Say how many requests are left; asking costs none."""
    left = call.hub.budget.payload
    return Answer({"resources": {"core": left, "search": left}, "rate": left})


@route("GET /repos/{owner}/{repo}")
def repository(call: Call) -> Answer:
    """Describe the repository."""
    need_read(call, "metadata")
    return Answer(payload.repository(call.hub))


@route("GET /repos/{owner}/{repo}/collaborators/{username}/permission")
def permission(call: Call) -> Answer:
    """Say what somebody may do; in a public repository everybody may read."""
    need_read(call, "metadata")
    person = call.hub.people.get(call.names["username"].lower())
    if person is None:
        raise not_found()
    name = role(call.hub, person)
    least = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
    held = {each: holds(call.hub, person, needed) for each, needed in least.items()}
    account = {**payload.user(call.hub, person), "permissions": held, "role_name": name}
    return Answer({"permission": _LEGACY.get(name, name), "role_name": name, "user": account})
