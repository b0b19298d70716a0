"""Tables in the generated pages."""

from __future__ import annotations


def table(*rows: tuple[str, ...]) -> str:
    """Return a Markdown table; the first row is its head."""
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    return "\n".join("|" + "|".join(f" {cell} " if cell != "---" else cell for cell in line) + "|" for line in lines)


def cell(text: str) -> str:
    """Write a text so that it ends no cell of a table."""
    return text.replace("|", "\\|")


def sentence(text: str) -> str:
    """Write a meaning as a cell: from a capital, without a full stop."""
    return cell(text[:1].upper() + text[1:].removesuffix("."))


__all__ = ["cell", "sentence", "table"]
