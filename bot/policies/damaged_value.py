"""Strings that a tool mangled: same letters, other bytes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import IntFlag, auto
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from bot.layout import line_within
from bot.model import Category, Change, KeyPath, Level, RuleChange, dotted, is_list, is_table
from bot.policy import Context, Scope, Violation, policy
from bot.query.compare import language_of
from bot.told import coded

_JUDGED = frozenset({Category.LOGIC, Category.SCOPE, Category.RESPONSE})
_QUERY, _THREAT_QUERY = ("rule", "query"), ("rule", "threat_query")
_SHOWN = 60


class _Kind(IntFlag):
    """The ways in which a string gets damaged."""

    BREAKS = auto()
    BACKSLASHES = auto()
    ESCAPES = auto()
    INVISIBLE = auto()
    LOOK_ALIKE = auto()


class _String(NamedTuple):
    """One string of a value, and where it stands in it: of a query's literal the offset, -1 for a whole value."""

    at: KeyPath
    text: str
    offset: int = -1


class _Damage(NamedTuple):
    """A string, what became of it, and the smallest explanation."""

    at: KeyPath
    before: str
    after: str
    kinds: _Kind
    offset: int


@policy(Level.WARNING, scope=Scope.CHANGE, group="values")
def damaged_value(change: RuleChange, _context: Context, _options: None) -> Iterator[Violation]:
    r"""A string that decides what the rule finds changed only as tools change strings.

    Why: When a script or a formatter rewrites many files, wildcards lose backslashes (`\\\\` becomes `\\`), escapes are
    decoded, paths gain line breaks and letters turn into others that look the same. A rule that still runs after
    that quietly matches something else.

    Fix: Take the old string back. Where the edit is meant, say so in the pull request and let a maintainer waive this.
    """
    for leaf in change.changes:
        if leaf.category in _JUDGED and leaf.before is not None and leaf.after is not None:
            found = list(_damages(change, leaf))
            if found:
                first = found[0]
                others = len(found) - 1
                more = f", and {others} more like it" if others else ""
                yield Violation(
                    message=f"{coded(dotted(first.at))}: {_told(first)} in {coded(_shown(first))}{more}",
                    at=first.at,
                    value=tuple((each.before, each.after) for each in found),
                    line=_line(change, first),
                )


def _line(change: RuleChange, damage: _Damage) -> int | None:
    """Return the line of the head on which a query's literal begins, None for a whole value, which its key finds."""
    if change.head is None or damage.offset < 0:
        return None
    return line_within(change.head.text, damage.at, damage.offset)


def _damages(change: RuleChange, leaf: Change) -> Iterator[_Damage]:
    """Match the strings that went with those that came at the same key; equal ones, wherever they stand, are out."""
    old, new = _grouped(change, leaf.path, leaf.before), _grouped(change, leaf.path, leaf.after)
    for key in sorted(old.keys() & new.keys()):
        lost: dict[str, list[_String]] = {}
        for gone in _without(old[key], new[key]):
            lost.setdefault(_bare(_canonical(gone.text, _EVERYTHING)), []).append(gone)
        for came in _without(new[key], old[key]):
            candidates = lost.get(_bare(_canonical(came.text, _EVERYTHING)), [])
            for index, gone in enumerate(candidates):
                kinds = _explain(gone.text, came.text)
                if kinds is not None:
                    del candidates[index]
                    yield _Damage(came.at, gone.text, came.text, kinds, came.offset)
                    break


def _grouped(change: RuleChange, at: KeyPath, value: object) -> dict[tuple[str, ...], list[_String]]:
    """Put the strings of a leaf under their keys, wherever in a list they stand."""
    groups: dict[tuple[str, ...], list[_String]] = {}
    for place, strings in groupby(_strings(change, at, value), key=attrgetter("at")):  # a query's literals in one go
        groups.setdefault(tuple(part for part in place if isinstance(part, str)), []).extend(strings)
    return groups


def _without(strings: list[_String], others: list[_String]) -> list[_String]:
    """Leave out every string that the other side has too, as often as it has it."""
    there = Counter(each.text for each in others)
    left: list[_String] = []
    for each in strings:
        if there[each.text]:
            there[each.text] -= 1
        else:
            left.append(each)
    return left


# --- which strings ----------------------------------------------------------------------------------------------------


def _strings(change: RuleChange, at: KeyPath, value: object) -> Iterator[_String]:
    """Yield every string of a leaf; of a query its quoted literals, none where its language changed."""
    language = _language(change, at)
    if language is not None and isinstance(value, str):
        for offset, literal in _literals(language, value):
            yield _String(at, literal, offset)
    elif isinstance(value, str):
        yield _String(at, value)
    elif is_list(value):
        for index, each in enumerate(value):
            yield from _strings(change, (*at, index), each)
    elif is_table(value):
        for key, each in value.items():
            yield from _strings(change, (*at, key), each)


