"""What every test may ask for."""

from __future__ import annotations

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
