"""``python -m tools.dist [--tag TAG]``: builds what a release uploads, checks what is in it, and tries it."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot import __version__
from tests.repository import new_repository, rule_text

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
NOTES = ROOT / "build" / "release-notes.md"
CHANGELOG = ROOT / "CHANGELOG.md"

_NAME = f"ruleward-{__version__}"
_ABOUT = "docs/package.md"
_LICENCES = ("LICENSE", "bot/data/NOTICE")
_BLOCKED = 1


def build(target: Path) -> tuple[Path, Path]:
    """Build the sdist, and of it the wheel, so that the sdist is known to be whole.

    Raises:
        SystemExit: the backend failed.
    """
    target.mkdir(parents=True, exist_ok=True)
    _backend("sdist", ROOT, target)
    sdist = target / f"{_NAME}.tar.gz"
    with tempfile.TemporaryDirectory(prefix="ruleward-dist-") as folder:
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        _backend("wheel", Path(folder, _NAME), target)
    return sdist, target / f"{_NAME}-py3-none-any.whl"


def _backend(kind: str, source: Path, target: Path) -> None:
    _run([sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(target.resolve())], source)


def contents(sdist: Path, wheel: Path) -> Iterator[str]:
    """Yield what is missing from the two files, or there without need."""
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "bot").rglob("*") if _shipped(path)}
    info = f"{_NAME}.dist-info"
    noted = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    noted |= {f"{info}/licenses/{name}" for name in _LICENCES}
    with zipfile.ZipFile(wheel) as archive:
        yield from _differences(wheel.name, set(archive.namelist()), sources | noted)
    top = {"PKG-INFO", "pyproject.toml", ".gitignore", "LICENSE", _ABOUT}
    with tarfile.open(sdist) as archive:
        held = {name.removeprefix(f"{_NAME}/") for name in archive.getnames()}
    yield from _differences(sdist.name, held, sources | top)


def _shipped(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _differences(name: str, held: set[str], wanted: set[str]) -> Iterator[str]:
    yield from (f"{name} lacks {each}" for each in sorted(wanted - held))
    yield from (f"{name} holds {each}, which belongs to no release" for each in sorted(held - wanted))


def install(wheel: Path, folder: Path) -> Path:
    """Install a wheel with the locked dependencies into an environment of its own, and return its console script."""
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    _run([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)], ROOT)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    into = [uv, "pip", "install", "--quiet", "--python", str(python)]
    lock = str(ROOT / "requirements" / "runtime.txt")
    _run([*into, "--require-hashes", "--only-binary", ":all:", "--requirement", lock], ROOT)
    _run([*into, "--no-deps", str(wheel)], ROOT)
    _run([uv, "pip", "check", "--quiet", "--python", str(python)], ROOT)
    return python.parent / "ruleward"


def tries(ruleward: Path, folder: Path) -> Iterator[str]:
    """Use an installed Ruleward where there is nothing else of it; yield what was tried.

    Raises:
        SystemExit: it did something else than it should.
    """
    repo = new_repository(folder)
    repo.commit({"rules/a.toml": rule_text()})
    repo.write({"rules/a.toml": rule_text(query="any where true")})

    def said(*arguments: str, status: int = 0) -> str:
        return _run([str(ruleward), *arguments], repo.path, status=status)

    _expect(said("--version"), f"ruleward {__version__}\n")
    yield "--version"
    _expect(said("explain").count("\n") > 1, expected=True)
    yield "explain"
    _expect(json.loads(said("schema", "config"))["title"], ".github/ruleward.toml")
    yield "schema"
    report = json.loads(said("review", "--format", "json", status=_BLOCKED))
    _expect([each["policy"] for each in report["rules"][0]["findings"]], ["updated-date-not-bumped"])
    _expect("updated-date-not-bumped" in said("review", "--format", "markdown", status=_BLOCKED), expected=True)
    yield "review, which reads the built-in fields and the comment's template"
    _expect("<html" in said("audit", "--format", "html"), expected=True)
    yield "audit, which reads the page's template"
    _expect(f"ruleward/ruleward@v{__version__}" in _written(repo.path, said("init")), expected=True)
    yield "init, which reads the workflows' templates"


def _written(top: Path, said: str) -> str:
    """Return the workflow that ``init`` says it wrote."""
    path = next(line.removeprefix("wrote ") for line in said.splitlines() if line.endswith("/ruleward.yml"))
    return (top / path).read_text(encoding="utf-8")


def _expect(found: object, expected: object) -> None:
    if found != expected:
        raise SystemExit(f"dist: {found!r} is not {expected!r}")


def notes(tag: str, changelog: str) -> str:
    """Return what the changelog says of a version.

    Raises:
        SystemExit: the tag is not this version's, or the changelog has nothing on it.
    """
    if tag != f"v{__version__}":
        raise SystemExit(f"dist: the tag is {tag}, but bot/__init__.py says {__version__}")
    found = re.search(rf"^## \[{re.escape(__version__)}\][^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise SystemExit(f"dist: CHANGELOG.md has no section [{__version__}]: rename [Unreleased]")
    return found[1].strip() + "\n"


def _run(command: list[str], folder: Path, *, status: int = 0) -> str:
    """Run a program as if nobody had pointed it to this clone."""
    environment: Mapping[str, str] = {key: each for key, each in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != status:
        words = " ".join(Path(each).name if each == command[0] else each for each in command)
        raise SystemExit(f"dist: `{words}` ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    return done.stdout


def main() -> None:
    """Build, check and try; with ``--tag`` also write the notes of the release."""
    parser = argparse.ArgumentParser(prog="python -m tools.dist", description=__doc__)
    parser.add_argument("--tag", help="the tag of the release, which has to be this version's")
    tag = parser.parse_args().tag
    if tag is not None:
        NOTES.parent.mkdir(parents=True, exist_ok=True)
        NOTES.write_text(notes(tag, CHANGELOG.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.rmtree(DIST, ignore_errors=True)
    sdist, wheel = build(DIST)
    if faults := list(contents(sdist, wheel)):
        raise SystemExit("\n".join(faults))
    for file in (sdist, wheel):
        print(f"built {file.relative_to(ROOT)}, {file.stat().st_size:,} bytes; it holds what it should")
    with tempfile.TemporaryDirectory(prefix="ruleward-dist-") as folder:
        ruleward = install(wheel, Path(folder, "environment"))
        for tried in tries(ruleward, Path(folder, "rules")):
            print(f"installed, and tried: {tried}")


if __name__ == "__main__":
    main()
