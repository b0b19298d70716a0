"""What an edit did, in a reviewer's words: aligned by structure, each direction solved alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.fields import single
from bot.query import address, glob, term
from bot.query.align import Edit, edits, renamed, renames
from bot.query.eql import Query
from bot.query.formula import (
    TRUE,
    And,
    Atom,
    Block,
    Constant,
    Formula,
    Glob,
    Not,
    Opaque,
    Or,
    Range,
    atoms,
    conjunction,
    disjunction,
)
from bot.query.meter import ExhaustedError, Meter
from bot.query.prove import Relation, relate
from bot.query.sequence import dense
from bot.query.subsume import implies
from bot.query.term import Call, Name, Value
from bot.query.together import together
from bot.query.truth import Reading
from bot.query.wording import ADDRESSES, Style, field_name, named, show_term, show_value, shown
from bot.told import marked

SAME = "written another way, the same conditions"
_LINES = 24
_LONGEST = 1_500
_NAMED = 3
_SHORT = 60


def explain(old: Formula, new: Formula, reading: Reading, style: Style, meter: Meter) -> Iterator[str]:
    """Tell what changed, a line each."""
    lines = [_cut(line) for line in _lines(old, new, reading, style, meter)]
    yield from lines[:_LINES]
    if len(lines) > _LINES:
        yield f"and {len(lines) - _LINES} more edits"


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _lines(old: Formula, new: Formula, reading: Reading, style: Style, meter: Meter) -> Iterator[str]:
    old, new = _listed(old), _listed(new)
    names = renames(old, new)
    moved = renamed(old, names) if names else old
    for before, after in names.items():
        yield f"renames field: {marked(field_name(before))} to {marked(field_name(after))}{_kind(before, after)}"
    found = edits(moved, new)
    if names:
        if not found:
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
    if not found:
        yield from () if names else (SAME,)
        return
    everything = _everything(new)
    if everything and everything != _everything(old):
        yield everything
    yield from _tell(found, reading, style, meter)
    yield from _literal(found, style)


def _everything(formula: Formula) -> str:
    """Say that every event passes, or as good as every one; empty where that is not plain."""
    parts = formula.parts if isinstance(formula, Or) else (formula,)
    if TRUE in parts:
        return "every event passes now"
    star = any(isinstance(part, Atom) and part.subject == "*" and part.test == _STAR for part in parts)
    return "as good as every event passes now: a * alone asks for any value in any default field" if star else ""


_STAR = Opaque(f"text:{glob.ANY}")


def _kind(before: str, after: str) -> str:
    """Say where, by ECS, one of two fields holds a list of values and the other a single one."""
    if single(before) is False and single(after):
        return " (one value, tested as a whole, where there were several)"
    if single(before) and single(after) is False:
        return " (several values, each tested by itself, where there was one)"
    return ""


def _listed(formula: Formula) -> Formula:
    """Write a function of networks that is taken as a whole, as a wrong one is, as a choice between its values."""
    if not any(isinstance(atom.term, Call) and atom.term.name in ADDRESSES for atom in atoms(formula)):
        return formula
    if isinstance(formula, Atom):
        return _each(formula)
    if isinstance(formula, Not):
        return Not(_listed(formula.part))
    if isinstance(formula, Constant):
        return formula
    return (conjunction if isinstance(formula, And) else disjunction)(map(_listed, formula.parts))


def _each(atom: Atom) -> Formula:
    call = atom.term
    if not isinstance(call, Call) or call.name not in ADDRESSES or not isinstance(atom.test, Opaque):
        return atom
    field, *values = call.args
    return disjunction(
        Atom(show_term(field), Block(str(value.value)), "call" if call.name == "cidrmatch" else "term")
        if isinstance(value, Value) and isinstance(field, Name) and address.network(str(value.value))
        else replace(atom, subject=term.show(Call(call.name, (field, value))), term=Call(call.name, (field, value)))
        for value in values
    )


def _relation(old: Formula, new: Formula, reading: Reading, meter: Meter) -> Relation | None:
    """The direction of a piece, None where the budget does not reach so far: the words do without it."""
    try:
        return relate(old, new, reading, meter, witnesses=False)
    except ExhaustedError:
        return None


# words


def _tell(edits: Sequence[Edit], reading: Reading, style: Style, meter: Meter) -> Iterator[str]:
    """One line for each edit; values of one field that came or went together share a line."""
    edits, turned = together(edits, style)
    yield from turned
    groups: dict[tuple[str, str, str, str], list[Edit]] = {}
    for edit in edits:
        part = edit.new or edit.old
        verb = "changes" if edit.new and edit.old else "adds" if edit.new else "removes"
        subject = part.subject if isinstance(part, Atom) and verb != "changes" else repr(part)
        groups.setdefault((verb, edit.place, subject, repr(edit.within)), []).append(edit)
    folded: set[int] = set()
    lines: dict[tuple[str, str], list[str]] = {}  # the words before and after the place in the query, to those places

    def say(before: str, after: str, edit: Edit | None) -> None:
        kind = "exclusion" if edit and edit.inverse else "alternative"
        place = f"{kind} with {shown(edit.within, style)}" if edit and edit.within is not None else ""
        lines.setdefault((before, after), []).append(place)

    for one, group in groups.items():
        verb, place, *rest = one
        if id(group) in folded:
            continue
        if place == "requirement":
            word = "now also requires" if verb == "adds" else "no longer requires"
            parts = [part for edit in group for part in (edit.old, edit.new) if part]
            say(
                f"the alternative {shown(group[0].within or parts[0], style)} {word}",
                shown(disjunction(parts), style),
                None,
            )
            continue
        lost = [edit.old for edit in group if edit.old]
        came = [edit.new for edit in group if edit.new]
        mate = groups.get((("removes" if verb == "adds" else "adds"), place, rest[0], rest[1]))
        if verb != "changes" and mate is not None:
            gone = lost or [edit.old for edit in mate if edit.old]
            come = came or [edit.new for edit in mate if edit.new]
            word = _case(gone, come)
            if word or len(gone) == len(come) == 1:
                folded.add(id(mate))
                replaced = _replaced(place, disjunction(gone), disjunction(come), reading, style, meter)
                say(*((word, shown(disjunction(come), style)) if word else replaced), group[0])
                continue
        if verb == "changes":
            before, after = _replaced(place, disjunction(lost), disjunction(came), reading, style, meter)
            say(before, after, group[0])
        else:
            say(f"{verb} {place}", shown(disjunction(came or lost), style), group[0])
    written = [_line(before, after, places) for (before, after), places in lines.items() if after]
    yield from written or (() if turned else (SAME,))


def _literal(found: Sequence[Edit], style: Style) -> Iterator[str]:
    """Warn of a star, in KQL of a question mark too, that is new and no wildcard; and of a star that became one."""
    news = [pair for edit in found if edit.new is not None for pair in _globs(edit.new)]
    olds = [pair for edit in found if edit.old is not None for pair in _globs(edit.old)]
    wild = {(atom.subject, glob.fold(glob.to_wildcards(test.text))) for atom, test in news if not test.literal}
    turned = [(atom, test) for atom, test in olds if "*" in test.text and (atom.subject, glob.fold(test.text)) in wild]
    known = {(atom.subject, test) for atom, test in olds}
    fresh = [(atom, test) for atom, test in news if (atom.subject, test) not in known]
    stars = [(atom, test) for atom, test in fresh if "*" in test.text]
    marks = {(atom.subject, test): (atom, test) for atom, test in fresh if "?" in test.text}
    asked = [pair for pair in marks.values() if style is Style.KQL and not _WEB.search(pair[0].subject)]
    for sign, pairs, end in (
        ("*", turned, "became a wildcard"),
        ("*", stars, "is no wildcard as it is written: it stands for itself"),
        ("?", asked, "is no wildcard in KQL: it stands for itself"),
    ):
        names = [f"{marked(show_value(atom, style))} of {marked(field_name(atom.subject))}" for atom, _ in pairs]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield from [f"the {sign} in {', '.join(names[:_NAMED])}{more} {end}"] * bool(names)


_WEB = re.compile(r"(?:^|\.)(?:url|http|user_agent)(?:\.|$)")
"""Fields whose values have question marks of their own."""


def _globs(formula: Formula) -> Iterator[tuple[Atom, Glob]]:
    """The tests of strings."""
    yield from ((atom, atom.test) for atom in atoms(formula) if isinstance(atom.test, Glob))


def _line(before: str, after: str, places: Sequence[str]) -> str:
    """One edit and where it stands: everywhere, in one alternative, or in several alike."""
    if not any(places):
        return f"{before}: {after}"
    if len(places) == 1:
        return f"{before}: {after} (in the {places[0]})"
    kind = "alternatives" if all(place.startswith("alternative") for place in places) else "places"
    names = [place.partition(" with ")[2] for place in places]
    if len(names) <= _NAMED and all(names) and max(map(len, names)) <= _SHORT:
        return f"{before}: {after} (in the {kind} with {', '.join(names[:-1])} and {names[-1]})"
    return f"{before}: {after} (in {len(places)} {kind} alike)"


def _replaced(  # noqa: PLR0917 - one branch a case
    place: str, old: Formula, new: Formula, reading: Reading, style: Style, meter: Meter
) -> tuple[str, str]:
    """A replacement, and which way it goes if it is solved alone; nothing where the two read alike."""
    word = _case([old], [new])
    if word:
        return word, shown(new, style)
    before, after = shown(old, style), shown(new, style)
    if before == after:
        return "", ""
    direction = ""
    relation = _relation(old, new, reading, meter)
    if relation is not None:
        inverse = place.endswith("exclusion") and not place.startswith("exception")
        if relation.narrower and relation.wider:
            direction = " (the same)"
        elif _neighbours(old, new):
            direction = " (the same where the values are whole numbers)"
        elif relation.narrower or relation.wider:
            direction = " (narrows)" if relation.narrower is not inverse else " (broadens)"
    return f"changes {place}", f"{before} to {after}{direction}"


def _neighbours(old: Formula, new: Formula) -> bool:
    """Tell whether two tests differ in fractions alone, as > 1 and >= 2 do, of a field that may hold whole numbers."""
    if not (isinstance(old, Atom) and isinstance(new, Atom) and old.subject == new.subject):
        return False
    if not (isinstance(old.test, Range) and isinstance(new.test, Range)):
        return False
    bounds = (old.test.low, old.test.high, new.test.low, new.test.high)
    one, two = replace(old.test, whole=True), replace(new.test, whole=True)
    return not any(isinstance(bound, float) for bound in bounds) and implies(one, two) and implies(two, one)


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


# sequences


def explain_sequence(old: Query, new: Query, meter: Meter) -> Iterator[str]:  # noqa: C901, PLR0912 - one branch a case
    """Tell what changed in a sequence: its keys, its span, its steps."""
    if old.by != new.by:
        yield f"joins by {named(new.by)} instead of {named(old.by)}"
    if old.span != new.span:
        shorter = new.span is not None and (old.span is None or new.span < old.span)
        yield f"maxspan {span(old.span)} to {span(new.span)} ({'shorter' if shorter else 'longer'})"
        inner, outer = (old, new) if shorter else (new, old)
        many, few = inner.steps[0].runs, outer.steps[0].runs
        if many > few and dense(inner, outer):
            yield f"{many} events within {span(inner.span)} always have {few} within {span(outer.span)} among them"
    if len(old.steps) == len(new.steps):
        for number, (one, two) in enumerate(zip(old.steps, new.steps, strict=True), start=1):
            if one.by != two.by:
                yield f"step {number}: joins by {named(two.by)} instead of {named(one.by)}"
            if one.runs != two.runs:
                yield f"step {number}: runs {one.runs} → {two.runs}"
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
            yield f"adds until: {shown(new.until.formula, Style.EQL)}"
        elif new.until is None and old.until is not None:
            yield f"removes until: {shown(old.until.formula, Style.EQL)}"
        elif old.until is not None and new.until is not None:
            for line in explain(old.until.formula, new.until.formula, Reading.MIXED, Style.EQL, meter):
                yield f"until: {line}"


def _steps(old: Query, new: Query) -> Iterator[str]:
    yield f"{len(old.steps)} steps became {len(new.steps)}"
    ours = {step.formula for step in old.steps}
    theirs = {step.formula for step in new.steps}
    for step in new.steps:
        if step.formula not in ours:
            yield f"adds step: {shown(step.formula, Style.EQL)}"
    for step in old.steps:
        if step.formula not in theirs:
            yield f"removes step: {shown(step.formula, Style.EQL)}"


def span(milliseconds: int | None) -> str:
    """Write a span of time in the largest unit that fits."""
    if milliseconds is None:
        return "unlimited"
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


__all__ = ["SAME", "explain", "explain_sequence", "span"]
