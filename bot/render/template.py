"""Templates, and the one place where what they print is escaped."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from bot.render.escape import Safe, prose

if TYPE_CHECKING:
    from jinja2 import Environment


def markdown_block(template: str, block: str, /, **values: object) -> str:
    """Fill one block of a Markdown template."""
    made = _markdown().get_template(template)
    context = made.new_context(dict(values))
    return "".join(made.blocks[block](context)).strip("\n")


def html_page(template: str, /, **values: object) -> str:
    """Fill an HTML template."""
    return _html().get_template(template).render(**values)


def _finalize(value: object) -> object:
    """Escape what a template prints, unless it was made Markdown by our own hands."""
    return value if isinstance(value, Safe) else prose(str(value))


def _read(name: str) -> str | None:
    file = files("bot").joinpath("templates", name)
    return file.read_text(encoding="utf-8") if file.is_file() else None


@lru_cache(maxsize=1)
def _markdown() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # 70 ms that only a comment pays

    return Environment(
        loader=FunctionLoader(_read),
        autoescape=False,  # noqa: S701 - HTML's escaping is not Markdown's: `finalize` escapes everything
        finalize=_finalize,
        undefined=StrictUndefined,
        keep_trailing_newline=False,
    )


@lru_cache(maxsize=1)
def _html() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


__all__ = ["html_page", "markdown_block"]
