"""What an edit did, in a reviewer's words: aligned by structure, each direction solved alone."""

# ruff: noqa: FBT001 - the booleans here are truth values and tests, not switches
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from bot.query import glob
from bot.query.eql import Query
from bot.query.formula import (
    KQL,
    And,
    Atom,
    Block,
    Constant,
    Exists,
    Formula,
    Glob,
    Not,
    Opaque,
    Or,
    Range,
    Truth,
    atoms,
    conjunction,
    disjunction,
    negation,
)
from bot.query.meter import ExhaustedError, Meter
from bot.query.prove import Relation, relate
from bot.query.term import Call, Name, Term, Value
from bot.query.truth import Reading

_SHOWN = 8
_LINES = 24
_LONGEST = 600


class Style(StrEnum):
    """Whose way of writing the explanation follows."""

    KQL = "kuery"
    EQL = "eql"
    ESQL = "esql"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """A piece that came, went, or took another's place."""

    old: Formula | None
    new: Formula | None
    place: str  # condition, exclusion, alternative, exception


def explain(old: Formula, new: Formula, reading: Reading, style: Style, meter: Meter) -> Iterator[str]:
    """Tell what changed, a line each."""
    lines = [_cut(line) for line in _lines(old, new, reading, style, meter)]
    yield from lines[:_LINES]
    if len(lines) > _LINES:
        yield f"and {len(lines) - _LINES} more edits"


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _lines(old: Formula, new: Formula, reading: Reading, style: Style, meter: Meter) -> Iterator[str]:
    renames = _renames(old, new)
    moved = _renamed(old, renames) if renames else old
    for before, after in renames.items():
        yield f"renames field: {_field(before)} to {_field(after)}"
    edits = list(_diff(_conditions(moved), _conditions(new), exclusion=False))
    if renames:
        if not edits:
            yield "otherwise equal"
            return
        relation = _relation(moved, new, reading, meter)
        if relation is not None:
            yield from [
                word
                for holds, word in (
                    (relation.narrower and relation.wider, "otherwise equal"),
                    (relation.narrower and not relation.wider, "otherwise narrower"),
                    (relation.wider and not relation.narrower, "otherwise broader"),
                )
                if holds
            ]
    if not edits:
        yield from () if renames else ("written another way, the same conditions",)
        return
    yield from _tell(edits, reading, style, meter)


def _relation(old: Formula, new: Formula, reading: Reading, meter: Meter) -> Relation | None:
    """The direction of a piece, None where the budget does not reach so far: the words do without it."""
    try:
        return relate(old, new, reading, meter, witnesses=False)
    except ExhaustedError:
        return None


# alignment


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


def _normal(formula: Formula) -> Formula:
    """The same formula with the parts of every and and or in one order."""
    if isinstance(formula, Not):
        return Not(_normal(formula.part))
    if isinstance(formula, And | Or):
        parts = tuple(sorted(dict.fromkeys(map(_normal, formula.parts)), key=repr))
        return replace(formula, parts=parts)
    return formula


def _apart(old: Sequence[Formula], new: Sequence[Formula]) -> tuple[list[Formula], list[Formula]]:
    """What only one side has, the order inside parts apart."""
    ours = {part if isinstance(part, Atom) else _normal(part): part for part in old}
    theirs = {part if isinstance(part, Atom) else _normal(part): part for part in new}
    return (
        [part for key, part in ours.items() if key not in theirs],
        [part for key, part in theirs.items() if key not in ours],
    )


def _diff(old: Sequence[Formula], new: Sequence[Formula], *, exclusion: bool) -> Iterator[_Edit]:
    """Edits of a list of conditions; inside an exclusion they are conditions for something to be excluded."""
    gone, come = _apart(old, new)
    condition = "condition of an exclusion" if exclusion else "condition"
    for one, two in _pairs(gone, come):
        yield from _inside(one, two, exclusion=exclusion)
    for part in gone:
        inverse = isinstance(part, Not)
        yield _Edit(
            old=part.part if isinstance(part, Not) else part, new=None, place=_place(condition, inverse, exclusion)
        )
    for part in come:
        inverse = isinstance(part, Not)
        yield _Edit(
            old=None, new=part.part if isinstance(part, Not) else part, place=_place(condition, inverse, exclusion)
        )


