"""A review, or an audit, as text: one module a format, each imported only where it is asked for."""

from __future__ import annotations

from bot.audited import Audit
from bot.model import Review, RuleChange
from bot.settings import Settings


def render(
    review: Review,
    settings: Settings,
    format_name: str,
    *,
    colour: bool = False,
    width: int = 100,
    blob_url: str = "",
    template: str = "",
) -> str:
    """Write a review in a format: ``text``, ``markdown``, ``json``, ``sarif`` or ``github``.

    Args:
        review: the finished review.
        settings: the config it was made under.
        format_name: which format.
        colour: whether the terminal shows colours; text alone.
        width: of the terminal in characters; text alone.
        blob_url: where the head's files can be read, such as ``https://github.com/o/r/blob/SHA``; Markdown alone.
        template: the repository's own blocks of the comment; Markdown alone.

    Raises:
        RulewardError: the template does not work.
        ValueError: there is no such format.
    """
    if format_name == "text":
        from bot.render.as_text import render as as_text

        return as_text(review, settings, colour=colour, width=width)
    if format_name == "markdown":
        from bot.render.as_markdown import render as as_markdown

        return as_markdown(review, settings, blob_url=blob_url, template=template)
    if format_name == "json":
        from bot.render.as_json import render as as_json

        return as_json(review, settings)
    if format_name == "sarif":
        from bot.render.as_sarif import render as as_sarif

        return as_sarif(review, settings)
    if format_name == "github":
        from bot.render.as_github import render as as_github

        return as_github(review, settings)
    raise ValueError(f"no format named {format_name}")


def render_change(change: RuleChange, *, colour: bool = False, width: int = 100) -> str:
    """Write what happened to one rule, for a terminal."""
    from bot.render.as_diff import render as as_diff

    return as_diff(change, colour=colour, width=width)


def render_audit(audit: Audit, format_name: str, *, colour: bool = False, width: int = 100) -> str:
    """Write an audit in a format: ``text``, ``markdown``, ``json`` or ``html``.

    Args:
        audit: the finished audit.
        format_name: which format.
        colour: whether the terminal shows colours; text alone.
        width: of the terminal in characters; text alone.

    Raises:
        ValueError: there is no such format.
    """
    if format_name == "text":
        from bot.render.audit_text import render as as_text

        return as_text(audit, colour=colour, width=width)
    if format_name == "markdown":
        from bot.render.audit_markdown import render as as_markdown

        return as_markdown(audit)
    if format_name == "json":
        from bot.render.as_json import render_audit as as_json

        return as_json(audit)
    if format_name == "html":
        from bot.render.as_html import render as as_html

        return as_html(audit)
    raise ValueError(f"no format named {format_name}")
