"""One rule's change for its author's terminal: what it means, an event that shows it, and the lines."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import QueryChange, RuleChange
from bot.render.escape import cut, terminal
from bot.render.queries import proofs, query_lines
from bot.render.screen import bullets, printed, unbroken
from bot.words import by_importance, leaf_words, query_heading

_LINES = 60
_WIDEST = 400
_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def render(change: RuleChange, *, colour: bool = False, width: int = 100) -> str:
    """Write what differs, then what the edit of the query means."""
    return printed(_parts(change), colour=colour, width=width)


def _parts(change: RuleChange) -> Iterator[object]:
    from rich.text import Text

    old, new = (side.path if side else "" for side in (change.before, change.after))
    title = terminal(old if old == new else f"{old} → {new}")
    same = change.base is not None and change.head is not None and change.base.text == change.head.text
    yield title if same else f"{title} ({change.kind.value})"
    if not change.changes:
        yield "The two are the same." if same else "Only layout, comments or the order of keys differ."
        return
    yield _table(change)
    if change.query is not None:
        yield from _query(change, change.query)
    elif change.around:
        yield Text("around the query", style="bold")
        yield from bullets(change.around)


def _table(change: RuleChange) -> object:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("category", no_wrap=True)
    table.add_column("what changed", overflow="fold", ratio=1)
    for leaf in by_importance(change):
        table.add_row(leaf.category.value, Text(terminal(leaf_words(leaf, change))))
    return table


def _query(change: RuleChange, query: QueryChange) -> Iterator[object]:
    from rich.text import Text

    language = f" ({terminal(query.language)})" if query.language and query.apart != "language" else ""
    yield Text(f"{query_heading(query)}{language}", style="bold")
    yield from bullets([*query.explanation, *proofs(query)])
    yield ""
    lines = query_lines(change, around=1)
    for line in lines[:_LINES]:
        shown = Text(f"  {cut(terminal(line), _WIDEST)}", style=_STYLES.get(line[:1], "dim"))
        yield unbroken(shown)
    if len(lines) > _LINES:
        yield Text(f"  and {len(lines) - _LINES:,} more lines", style="dim")
