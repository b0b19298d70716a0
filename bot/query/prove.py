"""Containment of two formulas: a proof by unsatisfiability, a refutation by an event that both sides have judged."""

# ruff: noqa: FBT001, FBT003 - the booleans here are truth values and tests, not switches
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from bot.query import address, glob
from bot.query.formula import FALSE, KQL, And, Atom, Constant, Exists, Formula, Glob, Not, Range, Test, Truth, atoms
from bot.query.meter import ExhaustedError, Meter
from bot.query.solver import Solver
from bot.query.subsume import amount, implications
from bot.query.term import size
from bot.query.text import UnsupportedError
from bot.query.truth import F, Reading, T, judge, passes
from bot.query.witness import Conflict, Event, build

_TRIES = 12
_LESSONS = 400
_WIDTH = 24
_NUMBER = re.compile(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?|[0-9T:.Z+-]*")  # a day or a moment, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What is proven between two formulas.

    Attributes:
        narrower: whatever the new one matches, the old one matches.
        wider: the reverse.
        lost: an event that only the old one matches, None where none was found.
        gained: an event that only the new one matches.
        blocked: what kept a missing witness from being found, in words.
    """

    narrower: bool
    wider: bool
    lost: Event | None = None
    gained: Event | None = None
    blocked: str = ""


def relate(
    old: Formula,
    new: Formula,
    reading: Reading,
    meter: Meter,
    *,
    witnesses: bool = True,
    single: Collection[str] = (),
) -> Relation:
    """Compare two formulas; raises ``ExhaustedError`` when the budget is spent.

    The fields in ``single`` are taken to hold one value at most; without ``witnesses`` no events are looked for.
    """
    if old == new:
        return Relation(narrower=True, wider=True)
    prover = _Prover(old, new, reading, meter)
    for name in single:
        prover.restrict(name)
    narrower = prover.contained(new, old)
    wider = prover.contained(old, new)
    if not witnesses or (narrower and wider):
        return Relation(narrower=narrower, wider=wider)
    lost, gained = None, None
    try:
        lost = None if wider else prover.witness(old, new)
        gained = None if narrower else prover.witness(new, old)
    except ExhaustedError:
        if not (narrower or wider):
            raise
    return Relation(narrower=narrower, wider=wider, lost=lost, gained=gained, blocked=prover.blocked)


def impossible(whole: Formula, reading: Reading, meter: Meter) -> Callable[[Formula], bool]:
    """Return a question: does no event pass a formula that is made of the atoms of ``whole``?

    It raises ``ExhaustedError`` when the budget is spent. One solver answers for all: what it learnt stays.
    """
    provers: list[_Prover] = []  # one, from the first question on
    asked: list[Formula] = []  # kept: the prover knows formulas by where they are in memory

    def question(formula: Formula) -> bool:
        provers.extend(() if provers else (_Prover(whole, FALSE, reading, meter),))
        asked.append(formula)
        return provers[0].contained(formula, FALSE)

    return question


def _twice(texts: Iterable[str]) -> bool:
    """Tell whether an address is among them in two spellings, one of IPv6: a field of addresses takes them for one."""
    known: dict[object, str] = {}
    for text in texts:
        net = address.network(text)
        if net is not None and (first := known.setdefault(net, text)) != text and ":" in f"{first}{text}":
            return True
    return False


def _spelt_twice(texts: Iterable[str]) -> bool:
    """Tell whether a number is among them in two spellings: a field of numbers takes them for one."""
    known: dict[object, str] = {}
    return any(known.setdefault(value, text) != text for text in texts if (value := amount(text)) is not None)


def _doubt(name: str, tests: Iterable[tuple[Test, str]], texts: Sequence[str] | None) -> str:
    """Why tests of one field may leave no event: how an index keeps it decides, and no query tells.

    Args:
        name: the field.
        tests: what is asked of it.
        texts: what it is compared with in KQL, which writes numbers as it writes texts; None for another language.
    """
    if texts is not None:
        return f"one number in two spellings, for {name}, cannot be followed here" if _spelt_twice(texts) else ""
    kinds = {type(test) for test, _ in tests} & {Glob, Range, Truth}
    return f"{name} is compared with values of two types, and an index keeps one of them" if len(kinds) > 1 else ""


def _plain_string(test: Test) -> TypeGuard[Glob]:
    """Tell whether a test is of a string that has one spelling: numbers, booleans and addresses have several."""
    if not isinstance(test, Glob):
        return False
    text = test.text
    if not test.literal:
        return True
    return text.lower() not in {"true", "false"} and not _NUMBER.fullmatch(text) and address.network(text) is None


def _exclude(one: Glob, two: Glob) -> bool:
    """Tell whether no single string passes both tests, one of which wants one string."""
    if not one.literal:
        one, two = two, one
    if not one.literal:
        return False
    if one.folds or two.folds:
        return not glob.matches(glob.fold(two.text), glob.fold(one.text))
    return not glob.matches(two.text, one.text)


Negative = Callable[[Atom], int]


@dataclass(slots=True)
class _Subject:
    """What the solver knows of one field or term."""

    exists: int
    tests: dict[tuple[Test, str], int] = field(default_factory=dict[tuple[Test, str], int])
    atoms: list[Atom] = field(default_factory=list[Atom])
    known: int = 0
    absent: dict[str, int] = field(default_factory=dict[str, int])


class _Prover:
    """Two formulas in one solver; every question is asked of it under assumptions."""

    def __init__(self, old: Formula, new: Formula, reading: Reading, meter: Meter) -> None:
        """Number the atoms of both formulas and say how they depend on each other."""
        self.reading = reading
        self.meter = meter
        self.solver = Solver(meter)
        self.blocked = ""
        self._doubt = ""
        self._subjects: dict[str, _Subject] = {}
        self._true = self.solver.variable()
        self.solver.add([self._true])
        self._gates: dict[tuple[bool, tuple[int, ...]], int] = {}
        self._size = 1
        count = 0
        for formula in (old, new):
            for atom in atoms(formula):
                count += 1
                self._size += 1 if atom.term is None else size(atom.term)
                self._variable(atom)
        meter.spend(10 * self._size + 90 * count)
        for name, subject in self._subjects.items():
            texts = [test.text for test, _ in subject.tests if isinstance(test, Glob) and test.literal]
            if any(":" in text for text in texts) and _twice(texts):
                raise UnsupportedError(f"one address in two spellings, for {name.removeprefix(KQL)},")
            is_kql = reading is Reading.TWO or name.startswith(KQL)  # elsewhere a number stands without quotes
            self._doubt = self._doubt or _doubt(name.removeprefix(KQL), subject.tests, texts if is_kql else None)
            self._relate(subject)
        self._roots: dict[tuple[int, str], int] = {}

    def _variable(self, atom: Atom) -> int:
        subject = self._subjects.get(atom.subject)
        if subject is None:
            subject = self._subjects[atom.subject] = _Subject(exists=self.solver.variable())
            if self.reading is Reading.KLEENE and atom.kind != "kql":
                subject.known = self.solver.variable()
                self.solver.add([-subject.known, subject.exists])
        if isinstance(atom.test, Exists):
            if (atom.test, "") not in subject.tests:
                subject.tests[atom.test, ""] = subject.exists
                subject.atoms.append(atom)
            return subject.exists
        key = (atom.test, atom.kind)
        variable = subject.tests.get(key)
        if variable is None:
            variable = subject.tests[key] = self.solver.variable()
            subject.atoms.append(atom)
            self.solver.add([-variable, subject.known or subject.exists])
        return variable

    def _relate(self, subject: _Subject) -> None:
        pairs = list(subject.tests.items())
        for one, other in implications([key[0] for key, _ in pairs], self.meter):
            self.solver.add([-pairs[one][1], pairs[other][1]])
        for (test, _), variable in pairs:
            if isinstance(test, Glob) and test.text == glob.ANY:
                self.solver.add([-(subject.known or subject.exists), variable])

    def restrict(self, name: str) -> None:
        """Let a field hold one value at most: a string that it is, no other test of another string passes."""
        subject = self._subjects.get(name)
        held = subject.tests if subject else {}
        tests = [(test, variable) for (test, _), variable in held.items() if _plain_string(test)]
        self.meter.spend(len(tests) ** 2)
        for place, (one, mine) in enumerate(tests):
            for two, theirs in tests[place + 1 :]:
                if _exclude(one, two):
                    self.solver.add([-mine, -theirs])

    def contained(self, inner: Formula, outer: Formula) -> bool:
        """Prove that the outer formula matches whatever the inner one does."""
        assumptions = [self._root(inner, "proof"), -self._root(outer, "proof")]
        for _ in range(_LESSONS):
            if not self.solver.solve(assumptions):
                return True
            lessons = self._lessons()
            if not lessons:
                return False
            for lesson in lessons:
                self.solver.add(lesson)
        return False

    def witness(self, inner: Formula, outer: Formula) -> Event | None:
        """Find an event that surely matches the inner formula and surely not the outer one."""
        goal = self.solver.variable()
        self.solver.add([-goal, self._root(inner, "null")])
        self.solver.add([-goal, -self._root(outer, "false")])
        tries = _TRIES * 2 // 3 if any(atom.term for one in self._subjects.values() for atom in one.atoms) else 0
        for _ in range(_LESSONS):
            if tries >= _TRIES or not self.solver.solve([goal]):
                break
            lessons = self._lessons()
            if lessons:
                for lesson in lessons:
                    self.solver.add(lesson)
                continue
            tries += 1
            found = self._try(inner, outer)
            if not isinstance(found, list):
                return found
            self.solver.add([-goal, *found])
        if not self.blocked:  # where no model was tried, none but events that lack a field tell the two apart
            nulls = self.reading is Reading.MIXED and not tries
            self.blocked = "the difference depends on null semantics" if nulls else self._doubt
        return None

    def _try(self, inner: Formula, outer: Formula) -> Event | list[int]:
        """An event from the model, or a clause that rules this model out."""
        holds = self.solver.holds
        state: dict[str, tuple[bool, list[Atom], list[Atom]]] = {}
        for name, subject in self._subjects.items():
            real = [atom for atom in subject.atoms if not isinstance(atom.test, Exists)]
            yes = [atom for atom in real if holds(subject.tests[atom.test, atom.kind])]
            no = [atom for atom in real if not holds(subject.tests[atom.test, atom.kind])]
            state[name] = (holds(subject.exists), yes, no)

        def accept(event: Event) -> bool:
            """Both sides judge the event, under every reading."""
            self.meter.spend(self._size)
            return judge(inner, event, self.reading) == T and not judge(outer, event, self.reading) & T

        terms = {name: atom.term for name, subject in self._subjects.items() for atom in subject.atoms if atom.term}
        found = build(state, terms, accept, self.meter, single=self.reading is Reading.KLEENE)
        if not isinstance(found, Conflict):
            return found
        self.blocked = self.blocked or found.reason
        if found.subject:
            lesson = [-self._literal(atom) for atom in found.yes] + [self._literal(atom) for atom in found.no]
            return lesson if found.yes else [*lesson, -self._subjects[found.subject].exists]
        return [
            -self._literal(atom) if holds(self._literal(atom)) else self._literal(atom)
            for subject in self._subjects.values()
            for atom in subject.atoms
        ]

    def _literal(self, atom: Atom) -> int:
        subject = self._subjects[atom.subject]
        return subject.exists if isinstance(atom.test, Exists) else subject.tests[atom.test, atom.kind]

    def _lessons(self) -> list[list[int]]:
        """Where a field has one value only, a literal that holds decides every other test of the field."""
        if self.reading is not Reading.KLEENE:
            return []
        found: list[list[int]] = []
        holds = self.solver.holds
        self.meter.spend(self._size)
        for subject in self._subjects.values():
            for atom in subject.atoms:
                if not isinstance(atom.test, Glob) or atom.test.folds or not atom.test.literal or atom.kind == "kql":
                    continue
                mine = subject.tests[atom.test, atom.kind]
                if not holds(mine):
                    continue
                self.meter.spend(2 * len(subject.atoms))
                for other in subject.atoms:
                    if isinstance(other.test, Exists):
                        continue
                    theirs = subject.tests[other.test, other.kind]
                    outcome = passes(other.test, atom.test.text)
                    if outcome == F and holds(theirs):
                        found.append([-mine, -theirs])
                    elif outcome == T and not holds(theirs):
                        found.append([-mine, theirs])
        return found

    def _root(self, formula: Formula, reading: str) -> int:
        if self.reading is not Reading.MIXED:
            reading = "proof"
        key = (id(formula), reading)
        if key not in self._roots:
            negative: Negative = {"proof": self._absent, "null": self._null, "false": self._false}[reading]
            self._roots[key] = self._encode(formula, True, negative)
        return self._roots[key]

    def _encode(self, formula: Formula, positive: bool, negative: Negative) -> int:
        if isinstance(formula, Atom):
            if positive:
                return self._variable(formula)
            return -self._variable(formula) if isinstance(formula.test, Exists) else negative(formula)
        if isinstance(formula, Constant):
            return self._true if formula.value is positive else -self._true
        if isinstance(formula, Not):
            return self._encode(formula.part, not positive, negative)
        parts = [self._encode(part, positive, negative) for part in formula.parts]
        return self._gate(isinstance(formula, And) is positive, parts)

    def _gate(self, every: bool, literals: Iterable[int]) -> int:
        parts = tuple(sorted(set(literals)))
        if len(parts) == 1:
            return parts[0]
        if len(parts) > _WIDTH:  # a tree of gates: in a long clause every new literal to watch takes a long search
            return self._gate(
                every, [self._gate(every, parts[at : at + _WIDTH]) for at in range(0, len(parts), _WIDTH)]
            )
        gate = self._gates.get((every, parts))
        if gate is None:
            gate = self._gates[every, parts] = self.solver.variable()
            sign = 1 if every else -1
            for part in parts:
                self.solver.add([-sign * gate, sign * part])
            self.solver.add([sign * gate, *(-sign * part for part in parts)])
        return gate

    def _false(self, atom: Atom) -> int:
        return -self._variable(atom)

    def _null(self, atom: Atom) -> int:
        return self._gate(True, (-self._variable(atom), self._subjects[atom.subject].exists))

    def _absent(self, atom: Atom) -> int:
        """The literal that says the test is false, and not null."""
        variable = self._variable(atom)
        if self.reading is Reading.TWO or atom.kind == "kql":
            return -variable
        subject = self._subjects[atom.subject]
        if self.reading is Reading.KLEENE:
            return self._gate(True, (-variable, subject.known))
        absent = subject.absent.get(atom.kind)
        if absent is None:
            absent = subject.absent[atom.kind] = self.solver.variable()
        return self._gate(True, (-variable, self._gate(False, (subject.exists, absent))))
