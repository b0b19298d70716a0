"""What the terminal's pages share: how parts are laid out, and lines behind dots."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from bot.render.escape import terminal


def printed(parts: Iterable[object], *, colour: bool, width: int) -> str:
    """Lay out what rich can show, without trailing blanks."""
    from rich.console import Console  # only a terminal pays for it

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
        console.print(part, soft_wrap=isinstance(part, str))
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().split("\n")[:-1])


def bullets(lines: Iterable[str]) -> Iterator[object]:
    """Write lines one under the other, each behind a dot."""
    from rich.padding import Padding
    from rich.text import Text

    for line in lines:
        yield Padding(Text(f"• {terminal(line)}", overflow="fold"), (0, 0, 0, 2))


__all__ = ["bullets", "printed"]