def _place(condition: str, inverse: bool, exclusion: bool) -> str:
    if not inverse:
        return condition
    return "exception to an exclusion" if exclusion else "exclusion"


def _inside(one: Formula, two: Formula, *, exclusion: bool) -> Iterator[_Edit]:
    """Edits between two pieces that stand for each other."""
    if isinstance(one, Not) and isinstance(two, Not):
        yield from _either(one.part, two.part, exclusion=not exclusion)
    else:
        yield from _either(one, two, exclusion=exclusion)


def _either(one: Formula, two: Formula, *, exclusion: bool) -> Iterator[_Edit]:
    if isinstance(one, Or) or isinstance(two, Or):
        gone, come = _apart(_alternatives(one), _alternatives(two))
        groups: list[list[Formula]] = [[part for part in side if not isinstance(part, Atom)] for side in (gone, come)]
        for left, right in _pairs(groups[0], groups[1]):
            gone.remove(left)
            come.remove(right)
            yield from _diff(_conditions(left), _conditions(right), exclusion=exclusion)
        listed = all(isinstance(part, Atom) for part in (*_alternatives(one), *_alternatives(two)))
        single = listed and len({atom.subject for part in (one, two) for atom in atoms(part)}) == 1
        place = "exclusion" if exclusion else "value" if single else "alternative"
        for part in gone:
            yield _Edit(old=part, new=None, place=place)
        for part in come:
            yield _Edit(old=None, new=part, place=place)
    elif isinstance(one, And) or isinstance(two, And):
        yield from _diff(_conditions(one), _conditions(two), exclusion=exclusion)
    else:
        yield _Edit(old=one, new=two, place="exclusion" if exclusion else "condition")


def _pairs(gone: list[Formula], come: list[Formula]) -> list[tuple[Formula, Formula]]:
    """Take out of both lists the pieces that share most, as long as they share something that tells."""
    if len(gone) * len(come) > 2500:  # noqa: PLR2004 - a small number
        return []
    sets = {id(part): frozenset(atoms(part)) for part in (*gone, *come)}
    scored: list[tuple[float, int, int]] = []
    for left, one in enumerate(gone):
        for right, two in enumerate(come):
            if isinstance(one, Not) is not isinstance(two, Not):
                continue
            score = _likeness(one, two, sets[id(one)], sets[id(two)])
            if score > 0.3:  # noqa: PLR2004 - a small number
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


def _likeness(one: Formula, two: Formula, left: frozenset[Atom], right: frozenset[Atom]) -> float:
    shared = len(left & right) / (min(len(left), len(right)) or 1)
    subjects = {atom.subject for atom in left}, {atom.subject for atom in right}
    plain = not isinstance(_inner(one), And) and not isinstance(_inner(two), And)
    if plain and subjects[0] == subjects[1] and len(subjects[0]) == 1:
        return 0.9 + shared / 10
    return shared


def _inner(formula: Formula) -> Formula:
    return formula.part if isinstance(formula, Not) else formula


# renames


def _renames(old: Formula, new: Formula) -> dict[str, str]:
    """Fields that only the name tells apart: the same tests, on one side each."""
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
    return found


def _tests(formula: Formula) -> dict[str, set[tuple[object, str]]]:
    found: dict[str, set[tuple[object, str]]] = {}
    for atom in atoms(formula):
        if atom.term is None and glob.clean(atom.subject):
            found.setdefault(atom.subject, set()).add((atom.test, atom.kind))
    return found