def _language(change: RuleChange, at: KeyPath) -> str | None:
    """The language of the query at a key, None where no query stands there; empty where it changed."""
    base, head = change.base, change.head
    if base is None or head is None or at not in {_QUERY, _THREAT_QUERY}:
        return None
    if at == _QUERY:
        before, after = language_of(base), language_of(head)
    else:
        before, after = (rule.string("rule", "threat_language") or "kuery" for rule in (base, head))
    return after if before == after else ""


_DOUBLE = r'"(?:\\.|[^"\\])*+"'
_C_LIKE = r'//[^\r\n]*+|/\*.*?\*/|`[^`]*+`|(?P<literal>"""(?:(?!""").)*+"{3,5}|' + _DOUBLE
_LITERALS: Mapping[str, str] = {
    "kuery": r'\\.|(?P<literal>"(?:\\["\\]|[^"])*+")',
    "lucene": rf"\\.|/(?:\\.|[^/\\\r\n])*+/|(?P<literal>{_DOUBLE})",
    "esql": _C_LIKE + ")",
    "eql": _C_LIKE.replace("(?P<literal>", r"""(?P<literal>\?"(?:\\"|[^"])*+"|\??'(?:\\'|[^'])*+'|""") + ")",
}


@cache
def _pattern(language: str) -> re.Pattern[str] | None:
    pattern = _LITERALS.get(language)
    return None if pattern is None else re.compile(pattern, re.DOTALL)


def _literals(language: str, query: str) -> Iterator[tuple[int, str]]:
    """Yield where each quoted literal of a query begins, and the literal; a line break in it may be the damage."""
    pattern = _pattern(language)
    for match in pattern.finditer(query) if pattern else ():
        if match["literal"] is not None:
            yield match.start("literal"), match["literal"]


# --- what happened to a string ----------------------------------------------------------------------------------------


def _explain(before: str, after: str) -> _Kind | None:
    """Return the fewest kinds of damage that explain the whole difference, None where an honest edit is in it."""
    if not _alike(before, after, _EVERYTHING):
        return None
    return next(kinds for kinds in _BY_SIZE if _alike(before, after, kinds))


_EVERYTHING = _Kind(31)
_BY_SIZE = sorted(map(_Kind, range(1, 32)), key=lambda kinds: (kinds.bit_count(), kinds.value))
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_RUN = re.compile(r"\\+")
_ESCAPE = re.compile(r"(?<!\\)\\++(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|U([0-9A-Fa-f]{8}))")
_PIECE = re.compile(r"\s+|.", re.DOTALL)
_NAMED = {"\\n": "\n", "\\r": "\r", "\\t": "\t"}


def _alike(before: str, after: str, kinds: _Kind) -> bool:
    """Tell whether two strings are equal when some kinds of damage are looked through."""
    one, other = _canonical(before, kinds), _canonical(after, kinds)
    if one == other:
        return True
    if not kinds & (_Kind.BREAKS | _Kind.ESCAPES) or _bare(one) != _bare(other):
        return False
    return _walk(one, other, kinds)


def _bare(text: str) -> str:
    """What is left without anything that may stand for a space: a quick first look."""
    return re.sub(r"\s+|\\[nrt]", "", text)


def _walk(one: str, other: str, kinds: _Kind) -> bool:
    """Compare two strings whose line breaks, or escapes of spaces, may differ."""
    here = there = 0
    while here < len(one) or there < len(other):
        left, right = _piece(one, here), _piece(other, there)
        if kinds & _Kind.ESCAPES and _NAMED.get(one[here : here + 2], "\0") == other[there : there + 1]:
            here, there = here + 2, there + 1
        elif kinds & _Kind.ESCAPES and _NAMED.get(other[there : there + 2], "\0") == one[here : here + 1]:
            here, there = here + 1, there + 2
        elif left == right:
            here, there = here + len(left), there + len(right)
        else:
            gap, opposite = left if left.isspace() else "", right if right.isspace() else ""
            if not kinds & _Kind.BREAKS or gap.count("\n") == opposite.count("\n"):
                return False
            here, there = here + len(gap), there + len(opposite)
    return True


def _piece(text: str, at: int) -> str:
    """One character, or a whole run of spaces."""
    match = _PIECE.match(text, at)
    return match.group() if match else ""


def _canonical(text: str, kinds: _Kind) -> str:
    text = _BREAK.sub("\n", text)
    if kinds & _Kind.ESCAPES:
        text = _ESCAPE.sub(_decoded, text)
    if kinds & _Kind.INVISIBLE and not (text.isascii() and text.isprintable()):
        text = "".join(char for char in text if not _invisible(char))
    if kinds & _Kind.LOOK_ALIKE and not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_LOOK_ALIKES))
    return _RUN.sub(r"\\", text) if kinds & _Kind.BACKSLASHES else text


def _decoded(match: re.Match[str]) -> str:
    code = int(next(digits for digits in match.groups() if digits), 16)
    return chr(code) if code <= 0x10FFFF else match.group()  # noqa: PLR2004 - the last character there is


_UNSEEN = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x2800, 0x3164, 0xFFA0))
) | frozenset(map(chr, range(0xFE00, 0xFE10)))


