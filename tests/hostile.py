"""Text that wants to be more than text, and the eyes that see whether it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from hypothesis import Phase
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.render.as_markdown import MANUAL

if TYPE_CHECKING:
    from markdown_it.token import Token

BAIT = [
    "@ada", "a@b.co", "#12", "o/r#12", "GH-12", "[x](https://evil.example)", "![x](https://evil.example/a.png)",
    "https://evil.example", "www.evil.example", "<https://evil.example>", "<script>", "<b onclick=x>", "</code>",
    "</details>", "</DETAILS", "<!-- ruleward:review v1 -->", "<!--", "-->", "```", "````", "~~~", "`", "``", "|", "\\",
    "\n", "\r\n", "\n\n", "\n# ", "\n- ", "\n| a | b |\n|---|---|\n", "::error::x", "::", "##[error]x", "&#64;ada",
    "&lt;", "**", "_", "*x*", "$x$", ":smile:", "\x1b[31m", "\x00", "\u202e", "\u200b", "\udcff", "1. ", "%0A", "]",
    "(", "[^1]", "[ref]: https://evil.example", "{{ x }}", "{% x %}", "deadbeefdeadbeef", "'", '"', "<", ">", "&",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(BAIT) | st.text(max_size=6), min_size=1, max_size=8).map("".join)
OURS = frozenset(
    [
        "a",
        "br",
        "code",
        "details",
        "h3",
        "li",
        "p",
        "pre",
        "strong",
        "sub",
        "summary",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
        "wbr",
    ]
)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # a failing comment is long, and shrinking it slow
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ALLOWED = ("https://github.com/o/r/blob/abc/", MANUAL)
"""Where our own links lead."""


class Elements(HTMLParser):
    """What a browser would find in the rendered comment."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.comments: list[str] = []
        self.stack: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.loose = ""
        self.unbalanced = False

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in {"br", "wbr", "hr", "img"}:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.unbalanced = True

    def handle_data(self, data: str) -> None:
        if not {"code", "pre"} & set(self.stack):
            self.loose += data
        elif "pre" not in self.stack:
            self.loose += "x"  # an address must not join text before and after a code element


def tokens(parsed: list[Token]) -> Iterator[Token]:
    for token in parsed:
        yield token
        yield from tokens(token.children or [])


def assert_tame(text: str, *, tables: int, marker: str | None = None, allowed: tuple[str, ...] = ALLOWED) -> None:
    """Hold Markdown to what we wrote ourselves.

    ``marker`` is a pattern of the one comment at the start, None for none.
    """
    assert text.count("<!--") == (marker is not None)
    assert "::" not in text
    assert "##[" not in text
    assert not any(ord(char) < 32 and char not in "\n\t" for char in text)
    assert {line for line in text.splitlines() if "</details" in line} <= {"</details>"}
    parsed = PARSER.parse(text)
    found = Elements()
    html = str(PARSER.renderer.render(parsed, PARSER.options, {}))
    found.feed(html)
    found.close()
    assert len(found.comments) == (marker is not None)
    if marker is not None:
        assert text.startswith("<!--")
        assert re.fullmatch(marker, found.comments[0])
    assert not found.unbalanced
    assert not found.stack
    kinds = {token.type for token in tokens(parsed)}
    assert not kinds & {"image", "em_open", "s_open", "code_block", "hr", "blockquote_open", "ordered_list_open"}
    for tag, attributes in found.seen:
        assert tag not in {"img", "script", "b", "em", "h1", "h2"}
        if tag == "a":
            assert (attributes["href"] or "").startswith(allowed)
    assert sum(tag == "table" for tag, _ in found.seen) <= tables
    assert not re.search(r"@|https?:|www\.|#\d|GH-\d", found.loose, re.IGNORECASE)
    rows = re.findall(r"<tr>.*?</tr>", html, re.DOTALL)
    assert {row.count("<td") + row.count("<th") for row in rows} <= {3, 4}
    assert {tag for tag, _ in found.seen} <= OURS


__all__ = ["ALLOWED", "BAIT", "HOSTILE", "OURS", "PHASES", "Elements", "assert_tame", "tokens"]
