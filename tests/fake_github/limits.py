"""The limits that GitHub's documentation states in prose, and its machine-readable description does not.

https://docs.github.com/rest names most of them; the 65,536 characters are what the server answers with.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from tests.fake_github.routing import Json, Refusal, invalid
from tests.fake_github.state import Issue

BODY = 65_536
TITLE = 256
LABEL_NAME = 50
LABEL_DESCRIPTION = 100
LABELS = 100
STATUS_DESCRIPTION = 140
STATUSES = 1000
PULL_FILES = 3000
PULL_COMMITS = 250
COMPARE_FILES = 300
COMPARE_COMMITS = 250
PAGE_MOST = 100


def body_text(body: Json, resource: str, *, blank: bool = False) -> str:
    """Return the text of a body that is not too long, and says something unless it need not."""
    text = str(body.get("body") or "")
    if len(text) > BODY:
        raise invalid(resource, "body", "custom", f"body is too long (maximum is {BODY} characters)")
    if not blank and not text.strip():
        raise invalid(resource, "body", "custom", "body can't be blank")
    return text


def title_text(title: object) -> str:
    """Return a title that GitHub takes."""
    text = str(title)
    if not text.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(text) > TITLE:
        raise invalid("Issue", "title", "custom", f"title is too long (maximum is {TITLE} characters)")
    return text


def label_name(name: str) -> str:
    """Return a name that a label may have."""
    if not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > LABEL_NAME:
        raise invalid("Label", "name", "custom", f"name is too long (maximum is {LABEL_NAME} characters)")
    return name


def label_color(color: str) -> str:
    """Return a colour: six hexadecimal digits and no ``#``."""
    if not re.fullmatch("[0-9a-fA-F]{6}", color):
        raise invalid("Label", "color")
    return color.lower()


def label_description(text: str | None) -> str | None:
    """Return a description that a label may have."""
    return _description(text, "Label", LABEL_DESCRIPTION)


def _description(text: str | None, resource: str, most: int) -> str | None:
    """Return a description that is not too long, and holds no emoji nor another character beyond U+FFFF."""
    if text is not None and len(text) > most:
        raise invalid(resource, "description", "custom", f"description is too long (maximum is {most} characters)")
    if text is not None and max(text, default="") > "\uffff":
        raise invalid(resource, "description", "custom", "description doesn't accept 4-byte Unicode")
    return text


def label_count(issue: Issue, more: int) -> None:
    """Refuse more labels than an issue may have."""
    if len(issue.labels) + more > LABELS:
        message = f"an issue may have at most {LABELS} labels"
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", [{"code": "custom", "message": message}])


def status_description(text: str | None) -> str | None:
    """Return a description that a status may have."""
    return _description(text, "Status", STATUS_DESCRIPTION)
