"""No text makes one of our own regular expressions slow: each is tried on long texts made of what it looks for."""

# ruff: noqa: E501, T201 - rows of bait; how far it came is told to the test
from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot

ROOT = Path(__file__).resolve().parent.parent
_LONG = 3_000
_SECONDS = 60
_PIECES = [
    "a", "0", " ", "\n", "\\", '"', "'", '"""', "'''", '\\"', "(", "[", "{", "*", "#", "<", "<!--", "-->", ":", "a:", "@", "`", "/", "//", ".",
    "a.", "1.", "-", "+", ",", "a,", "now-", "<!-- ruleward:", "change=", "=", "a ", " a", "a\n", "docs ", "C:\\", "\\x41", "\\u0041", "%{", "|",
    "now-1", "/pr-1", "rel=", "maxspan", "maxspan ", "maxspan=1", "a=b ", "…", "1,", "Why: ", "\r\n", "\t", "/*", "/*/", "é", "_",
]  # fmt: skip


def patterns() -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    """Every regular expression that a module keeps, or that a function of a module makes without being given anything."""
    found: dict[str, re.Pattern[str] | re.Pattern[bytes]] = {}
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if module.name in {"bot.__main__", "bot.start"}:
            continue
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            kept = (
                value()
                if hasattr(value, "cache_info") and getattr(value, "__annotations__", {}).keys() == {"return"}
                else value
            )
            if isinstance(kept, re.Pattern):
                found[f"{module.name}.{name}"] = kept
    return found


def _texts() -> Iterator[str]:
    for piece in _PIECES:
        whole = piece * (_LONG // len(piece))
        yield whole
        yield f"{whole}\x00"
        yield f"<!-- ruleward:review v1 change=ab {whole}"
        yield f"a{whole}"


def main() -> None:
    """Try every expression on every text, from the start and from everywhere; each has seconds of its own."""
    import resource  # there is none on Windows, where this test cannot run

    for name, pattern in patterns().items():
        used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2])) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (used + _SECONDS, resource.RLIM_INFINITY))
        for text in _texts():
            given = text.encode() if isinstance(pattern.pattern, bytes) else text
            pattern.match(given)  # type: ignore[arg-type]  # of its own kind
            pattern.search(given)  # type: ignore[arg-type]  # likewise
            list(pattern.finditer(given))  # type: ignore[arg-type]  # likewise
        print(name, flush=True)


def test_every_expression_is_found() -> None:
    kept = [
        line
        for path in (ROOT / "bot").rglob("*.py")
        for line in re.findall(r"^_?[A-Z_]+ = re\.compile", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(patterns()) >= len(kept)


@pytest.mark.long
def test_no_text_makes_an_expression_slow() -> None:
    code = "from tests.test_regexes import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"slow after {done.stdout.splitlines()[-1:]}: {done.stderr[-500:]}"
