"""Two formulas laid side by side: which conditions came, went, or took another's place."""

# ruff: noqa: FBT001 - the booleans here are truth values and tests, not switches
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.query import glob
from bot.query.formula import (
    And,
    Atom,
    Constant,
    Exists,
    Formula,
    Not,
    Or,
    atoms,
    conjunction,
    negation,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A piece that came, went, or took another's place."""

    old: Formula | None
    new: Formula | None
    place: str  # condition, exclusion, alternative, exception; requirement: of the alternative in ``within``
    within: Formula | None = None  # what the edited alternative is known by, None outside of any
    inverse: bool = False  # that alternative is one of an exclusion


def edits(old: Formula, new: Formula) -> list[Edit]:
    """What became of the conditions of a formula."""
    return list(_diff(_conditions(old), _conditions(new), exclusion=False))


def _conditions(formula: Formula) -> list[Formula]:
    """The conjuncts, exclusions of several things taken apart."""
    found: list[Formula] = []
    for part in formula.parts if isinstance(formula, And) else (formula,):
        if isinstance(part, Not) and isinstance(part.part, Or):
            found.extend(map(negation, part.part.parts))
        elif isinstance(part, Constant) and part.value:
            continue
        else:
            found.append(part)
    return list(dict.fromkeys(found))


def _alternatives(formula: Formula) -> list[Formula]:
    return list(dict.fromkeys(formula.parts if isinstance(formula, Or) else (formula,)))


_COMMON = ("event.", "host.os.")
_SPELLINGS = frozenset({"equals", "in", "like", "category"})


def _normal(formula: Formula) -> Formula:
    """The same formula with the parts of every and and or in one order, whichever operator asks for a value."""
    if isinstance(formula, Atom):
        return replace(formula, kind="term") if formula.kind in _SPELLINGS else formula
    if isinstance(formula, Not):
        return Not(_normal(formula.part))
    if isinstance(formula, And | Or):
        parts = tuple(sorted(dict.fromkeys(map(_normal, formula.parts)), key=repr))
        return replace(formula, parts=parts)
    return formula


def _apart(old: Sequence[Formula], new: Sequence[Formula]) -> tuple[list[Formula], list[Formula]]:
    """What only one side has, the order inside parts apart."""
    ours = {_normal(part): part for part in old}
    theirs = {_normal(part): part for part in new}
    return (
        [part for key, part in ours.items() if key not in theirs],
        [part for key, part in theirs.items() if key not in ours],
    )


def _shared(old: Sequence[Formula], new: Sequence[Formula]) -> Iterator[Formula]:
    """What both sides have, what tells most first: plain tests, and of those no event's kind that all share."""
    both = [part for part in new if part in old and not isinstance(part, Not)]
    yield from sorted(
        both, key=lambda part: (not isinstance(part, Atom), isinstance(part, Atom) and part.subject.startswith(_COMMON))
    )


def _diff(old: Sequence[Formula], new: Sequence[Formula], *, exclusion: bool) -> Iterator[Edit]:
    """Edits of a list of conditions; inside an exclusion they are conditions for something to be excluded."""
    gone, come = _apart(old, new)
    condition = "condition of an exclusion" if exclusion else "condition"
    if not exclusion:
        yield from _regrouped(gone, come)
    yield from _moved(gone, come, exclusion=exclusion)
    for one, two in _pairs(gone, come):
        yield from _inside(one, two, exclusion=exclusion)
    for part in gone:
        inverse = isinstance(part, Not)
        yield Edit(
            old=part.part if isinstance(part, Not) else part, new=None, place=_place(condition, inverse, exclusion)
        )
    for part in come:
        inverse = isinstance(part, Not)
        yield Edit(
            old=None, new=part.part if isinstance(part, Not) else part, place=_place(condition, inverse, exclusion)
        )


def _moved(gone: list[Formula], come: list[Formula], *, exclusion: bool) -> Iterator[Edit]:
    """Conditions that became one of several alternatives, or were one: then the other alternatives are what is new."""
    for here, there, added in ((gone, come, True), (come, gone, False)):
        home = next(_homes(here, there), None)
        if home is None:
            continue
        choice, alternative = home
        there.remove(choice)
        sides = (list(here), _conditions(alternative))
        here.clear()
        yield from _diff(*(sides if added else sides[::-1]), exclusion=exclusion)
        place = "exclusion" if exclusion else "alternative"
        for part in _alternatives(choice):
            if part is not alternative:
                yield Edit(old=None if added else part, new=part if added else None, place=place)
        return


def _regrouped(gone: list[Formula], come: list[Formula]) -> Iterator[Edit]:
    """Parentheses that moved: conditions of one alternative that stand before all alternatives on the other side."""
    for here, there, added in ((gone, come, True), (come, gone, False)):
        for choice in [part for part in here if isinstance(part, Or)]:
            for other in [part for part in there if isinstance(part, Or)]:
                found = _spread(choice, other, [part for part in there if part is not other])
                if found is None:
                    continue
                shared, pairs = found
                here.remove(choice)
                there[:] = [part for part in there if part is not other and part not in shared]
                for alternative, only, more in pairs:
                    for parts, came in ((only, not added), (more, added)):
                        if parts:
                            part = conjunction(parts)
                            yield Edit(
                                old=None if came else part,
                                new=part if came else None,
                                place="requirement",
                                within=alternative,
                            )
                return


_Spread = tuple[list[Formula], list[tuple[Formula, list[Formula], list[Formula]]]]


def _spread(choice: Or, other: Or, beside: Sequence[Formula]) -> _Spread | None:
    """Multiply out what stands beside a choice, if each alternative then stands for one of the first choice.

    Gives what was multiplied out, and each alternative with what only the first and only the second asks there.
    """
    ours, theirs = _alternatives(choice), _alternatives(other)
    if len(ours) != len(theirs) or not beside:
        return None
    sets = [{_normal(part): part for part in _conditions(alternative)} for alternative in ours]
    shared = [part for part in beside if any(_normal(part) in own for own in sets)]
    if not shared:
        return None
    pairs: list[tuple[Formula, list[Formula], list[Formula]]] = []
    for alternative in theirs:
        wanted = {_normal(part): part for part in _conditions(alternative)}
        mate = max(sets, key=lambda own: len(own.keys() & wanted.keys()))
        if not mate.keys() & wanted.keys():
            return None
        sets.remove(mate)
        wanted = {**{_normal(part): part for part in shared}, **wanted}
        only = [part for key, part in mate.items() if key not in wanted]
        pairs.append((alternative, only, [part for key, part in wanted.items() if key not in mate]))
    return shared, pairs


def _homes(here: Sequence[Formula], there: Sequence[Formula]) -> Iterator[tuple[Formula, Formula]]:
    """Choices of which one alternative is made of most of what stands here."""
    known = set(map(_normal, here))
    for choice in there:
        for alternative in _alternatives(choice) if isinstance(choice, Or) else ():
            conditions = _conditions(alternative)
            shared = sum(_normal(part) in known for part in conditions)
            if shared >= 2 and shared * 2 >= max(len(conditions), len(here)):  # noqa: PLR2004 - one is no group
                yield choice, alternative


def _place(condition: str, inverse: bool, exclusion: bool) -> str:
    if not inverse:
        return condition
    return "exception to an exclusion" if exclusion else "exclusion"


_PLACES = ("condition", "value", "alternative")
_PLACES_OF_EXCLUSION = ("condition of an exclusion", "value of an exclusion", "alternative of an exclusion")


def _inside(one: Formula, two: Formula, *, exclusion: bool) -> Iterator[Edit]:
    """Edits between two conditions that stand for each other; inside an exclusion they are not all that it asks."""
    if isinstance(one, Not) and isinstance(two, Not):
        known = next(iter(_shared(_conditions(one.part), _conditions(two.part))), None)
        names = _PLACES if exclusion else ("exclusion", "exclusion", "exclusion")
        for edit in _either(one.part, two.part, names, exclusion=not exclusion):
            yield replace(edit, within=edit.within or known, inverse=edit.inverse if edit.within else not exclusion)
    else:
        yield from _either(one, two, _PLACES_OF_EXCLUSION if exclusion else _PLACES, exclusion=exclusion)


def _either(one: Formula, two: Formula, names: Sequence[str], *, exclusion: bool) -> Iterator[Edit]:
    """Edits between two pieces; the names are for a whole piece, for one value of it and for one alternative."""
    condition, value, alternative = names
    if isinstance(one, Or) or isinstance(two, Or):
        if any(isinstance(side, Atom) and isinstance(side.test, Exists) for side in (one, two)):
            yield Edit(old=one, new=two, place=condition)
            return
        gone, come = _apart(_alternatives(one), _alternatives(two))
        groups: list[list[Formula]] = [[part for part in side if not isinstance(part, Atom)] for side in (gone, come)]
        for left, right in _pairs(groups[0], groups[1]):
            gone.remove(left)
            come.remove(right)
            known = next(iter(_shared(_conditions(left), _conditions(right))), None)
            for edit in _diff(_conditions(left), _conditions(right), exclusion=exclusion):
                yield replace(edit, within=edit.within or known, inverse=edit.inverse if edit.within else exclusion)
        listed = all(isinstance(part, Atom) for part in (*_alternatives(one), *_alternatives(two)))
        single = listed and len({atom.subject for part in (one, two) for atom in atoms(part)}) == 1
        place = value if single else alternative
        for part in gone:
            yield Edit(old=part, new=None, place=place)
        for part in come:
            yield Edit(old=None, new=part, place=place)
    elif isinstance(one, And) or isinstance(two, And):
        yield from _diff(_conditions(one), _conditions(two), exclusion=exclusion)
    else:
        yield Edit(old=one, new=two, place=condition)


_LEAST = 0.3
_BARELY = 0.31


def _pairs(gone: list[Formula], come: list[Formula]) -> list[tuple[Formula, Formula]]:
    """Take out of both lists the pieces that share most, as long as they share something that tells."""
    if len(gone) * len(come) > 2500:  # noqa: PLR2004 - a small number
        return []
    sets = {id(part): frozenset(atoms(part)) for part in (*gone, *come)}
    scored: list[tuple[float, int, int]] = []
    for left, one in enumerate(gone):
        for right, two in enumerate(come):
            if isinstance(one, Not) is not isinstance(two, Not) or _foreign(_inner(one), _inner(two)):
                continue
            score = _likeness(one, two, sets[id(one)], sets[id(two)])
            if score > _LEAST:
                scored.append((-score, left, right))
    used_left: set[int] = set()
    used_right: set[int] = set()
    found: list[tuple[int, int]] = []
    for _, left, right in sorted(scored):
        if left not in used_left and right not in used_right:
            used_left.add(left)
            used_right.add(right)
            found.append((left, right))
    pairs = [(gone[left], come[right]) for left, right in sorted(found)]
    gone[:] = [part for index, part in enumerate(gone) if index not in used_left]
    come[:] = [part for index, part in enumerate(come) if index not in used_right]
    return pairs


def likeness(one: Formula, two: Formula) -> float:
    """Tell how much of the smaller one stands in the other, from 0 to 1: whole tests, and fields for half as much."""
    left, right = frozenset(map(_normal, atoms(one))), frozenset(map(_normal, atoms(two)))
    fields = [{atom.subject for atom in atoms(side)} for side in (one, two)]
    shared = len(left & right) / (min(len(left), len(right)) or 1)
    return (shared + len(fields[0] & fields[1]) / (min(map(len, fields)) or 1) / 2) / 1.5


def _foreign(one: Formula, two: Formula) -> bool:
    """Whether one side is a choice between groups of conditions and the other none of them."""
    if isinstance(one, Or) and isinstance(two, Or):
        ours, theirs = _alternatives(one), _alternatives(two)
        return _of_one_field(ours) is not _of_one_field(theirs) and not set(map(_normal, ours)) & set(
            map(_normal, theirs)
        )
    if isinstance(one, Or) is isinstance(two, Or):
        return False
    choice, other = (one, two) if isinstance(one, Or) else (two, one)
    parts = _alternatives(choice)
    return not all(isinstance(part, Atom) for part in parts) and _normal(other) not in map(_normal, parts)


def _of_one_field(parts: Sequence[Formula]) -> bool:
    """Whether alternatives are values of one field."""
    return len({part.subject if isinstance(part, Atom) else None for part in parts}) == 1 and isinstance(parts[0], Atom)


def _likeness(one: Formula, two: Formula, left: frozenset[Atom], right: frozenset[Atom]) -> float:
    sides = (_inner(one), _inner(two))
    if all(isinstance(side, Atom) and isinstance(side.test, Exists) for side in sides):
        return _BARELY  # one field for another, unless something else is more like either
    shared = len(left & right) / (min(len(left), len(right)) or 1)
    subjects = {atom.subject for atom in left}, {atom.subject for atom in right}
    plain = not any(isinstance(side, And) for side in sides)
    if plain and subjects[0] == subjects[1] and len(subjects[0]) == 1:
        return 0.9 + shared / 10
    return shared


def _inner(formula: Formula) -> Formula:
    return formula.part if isinstance(formula, Not) else formula


# renames

_ALIKE = 0.6  # the share of equal tests from which a field is taken for another's successor
_MOST_FIELDS = 400


def renames(old: Formula, new: Formula) -> dict[str, str]:
    """Fields that the name tells apart: the same tests, or most of them, on one side each."""
    ours, theirs = _tests(old), _tests(new)
    waiting: dict[frozenset[tuple[object, str]], list[str]] = {}
    for after, tests in theirs.items():
        if after not in ours and not tests <= {(Exists(), "term")}:
            waiting.setdefault(frozenset(tests), []).append(after)
    for names in waiting.values():
        names.reverse()
    found: dict[str, str] = {}
    for before, tests in ours.items():
        others = waiting.get(frozenset(tests))
        if before not in theirs and others:
            found[before] = others.pop()
    gone = [name for name in ours if name not in theirs and name not in found]
    come = [name for name in theirs if name not in ours and name not in found.values()]
    for before in gone if len(gone) * len(come) <= _MOST_FIELDS else ():
        scored = [(len(ours[before] & theirs[after]) / len(ours[before] | theirs[after]), after) for after in come]
        share, after = max(scored, default=(0.0, ""))
        if share >= _ALIKE and len(ours[before] & theirs[after]) > 1:
            found[before] = after
            come.remove(after)
    return found


def _tests(formula: Formula) -> dict[str, set[tuple[object, str]]]:
    found: dict[str, set[tuple[object, str]]] = {}
    for atom in atoms(formula):
        if atom.term is None and glob.clean(atom.subject):
            found.setdefault(atom.subject, set()).add((atom.test, atom.kind))
    return found


def renamed(formula: Formula, names: dict[str, str]) -> Formula:
    """Put fields under new names."""
    if isinstance(formula, Atom):
        return replace(formula, subject=names[formula.subject]) if formula.subject in names else formula
    if isinstance(formula, Not):
        return Not(renamed(formula.part, names))
    if isinstance(formula, And | Or):
        return replace(formula, parts=tuple([renamed(part, names) for part in formula.parts]))
    return formula


__all__ = ["Edit", "edits", "likeness", "renamed", "renames"]
