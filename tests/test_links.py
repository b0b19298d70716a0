"""Every link of a document leads somewhere: to a file, a heading in it, or a file of this repository on GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from bot import __version__

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", ".github/*.md", "tests/**/*.md")
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts
)
OURS = "https://github.com/ruleward/ruleward"
_ADDRESS = re.compile(r"""\b(?:href|src|srcset)=["']?([^"'\s>]+)""")
_PAGES_OF_GITHUB = re.compile(rf"{OURS}(/issues|@[\w.<>-]+)?$")


def links(text: str) -> Iterator[str]:
    """The targets of links and pictures, those of HTML included."""
    for token in MarkdownIt().parse(text):
        for each in [token, *(token.children or [])]:
            target = each.attrs.get("href") or each.attrs.get("src")
            if target:
                yield str(target)
            if each.type in {"html_block", "html_inline"}:
                yield from _ADDRESS.findall(each.content)


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors that GitHub gives a document's headings."""
    found: list[str] = []
    tokens = MarkdownIt().parse(path.read_text(encoding="utf-8"))
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            text = "".join(each.content for each in inline.children or [] if each.type in {"text", "code_inline"})
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return frozenset(found)


def broken(document: Path) -> Iterator[str]:
    """The links of a document that lead nowhere; other people's sites are not asked."""
    for link in links(document.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        if target.startswith(f"{OURS}/blob/"):
            place = ROOT / target.removeprefix(f"{OURS}/blob/").partition("/")[2]
        elif target.startswith("https://"):
            if target.startswith(OURS) and not _PAGES_OF_GITHUB.match(target):
                yield link
            continue
        else:
            place = document.parent / unquote(target) if target else document
        if not place.exists() or (anchor and anchor not in anchors(place)):
            yield link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_link_leads_somewhere(document: Path) -> None:
    assert list(broken(document)) == []


@pytest.mark.parametrize(
    "link",
    ["nowhere.md", "there.md#other", "#other", f"{OURS}/blob/main/nowhere.md", f"{OURS}/wiki", "http://example.org"],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link: str) -> None:
    (tmp_path / "there.md").write_text("# A heading\n", encoding="utf-8")
    document = tmp_path / "a.md"
    document.write_text(f"# Here\n\n[this]({link}), ![that]({link}) and <img src='{link}'>\n", encoding="utf-8")
    assert list(broken(document)) == [link] * 3


def test_a_heading_is_found_by_the_anchor_that_github_gives_it(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    text = (
        "# 3. A `hook` for *authors*\n\n## Twice\n\n## Twice\n\n[a](#3-a-hook-for-authors) [b](#twice) [c](#twice-1)\n"
    )
    document.write_text(text, encoding="utf-8")
    assert list(broken(document)) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached and page.suffix == ".md" and page.is_file():
            reached.add(page)
            targets = (link.partition("#")[0] for link in links(page.read_text(encoding="utf-8")))
            ahead += [(page.parent / each).resolve() for each in targets if each and not each.startswith("https://")]
    assert set((ROOT / "docs").glob("*.md")) - reached == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_version_that_a_document_names_is_this_one(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert set(re.findall(r"ruleward/ruleward(?:@| )v(\d+\.\d+\.\d+)", text)) <= {__version__}
