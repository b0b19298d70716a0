"""What the terminal's pages share: how parts are laid out, lines behind dots, and what is never broken."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from bot.render.escape import terminal

if TYPE_CHECKING:
    from rich.text import Text

_PATHS = 3


def printed(parts: Iterable[object], *, colour: bool, width: int) -> str:
    """Lay out what rich can show, without trailing blanks."""
    from rich.console import Console  # only a terminal pays for it
    from rich.text import Text

    page = io.StringIO()
    console = Console(
        file=page,
        width=max(width, 40),
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str) or (isinstance(part, Text) and bool(part.no_wrap)))
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().split("\n")[:-1])


def unbroken(text: Text) -> Text:
    """Mark what is never broken, so that it can be searched for and copied: paths, commands and a rule's own lines."""
    text.no_wrap = True
    return text


def indented(text: Text, indent: int) -> object:
    """Return a text all of whose lines start so far from the left."""
    from rich.padding import Padding

    text.overflow = "fold"
    return Padding(text, (0, 0, 0, indent))


def bullets(lines: Iterable[str], indent: int = 2) -> Iterator[object]:
    """Write lines one under the other, each behind a dot, what does not fit on one below its words."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    for line in lines:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column()
        grid.add_column(overflow="fold")
        grid.add_row("•", Text(terminal(line)))
        yield Padding(grid, (0, 0, 0, indent))


def some_paths(places: Sequence[str], indent: int) -> Iterator[Text]:
    """Write the first few of many places."""
    from rich.text import Text

    for place in places[:_PATHS]:
        yield unbroken(Text(f"{' ' * indent}{terminal(place)}", style="dim"))
    if len(places) > _PATHS:
        yield Text(f"{' ' * indent}and {len(places) - _PATHS:,} more", style="dim")


__all__ = ["bullets", "indented", "printed", "some_paths", "unbroken"]
