"""Events built from a solver's model: for every field, values that pass the tests that hold and no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.query import address, glob, regex
from bot.query.formula import KQL, Atom, Block, Glob, Opaque, Range, Test, Truth
from bot.query.meter import Meter
from bot.query.subsume import number
from bot.query.term import Call, Term, Value, names
from bot.query.truth import F, T, passes
from bot.query.wording import ADDRESSES, show_term
from bot.told import marked

Event: TypeAlias = "Mapping[str, tuple[object, ...]]"

_FILLERS = ("x", "", "0", "a1", "q7z", "x.y", "x\\y", "x/y", "zq zq")
_PLAIN: tuple[object, ...] = ("x", "other", "q7z", "zq.zq", "1", 1, 7, 0, "192.0.2.7", "2001:db8::7", True, False)
_SEARCH = 80
_ADDRESS = re.compile(r"(?:^|[._])ip$|\.resolved_ip$")
_OPERATORS = {"regex": "a regular expression on ", "wildcard:": "wildcard() on "}
_BOOLEANS = ("false", "true")
_NUMBER = re.compile(r"\.(?:port|pid|ppid|args_count|bytes|packets|size|exit_code|thread\.id|number|count|risk_score)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Why no event came of a model: the tests of one subject that no value reconciles, or no subject at all."""

    reason: str
    subject: str = ""
    yes: tuple[Atom, ...] = ()
    no: tuple[Atom, ...] = ()


State: TypeAlias = "Mapping[str, tuple[bool, list[Atom], list[Atom]]]"


def build(
    state: State, terms: Mapping[str, Term], accept: Callable[[Event], bool], meter: Meter, *, single: bool
) -> Event | Conflict:
    """Make an event of a model and have it judged."""
    event: dict[str, tuple[object, ...]] = {}
    for subject, (exists, yes, no) in state.items():
        if subject in terms or not exists or subject.startswith(KQL):
            continue
        if subject == "*" or not glob.clean(subject):
            return Conflict(reason=f"it rests on {marked(glob.to_wildcards(subject))}, which may be any field")
        values = _values(subject, yes, no, meter, single=single)
        if isinstance(values, Conflict):
            return values
        event[subject] = values
    for subject, (exists, yes, no) in state.items():
        field = subject.removeprefix(KQL)
        if exists and subject.startswith(KQL) and field not in event:
            values = _values(subject, yes, no, meter, single=False)
            if isinstance(values, Conflict):
                return values
            event[field] = values
    if terms:
        return _search(event, state, terms, accept)
    return event if accept(event) else Conflict(reason=_why(state))


def _named(subject: str, limit: int = 80) -> str:
    """A subject in a sentence: long terms cut."""
    text = subject.removeprefix(KQL).replace("\\u0000", "")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _why(state: State) -> str:
    for subject, (_, yes, no) in state.items():
        for atom in (*yes, *no):
            if isinstance(atom.test, Opaque) or subject == "*" or not glob.clean(subject):
                return _rests(subject, atom)
    return ""


def _rests(subject: str, atom: Atom) -> str:
    """Why nobody here can judge a test: a regular expression, or a pattern, by its name."""
    test = atom.test
    if not isinstance(test, Opaque) or atom.term is not None:
        return _rests_on(subject, atom.term)
    named = next((name for mark, name in _OPERATORS.items() if test.text.startswith(mark)), "")
    return _rests_on(test.shown or f"{named}{subject.removeprefix(KQL)}", None)


def _rests_on(subject: str, term: Term | None) -> str:
    """Why nobody here can judge a term: what is wrong with it, or that only an engine knows."""
    if isinstance(term, Call) and term.name in ADDRESSES:
        for arg in term.args[1:]:
            if isinstance(arg, Value) and address.network(str(arg.value)) is None:
                return f"{marked(_named(str(arg.value)))} is not an IP address"
    text = _named(subject if term is None else show_term(term))
    return f"it rests on {text}, which only a running engine can judge"


def plain(subject: str) -> tuple[object, ...]:
    """Values that a field of this name can hold for all that ECS says; none where anything goes."""
    if "timestamp" in subject or subject.endswith((".created", ".start", ".end", ".ingested", "_time")):
        return ("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z")
    if _ADDRESS.search(subject):
        return ("192.0.2.7", "198.51.100.7", "2001:db8::7", "10.1.2.3", "8.8.8.8")
    if _NUMBER.search(subject):
        return (1, 7, 0, 123456)
    return ()


