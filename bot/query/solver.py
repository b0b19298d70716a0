"""A small CDCL solver: two watched literals, first-UIP learning, activity order, saved phases.

Literals are non-zero integers, ``-v`` the negation of ``v``. Clauses may be added between calls;
what was learned stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

from bot.query.meter import Meter


class Solver:
    """Clauses over numbered variables; variables prefer to be false, so models claim little."""

    def __init__(self, meter: Meter) -> None:
        """Start without variables; every clause that is looked at is spent from the meter."""
        self.meter = meter
        self.consistent = True
        self._watches: dict[int, list[list[int]]] = {}
        self._value: list[int] = [0]  # 1 true, -1 false, 0 open
        self._level: list[int] = [0]
        self._reason: list[list[int] | None] = [None]
        self._activity: list[float] = [0.0]
        self._phase: list[bool] = [False]
        self._trail: list[int] = []
        self._marks: list[int] = []
        self._head = 0
        self._step = 1.0
        self._heap: list[tuple[float, int]] = []

    def variable(self) -> int:
        """Make a new variable."""
        number = len(self._value)
        self._value.append(0)
        self._level.append(0)
        self._reason.append(None)
        self._activity.append(0.0)
        self._phase.append(False)
        self._watches[number] = []
        self._watches[-number] = []
        heappush(self._heap, (0.0, number))
        return number

    def add(self, literals: Iterable[int]) -> None:
        """Add a clause, undoing any decisions."""
        self._back(0)
        clause: list[int] = []
        known = dict.fromkeys(literals)
        self.meter.spend(2 + len(known))
        for literal in known:
            value = self._of(literal)
            if value > 0 or -literal in known:
                return
            if value == 0:
                clause.append(literal)
        if not clause:
            self.consistent = False
        elif len(clause) == 1:
            self._assign(clause[0], None)
            if self._propagate() is not None:
                self.consistent = False
        else:
            self._watch(clause)

    def solve(self, assumptions: Sequence[int] = ()) -> bool:
        """Look for a model in which the assumptions hold; raises ``ExhaustedError`` when the budget is spent."""
        self._back(0)
        conflicts = 0
        limit = 64
        while self.consistent:
            conflict = self._propagate()
            if conflict is not None:
                if not self._marks:
                    self.consistent = False
                    break
                self._learn(conflict)
                conflicts += 1
                if conflicts >= limit:
                    limit += conflicts // 2
                    self._back(0)
                continue
            while len(self._marks) < len(assumptions) and self._of(assumptions[len(self._marks)]) > 0:
                self._marks.append(len(self._trail))  # holds already: an empty level keeps the count right
            if len(self._marks) < len(assumptions):
                literal = assumptions[len(self._marks)]
                if self._of(literal) < 0:
                    return False
            else:
                variable = self._pick()
                if variable == 0:
                    return True
                literal = variable if self._phase[variable] else -variable
            self._marks.append(len(self._trail))
            self._assign(literal, None)
        return False

    def holds(self, literal: int) -> bool:
        """Tell whether a literal is true in the model just found."""
        return self._of(literal) > 0

    def _of(self, literal: int) -> int:
        return self._value[literal] if literal > 0 else -self._value[-literal]

    def _assign(self, literal: int, reason: list[int] | None) -> None:
        variable = abs(literal)
        self._value[variable] = 1 if literal > 0 else -1
        self._level[variable] = len(self._marks)
        self._reason[variable] = reason
        self._trail.append(literal)

    def _watch(self, clause: list[int]) -> None:
        self._watches[-clause[0]].append(clause)
        self._watches[-clause[1]].append(clause)

    def _propagate(self) -> list[int] | None:
        """Follow every unit clause; the clause that fails, if one does. ``_watches[l]`` holds clauses that watch -l."""
        value, watches, trail = self._value, self._watches, self._trail
        looked = 0
        while self._head < len(trail):
            literal = trail[self._head]
            self._head += 1
            watching = watches[literal]
            self.meter.spend(1 + len(watching) + looked // 4)
            looked = 0
            kept: list[list[int]] = []
            for position, clause in enumerate(watching):
                if clause[0] == -literal:
                    clause[0], clause[1] = clause[1], clause[0]
                first = clause[0]
                state = value[first] if first > 0 else -value[-first]
                if state > 0:
                    kept.append(clause)
                    continue
                for index in range(2, len(clause)):
                    other = clause[index]
                    if (value[other] if other > 0 else -value[-other]) >= 0:
                        clause[1], clause[index] = other, clause[1]
                        watches[-other].append(clause)
                        looked += index
                        break
                else:
                    kept.append(clause)
                    if state < 0:
                        kept.extend(watching[position + 1 :])
                        watches[literal] = kept
                        self._head = len(trail)
                        return clause
                    self._assign(first, clause)
            watches[literal] = kept
        return None

    def _learn(self, conflict: list[int]) -> None:
        """Cut the conflict at its first unique implication point, go back and assert the lesson."""
        level = len(self._marks)
        seen: set[int] = set()
        lesson: list[int] = []
        open_paths, index, clause, pivot = 0, len(self._trail), conflict, 0
        while True:
            for literal in clause:
                variable = abs(literal)
                if literal == pivot or variable in seen or self._level[variable] == 0:
                    continue
                seen.add(variable)
                self._bump(variable)
                if self._level[variable] == level:
                    open_paths += 1
                else:
                    lesson.append(literal)
            while True:
                index -= 1
                pivot = self._trail[index]
                if abs(pivot) in seen:
                    break
            open_paths -= 1
            if open_paths == 0:
                break
            reason = self._reason[abs(pivot)]
            assert reason is not None  # noqa: S101 - only decisions lack one, and a decision ends the walk
            clause = reason
        self.meter.spend(2 * len(seen) + len(self._trail) - index)
        self._step /= 0.95
        if self._step > 1e100:  # noqa: PLR2004 - a small number
            self._rescale()
        lesson.sort(key=lambda literal: -self._level[abs(literal)])
        learned = [-pivot, *lesson]
        self._back(self._level[abs(lesson[0])] if lesson else 0)
        if lesson:
            self._watch(learned)
            self._assign(-pivot, learned)
        else:
            self._assign(-pivot, None)

    def _back(self, level: int) -> None:
        if len(self._marks) <= level:
            return
        start = self._marks[level]
        for literal in self._trail[start:]:
            variable = abs(literal)
            self._phase[variable] = literal > 0
            self._value[variable] = 0
            heappush(self._heap, (-self._activity[variable], variable))
        del self._trail[start:]
        del self._marks[level:]
        self._head = min(self._head, start)

    def _pick(self) -> int:
        while self._heap:
            variable = heappop(self._heap)[1]
            if self._value[variable] == 0:
                return variable
        return 0

    def _bump(self, variable: int) -> None:
        self._activity[variable] += self._step
        heappush(self._heap, (-self._activity[variable], variable))

    def _rescale(self) -> None:
        self._activity = [score / self._step for score in self._activity]
        self._step = 1.0
        self._heap = [(-score, variable) for variable, score in enumerate(self._activity) if variable]
        heapify(self._heap)
