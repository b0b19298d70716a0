"""Which indices a rule reads, before and after an edit, in words.

Patterns are read as Elasticsearch reads them. What stands before a colon names clusters, and where nothing does it is
the local one. A pattern with a wildcard finds what begins with a dot only where it begins with one itself. And ``-x``
takes out of what was found before it, if a pattern with a wildcard stands there; elsewhere it is a name like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.model import is_list
from bot.query import glob
from bot.query.wording import named
from bot.told import marked

_PAIRS = 10_000  # of patterns that are held one beside the other; where there are more, names alone are compared
_REMOTE = re.compile(r"([^:<]+):(?!:)(.+)", re.DOTALL)
_ODD = re.compile(r"[<,]|.{500}", re.DOTALL)  # date math, lists in a pattern, and what is longer than any name
"""What such patterns name is not worked out here."""
_WIDE = "*"


def names(value: object) -> list[str]:
    """The names in a list, as ``once`` leaves them; one name may stand without its list."""
    listed = value if is_list(value) else [value]
    return once(each for each in listed if isinstance(each, str) and each)


def once(patterns: Iterable[str]) -> list[str]:
    """Each pattern once, unless some exclude: then a second one may put back, or take out, what stands between."""
    listed = list(patterns)
    return listed if any(map(excluding, listed)) else list(dict.fromkeys(listed))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One pattern of a list, and whether what it names is taken out."""

    pattern: str
    out: bool


def tell(before: Sequence[str], after: Sequence[str], noun: str) -> Iterator[str]:
    """Tell which patterns came and went; a pattern that lies inside another, or takes it in, took its place.

    Args:
        before: index patterns as Elasticsearch reads them, as ``once`` leaves them.
        after: the same after the edit.
        noun: what to call one.
    """
    old, new = list(_entries(before)), list(_entries(after))
    reads, will_read = _patterns(old, out=False), _patterns(new, out=False)
    excludes, will_exclude = _patterns(old, out=True), _patterns(new, out=True)
    last = all([each.out for each in side] == sorted(each.out for each in side) for side in (old, new))
    alike = set(excludes) == set(will_exclude)
    yield from _tell(reads, will_read, noun, near=alike and (last or not excludes))
    yield from _tell(excludes, will_exclude, f"excluded {noun}", near=last, within=will_read)
    if alike and set(reads) == set(will_read) and _runs(old) != _runs(new):
        yield "reorders exclusions: each counts only for what stands before it"


def _tell(
    before: Sequence[str], after: Sequence[str], noun: str, *, near: bool, within: Sequence[str] | None = None
) -> Iterator[str]:
    """Tell which patterns of one sort came and went.

    Args:
        before: before the edit.
        after: after it.
        noun: what to call one.
        near: whether one that lies inside another may be told with it.
        within: of what these take out, None where they are read themselves.
    """
    old, new = set(before), set(after)
    stay = [each for each in before if each in new]
    gone = [each for each in before if each not in new]
    come = [each for each in after if each not in old]
    few = len(gone) * len(come) + (len(gone) + len(come)) * (len(stay) + len(within or ())) <= _PAIRS
    near = near and few
    if near:
        for verb, wide, narrow in (("narrows", gone, come), ("widens", come, gone)):
            for one in list(wide):
                held = [each for each in narrow if inside(each, one)]
                if held:
                    wide.remove(one)
                    narrow[:] = [each for each in narrow if each not in held]
                    pair = (marked(one), named(held)) if verb == "narrows" else (named(held), marked(one))
                    yield f"{verb} {noun}: {pair[0]} to {pair[1]}"
    for verb, apart, how in (("removes", gone, "still"), ("adds", come, "already")):
        notes = {each: _note(each, stay if near else (), how, within) if few else "" for each in apart}
        for note in dict.fromkeys(notes.values()):
            yield f"{verb} {noun}: {named(each for each in apart if notes[each] == note)}{note}"


def _note(pattern: str, stay: Sequence[str], how: str, within: Sequence[str] | None) -> str:
    """What to add of a pattern that makes no difference, empty where it may make one."""
    if within is None and excluding(pattern):
        return " (excludes nothing: no wildcard stands before it)"
    if within is not None and not any(_meet(pattern, each) for each in within):
        return " (nothing of it is read)"
    home = next((each for each in stay if inside(pattern, each)), "")
    return f" ({how} within {marked(home)})" if home else ""


def reordered(before: Sequence[str], after: Sequence[str]) -> bool:
    """Tell whether the order of the same patterns makes a difference: it does where an exclusion changed its place."""
    return _runs(_entries(before)) != _runs(_entries(after))


