"""One function over many values, on every core there is: the same answers in the same order, only sooner."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import TypeVar

_Value = TypeVar("_Value")
_Answer = TypeVar("_Answer")

_SHARE = 200
"""How many values make another process worth its start."""

_MOST = 8
"""How many processes are started at most: beyond that, sending the answers back costs more than is gained."""


def spread(
    ask: Callable[[_Value], _Answer], values: Sequence[_Value], *, cores: int | None = None, share: int = _SHARE
) -> list[_Answer]:
    """Ask about every value, in several processes at a time where that pays and the system can fork safely.

    What ``ask`` changes outside its answer is lost where another process ran it. A process that fails costs time only:
    its values are asked about here, where an error is raised as it would have been without it.

    Args:
        ask: a function of the value alone, whose answers can be pickled.
        values: what to ask about.
        cores: how many processes to use at most; None is one a core, up to 8.
        share: the least number of values for each process.

    Raises:
        Exception: whatever ``ask`` raises.
    """
    number = min(cores or _cores(), len(values) // share)
    if number <= 1 or sys.platform != "linux" or threading.active_count() > 1:  # a fork copies locks, not threads
        return [ask(value) for value in values]
    parts = [values[first::number] for first in range(number)]
    sent = [_begin(ask, part) for part in parts[1:]]
    answers = [[ask(value) for value in parts[0]]]
    answers += [_end(pipe, ask, part) for pipe, part in zip(sent, parts[1:], strict=True)]
    return [answers[position % number][position // number] for position in range(len(values))]


def _cores() -> int:
    return min(len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1, _MOST)


def _begin(ask: Callable[[_Value], object], part: Sequence[_Value]) -> Connection:
    """Start a process for some values; what it finds comes through the pipe."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    context.Process(target=_work, args=(there, ask, part), daemon=True).start()
    there.close()  # only the process holds it now, so that its end ends the pipe
    return here


def _work(pipe: Connection, ask: Callable[[_Value], object], part: Sequence[_Value]) -> None:
    try:
        pipe.send([ask(value) for value in part])
    except BaseException:  # noqa: BLE001 - whoever waits asks again, and raises it where it can be seen
        os._exit(1)


def _end(pipe: Connection, ask: Callable[[_Value], _Answer], part: Sequence[_Value]) -> list[_Answer]:
    """Return what a process found; where it ended without a word, it is found here."""
    with pipe:
        try:
            answers: list[_Answer] = pipe.recv()
        except EOFError:
            return [ask(value) for value in part]
    return answers