def _invisible(char: str) -> bool:
    """Whether a character takes no ink and no place: zero width, bidi, filler or control."""
    return char in _UNSEEN or (unicodedata.category(char) in {"Cf", "Cc"} and char not in "\t\n\r")


def _twins(strange: str, plain: str) -> dict[str, str]:
    return dict(zip(strange, plain, strict=True))


_LOOK_ALIKES = str.maketrans(
    _twins(  # Cyrillic
        "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u04cf"
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405\u0423\u04ae\u04c0",
        "aeopcyxijshdqwlABEKMHOPCTXIJSYYI",
    )
    | _twins(  # Greek
        "\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c5\u03c7\u03f2"
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
        "aikvopuxcABEZHIKMNOPTYX",
    )
    | _twins(  # Latin, Armenian
        "\u0131\u0251\u0261\u01c0\u0585\u057d\u0578",
        "iagloun",
    )
    | _twins(  # punctuation
        "\u2018\u2019\u201a\u201b\u2032\u02bc\u201c\u201d\u201e\u201f\u2033"
        "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2044\u2215\u2216\u2217\u2236\u2223\u02c6\u02dc\u223c",
        "''\u0027\u0027\u0027\u0027" + '"' * 5 + "-------" + "//\\*:|^~~",
    )
)


# --- in words ---------------------------------------------------------------------------------------------------------


def _told(damage: _Damage) -> str:
    """Say what happened."""
    return " and ".join(_WORDS[kind](damage.before, damage.after) for kind in _Kind if kind & damage.kinds)


def _told_breaks(before: str, after: str) -> str:
    before, after = (_canonical(text, _EVERYTHING & ~_Kind.BREAKS) for text in (before, after))
    more = after.count("\n") - before.count("\n")
    if not more:
        return "line breaks moved"
    what = "a line break was" if abs(more) == 1 else f"{abs(more)} line breaks were"
    if len(before) == len(after):
        return f"{what} {'inserted where a space stood' if more > 0 else 'replaced by a space'}"
    return f"{what} {'inserted' if more > 0 else 'removed'}"


def _told_backslashes(before: str, after: str) -> str:
    old, new = ([len(run) for run in _RUN.findall(text)] for text in (before, after))
    pairs = [(one, other) for one, other in zip(old, new, strict=False) if one != other]
    if len(old) != len(new) or not pairs:
        return "runs of backslashes changed length"
    was, became = pairs[0]
    first = f"a run of {was} backslash{'' if was == 1 else 'es'} became {became}"
    return first if len(pairs) == 1 else f"{first}, the first of {len(pairs)},"


def _told_escapes(before: str, after: str) -> str:
    old, new = ([match.group() for match in _ESCAPE.finditer(text)] for text in (before, after))
    lost, came = list((Counter(old) - Counter(new)).elements()), list((Counter(new) - Counter(old)).elements())
    if not lost and not came:
        return "an escape was rewritten"
    one = lost[0] if lost else _plain(came[0])
    other = came[0] if came else _plain(lost[0])
    was, now = coded(one), coded(other)
    return f"the escape {was} became {now}" if lost else f"{was} became the escape {now}"


def _plain(escape: str) -> str:
    """The character that an escape stands for, by its number where it does not print."""
    char = _ESCAPE.sub(_decoded, escape)
    return char if char.isprintable() and not _invisible(char) else f"U+{ord(char[0]):04X}"


def _told_invisible(before: str, after: str) -> str:
    old, new = (Counter(filter(_invisible, text)) for text in (before, after))
    if new - old:
        return f"an invisible character was inserted ({_codes(new - old)})"
    if old - new:
        return f"an invisible character was removed ({_codes(old - new)})"
    return "an invisible character moved"


def _told_look_alike(before: str, after: str) -> str:
    old, new = (Counter(char for char in text if not char.isascii()) for text in (before, after))
    came = new - old
    return f"a character became one that looks like it ({_codes(came or old - new)}{'' if came else ' before'})"


def _codes(chars: Counter[str]) -> str:
    return ", ".join(f"U+{ord(char):04X}" for char in sorted(chars))


_WORDS: Mapping[_Kind, Callable[[str, str], str]] = {
    _Kind.BREAKS: _told_breaks,
    _Kind.BACKSLASHES: _told_backslashes,
    _Kind.ESCAPES: _told_escapes,
    _Kind.INVISIBLE: _told_invisible,
    _Kind.LOOK_ALIKE: _told_look_alike,
}


def _shown(damage: _Damage) -> str:
    """The new string around the place where it begins to differ, on one line and without what cannot be seen."""
    before, after = damage.before, damage.after
    differs = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    start = max(0, differs - _SHOWN // 2) if len(after) > _SHOWN else 0
    text = _BREAK.sub("\n", after[start : start + _SHOWN]).replace("\n", "\u23ce")
    text = "".join(char for char in text if not _invisible(char))
    return ("\u2026" if start else "") + text + ("\u2026" if start + _SHOWN < len(after) else "")
