"""What fixing does, as a unified diff that ``git apply`` takes, or in a line each."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from bot.fix import Mended
from bot.model import LineFix
from bot.render.escape import terminal

_ODD = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')


def patch(path: str, before: str, after: str) -> str:
    """Write the difference of two texts of one file."""
    old, new = _lines(before), _lines(after)
    text = ""
    for row in difflib.unified_diff(old, new, _named(f"a/{path}"), _named(f"b/{path}")):
        text += row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n"
    return text


def _lines(text: str) -> list[str]:
    """Cut a text at line feeds alone: a patch knows no other line end."""
    lines = text.split("\n")
    return [*(f"{line}\n" for line in lines[:-1]), *lines[-1:]] if lines[-1] else [f"{line}\n" for line in lines[:-1]]


def _named(path: str) -> str:
    """Write a path as git does: in quotes where a byte of it is odd."""
    data = path.encode("utf-8", "surrogateescape")
    if _ODD.search(data) is None:
        return path
    return '"' + _ODD.sub(lambda match: b"\\%03o" % match[0][0], data).decode("ascii") + '"'


def told(fixed: Iterable[Mended]) -> Iterator[str]:
    """Write a line for each edit: its place, the value before and after, and the policies that asked for it."""
    asked: dict[LineFix, list[Mended]] = {}
    for each in fixed:
        if each.finding.fix is not None:
            asked.setdefault(each.finding.fix, []).append(each)
    for fix, group in asked.items():
        policies = ", ".join(dict.fromkeys(each.finding.policy for each in group))
        place = f"{group[0].finding.path}:{fix.start_line}"
        yield f"{terminal(place)}: {terminal(_edit(group[0].was, fix.replacement))} [{policies}]"


def _edit(was: str, now: str) -> str:
    """Write ``key = old → new``; of a line that was put in below, that line alone."""
    now = now.replace("\r\n", "\n")
    if now.startswith(f"{was}\n"):
        return now.removeprefix(f"{was}\n").strip()
    key, _, value = now.partition("=")
    return f"{was.strip()} → {(value if was.startswith(f'{key}=') else now).strip()}"
