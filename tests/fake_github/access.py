"""What a token may do."""

from __future__ import annotations

from tests.fake_github.routing import Call, forbidden, not_found
from tests.fake_github.state import ROLES, Hub, Person


def role(hub: Hub, person: Person) -> str:
    """Return what somebody may do; in a public repository everybody may read."""
    return person.role if person.role != "none" or hub.private else "read"


def holds(hub: Hub, person: Person, least: str) -> bool:
    """Tell whether somebody holds a role or a higher one."""
    return ROLES.index(role(hub, person)) >= ROLES.index(least)


def need_read(call: Call, *surfaces: str) -> None:
    """Refuse to show what the token may not read; a public repository shows everything."""
    if not call.hub.private:
        return
    token = call.token
    if token.app:
        if not any(token.permissions.get(each, "none") != "none" for each in surfaces):
            raise forbidden()
    elif not holds(call.hub, token.person, "read"):
        raise not_found()


def need_write(call: Call, *surfaces: str, least: str = "read") -> None:
    """Refuse a write unless the token may write one of the surfaces, and a person holds the role."""
    if not may_write(call, *surfaces, least=least):
        raise forbidden("Resource not accessible by integration" if call.token.app else "Must have write access")


def may_write(call: Call, *surfaces: str, least: str) -> bool:
    """Tell whether a token may write one of the surfaces; a person's may do what the person may, or less."""
    token = call.token
    if not token.app and not holds(call.hub, token.person, least):
        return False
    return any(token.permissions.get(each) == "write" for each in surfaces) or (not token.app and not token.permissions)
