"""Edits that say more together than one by one: what was turned round, moved, tightened or put by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import TypeAlias

from bot.query import glob
from bot.query.align import Edit
from bot.query.formula import TRUE, Atom, Formula, Glob, Or, atoms, disjunction
from bot.query.subsume import implies
from bot.query.wording import Style, field_name, named, show_value, shown
from bot.told import marked

_ASKED_OF_IT = ("condition of an exclusion", "exception to an exclusion")
_LINES = 24
_FEW = 2
_NAMED = 6
_PAIRS = 6
_MOST_PAIRS = 5000

_Take: TypeAlias = "Callable[[Sequence[Edit], Style], tuple[Sequence[Edit], list[str]]]"


def together(edits: Sequence[Edit], style: Style) -> tuple[Sequence[Edit], list[str]]:
    """Take out the edits that belong together; gives the others, and a line for each group."""
    told: list[str] = []
    takes: tuple[_Take, ...] = (_turned, _flipped, _moved, _recased, _tightened, _by_path, _elsewhere)
    for take in takes:
        edits, words = take(edits, style)
        told += words
    return edits, told


def _turned(edits: Sequence[Edit], style: Style) -> tuple[Sequence[Edit], list[str]]:
    """Take out a field that is asked for where it was excluded, or the reverse; gives the other edits, and words."""
    told: list[str] = []
    sides = {
        (verb, place): _by_field(edits, verb, place)
        for verb in ("adds", "removes")
        for place in ("exclusion", "condition")
    }
    for now, before, words in (
        ("condition", "exclusion", "asks for {new} instead of excluding {old}"),
        ("exclusion", "condition", "excludes {new} instead of asking for {old}"),
    ):
        come, gone = sides["adds", now], sides["removes", before]
        for field in come.keys() & gone.keys() if len(come) < _LINES else ():
            parts = [
                disjunction(part for edit in side[field] if (part := edit.new or edit.old)) for side in (come, gone)
            ]
            told.append(words.format(new=shown(parts[0], style), old=shown(parts[1], style)))
            taken = {id(edit) for side in (come, gone) for edit in side[field]}
            edits = [edit for edit in edits if id(edit) not in taken]
    return edits, sorted(told)


def _flipped(edits: Sequence[Edit], style: Style) -> tuple[Sequence[Edit], list[str]]:
    """Take out what an exclusion asked for, and now asks to be absent, or the reverse; the other edits, and words."""
    gone = {(edit.old, edit.within): edit for edit in edits if edit.new is None and edit.place in _ASKED_OF_IT}
    told: list[str] = []
    taken: set[int] = set()
    for edit in edits:
        mate = gone.get((edit.new, edit.within)) if edit.old is None and edit.place in _ASKED_OF_IT else None
        if edit.new is None or mate is None or mate.place == edit.place:
            continue
        taken |= {id(edit), id(mate)}
        now, before = ("with", "without") if edit.place == _ASKED_OF_IT[0] else ("without", "with")
        where = f" with {shown(edit.within, style)}" if edit.within is not None else ""
        told.append(f"the exclusion{where} applies only {now} {shown(edit.new, style)}, before only {before} it")
    return [edit for edit in edits if id(edit) not in taken], told


def _moved(edits: Sequence[Edit], style: Style) -> tuple[Sequence[Edit], list[str]]:
    """Take out alternatives that stand elsewhere now, under other conditions; the other edits, and words."""
    gone = {edit.old: edit for edit in edits if edit.new is None and edit.place == "alternative"}
    told: list[str] = []
    taken: set[int] = set()
    for edit in edits:
        mate = gone.get(edit.new) if edit.new is not None and edit.old is None and edit.place == "alternative" else None
        if edit.new is None or mate is None or mate.within == edit.within:
            continue
        taken |= {id(edit), id(mate)}
        words = f"the alternative {shown(edit.new, style)}"
        if mate.within is not None:
            words += f" no longer asks what the alternative with {shown(mate.within, style)} does"
        if edit.within is not None:
            words += f"{',' * (mate.within is not None)} now asks as well what the alternative with "
            words += f"{shown(edit.within, style)} does"
        told.append(words)
    return [edit for edit in edits if id(edit) not in taken], told


def _recased(edits: Sequence[Edit], style: Style) -> tuple[Sequence[Edit], list[str]]:
    """Take out values of a list that are the same but for whether their case counts; the other edits, and words."""
    gone: dict[object, list[Edit]] = {}
    for edit in edits:
        if edit.old is not None and (key := _folded(edit, edit.old)) is not None:
            gone.setdefault(key, []).append(edit)
    found: dict[tuple[object, ...], list[tuple[Formula, Edit, Edit]]] = {}
    for edit in edits:
        mates = gone.get(_folded(edit, edit.new), []) if edit.new is not None else []
        mate = next((each for each in mates if each is edit or (edit.old is None and each.new is None)), None)
        if edit.new is not None and mate is not None and isinstance(edit.new, Atom) and isinstance(edit.new.test, Glob):
            mates.remove(mate)
            key = edit.place, edit.within, edit.new.subject, edit.new.test.folds
            found.setdefault(key, []).append((edit.new, edit, mate))
    told: list[str] = []
    taken: set[int] = set()
    for (*_, folds), group in found.items():
        if len(group) >= _FEW:  # an edit of one value is told as it is
            taken |= {id(edit) for _, *pair in group for edit in pair}
            words = "no longer minds the case" if folds else "minds the case now"
            told.append(f"{words}: {shown(disjunction(part for part, _, _ in group), style)}")
    return [edit for edit in edits if id(edit) not in taken], told


def _folded(edit: Edit, part: Formula) -> object:
    """What two tests of strings share that differ in their case at most, None for another test."""
    if not isinstance(part, Atom) or part.term is not None or not isinstance(part.test, Glob):
        return None
    return edit.place, edit.within, part.subject, glob.fold(part.test.text)


def _tightened(edits: Sequence[Edit], style: Style) -> tuple[Sequence[Edit], list[str]]:
    """Take out values of a list that lie inside a value that went, or around one; the other edits, and words.

    What is left of the list is then what is really new, and what is really gone.
    """
    lists: dict[tuple[str, str, Formula | None], tuple[list[Edit], list[Edit]]] = {}
    for edit in edits:
        part = edit.new or edit.old
        if isinstance(part, Atom) and part.term is None and (edit.old is None) is not (edit.new is None):
            sides = lists.setdefault((edit.place, part.subject, edit.within), ([], []))
            sides[edit.old is None].append(edit)
    told: list[str] = []
    taken: set[int] = set()
    for (place, field, _), (gone, come) in lists.items():
        if len(gone) < _FEW or len(come) < _FEW or len(gone) * len(come) > _MOST_PAIRS:
            continue  # a value for a value reads well as it is
        for wide, narrow, word in ((gone, come, "narrows"), (come, gone, "widens")):
            pairs: list[str] = []
            for one in wide:
                inside = [each for each in narrow if id(each) not in taken and _within(each, one)]
                if inside and id(one) not in taken:
                    taken |= {id(one), *map(id, inside)}
                    both = marked(_shown(one, style)), named(_shown(each, style) for each in inside)
                    pairs.append(" to ".join(both if wide is gone else both[::-1]))
            if pairs:
                more = f"; and {len(pairs) - _PAIRS} more" if len(pairs) > _PAIRS else ""
                told.append(f"{word} {place} of {marked(field_name(field))}: {'; '.join(pairs[:_PAIRS])}{more}")
    return [edit for edit in edits if id(edit) not in taken], told


def _by_path(edits: Sequence[Edit], style: Style) -> tuple[Sequence[Edit], list[str]]:
    """Take out names for which paths stand now, or the reverse; the other edits, and words that say what is new."""
    told: list[str] = []
    taken: set[int] = set()
    for verb, other in (("removes", "adds"), ("adds", "removes")):
        for place in ("exclusion", "condition"):
            names, paths = _by_field(edits, verb, place), _by_field(edits, other, place)
            for path, full in paths.items():
                words = _path_words(names.get(_name_of(path), ()), full, style, added=verb == "removes")
                if words:
                    fields = f"({named([field_name(path), field_name(_name_of(path))])})"
                    told.append(f"{_ASKS[place]} {words[0]} {fields}{'; '.join(['', *words[1:]])}")
                    taken |= {id(edit) for edit in (*names[_name_of(path)], *full)}
    return [edit for edit in edits if id(edit) not in taken], sorted(told)


def _path_words(names: Sequence[Edit], paths: Sequence[Edit], style: Style, *, added: bool) -> list[str]:
    """Say which names the paths stand for, and what has no counterpart; nothing where few of them have one."""
    bare = {text: value for edit in names for text, value in _texts(edit, style)}
    bases = {
        value: text.rpartition("\\")[2].rpartition("/")[2] for edit in paths for text, value in _texts(edit, style)
    }
    known = bare.keys() & set(bases.values())
    if not known or len(known) * 2 < len(bare):
        return []
    alone = [value for value, base in bases.items() if base not in bare]
    left = [value for text, value in bare.items() if text not in known]
    new, gone = (alone, left) if added else (left, alone)
    how = "by path, no longer by name" if added else "by name, no longer by path"
    stay = [value for value, base in bases.items() if base in bare]
    now = stay if added else [value for text, value in bare.items() if text in known]
    what = f"{len(known)} programs or files" if len(now) > _NAMED else named(now)
    return [
        f"{what} {how}",
        *([f"new: {named(new)}"] if new else []),
        *([f"gone: {named(gone)}"] if gone else []),
    ]


_ASKS = {"exclusion": "excludes", "condition": "asks for"}


def _name_of(path: str) -> str:
    """The field of the bare name beside a field of paths."""
    head, _, last = path.rpartition(".")
    return f"{head}.name" if last in {"executable", "path"} and head else ""


def _texts(edit: Edit, style: Style) -> Iterator[tuple[str, str]]:
    """The strings that an edit is about, folded, and as they are shown."""
    for atom in atoms(edit.new or edit.old or TRUE):
        if isinstance(atom.test, Glob):
            yield glob.fold(glob.to_wildcards(atom.test.shown or atom.test.text)), show_value(atom, style)


def _elsewhere(edits: Sequence[Edit], style: Style) -> tuple[Sequence[Edit], list[str]]:
    """Take out a list that is asked of another field now; the other edits, and words for the values that differ."""
    told: list[str] = []
    taken: set[int] = set()
    for place, verb in _ASKS.items():
        gone, come = _by_field(edits, "removes", place), _by_field(edits, "adds", place)
        ours, theirs = ({name: _values(side[name], style) for name in side} for side in (gone, come))
        for before, after in product(gone, come) if len(gone) * len(come) < _MOST_PAIRS else ():
            both = {id(edit) for edit in (*gone[before], *come[after])}
            old, new = ours[before], theirs[after]
            known = old.keys() & new.keys()
            if both & taken or len(known) < _FEW or len(known) * 2 < min(len(old), len(new)):
                continue
            taken |= both
            lost, more = [old[key] for key in old if key not in new], [new[key] for key in new if key not in old]
            words = [f"{verb} values of {marked(field_name(after))} instead of {marked(field_name(before))}"]
            words += [f"gone: {named(lost)}"] * bool(lost) + [f"new: {named(more)}"] * bool(more)
            told.append("; ".join(words if lost or more else [*words, "the same ones"]))
    return [edit for edit in edits if id(edit) not in taken], told


def _values(edits: Sequence[Edit], style: Style) -> dict[str, str]:
    """Every value that some edits are about, as it is shown, by its text."""
    tests = [atom for edit in edits for atom in atoms(edit.new or edit.old or TRUE)]
    return {value.strip('"'): value for value in (show_value(atom, style) for atom in tests) if value}


def _within(narrow: Edit, wide: Edit) -> bool:
    inner, outer = narrow.new or narrow.old, wide.new or wide.old
    return isinstance(inner, Atom) and isinstance(outer, Atom) and implies(inner.test, outer.test)


def _shown(edit: Edit, style: Style) -> str:
    part = edit.new or edit.old
    return show_value(part, style) if isinstance(part, Atom) else ""


def _by_field(edits: Sequence[Edit], verb: str, place: str) -> dict[str, list[Edit]]:
    """Edits of one kind outside of any alternative that are about one field alone, by that field."""
    found: dict[str, list[Edit]] = {}
    for edit in edits:
        part = edit.new if verb == "adds" else edit.old
        other = edit.old if verb == "adds" else edit.new
        if part is not None and other is None and edit.place == place and edit.within is None:
            fields = {atom.subject for atom in atoms(part)}
            if len(fields) == 1 and (isinstance(part, Atom) or not any(map(_grouped, _parts(part)))):
                found.setdefault(fields.pop(), []).append(edit)
    return found


def _parts(formula: Formula) -> tuple[Formula, ...]:
    return formula.parts if isinstance(formula, Or) else (formula,)


def _grouped(part: Formula) -> bool:
    return not isinstance(part, Atom)


__all__ = ["together"]
