"""Broken provers: each wraps the real one and tells a kind of lie that the checker has to notice."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from bot.model import Event, QueryChange, QueryVerdict, Rule, Witness

from .check import Compare, rule

_V = QueryVerdict
_SWAPPED = {
    _V.NARROWED: _V.BROADENED,
    _V.BROADENED: _V.NARROWED,
    _V.NARROWED_OR_EQUAL: _V.BROADENED_OR_EQUAL,
    _V.BROADENED_OR_EQUAL: _V.NARROWED_OR_EQUAL,
}

Mutant = Callable[[Compare], Compare]


def _claims(change_of: Callable[[QueryChange], QueryChange]) -> Mutant:
    def mutant(prover: Compare) -> Compare:
        def compare(old: Rule, new: Rule) -> QueryChange | None:
            change = prover(old, new)
            return None if change is None else change_of(change)

        return compare

    return mutant


def _rewritten(rewrite: Callable[[str], str]) -> Mutant:
    """A prover that reads another query than the one that stands there."""

    def mutant(prover: Compare) -> Compare:
        def compare(old: Rule, new: Rule) -> QueryChange | None:
            language = new.string("rule", "language") or "kuery"
            texts = [rewrite(side.string("rule", "query") or "") for side in (old, new)]
            if texts[0] == texts[1]:
                return QueryChange(language=language, verdict=_V.EQUIVALENT)
            return prover(rule(language, texts[0]), rule(language, texts[1]))

        return compare

    return mutant


def _swap(change: QueryChange) -> QueryChange:
    witness = change.witness
    turned = None if witness is None else Witness(lost=witness.gained, gained=witness.lost)
    return replace(change, verdict=_SWAPPED.get(change.verdict, change.verdict), witness=turned)


def _instead(of: frozenset[QueryVerdict], claimed: QueryVerdict) -> Mutant:
    return _claims(
        lambda change: replace(change, verdict=claimed, witness=None, reason=None) if change.verdict in of else change
    )


def _spoil(side: Event | tuple[Event, ...] | None) -> Event | tuple[Event, ...] | None:
    if isinstance(side, Mapping):
        return {}
    return None if side is None else ()


def _empty_witness(change: QueryChange) -> QueryChange:
    witness = change.witness
    if witness is None:
        return change
    return replace(change, witness=Witness(lost=_spoil(witness.lost), gained=_spoil(witness.gained)))


def _turned_witness(change: QueryChange) -> QueryChange:
    witness = change.witness
    if witness is None or change.verdict is not _V.CHANGED:
        return change
    return replace(change, witness=Witness(lost=witness.gained, gained=witness.lost))


MUTANTS: Mapping[str, Mutant] = {
    "swaps narrowed and broadened": _claims(_swap),
    "calls the unknown equivalent": _instead(frozenset({_V.UNKNOWN}), _V.EQUIVALENT),
    "calls the unknown narrowed": _instead(frozenset({_V.UNKNOWN}), _V.NARROWED_OR_EQUAL),
    "calls the changed narrowed": _instead(frozenset({_V.CHANGED}), _V.NARROWED_OR_EQUAL),
    "calls the changed broadened": _instead(frozenset({_V.CHANGED}), _V.BROADENED_OR_EQUAL),
    "calls the narrowed equivalent": _instead(frozenset({_V.NARROWED}), _V.EQUIVALENT),
    "calls the broadened cosmetic": _instead(frozenset({_V.BROADENED}), _V.COSMETIC),
    "gives empty witnesses": _claims(_empty_witness),
    "turns the witnesses round": _claims(_turned_witness),
    "does not see case": _rewritten(str.lower),
    "does not see wildcards": _rewritten(lambda text: text.replace("*", "").replace(": \n", ":\n")),
    "reads ? as *": _rewritten(lambda text: text.replace("?", "*")),
    "reads < as <=": _rewritten(lambda text: text.replace("<=", "<").replace("<", "<=")),
    "reads not in as in": _rewritten(lambda text: text.replace(" not in", " in").replace(" NOT IN", " IN")),
    "reads == as !=": _rewritten(lambda text: text.replace("==", "!=")),
    "does not see until": _rewritten(lambda text: text.split("until [", maxsplit=1)[0]),
    "does not see maxspan": _rewritten(lambda text: re.sub(r" with maxspan=\w+", "", text)),
    "does not see runs": _rewritten(lambda text: re.sub(r" with runs=\d+", "", text)),
    "does not see join keys": _rewritten(lambda text: re.sub(r"sequence by [\w., ]+", "sequence ", text)),
    "reads ![ as [": _rewritten(lambda text: text.replace("![", "[")),
    "does not see limits": _rewritten(lambda text: re.sub(r"\| limit \d+", "", text)),
    "does not see thresholds": _rewritten(
        lambda text: re.sub(r"(where (?:Esql\.count|other)) \S+ \d+", r"\1 > 0", text)
    ),
    "reads count_distinct as count": _rewritten(lambda text: text.replace("count_distinct(", "count(")),
    "reads max as min": _rewritten(lambda text: re.sub(r"\bmax\(", "min(", text)),
    "does not see groups": _rewritten(lambda text: re.sub(r"( = \w+\([^)]*\)) by [\w., ]+", r"\1", text)),
    "does not see to_lower": _rewritten(lambda text: re.sub(r"to_lower\(([\w.]+)\)", r"\1", text, flags=re.IGNORECASE)),
}
"""What each broken prover does, and how it is made."""

PLACES: Mapping[str, tuple[str, ...]] = {
    "calls the unknown equivalent": ("eql sequence",),
    "calls the unknown narrowed": ("eql sequence",),
    "does not see wildcards": ("kuery", "eql"),
    "reads ? as *": ("eql", "esql"),
    "reads not in as in": ("eql", "esql"),
    "reads == as !=": ("eql", "esql"),
    "does not see until": ("eql sequence",),
    "does not see maxspan": ("eql sequence",),
    "does not see runs": ("eql sequence",),
    "does not see join keys": ("eql sequence",),
    "reads ![ as [": ("eql sequence",),
    "does not see limits": ("esql",),
    "does not see thresholds": ("esql",),
    "reads count_distinct as count": ("esql",),
    "reads max as min": ("esql",),
    "does not see groups": ("esql",),
    "does not see to_lower": ("esql",),
}
"""Where a mutant can do harm at all, if not everywhere."""

_COUNT = "from x | stats c = count({}) by host.id | where c > 1"
SAMPLES: Mapping[str, tuple[str, str]] = {
    "does not see until": (
        'sequence by k [any where a == "1"] [any where b == "1"]',
        'sequence by k [any where a == "1"] [any where b == "1"] until [any where c == "1"]',
    ),
    "does not see maxspan": (
        'sequence by k with maxspan=1s [any where a == "1"] [any where b == "1"]',
        'sequence by k with maxspan=2s [any where a == "1"] [any where b == "1"]',
    ),
    "does not see runs": (
        'sequence by k [any where a == "1"] [any where b == "1"]',
        'sequence by k [any where a == "1"] with runs=2 [any where b == "1"]',
    ),
    "does not see join keys": (
        'sequence by k [any where a == "1"] [any where b == "1"]',
        'sequence by k, j [any where a == "1"] [any where b == "1"]',
    ),
    "reads ![ as [": (
        'sequence by k with maxspan=1s [any where a == "1"] ![any where b == "1"] [any where c == "1"]',
        'sequence by k with maxspan=1s [any where a == "1"] ![any where b in ("1", "2")] [any where c == "1"]',
    ),
    "does not see limits": ("from x | where a == 1 | limit 1", "from x | where a == 1"),
    "does not see thresholds": (
        "from x | stats other = count(*) by host.id | where other > 1",
        "from x | stats other = count(*) by host.id | where other > 2",
    ),
    "reads count_distinct as count": (
        _COUNT.format("user.name"),
        _COUNT.format("user.name").replace("count(", "count_distinct("),
    ),
    "reads max as min": (
        "from x | stats c = max(n) by host.id | where c > 1",
        "from x | stats c = min(n) by host.id | where c > 1",
    ),
    "does not see groups": (
        "from x | stats c = count(*) by host.id | where c > 1",
        "from x | stats c = count(*) | where c > 1",
    ),
    "does not see to_lower": ('from x | where to_lower(a) == "b"', 'from x | where a == "b"'),
}
"""For a mutant that random pairs meet too seldom: a pair on which it is wrong."""


# --- mutants of the prover's own parts --------------------------------------------------------------------------------


@contextmanager
def patched(module: str, name: str, made: Callable[[object], object]) -> Iterator[None]:
    """Replace a function of the prover in every module that holds it."""
    original = getattr(sys.modules[module], name)
    broken = made(original)
    places = [
        (holder, key)
        for place, holder in sorted(sys.modules.items())
        if place.startswith("bot.query")
        for key, value in list(vars(holder).items())
        if value is original
    ]
    for holder, key in places:
        setattr(holder, key, broken)
    try:
        yield
    finally:
        for holder, key in places:
            setattr(holder, key, original)


def _absorbing(original: Callable[[str], re.Pattern[str]]) -> Callable[[str], re.Pattern[str]]:
    return lambda text: re.compile(".*", re.DOTALL) if "\ue000" in text else original(text)


def _case_blind(original: Callable[[str], re.Pattern[str]]) -> Callable[[str], re.Pattern[str]]:
    return lambda text: re.compile(original(text).pattern, re.DOTALL | re.IGNORECASE)


def _reversed(original: Callable[..., Iterator[tuple[int, int]]]) -> Callable[..., Iterator[tuple[int, int]]]:
    return lambda *args: ((other, one) for one, other in original(*args))


def _first_only(original: Callable[..., object]) -> Callable[..., object]:
    """Drops all but the first part."""
    return lambda parts: original(list(parts)[:1])


def _two_valued(original: Callable[..., object]) -> Callable[..., object]:
    from bot.query.truth import Reading

    return lambda old, new, _reading, *rest, **named: original(old, new, Reading.TWO, *rest, **named)


def _gullible(original: Callable[..., object]) -> Callable[..., object]:
    from bot.query.truth import T

    del original
    return lambda formula, event, reading: T  # noqa: ARG005 - as the real one takes it


def _always(original: object) -> Callable[..., bool]:
    del original
    return lambda *_: True


PARTS: Mapping[str, tuple[str, str, Callable[..., object], tuple[str, ...]]] = {
    "a wildcard absorbs all": ("bot.query.glob", "matcher", _absorbing, ("kuery", "eql", "esql")),
    "patterns are blind to case": ("bot.query.glob", "matcher", _case_blind, ("kuery", "eql", "esql")),
    "subsumption reversed": ("bot.query.subsume", "implications", _reversed, ("kuery", "eql", "esql")),
    "or drops branches": ("bot.query.formula", "disjunction", _first_only, ("kuery", "eql", "esql")),
    "and drops conditions": ("bot.query.formula", "conjunction", _first_only, ("kuery", "eql", "esql")),
    "every block holds every address": ("bot.query.address", "contains", _always, ("kuery", "eql", "esql")),
    "every range holds every number": ("bot.query.subsume", "within", _always, ("kuery", "eql", "esql")),
    "null is false": ("bot.query.prove", "relate", _two_valued, ("eql", "esql")),
}
"""Broken parts: module, function, what is put in its place, and where it shows."""
