"""Escaping, in one place: nothing that stands in a rule can be more than text on any surface."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from bot.told import Told

_BREAK = "\u200b"
_DANGEROUS = re.compile(r"<(?=!--|/details)|:(?=:)|#(?=#\[)", re.IGNORECASE)
_RISKY = re.compile(r"[@#]|www\.|//|https?:|gh-\d|\b[0-9a-f]{7,}\b|:[\w+-]+:", re.IGNORECASE)
_OPENING = re.compile(r"[-+]|\d+[.)]|[^\s`]+:\d+(?::\d+)?: ")  # a list's mark, or a place as compilers write it
_PUNCTUATION = re.compile(r"[\x00-\x1f!#$&*<>@\[\\\]^_`|~\x7f]|:(?! )|(?<=[Ww][Ww][Ww])\.")
_BACKTICKS = re.compile("`+")
_SPAN = re.compile(r"(?<!`)(?P<fence>`+)(?!`)(?P<inner>.+?)(?:(?<!`)(?P=fence)(?!`)|\Z)", re.DOTALL)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_BEYOND = re.compile(r"[\U00010000-\U0010ffff]")
_PLACES = re.compile(r"[\x00-\x1f\x7f]|[^\x00-\x7e]")


class Safe(str):
    """Markdown that we made; every other text is escaped on its way into a template."""

    __slots__ = ()


def visible(text: str, *, keep: str = "") -> str:
    """Show what cannot be seen: line breaks as ↵, tabs as a blank, other control and format characters by number."""

    def show(match: re.Match[str]) -> str:
        char = match[0]
        if char in keep:
            return char
        if char == "\t":
            return " "
        if char in "\n\r":
            return "↵"
        return f"⟨U+{ord(char):04X}⟩" if unicodedata.category(char) in _INVISIBLE else char

    return _PLACES.sub(show, text.replace("\r\n", "\n") if "\r" not in keep else text)


def cut(text: str, most: int) -> str:
    """Shorten a text to so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def tame(text: str) -> str:
    """Break, with a blank of no width, what a runner or a page could obey where no entity can stand."""
    return _DANGEROUS.sub(lambda match: match[0] + _BREAK, text)


def _entity(match: re.Match[str]) -> str:
    char = match[0]
    return f"&#{ord(char)};" + ("<wbr>" if char == "@" else "")


def code(text: str, *, most: int = 400) -> Safe:
    """Return a code span that shows a text as it is, its fence longer than any run of backticks inside.

    A table's bar ends a cell even in a code span, so a text that has one becomes an element.
    """
    shown = tame(cut(visible(text), most)) or " "
    if "|" in shown:
        return element(text, most=most)
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return Safe(f"{fence}{pad}{shown}{pad}{fence}")


def element(text: str, *, most: int = 400) -> Safe:
    """Return a code element, all of entities, for where Markdown is not read: inside ``<summary>``, beside a bar.

    The ``<wbr>`` after an ``@`` is no character: it keeps an address from becoming a link.
    """
    return Safe(f"<code>{_PUNCTUATION.sub(_entity, cut(visible(text), most)) or ' '}</code>")


def prose(text: str, *, most: int = 1_000) -> Safe:
    """Return a sentence whose values stand in backticks, or that knows its values itself.

    Punctuation becomes entities; what GitHub would make a link, a mention or an emoji becomes code as well, and so does
    all of what begins with its place, ``path:3:1: ``: it reads as it does on every other surface.
    """
    parts = list(_within(text, most) if isinstance(text, Told) else _spans(cut(visible(text), most)))
    if _OPENING.match(parts[0][0].lstrip(" ")):
        return code(text, most=most)
    told = ""
    for part, quoted in parts:
        more = _part(part, quoted=quoted)
        told += "<wbr>" * (told.endswith("`") and more.startswith("`")) + more  # two fences side by side would be one
    return Safe(told)


def _spans(text: str) -> Iterator[tuple[str, bool]]:
    """Part a sentence at its code spans, as Markdown does: a span ends with as many backticks as it began with."""
    at = 0
    for match in _SPAN.finditer(text):
        yield text[at : match.start()], False
        inner = match["inner"]
        yield inner[1:-1] if len(match["fence"]) > 1 and inner[:1] == inner[-1:] == " " else inner, True
        at = match.end()
    yield text[at:], False


def _within(text: Told, room: int) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a sentence, as they are seen, as far as there is room."""
    for part, quoted in text.parts():
        shown = cut(visible(part), room) if room > 0 else ""
        room -= len(shown)
        yield shown, quoted


def _part(text: str, *, quoted: bool) -> str:
    core = text.strip(" ")
    if not core:
        return text
    if quoted:
        return code(text, most=len(text))
    if not _RISKY.search(core):
        return _PUNCTUATION.sub(_entity, text)
    start = text.index(core)
    return text[:start] + code(core, most=len(core)) + text[start + len(core) :]


def fenced(lines: Iterable[str], language: str) -> Safe:
    """Return a fenced block, its fence longer than any run of backticks inside."""
    body = "\n".join(tame(visible(line, keep="\t")) for line in lines)
    longest = max((len(run) for run in _BACKTICKS.findall(body)), default=0)
    fence = "`" * max(3, longest + 1)
    return Safe(f"{fence}{language}\n{body}\n{fence}")


def terminal(text: str, *, keep: str = "") -> str:
    """Return a text for a terminal or a log: no control character, nothing that a runner obeys."""
    return tame(visible(text, keep=keep))


def basic(text: str) -> str:
    """Show by number what lies beyond U+FFFF, such as an emoji: GitHub refuses a status that is described with it."""
    return _BEYOND.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)


def command_data(text: str) -> str:
    """Escape the message of a workflow command."""
    clean = tame(visible(text, keep="\n\r"))
    return clean.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Escape a property of a workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def url_path(path: str) -> str:
    """Percent-encode a path, slashes kept."""
    kept = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/")
    return "".join(chr(byte) if byte in kept else f"%{byte:02X}" for byte in path.encode("utf-8", "surrogateescape"))
