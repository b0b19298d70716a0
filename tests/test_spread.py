"""Many processes give the answers of one: same values, same order, same errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.spread import spread
from tests.repository import Repository, rule_text
from tests.runner import ROOT

_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="one process does all where a fork is not safe")


def _alone(tmp_path: Path, body: str) -> str:
    """Run lines in a process without threads of its own, as the command line is."""
    script = tmp_path / "script.py"
    script.write_text(f"import os\nfrom bot.spread import spread\n{body}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout


@_LINUX
@pytest.mark.parametrize("cores", [1, 2, 3, 5])
def test_the_answers_stand_in_the_order_of_the_values_for_any_number_of_processes(tmp_path: Path, cores: int) -> None:
    said = _alone(
        tmp_path, f"print([spread(lambda n: n * n, range(size), cores={cores}, share=1) for size in range(8)])"
    )
    assert said.strip() == str([[number * number for number in range(size)] for size in range(8)])


@_LINUX
def test_several_processes_take_part_where_there_is_enough_to_do(tmp_path: Path) -> None:
    body = "for share in (1, 4, 5):\n    print(len(set(spread(lambda _: os.getpid(), range(8), cores=3, share=share))))"
    assert _alone(tmp_path, body).split() == ["3", "2", "1"]


@_LINUX
def test_a_process_that_dies_costs_no_answer(tmp_path: Path) -> None:
    body = (
        "mine = os.getpid()\n"
        "print(spread(lambda n: n if os.getpid() == mine else os._exit(1), range(6), cores=2, share=1))"
    )
    assert _alone(tmp_path, body).strip() == "[0, 1, 2, 3, 4, 5]"


@_LINUX
def test_an_error_is_raised_as_if_one_process_did_all(tmp_path: Path) -> None:
    body = (
        "try:\n    spread(lambda n: 1 // (3 - n), range(6), cores=2, share=1)\n"
        "except ZeroDivisionError as error:\n    print('raised', error)"
    )
    assert _alone(tmp_path, body).startswith("raised")


@_LINUX
def test_an_answer_that_cannot_be_sent_is_made_here(tmp_path: Path) -> None:
    body = "print([each() for each in spread(lambda n: lambda: n, range(4), cores=2, share=1)])"
    assert _alone(tmp_path, body).strip() == "[0, 1, 2, 3]"


def test_few_values_are_asked_about_here() -> None:
    asked: list[int] = []

    def ask(number: int) -> int:
        asked.append(number)
        return -number

    assert spread(ask, range(5)) == [0, -1, -2, -3, -4]
    assert asked == [0, 1, 2, 3, 4]


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