def _renamed(formula: Formula, renames: dict[str, str]) -> Formula:
    if isinstance(formula, Atom):
        return replace(formula, subject=renames[formula.subject]) if formula.subject in renames else formula
    if isinstance(formula, Not):
        return Not(_renamed(formula.part, renames))
    if isinstance(formula, And | Or):
        return replace(formula, parts=tuple([_renamed(part, renames) for part in formula.parts]))
    return formula


# words


def _tell(edits: Sequence[_Edit], reading: Reading, style: Style, meter: Meter) -> Iterator[str]:
    """One line for each edit; values of one field that came or went together share a line."""

    def key(edit: _Edit) -> tuple[str, str, str]:
        part = edit.new or edit.old
        verb = "changes" if edit.new and edit.old else "adds" if edit.new else "removes"
        return verb, edit.place, part.subject if isinstance(part, Atom) and verb != "changes" else repr(part)

    groups: dict[tuple[str, str, str], list[_Edit]] = {}
    for edit in edits:
        groups.setdefault(key(edit), []).append(edit)
    folded: set[int] = set()
    for one in list(groups):
        verb, place, subject = one
        mate = ("removes", place, subject)
        if verb != "adds" or mate not in groups:
            continue
        lost = [edit.old for edit in groups[mate] if edit.old]
        came = [edit.new for edit in groups[one] if edit.new]
        word = _case(lost, came)
        if word:
            yield f"{word}: {show(disjunction(came), style)}"
        elif len(lost) == 1 and len(came) == 1:
            yield _replaced(place, lost[0], came[0], reading, style, meter)
        else:
            continue
        folded.update((id(groups[mate]), id(groups[one])))
    for (verb, place, _), group in groups.items():
        if id(group) in folded:
            continue
        old = [edit.old for edit in group if edit.old]
        new = [edit.new for edit in group if edit.new]
        if verb == "changes":
            yield _replaced(place, disjunction(old), disjunction(new), reading, style, meter)
        else:
            yield f"{verb} {place}: {show(disjunction(new or old), style)}"


def _replaced(place: str, old: Formula, new: Formula, reading: Reading, style: Style, meter: Meter) -> str:  # noqa: PLR0917 - one branch a case
    """A replacement, and which way it goes if it is solved alone."""
    word = _case([old], [new])
    if word:
        return f"{word}: {show(new, style)}"
    direction = ""
    relation = _relation(old, new, reading, meter)
    if relation is not None:
        inverse = place in {"exclusion", "condition of an exclusion"}
        if relation.narrower and relation.wider:
            direction = " (the same)"
        elif relation.narrower or relation.wider:
            direction = " (narrows)" if relation.narrower is not inverse else " (broadens)"
    return f"changes {place}: {show(old, style)} to {show(new, style)}{direction}"


def _case(old: Sequence[Formula], new: Sequence[Formula]) -> str:
    """Words for an edit that only changes whether the case counts."""

    def texts(parts: Sequence[Formula]) -> tuple[set[tuple[str, str]], set[bool]]:
        tests = [(atom.subject, atom.test) for part in parts for atom in atoms(part)]
        globs = [(subject, test) for subject, test in tests if isinstance(test, Glob)]
        if len(globs) != len(tests):
            return set(), set()
        return {(subject, glob.fold(test.text)) for subject, test in globs}, {test.folds for _, test in globs}

    (left, before), (right, after) = texts(old), texts(new)
    if left and left == right and len(before) == len(after) == 1 and before != after:
        return "no longer minds the case" if after == {True} else "minds the case now"
    return ""


