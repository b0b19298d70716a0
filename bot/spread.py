"""Many values on every core there is, in two rounds with a meeting between them: the same answers, only sooner."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Generic, TypeVar, cast

_Value = TypeVar("_Value")
_Kept = TypeVar("_Kept")
_Told = TypeVar("_Told")
_Shared = TypeVar("_Shared")
_Answer = TypeVar("_Answer")

Learn = Callable[[Sequence[_Value]], tuple[_Kept, _Told]]
"""``learn(values)``: what to keep where it was learnt, and what to tell the meeting."""

Judge = Callable[[_Kept, _Shared], Sequence[_Answer]]
"""``judge(kept, shared)``: the answers, by what was kept and what the meeting says."""

_SHARE = 200
"""How many values make another process worth its start."""

_MOST = 8
"""How many processes are started at most: beyond that, sending the answers back costs more than is gained."""


def spread(
    values: Sequence[_Value],
    *,
    learn: Learn[_Value, _Kept, _Told],
    meet: Callable[[Sequence[_Told]], Sequence[_Shared]],
    judge: Judge[_Kept, _Shared, _Answer],
    cores: int | None = None,
    share: int = _SHARE,
) -> list[_Answer]:
    """Learn of every value, meet once, judge: in several processes where that pays and the system can fork safely.

    Each process has a part of the values, and what it keeps of them never leaves it. What ``learn`` and ``judge``
    change outside their results is lost where another process ran them. A process that fails costs time only: its part
    is done here, where an error is raised as it would have been without it.

    Args:
        values: what to learn of and to judge.
        learn: the first round, a function of a part of the values.
        meet: what is told by each part, to what is said to each; here alone.
        judge: the second round.
        cores: how many processes to use at most; None is one a core, up to 8.
        share: the least number of values for each process.

    Returns:
        the answers, part by part.

    Raises:
        Exception: whatever the functions raise.
    """
    number = max(1, min(cores or _cores(), len(values) // share))
    if sys.platform != "linux" or threading.active_count() > 1:  # a fork copies locks, not threads
        number = 1
    first, *others = (values[start::number] for start in range(number))
    helpers: list[_Helper[_Value, _Kept, _Told, _Shared, _Answer]] = []
    collects = gc.isenabled()
    gc.disable()  # what is made here holds no cycles: to look for them costs a tenth of the time
    try:
        for part in others:
            helpers.append(_Helper(learn, judge, part, [helper.pipe for helper in helpers]))
        kept, told = learn(first)
        said = meet([told, *(helper.told() for helper in helpers)])
        for helper, shared in zip(helpers, said[1:], strict=True):
            helper.tell(shared)
        answers = list(judge(kept, said[0]))
        for helper in helpers:
            answers += helper.answers()
    finally:
        if collects:
            gc.enable()
    return answers


def _cores() -> int:
    return min(len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1, _MOST)


class _Helper(Generic[_Value, _Kept, _Told, _Shared, _Answer]):
    """A process with a part of the values; where it ended without a word, its part is done here."""

    def __init__(
        self,
        learn: Learn[_Value, _Kept, _Told],
        judge: Judge[_Kept, _Shared, _Answer],
        part: Sequence[_Value],
        pipes: Sequence[Connection],
    ) -> None:
        """Start it; ``pipes`` are those of the processes before it, which it must not hold open."""
        self._learn, self._judge, self._part = learn, judge, part
        self._shared: list[_Shared] = []
        context = multiprocessing.get_context("fork")
        self.pipe, there = context.Pipe()
        context.Process(target=self._work, args=(there, (self.pipe, *pipes)), daemon=True).start()
        there.close()  # only the process holds it now, so that its end ends the pipe

    def _work(self, pipe: Connection, others: Sequence[Connection]) -> None:
        try:
            for other in others:
                other.close()  # so that the end of the process that asks ends the pipe here
            kept, told = self._learn(self._part)
            pipe.send(told)
            pipe.send(list(self._judge(kept, pipe.recv())))
        except BaseException:  # noqa: BLE001 - whoever waits does it again, and raises it where it can be seen
            os._exit(1)

    def told(self) -> _Told:
        """What the process has to tell the meeting."""
        try:
            return cast("_Told", self.pipe.recv())
        except (EOFError, OSError):
            return self._learn(self._part)[1]

    def tell(self, shared: _Shared) -> None:
        """Say what the meeting says."""
        self._shared = [shared]
        try:
            self.pipe.send(shared)
        except OSError:
            self.pipe.close()  # it is gone: nothing will come from there

    def answers(self) -> Sequence[_Answer]:
        """The answers of the second round."""
        try:
            with self.pipe:
                return cast("list[_Answer]", self.pipe.recv())
        except (EOFError, OSError):
            return self._judge(self._learn(self._part)[0], self._shared[0])