def lost(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the patterns of which nothing says that they are read still, and the exclusions that cut into others."""
    old, new = list(_entries(before)), list(_entries(after))
    excludes, will_exclude = _patterns(old, out=True), _patterns(new, out=True)
    reads = [each for each in _patterns(old, out=False) if not excluding(each)]
    if len(old) * (len(new) + len(excludes) * (len(will_exclude) + 1)) > _PAIRS:
        kept, known = set(after), set(excludes)
        return [each for each in reads if each not in kept], [each for each in will_exclude if each not in known]
    places = {each: at for at, each in enumerate(old)}
    gone: list[str] = []
    cut: dict[str, None] = {}
    for pattern in reads:
        at = places[_Entry(pattern, out=False)]
        were = [each for each in excludes if places[_Entry(each, out=True)] > at]
        if any(inside(pattern, each) for each in were):
            continue  # it was taken out whole
        homes = [at for at, each in enumerate(new) if not each.out and inside(pattern, each.pattern)]
        if not homes:
            gone.append(pattern)
            continue
        cutting = [
            each
            for each in _patterns(new[homes[-1] :], out=True)  # behind the last one stand the fewest
            if _cuts(each, pattern) and not any(inside(each, other) for other in were)
        ]
        if any(each in excludes for each in cutting) and _Entry(pattern, out=False) not in new:
            gone.append(pattern)  # it had put back what an exclusion took out
        else:
            cut.update(dict.fromkeys(cutting))
    return gone, list(cut)


def within(inner: Sequence[str], outer: Sequence[str]) -> bool:
    """Tell whether it is proven that every index that the inner patterns name is named by the outer ones.

    Which clusters answer is nothing that a rule tells, so there is no proof across them.
    """
    if tuple(inner) == tuple(outer):
        return True
    if any(excluding(each) or ":" in each for each in (*inner, *outer)) or len(inner) * len(outer) > _PAIRS:
        return False
    return all(any(inside(one, two) for two in outer) for one in inner)


def excluding(pattern: str) -> bool:
    """Whether a pattern is written as an exclusion, whatever it does where it stands."""
    cluster, name, _ = _parts(pattern)
    return cluster.startswith("-") or name.startswith("-")


def inside(one: str, other: str) -> bool:
    """Tell whether every index that the one pattern names is named by the other; no where that is not known."""
    if one == other:
        return True
    if _ODD.search(one) or _ODD.search(other) or excluding(one) or excluding(other):
        return False
    (cluster, name, kind), (clusters, indices, kinds) = _parts(one), _parts(other)
    if bool(cluster) != bool(clusters) or kind != kinds or (name.startswith(".") and not indices.startswith(".")):
        return False
    return _covers(clusters, cluster) and _covers(indices, name)


def _entries(patterns: Sequence[str]) -> Iterator[_Entry]:
    """Read a list of patterns in order; a cluster that is taken out whole comes last, for it is wherever it stands."""
    wide: set[bool] = set()  # whether a wildcard was seen here, and whether one was elsewhere
    clusters: list[_Entry] = []
    for each in patterns:
        cluster, name, _ = _parts(each)
        if cluster.startswith("-"):
            clusters.append(_Entry(each[1:], out=True))
        elif name.startswith("-") and bool(cluster) in wide:
            yield _Entry(f"{cluster}:{each[len(cluster) + 2 :]}" if cluster else each[1:], out=True)
        else:
            yield _Entry(each, out=False)
            if _WIDE in name:
                wide.add(bool(cluster))
    yield from clusters


def _runs(entries: Iterator[_Entry] | Sequence[_Entry]) -> list[tuple[bool, frozenset[str]]]:
    """What is read and what is taken out, in turns; within one of them order means nothing."""
    return [(out, frozenset(each.pattern for each in run)) for out, run in groupby(entries, lambda each: each.out)]


def _patterns(entries: Sequence[_Entry], *, out: bool) -> list[str]:
    return list(dict.fromkeys(each.pattern for each in entries if each.out is out))


def _parts(pattern: str) -> tuple[str, str, str]:
    """The clusters of a pattern, none for the local one, the indices there, and which part of them (``::failures``)."""
    remote = _REMOTE.fullmatch(pattern)
    cluster, rest = (remote[1], remote[2]) if remote else ("", pattern)
    name, _, kind = rest.partition("::")
    return cluster, name, "" if kind == "data" else kind


def _cuts(out: str, pattern: str) -> bool:
    """Whether an exclusion takes something out of a pattern; hidden indices are none of it."""
    hidden, wide = _parts(out)[1].startswith("."), _parts(pattern)[1].startswith(".")
    return hidden <= wide and _meet(out, pattern)


def _meet(one: str, other: str) -> bool:
    """Tell whether an index may fit both patterns."""
    if _ODD.search(one) or _ODD.search(other):
        return True
    (cluster, name, kind), (clusters, indices, kinds) = _parts(one), _parts(other)
    return bool(cluster) == bool(clusters) and kind == kinds and _overlap(cluster, clusters) and _overlap(name, indices)


def _overlap(one: str, other: str) -> bool:
    """Tell whether some text fits both: with wildcards in both it does unless their starts or their ends differ."""
    if _WIDE not in one or _WIDE not in other:
        return _covers(other, one) or _covers(one, other)
    (start, end), (first, last) = ((each.split(_WIDE)[0], each.split(_WIDE)[-1]) for each in (one, other))
    begin = start.startswith(first) or first.startswith(start)
    return begin and (end.endswith(last) or last.endswith(end))


def _covers(outer: str, inner: str) -> bool:
    """Tell whether one pattern takes in another; ``*`` is the only wildcard here."""
    wild, text = (each.replace(_WIDE, glob.ANY) for each in (outer, inner))
    return glob.matches(wild, text)
