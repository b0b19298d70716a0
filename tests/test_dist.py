"""What a release uploads is whole and holds nothing else, and the workflow that does it may do no more than it must."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import __version__
from tools import dist

ROOT = Path(__file__).parent.parent
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"
JOBS: dict[str, dict[str, Any]] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built of it."""
    return dist.build(tmp_path_factory.mktemp("dist"))


def test_wheel_and_sdist_hold_the_package_and_nothing_else(built: tuple[Path, Path]) -> None:
    assert list(dist.contents(*built)) == []
    with zipfile.ZipFile(built[1]) as archive:
        names = set(archive.namelist())
    info = f"ruleward-{__version__}.dist-info"
    assert {
        "bot/templates/comment.md.j2",
        "bot/data/ecs_fields.txt",
        "bot/data/ecs_lists.txt",
        f"{info}/licenses/LICENSE",
    } <= names


def test_what_is_missing_or_too_much_is_told(built: tuple[Path, Path], tmp_path: Path) -> None:
    sdist, wheel = (tmp_path / each.name for each in built)
    with zipfile.ZipFile(built[1]) as old, zipfile.ZipFile(wheel, "w") as new:
        for name in old.namelist():
            if name != "bot/templates/audit.css":
                new.writestr(name, old.read(name))
        new.writestr("tests/secret.py", "")
    with tarfile.open(sdist, "w:gz"):
        pass
    faults = list(dist.contents(sdist, wheel))
    assert faults[:2] == [
        f"{wheel.name} lacks bot/templates/audit.css",
        f"{wheel.name} holds tests/secret.py, which belongs to no release",
    ]
    assert f"{sdist.name} lacks LICENSE" in faults


def test_the_same_sources_give_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    assert [each.read_bytes() for each in dist.build(tmp_path)] == [each.read_bytes() for each in built]


def test_the_version_has_one_place(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as archive:
        metadata = archive.read(f"ruleward-{__version__}.dist-info/METADATA").decode()
    assert re.search(rf"^Version: {re.escape(__version__)}$", metadata, re.MULTILINE)
    assert re.search(r"^License-Expression: Apache-2.0$", metadata, re.MULTILINE)
    assert "](docs/" not in metadata
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "bot/__init__.py"


def test_the_notes_of_a_release_are_its_part_of_the_changelog() -> None:
    ours = f"## [{__version__}] - 2026-12-01\n\n### Added\n\n- It.\n"
    changelog = f"# Changelog\n\n## [Unreleased]\n\n{ours}\n## [0.0.1]\n\n- No.\n"
    assert dist.notes(f"v{__version__}", changelog) == "### Added\n\n- It.\n"


@pytest.mark.parametrize(
    ("tag", "changelog", "said"),
    [
        ("v99.0.0", "", "the tag is v99.0.0"),
        (f"v{__version__}", "## [Unreleased]\n\n- It.\n", "has no section"),
        (f"v{__version__}", f"## [{__version__}]\n\n## [0.0.1]\n\n- No.\n", "has no section"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(tag: str, changelog: str, said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        dist.notes(tag, changelog)


@pytest.mark.long
def test_a_wheel_works_in_an_environment_of_its_own(built: tuple[Path, Path], tmp_path: Path) -> None:
    ruleward = dist.install(built[1], tmp_path / "environment")
    assert len(list(dist.tries(ruleward, tmp_path / "rules"))) == 6


# --- the workflow -----------------------------------------------------------------------------------------------------


def test_each_job_of_the_release_may_do_one_thing() -> None:
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "build": {"contents": "read"},
        "attest": {"id-token": "write", "attestations": "write"},
        "pypi": {"id-token": "write"},
        "github": {"contents": "write"},
    }


def test_what_was_built_is_what_is_published() -> None:
    for name, job in JOBS.items():
        ran = [str(step.get("run", "")) for step in job["steps"]]
        assert any("make" in each or ".ci/run" in each for each in ran) is (name == "build")
    assert JOBS["attest"]["needs"] == "build"
    assert JOBS["pypi"]["needs"] == ["build", "attest"]
    assert JOBS["github"]["needs"] == "pypi"
    assert JOBS["pypi"]["environment"]["name"] == "pypi"


def asked_of_gh(folder: Path, script: str, *, failing: str) -> list[str]:
    """Run a step with a ``gh`` that fails where its arguments hold a word, and return what it was asked."""
    gh = folder / "gh"
    gh.write_text(f'#!/bin/sh\necho "$*" >> "$ASKED"\ncase "$*" in *{failing}*) exit 1;; esac\n')
    gh.chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "ASKED": str(folder / "asked"),
        "TAG": "v1.2.3",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SHA": "abc",
    }
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=environment, cwd=folder, check=True)
    return (folder / "asked").read_text().splitlines()


@pytest.mark.parametrize("known", [True, False])
def test_a_release_that_is_there_is_left_as_it_is(tmp_path: Path, *, known: bool) -> None:
    looked, *made = asked_of_gh(tmp_path, JOBS["github"]["steps"][-2]["run"], failing="nothing" if known else "api")
    assert looked == "api --silent repos/o/r/releases/tags/v1.2.3"  # finds no draft, as `gh release view` would
    assert [each.split()[:3] for each in made] == ([] if known else [["release", "create", "v1.2.3"]])


@pytest.mark.parametrize("known", [True, False])
def test_the_tag_of_the_major_version_is_moved_or_made(tmp_path: Path, *, known: bool) -> None:
    asked = asked_of_gh(tmp_path, JOBS["github"]["steps"][-1]["run"], failing="nothing" if known else "PATCH")
    moved = "api --silent --method PATCH repos/o/r/git/refs/tags/v1 --raw-field sha=abc --field force=true"
    made = "api --silent --method POST repos/o/r/git/refs --raw-field ref=refs/tags/v1 --raw-field sha=abc"
    assert asked == ([moved] if known else [moved, made])
