"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.repository import Repository, new_repository

# The same examples on every run, and no clock: a test fails for what it says alone.
settings.register_profile("ruleward", derandomize=True, deadline=None)
settings.load_profile("ruleward")


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """An empty repository on main."""
    return new_repository(tmp_path / "repo")


@pytest.fixture(scope="session", autouse=True)
def _no_proxy() -> Iterator[None]:
    """Ask the fake GitHub directly, whatever the machine says; and spare every request the look for what it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "127.0.0.1")
        yield
