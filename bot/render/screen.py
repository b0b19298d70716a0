"""What the terminal's pages share: how parts are laid out, lines behind dots, and what is never broken."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.render.escape import terminal

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

_PATHS = 3
_WORD = re.compile(r"(\s*)(\S+)")
_NARROW = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paragraph:
    """A text that is broken between words alone: a path or a value that is longer than a line stays whole.

    Attributes:
        first: what stands left of the first line.
        rest: what stands left of every other, as wide.
    """

    text: Text
    first: str = ""
    rest: str = ""

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> Iterator[Text]:
        from rich.text import Text

        for number, line in enumerate(self.text.divide(self._breaks(options.max_width))):
            line.rstrip()
            whole = Text.assemble(self.rest if number else self.first, line)
            whole.no_wrap, whole.overflow = True, "ignore"
            yield whole

    def _breaks(self, width: int) -> Iterator[int]:
        from rich.cells import cell_len

        room, used = max(width - len(self.first), _NARROW), 0
        for word in _WORD.finditer(self.text.plain):
            blank, size = map(cell_len, word.groups())
            if used and used + blank + size > room:
                yield word.start(2)
                used = size
            else:
                used += blank + size


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
        if isinstance(part, str) or (isinstance(part, Text) and part.no_wrap):
            console.print(part, soft_wrap=True)
        else:
            console.print(_Paragraph(text=part) if isinstance(part, Text) else part, crop=False)
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().split("\n")[:-1])


def unbroken(text: Text) -> Text:
    """Mark what is never broken, so that it can be searched for and copied: paths, commands and a rule's own lines."""
    text.no_wrap = True
    return text


def indented(text: Text, indent: int) -> object:
    """Return a text all of whose lines start so far from the left."""
    return _Paragraph(text=text, first=" " * indent, rest=" " * indent)


def bullets(lines: Iterable[str], indent: int = 2) -> Iterator[object]:
    """Write lines one under the other, each behind a dot, what does not fit on one below its words."""
    from rich.text import Text

    left = " " * indent
    for line in lines:
        yield _Paragraph(text=Text(terminal(line)), first=f"{left}• ", rest=f"{left}  ")


def some_paths(places: Sequence[str], indent: int) -> Iterator[Text]:
    """Write the first few of many places."""
    from rich.text import Text

    for place in places[:_PATHS]:
        yield unbroken(Text(f"{' ' * indent}{terminal(place)}", style="dim"))
    if len(places) > _PATHS:
        yield Text(f"{' ' * indent}and {len(places) - _PATHS:,} more", style="dim")


__all__ = ["bullets", "indented", "printed", "some_paths", "unbroken"]