def _values(
    subject: str, yes: Sequence[Atom], no: Sequence[Atom], meter: Meter, *, single: bool
) -> tuple[object, ...] | Conflict:
    """Values for one field: one that passes all tests that hold if there is one, else one for each."""
    hits: dict[Atom, None] = {}
    wanted = [atom.test for atom in yes]
    if _ADDRESS.search(subject) and any(
        isinstance(test, Glob) and address.network(test.text) is None for test in wanted
    ):
        return Conflict(subject=subject, yes=tuple(yes), reason=f"it rests on {subject}, which takes addresses alone")
    for value in (*(() if wanted else plain(subject)), *_fitting(subject, wanted, no)):
        meter.spend(1 + (len(wanted) + len(no)) // 2)
        if all(passes(test, value) == T for test in wanted) and all(passes(atom.test, value) == F for atom in no):
            return (value,)
    if single or len(wanted) < 2:  # noqa: PLR2004 - a small number
        for value in _fitting(subject, wanted, no):
            meter.spend(1 + len(no))
            hits.update(dict.fromkeys(atom for atom in no if passes(atom.test, value) != F))
        return Conflict(subject=subject, yes=tuple(yes), no=tuple(hits), reason=_opaque(subject, yes, no))
    values: list[object] = []
    for atom in yes:
        if any(passes(atom.test, value) == T for value in values):
            continue
        for value in _fitting(subject, [atom.test], no):
            meter.spend(1 + 2 * len(no))
            if passes(atom.test, value) == T and all(passes(other.test, value) == F for other in no):
                values.append(value)
                break
            hits.update(dict.fromkeys(other for other in no if passes(other.test, value) != F))
        else:
            return Conflict(subject=subject, yes=(atom,), no=tuple(hits), reason=_opaque(subject, yes, no))
    return tuple(values)


def _opaque(subject: str, yes: Sequence[Atom], no: Sequence[Atom]) -> str:
    atom = next((atom for atom in (*yes, *no) if isinstance(atom.test, Opaque)), None)
    return "" if atom is None else _rests(subject, atom)


def _fitting(subject: str, wanted: Sequence[Test], no: Sequence[Atom]) -> Iterator[object]:
    """Values worth trying, of the kind that a field holds by its ECS name: no fractions for whole numbers."""
    whole = _NUMBER.search(subject) is not None and not subject.endswith("risk_score")
    addresses = _ADDRESS.search(subject) is not None
    for value in _candidates(wanted, no):
        fraction = isinstance(value, float) and not value.is_integer()
        if not (whole and fraction) and not (addresses and address.network(str(value)) is None):
            yield value


def _candidates(wanted: Sequence[Test], no: Sequence[Atom]) -> Iterator[object]:  # noqa: C901 - one branch a case
    """Values worth trying, the plainest first."""
    for test in wanted:
        yield from examples(test)
    if not wanted:
        others = [atom.test for atom in no]
        if any(isinstance(test, Truth) for test in others):
            yield from (True, False)
        elif any(isinstance(test, Range) for test in others):
            for test in others:
                if isinstance(test, Range):
                    yield from beside(test)
            yield from (0, 1, 7, 123456)
        elif any(isinstance(test, Block) for test in others):
            yield from ("192.0.2.7", "8.8.8.8", "10.1.2.3", "172.16.3.4", "127.0.0.1", "2001:db8::7", "::1")
            yield from ("203.0.113.9", "1.1.1.1", "100.64.1.1", "198.18.1.1", "224.0.0.9", "240.1.1.1")
        yield from _alike(others)
        yield from _PLAIN
    globs = [test for test in wanted if isinstance(test, Glob) and not test.literal]
    for one in globs[:6]:
        for other in globs[:6]:
            if one is not other:
                yield from joined(one.text, other.text)


def _alike(tests: Sequence[Test]) -> Iterator[str]:
    """Values of the kind that some tests name: a field of numbers or booleans, whose type KQL does not say, takes them.

    As strings, for then they are right whatever the field is: the engine reads ``"7"`` as a number where it keeps one.
    """
    texts = [test.text for test in tests if isinstance(test, Glob) and test.literal]
    if any(text.lower() in _BOOLEANS for text in texts):
        yield from _BOOLEANS
    numbers = {number(text) for text in texts} - {None}
    if numbers:
        yield from (each for each in ("7", "1", "0", "123456") if number(each) not in numbers)


def joined(one: str, other: str) -> Iterator[str]:
    """Texts that may match both patterns: the plain pieces of one where the other has a wildcard."""
    inner = other.replace(glob.ANY, "").replace(glob.ONE, "x")
    for at, char in enumerate(one):
        if char == glob.ANY:
            yield (one[:at] + inner + one[at + 1 :]).replace(glob.ANY, "").replace(glob.ONE, "x")
    if one.endswith(glob.ANY):
        yield one[:-1].replace(glob.ANY, "").replace(glob.ONE, "x") + other.replace(glob.ANY, "").replace(glob.ONE, "x")


def examples(test: Test) -> Iterator[object]:  # noqa: C901, PLR0912 - one branch a case
    """Values that pass a test."""
    if isinstance(test, Glob):
        if test.literal:
            yield from dict.fromkeys((test.shown or test.text, test.text, glob.fold(test.text), glob.unfold(test.text)))
            return
        pattern = glob.from_wildcards(test.shown) if test.folds else test.text
        if glob.fold(pattern) != glob.fold(test.text):
            pattern = test.text
        for filler, drive, one in (*((filler, "C:", "x") for filler in _FILLERS), ("x", "D:", "y")):
            text = pattern.replace(f"{glob.ONE}:", drive).replace(glob.ANY, filler).replace(glob.ONE, one)
            if text:
                yield text
                if test.folds:
                    yield from (glob.fold(text), glob.unfold(text))
        if pattern == glob.ANY:
            yield ""  # last: of all that it matches, what a reader expects least
    elif isinstance(test, Range):
        low, high = test.low, test.high
        if low is not None and high is not None:
            yield from (low, (low + high) // 2, high)
        elif low is not None:
            yield from (low, low + 1, low * 10 + 1)
        elif high is not None:
            yield from (high, high - 1, 0, 1)
    elif isinstance(test, Block):
        yield from address.addresses(test.network)
    elif isinstance(test, Truth):
        yield test.value
    elif isinstance(test, Opaque) and test.text.startswith("regex"):
        yield regex.sample(test.text.split(":", 1)[1])
    elif isinstance(test, Opaque) and test.text.startswith("wildcard:"):
        yield from examples(Glob(glob.from_wildcards(test.text.removeprefix("wildcard:"))))
    elif isinstance(test, Opaque) and test.text[:1] in {"=", "~"}:
        yield test.text[1:].replace(glob.ANY, "")


def beside(test: Range) -> Iterator[object]:
    """Numbers just outside a range."""
    if test.high is not None:
        yield test.high + 1
        yield test.high
    if test.low is not None:
        yield test.low - 1
        yield test.low


def _search(  # noqa: C901, PLR0912 - one branch a case
    event: dict[str, tuple[object, ...]], state: State, terms: Mapping[str, Term], accept: Callable[[Event], bool]
) -> Event | Conflict:
    """Try values for the fields that terms are computed from, one field after the other."""
    if accept(event):
        return event
    pools: dict[str, dict[object, None]] = {}
    for subject, term in terms.items():
        exists, yes, no = state[subject]
        hints = dict.fromkeys(_hints(term, [atom.test for atom in (*yes, *no)]))
        for name in dict.fromkeys(names(term)):
            pools.setdefault(name, {}).update(hints)
            if exists and name not in event and name not in state:
                event[name] = ("x",)
    if accept(event):
        return event
    budget = _SEARCH
    order = sorted(pools)
    for rounds in range(2):
        for name in order:
            kept = event.get(name)
            for value in pools[name]:
                budget -= 1
                if budget < 0:
                    break
                event[name] = (value,)
                if accept(event):
                    return event
                if rounds:
                    for other in order:
                        if other != name and budget > 0:
                            budget -= 1
                            before = event.get(other)
                            event[other] = (value,)
                            if accept(event):
                                return event
                            _restore(event, other, before)
            _restore(event, name, kept)
    return Conflict(reason=next((_rests_on(name, term) for name, term in terms.items()), ""))


def _restore(event: dict[str, tuple[object, ...]], name: str, values: tuple[object, ...] | None) -> None:
    if values is None:
        event.pop(name, None)
    else:
        event[name] = values


def _hints(term: Term, tests: Sequence[Test]) -> Iterator[object]:
    """Values that the literals in and around a term suggest."""
    texts = [value for value in _literals(term) if isinstance(value, str)]
    for test in tests:
        for value in (*examples(test), *(beside(test) if isinstance(test, Range) else ())):
            yield value
            if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 5000:  # noqa: PLR2004 - a small number
                yield "x" * value
                for text in texts:
                    yield "x" * (value - 1) + text
    for text in texts:
        yield text
        yield text + "x"
        yield "x" + text
    for value in _literals(term):
        if isinstance(value, int | float) and number(str(value)) is not None:
            yield from (value, value + 1, value - 1)
    yield from ("x", "X", 0, 1, 1000, 100000)


def _literals(term: Term) -> Iterator[object]:
    stack: list[Term] = [term]
    while stack:
        node = stack.pop()
        if isinstance(node, Value):
            yield node.value
        elif isinstance(node, Call):
            stack.extend(reversed(node.args))
