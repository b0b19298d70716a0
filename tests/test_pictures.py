"""The README's pictures are there, small, and of what their words say."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from tools import demo, pictures

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = re.compile(r'<picture>\n.*?srcset="(.*?)">\n.*?src="(.*?)" alt="(.*?)">\n</picture>')
SHOWN: list[tuple[str, str, str]] = PICTURE.findall(README)


def words(name: str) -> str:
    """What the README says of a picture to those who do not see it."""
    return next(text for _, light, text in SHOWN if name in light)


def test_the_readme_shows_every_picture_in_the_light_and_in_the_dark() -> None:
    shown = {ROOT / place for dark, light, _ in SHOWN for place in (dark, light)}
    assert shown == set(pictures.PICTURES.iterdir())
    assert all("-dark." in dark and "-light." in light for dark, light, _ in SHOWN)


@pytest.mark.parametrize("picture", sorted(pictures.PICTURES.iterdir()), ids=lambda path: path.name)
def test_a_picture_is_a_small_png(picture: Path) -> None:
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n")
    assert len(data) <= pictures.LARGEST
    width, height = struct.unpack(">II", data[16:24])
    assert width > 1000
    assert height > 800


def test_the_words_of_the_review_are_those_of_the_demo() -> None:
    headline = re.search(r"\*\*(1 of \d+ rules changes what it detects)", demo.review("markdown"))
    assert headline
    assert headline[1] in words("review")
    assert re.search(r"\b5 errors\b", words("review"))


def test_the_words_of_the_audit_are_those_of_its_page() -> None:
    heading = re.search(r"<h1>(.*?)</h1>", pictures.audit_page())
    assert heading
    assert heading[1] in words("audit")
