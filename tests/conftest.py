"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository import Repository, new_repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """An empty repository on main."""
    return new_repository(tmp_path / "repo")