def show(formula: Formula, style: Style) -> str:
    """Write a formula as its language would, long lists cut."""
    if isinstance(formula, Atom):
        return _atom(formula, [formula], style)
    if isinstance(formula, Constant):
        return "true" if formula.value else "false"
    if isinstance(formula, Not):
        inner = show(formula.part, style)
        return (
            f"not {inner}"
            if isinstance(formula.part, Atom) or not isinstance(formula.part, And | Or)
            else f"not ({inner})"
        )
    joint = " or " if isinstance(formula, Or) else " and "
    pieces: list[str] = []
    parts = formula.parts
    for subject, group in groupby(parts, lambda part: _listed(part) if isinstance(formula, Or) else None):
        items = list(group)
        if subject is not None:
            listed = [item for item in items if isinstance(item, Atom)]
            pieces.append(_atom(listed[0], listed, style))
        else:
            for item in items:
                text = show(item, style)
                pieces.append(f"({text})" if isinstance(item, And | Or) else text)
    if len(pieces) > _SHOWN:
        pieces = [*pieces[:_SHOWN], f"{len(pieces) - _SHOWN} more"]
    return joint.join(pieces)


def _listed(part: Formula) -> tuple[str, str, bool] | None:
    """What atoms must share to stand in one list."""
    if isinstance(part, Atom) and part.kind != "range" and not isinstance(part.test, Exists | Opaque):
        wide = isinstance(part.test, Glob) and not part.test.literal and not part.test.folds
        return part.subject, f"{wide}{type(part.test).__name__}", isinstance(part.test, Glob) and part.test.folds
    return None


def _field(subject: str) -> str:
    return glob.to_wildcards(subject.removeprefix(KQL))


def _atom(first: Atom, group: Sequence[Atom], style: Style) -> str:  # noqa: C901, PLR0911 - one branch a case
    if first.kind == "kql":
        inner = _atom(replace(first, kind="term"), [replace(atom, kind="term") for atom in group], Style.KQL)
        return f'kql("{inner}")'
    field = _field(
        _term(first.term) if first.term is not None and not isinstance(first.test, Opaque) else first.subject
    )
    test = first.test
    if isinstance(test, Opaque):
        if first.term is not None:
            return _term(first.term)
        operator, colon, pattern = test.text.partition(":")
        if colon and operator in {"regex", "regex~"}:
            return f'{field} {operator if style is Style.EQL else "rlike"} "{pattern}"'
        if colon and operator == "wildcard":
            return f'wildcard({field}, "{pattern}")'
        return (
            f"{field}: {glob.to_wildcards(test.text.lstrip('=~'))}"
            if first.subject != "*"
            else glob.to_wildcards(test.text)
        )
    if isinstance(test, Exists):
        return {Style.KQL: f"{field}: *", Style.EQL: f"{field} != null", Style.ESQL: f"{field} is not null"}[style]
    values = [_value(atom, style) for atom in group]
    if len(values) > _SHOWN:
        values = [*values[:_SHOWN], f"… {len(values) - _SHOWN} more"]
    if isinstance(test, Range) and not (test.low == test.high and test.low is not None):
        return f"{field} {values[0]}" if style is not Style.KQL or test.low != test.high else f"{field}: {values[0]}"
    if style is Style.KQL:
        return f"{field}: {values[0]}" if len(values) == 1 else f"{field}: ({' or '.join(values)})"
    if isinstance(test, Block) and first.kind == "call":
        return f"{'cidrMatch' if style is Style.EQL else 'cidr_match'}({field}, {', '.join(values)})"
    many = len(values) > 1
    listed = f"({', '.join(values)})" if many else values[0]
    if isinstance(test, Glob) and test.folds:
        return f"{field} : {listed}" if style is Style.EQL else f"to_lower({field}) like {listed}"
    if isinstance(test, Glob) and not test.literal:
        return f"{field} like {listed}"
    return f"{field} in {listed}" if many else f"{field} == {listed}"


def _value(atom: Atom, style: Style) -> str:
    test = atom.test
    if isinstance(test, Glob):
        text = test.shown or glob.to_wildcards(test.text)
        return glob.to_wildcards(text) if style is Style.KQL else '"' + glob.to_wildcards(text) + '"'
    if isinstance(test, Block):
        return test.network if style is Style.KQL else f'"{test.network}"'
    if isinstance(test, Truth):
        return "true" if test.value else "false"
    if isinstance(test, Range):
        if test.low == test.high:
            return str(test.low)
        return " and ".join(
            [f"{'>' if test.low_open else '>='} {test.low}"] * (test.low is not None)
            + [f"{'<' if test.high_open else '<='} {test.high}"] * (test.high is not None)
        )
    return ""


