"""The reports as JSON, for programs."""

from __future__ import annotations

import json

from bot.audit_report import audit_report
from bot.audited import Audit
from bot.model import Review
from bot.report import report
from bot.settings import Settings

_BROKEN = {"<!--": "\\u003c!--", "</": "\\u003c/", "::": ":\\u003a", "##[": "#\\u0023["}


def render(review: Review, _settings: Settings) -> str:
    """Write the report."""
    return write(report(review))


def render_audit(audit: Audit) -> str:
    """Write an audit's report."""
    document = audit_report(audit)
    rules = document.pop("rules")
    head = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False).removesuffix("\n}")
    lines = ",\n".join(json.dumps(rule, ensure_ascii=False, allow_nan=False) for rule in rules)
    return _tamed(f'{head},\n  "rules": [\n{lines}\n]\n}}')  # a line a rule: thousands of them are read by programs


def write(document: object) -> str:
    """Write plain data; what a log or a page could obey is spelled as JSON escapes, which parse to the same text."""
    return _tamed(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))


def _tamed(text: str) -> str:
    for bytes_, escape in _BROKEN.items():
        text = text.replace(bytes_, escape)
    return text + "\n"
