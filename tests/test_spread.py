"""Many processes give the answers of one: same values, same errors."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.spread import spread
from tests.repository import Repository, rule_text
from tests.runner import ROOT

_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="one process does all where a fork is not safe")


_ROUNDS = """
import os
from bot.spread import spread

def learn(part):
    return part, (sum(part), os.getpid())

def meet(told):
    total = sum(each for each, _ in told)
    return [(total, who) for _, who in told]

def judge(part, said):
    return [(number, *said) for number in part]

def rounds(values, learn=learn, meet=meet, judge=judge, cores=2):
    return spread(values, learn=learn, meet=meet, judge=judge, cores=cores, share=1)
"""
"""Every part is told the sum of all values, and the process that learnt of it."""


def _alone(tmp_path: Path, body: str) -> str:
    """Run lines in a process without threads of its own, as the command line is."""
    script = tmp_path / "script.py"
    script.write_text(f"{_ROUNDS}\n{body}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert not done.stderr
    return done.stdout


@_LINUX
@pytest.mark.parametrize("cores", [1, 2, 3, 5])
def test_every_value_is_judged_once_by_what_all_parts_told(tmp_path: Path, cores: int) -> None:
    body = (
        "for size in range(8):\n"
        f"    answers = rounds(range(size), cores={cores})\n"
        "    totals = {total for _, total, _ in answers}\n"
        "    print(sorted(number for number, _, _ in answers), totals <= {sum(range(size))})"
    )
    assert _alone(tmp_path, body).splitlines() == [f"{list(range(size))} True" for size in range(8)]


@_LINUX
def test_what_a_process_keeps_never_leaves_it(tmp_path: Path) -> None:
    body = (
        "ask = lambda part, said: [(said[1], os.getpid()) for _ in part]\n"
        "keep = lambda part: ([lambda: 1 for _ in part], (0, os.getpid()))\n"  # a function cannot be sent
        "print({one == other for one, other in rounds(range(8), learn=keep, judge=ask, cores=3)})"
    )
    assert _alone(tmp_path, body).strip() == "{True}"


@_LINUX
def test_several_processes_take_part_where_there_is_enough_to_do(tmp_path: Path) -> None:
    body = (
        "for share in (1, 4, 5):\n"
        "    answers = spread(range(8), learn=learn, meet=meet, judge=judge, cores=3, share=share)\n"
        "    print(len({who for _, _, who in answers}))"
    )
    assert _alone(tmp_path, body).split() == ["3", "2", "1"]


@_LINUX
@pytest.mark.parametrize("last", ["learn", "meet", "judge"])
def test_a_process_that_dies_in_either_round_costs_no_answer(tmp_path: Path, last: str) -> None:
    body = (
        "import signal, time\n"
        "mine, others = os.getpid(), []\n"
        f"def die(name):\n    if os.getpid() != mine and name == {last!r}:\n        os._exit(1)\n"
        "def learn_(part):\n    die('learn')\n    return learn(part)\n"
        "def meet_(told):\n"
        f"    for _, who in told:\n        if {last!r} == 'meet' and who != mine:\n"
        "            os.kill(who, signal.SIGKILL)\n            os.waitpid(who, 0)\n"
        "    return meet(told)\n"
        "def judge_(part, said):\n    die('judge')\n    return judge(part, said)\n"
        "answers = rounds(range(6), learn_, meet_, judge_)\n"
        "print(sorted(number for number, _, _ in answers), {total for _, total, _ in answers})"
    )
    assert _alone(tmp_path, body).strip() == "[0, 1, 2, 3, 4, 5] {15}"


@_LINUX
@pytest.mark.parametrize("failing", ["learn", "meet", "judge"])
def test_an_error_is_raised_as_if_one_process_did_all(tmp_path: Path, failing: str) -> None:
    body = (
        "def fail(*_):\n    return 1 // 0\n"
        f"try:\n    rounds(range(6), {failing}=fail)\nexcept ZeroDivisionError as error:\n    print('raised', error)"
    )
    assert _alone(tmp_path, body).startswith("raised")


@_LINUX
def test_an_answer_that_cannot_be_sent_is_made_here(tmp_path: Path) -> None:
    body = "print([each() for each in rounds(range(4), judge=lambda part, said: [lambda: n for n in part])])"
    assert _alone(tmp_path, body.replace("lambda: n", "lambda n=n: n")).strip() == "[0, 2, 1, 3]"


@_LINUX
def test_a_process_ends_when_the_one_that_asked_is_gone(tmp_path: Path) -> None:
    body = (
        "import time\nfrom pathlib import Path\n"
        "def learn_(part):\n    return part, (0, os.getpid())\n"
        "def meet_(told):\n    print(*[who for _, who in told[1:]], flush=True)\n    os._exit(0)\n"
        "rounds(range(6), learn_, meet_, cores=3)"
    )
    left = [int(word) for word in _alone(tmp_path, body).split()]
    assert len(left) == 2
    for process in left:
        _gone(process)


def _gone(process: int) -> None:
    """Wait until a process has ended; one that waits for ever fails the test by its time."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.01)
    pytest.fail(f"process {process} is still there")


def test_few_values_are_asked_about_here() -> None:
    asked: list[int] = []

    def learn(part: Sequence[int]) -> tuple[Sequence[int], int]:
        asked.extend(part)
        return part, sum(part)

    def judge(part: Sequence[int], total: int) -> list[int]:
        return [total - number for number in part]

    assert spread(range(5), learn=learn, meet=list, judge=judge) == [10, 9, 8, 7, 6]
    assert asked == [0, 1, 2, 3, 4]


def test_the_collector_rests_while_values_are_judged() -> None:
    def judge(_part: Sequence[int], _said: int) -> list[bool]:
        return [gc.isenabled()]

    def learn(part: Sequence[int]) -> tuple[Sequence[int], int]:
        return part, 0

    assert gc.isenabled()
    assert spread(range(5), learn=learn, meet=list, judge=judge) == [False]
    assert gc.isenabled()


@_LINUX
def test_an_audit_is_the_same_by_many_processes(tmp_path: Path, repo: Repository) -> None:
    texts = {f"rules/{number}.toml": rule_text(updated=f"20{number + 10}/01/01") for number in range(9)}
    repo.commit({**texts, "rules/broken.toml": "[rule\n", "rules/twice.toml": texts["rules/0.toml"]})
    body = (
        "import functools\nfrom datetime import date\nfrom pathlib import Path\nimport bot.audit\n"
        "from bot.collect.git import Git\nfrom bot.render import render_audit\n"
        "for cores in (1, 4):\n"
        "    bot.audit.spread = functools.partial(spread, cores=cores, share=1)\n"
        f"    git, day = Git(Path({str(repo.path)!r})), date(2026, 11, 24)\n"
        "    found = bot.audit.audit(git, head='HEAD', config=None, today=day)\n"
        "    print(len(found.rules), render_audit(found, 'json').replace('\\n', ' '))"
    )
    one, many = _alone(tmp_path, body).splitlines()
    assert one == many
    assert one.startswith("11 ")
