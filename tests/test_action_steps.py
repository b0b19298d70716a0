"""The stories of a pull request once more, each run through action.yml's own steps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions import STEPS

ROOT = Path(__file__).resolve().parent.parent
# what has to look into a process, or interrupt it, is played in this one alone
LEFT_OUT = "cannot_be_reached or brought_up_to_date or second_look"


@pytest.mark.long
@pytest.mark.parametrize("stories", ["review", "config", "waivers"])
def test_the_stories_end_alike_through_the_steps_of_the_action(stories: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", "-k", f"not ({LEFT_OUT})"]
    done = subprocess.run(
        [*command, f"tests/test_action_{stories}.py"],
        cwd=ROOT,
        env={**os.environ, STEPS: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:]
