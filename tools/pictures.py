"""``python -m tools.pictures``: the README's pictures, of the demo's pull request and of an audit of its rules.

They need Chromium, and a font with coloured marks (Noto Color Emoji).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tools import demo
from tools.demo_page import Held, page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "images"
LARGEST = 200_000
"""How many bytes a picture has at most."""
SCHEMES = ("light", "dark")

_CHROMIUM = Path("/usr/bin/chromium")
_SIZES = {"review": (1188, 950), "audit": (1240, 880)}
_DAY_OF_AUDIT = "2027-03-01"  # a spring in which nobody has looked after the pack for a while
_CREATED = re.compile(r'^creation_date = "(.*)"$', re.MULTILINE)
_UPDATED = re.compile(r'^updated_date = "(.*)"$', re.MULTILINE)
_INDEX = re.compile(r"^index = \[", re.MULTILINE)
_NEVER_TUNED = 6  # one rule in so many
_OWNERS = "rules/cloud/ @acme/cloud-detections\nrules/windows/ @acme/endpoint\nrules/linux/ @acme/endpoint\n"


def review_page() -> str:
    """Return the demo's pull request as GitHub shows it."""
    with demo.on_github() as (pack, github), tempfile.TemporaryDirectory(prefix="ruleward-pictures-") as folder:
        demo.act(github, Path(folder))
        return page(Held.read(github, demo.NUMBER), pack.root)


def audit_page() -> str:
    """Return the audit of the rule pack, each rule of which was written on one day and updated on another."""
    with tempfile.TemporaryDirectory(prefix="ruleward-pictures-") as folder:
        root = Path(folder)
        _git(root, "2020-01-01", "init", "--quiet", "--initial-branch", "main")
        _git(root, "2020-01-01", "remote", "add", "origin", f"https://github.com/{demo.REPOSITORY}.git")
        (root / ".github").mkdir()
        (root / ".github" / "CODEOWNERS").write_text(_OWNERS, encoding="utf-8")
        for day, path, text in sorted(_past()):
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            _git(root, day, "add", "--all")
            _git(root, day, "commit", "--quiet", "--allow-empty", "--message", path)
        command = ["audit", "--repo", folder, "--head", "main", "--today", _DAY_OF_AUDIT, "--format", "html"]
        return _said([sys.executable, "-m", "bot", *command], ROOT, {"PYTHONIOENCODING": "utf-8"})


def _past() -> Iterator[tuple[str, str, str]]:
    """Yield day, path and text of each rule as it was written, and as it is; most had one index more at first."""
    files = sorted(file for folder in ("rules", "rules_building_block") for file in (ROOT / folder).rglob("*.toml"))
    for number, file in enumerate(files):
        path, now = file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")
        created, updated = _CREATED.search(now), _UPDATED.search(now)
        if created is None or updated is None:
            raise SystemExit(f"{path} lacks a date")
        once = _UPDATED.sub(f'updated_date = "{created[1]}"', now)
        yield created[1], path, once if number % _NEVER_TUNED == 0 else _INDEX.sub(r'\g<0>"auditbeat-*", ', once)
        yield updated[1], path, now


def _git(root: Path, day: str, *arguments: str) -> None:
    when = f"{day.replace('/', '-')}T09:00:00Z"
    who = ("-c", "user.name=Demo", "-c", "user.email=demo@example.org")
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    _said(["git", *who, *arguments], root, nobody | {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when})


def _said(command: list[str], folder: Path, more: dict[str, str]) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | more
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, encoding="utf-8"
    ).stdout


def take(browser: Browser, place: Path, size: tuple[int, int], scheme: str) -> bytes:
    """Return a PNG of the top of a page, in the light or in the dark."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    opened = context.new_page()
    opened.goto(place.as_uri())
    picture = opened.screenshot()
    context.close()
    return picture


def main() -> None:
    """Take every picture."""
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(parents=True, exist_ok=True)
    pages = {"review": review_page(), "audit": audit_page()}
    with tempfile.TemporaryDirectory(prefix="ruleward-pictures-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=["--no-sandbox"])
        for name, text in pages.items():
            place = Path(folder, f"{name}.html")
            place.write_text(text, encoding="utf-8")
            for scheme in SCHEMES:
                picture = take(browser, place, _SIZES[name], scheme)
                target = PICTURES / f"{name}-{scheme}.png"
                if len(picture) > LARGEST:
                    raise SystemExit(f"{target.name}: {len(picture):,} bytes are more than {LARGEST:,}")
                target.write_bytes(picture)
                print(f"wrote {target.relative_to(ROOT)}, {len(picture):,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
