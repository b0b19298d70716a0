"""Computed columns of two pipelines side by side: what became of a column, by its name, without the whole of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.query.esql_formula import formula
from bot.query.explain import explain
from bot.query.formula import Formula, atoms, disjunction
from bot.query.meter import Meter
from bot.query.term import Call, Name, Term, names
from bot.query.truth import Reading
from bot.query.wording import Style, show_term, shown
from bot.told import marked

Columns = Mapping[str, Term]
_LONGEST = 200
_SHORT = 60


def differing(filtered: Formula, old: Columns, new: Columns) -> list[str]:
    """The columns that a filter rests on, by name, and that are not made alike on both sides."""
    waiting = [
        name for atom in atoms(filtered) for name in (names(atom.term) if atom.term is not None else (atom.subject,))
    ]
    found: dict[str, bool] = {}
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        before, after = old.get(name), new.get(name)
        found[name] = before != after
        if before is not None and before == after:
            waiting += names(before)
    return sorted(name for name, differs in found.items() if differs)


def tell(name: str, old: Term, new: Term, meter: Meter) -> Iterator[str]:
    """Tell what became of a column."""
    place, inner = f"column {marked(name)}", _inner(old, new)
    if inner is not None:
        yield from _cases(place, *inner, meter)
    else:
        before, after = _apart(old, new)
        yield f"{place}: {marked(_cut(after))} instead of {marked(_cut(before))}"


def _apart(old: Term, new: Term) -> tuple[Term, Term]:
    """The pieces that differ, where two long terms are alike but for one."""
    while (
        isinstance(old, Call)
        and isinstance(new, Call)
        and (old.name, len(old.args)) == (new.name, len(new.args))
        and max(len(show_term(old)), len(show_term(new))) > _SHORT
    ):
        apart = dict.fromkeys((one, two) for one, two in zip(old.args, new.args, strict=True) if one != two)
        if len(apart) != 1:
            break
        old, new = next(iter(apart))
    return old, new


def _inner(old: Term, new: Term) -> tuple[Call, Call] | None:
    """The CASE on each side that is all that differs, None where something else does."""
    while isinstance(old, Call) and isinstance(new, Call) and old.name == new.name:
        if old.name == "case":
            return old, new
        apart = [(one, two) for one, two in zip(old.args, new.args, strict=False) if one != two]
        if len(apart) != 1 or len(old.args) != len(new.args):
            return None
        old, new = apart[0]
    return None


def _cases(place: str, old: Call, new: Call, meter: Meter) -> Iterator[str]:
    """Tell what became of the values that a column may take, each with when it does."""
    ours, theirs = _by_value(old), _by_value(new)
    told = False
    for each, before in ours.items():
        if each not in theirs:
            told = True
            yield f"{place}: no longer {marked(each)}, which it was where {shown(before, Style.ESQL)}"
    for each, after in theirs.items():
        if each not in ours:
            told = True
            yield f"{place}: now {marked(each)} where {shown(after, Style.ESQL)}"
        elif ours[each] != after:
            told = True
            for line in explain(ours[each], after, Reading.KLEENE, Style.ESQL, meter):
                yield f"{place}, where it is {marked(each)}: {line}"
    defaults = [call.args[-1] if len(call.args) % 2 else Name("null") for call in (old, new)]
    if defaults[0] != defaults[1]:
        yield f"{place}: else {marked(_cut(defaults[1]))} instead of {marked(_cut(defaults[0]))}"
    elif not told:
        yield f"{place}: its cases stand in another order"


def _by_value(case: Call) -> dict[str, Formula]:
    """Each value of a CASE, as text, with the conditions that lead to it."""
    found: dict[str, list[Formula]] = {}
    for condition, value in zip(case.args[::2], case.args[1::2], strict=False):
        found.setdefault(_cut(value), []).append(formula(condition))
    return {value: disjunction(conditions) for value, conditions in found.items()}


def _cut(term: Term) -> str:
    text = show_term(term)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


__all__ = ["differing", "tell"]