_INFIX = frozenset({"+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", ":"})


def _term(term: Term | None) -> str:  # noqa: PLR0911 - one branch a case
    """A term as it is written."""
    if isinstance(term, Name):
        return term.name
    if isinstance(term, Value):
        value = term.value
        text = (
            f'"{value}"'.replace("\x00", "")
            if isinstance(value, str)
            else "null"
            if value is None
            else str(value).lower()
        )
        return f"{text} {term.unit}".rstrip()
    if isinstance(term, Call):
        if term.name in _INFIX and len(term.args) == 2:  # noqa: PLR2004 - a small number
            return f"{_term(term.args[0])} {term.name} {_term(term.args[1])}"
        if term.name in {"in", "in~", "like", "like~", "regex", "regex~", "rlike", ":"}:
            return f"{_term(term.args[0])} {term.name} ({', '.join(map(_term, term.args[1:]))})"
        if term.name in {"and", "or"}:
            return f" {term.name} ".join(map(_term, term.args))
        if term.name == "not":
            return f"not {_term(term.args[0])}"
        return f"{term.name}({', '.join(map(_term, term.args))})"
    return ""


# sequences


def explain_sequence(old: Query, new: Query, meter: Meter) -> Iterator[str]:  # noqa: C901, PLR0912 - one branch a case
    """Tell what changed in a sequence: its keys, its span, its steps."""
    if old.by != new.by:
        yield f"joins by {_keys(new.by)} instead of {_keys(old.by)}"
    if old.span != new.span:
        shorter = new.span is not None and (old.span is None or new.span < old.span)
        yield f"maxspan {_span(old.span)} to {_span(new.span)} ({'shorter' if shorter else 'longer'})"
    if len(old.steps) == len(new.steps):
        for number, (one, two) in enumerate(zip(old.steps, new.steps, strict=True), start=1):
            if one.by != two.by:
                yield f"step {number}: joins by {_keys(two.by)} instead of {_keys(one.by)}"
            if one.runs != two.runs:
                yield f"step {number}: runs {one.runs} to {two.runs} times"
            if one.missing != two.missing:
                yield f"step {number}: {'must not happen now' if two.missing else 'must happen now'}"
            if one.formula != two.formula:
                inverse = " (must not happen)" if two.missing else ""
                for line in explain(one.formula, two.formula, Reading.MIXED, Style.EQL, meter):
                    yield f"step {number}{inverse}: {line}"
    else:
        yield from _steps(old, new)
    if old.until != new.until:
        if old.until is None and new.until is not None:
            yield f"adds until: {show(new.until.formula, Style.EQL)}"
        elif new.until is None and old.until is not None:
            yield f"removes until: {show(old.until.formula, Style.EQL)}"
        elif old.until is not None and new.until is not None:
            for line in explain(old.until.formula, new.until.formula, Reading.MIXED, Style.EQL, meter):
                yield f"until: {line}"


def _steps(old: Query, new: Query) -> Iterator[str]:
    yield f"{len(old.steps)} steps became {len(new.steps)}"
    ours = {step.formula for step in old.steps}
    theirs = {step.formula for step in new.steps}
    for step in new.steps:
        if step.formula not in ours:
            yield f"adds step: {show(step.formula, Style.EQL)}"
    for step in old.steps:
        if step.formula not in theirs:
            yield f"removes step: {show(step.formula, Style.EQL)}"


def _keys(keys: Iterable[str]) -> str:
    return ", ".join(keys) or "nothing"


def _span(span: int | None) -> str:
    if span is None:
        return "unlimited"
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")):
        if span % size == 0:
            return f"{span // size}{unit}"
    return f"{span}ms"


__all__ = ["Style", "conjunction", "explain", "explain_sequence", "show"]
