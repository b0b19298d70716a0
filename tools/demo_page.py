"""A pull request as GitHub would show it, as one HTML page that fetches nothing."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from markdown_it import MarkdownIt

from tests.fake_github import FakeGitHub

_COLOURS = {"success": "#1a7f37", "failure": "#cf222e", "error": "#9a6700"}
_LIGHT = 150  # a label's text is black on anything brighter
_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --paper: #fff; --well: #f6f8fa;
  --add: #dafbe1; --cut: #ffebe9; --link: #0969da; }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; --paper: #0d1117;
  --well: #151b23; --add: #12361f; --cut: #3c1618; --link: #4493f8; } }
body { font: 14px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto; padding: 24px;
  max-width: 1140px; }
a { color: var(--link); text-decoration: none; }
h1 { font-weight: 400; font-size: 28px; margin: 0 0 8px; }
h1 span, .soft { color: var(--soft); }
.state { background: #1a7f37; color: #fff; border-radius: 2em; padding: 4px 12px; }
.label { border-radius: 2em; padding: 1px 9px; font-size: 12px; font-weight: 500; margin-right: 4px;
  white-space: nowrap; }
.box { border: 1px solid var(--line); border-radius: 6px; margin: 16px 0; overflow: hidden; }
.box > header { background: var(--well); border-bottom: 1px solid var(--line); padding: 8px 16px; }
.body { padding: 4px 16px 16px; overflow-wrap: break-word; }
.body h3 { font-size: 16px; }
table { border-collapse: collapse; width: max-content; max-width: 100%; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: 6px 10px; text-align: left; vertical-align: top; }
code { font: 12px/1.5 ui-monospace, monospace; background: var(--well); padding: 2px 4px; border-radius: 4px;
  white-space: break-spaces; }
pre { background: var(--well); padding: 12px; border-radius: 6px; overflow-x: auto; }
pre code { padding: 0; background: none; white-space: pre; }
.diff { font: 12px/1.6 ui-monospace, monospace; white-space: pre-wrap; }
.diff div { padding: 0 16px; }
.add { background: var(--add); } .cut { background: var(--cut); } .hunk { color: var(--soft); }
.inline { border: 1px solid var(--line); border-radius: 6px; margin: 8px 16px; background: var(--paper); font: 14px/1.5
  system-ui, sans-serif; padding: 8px 12px !important; white-space: normal; }
.mark { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 8px; }
"""


@dataclass(frozen=True)
class Inline:
    """A comment on a line."""

    path: str
    line: int
    body: str


@dataclass(frozen=True)
class Held:
    """What GitHub holds of a pull request; the addresses are those of github.com."""

    number: int
    title: str
    author: str
    base: str
    head: str
    sha: str
    comment: str
    labels: dict[str, str]
    inline: tuple[Inline, ...]
    context: str
    state: str
    description: str

    @classmethod
    def read(cls, github: FakeGitHub, number: int) -> Self:
        """Read it after a run.

        Raises:
            SystemExit: the run left no status.
        """
        with github.lock:
            issue = github.hub.issues[number]
            pull: Any = issue.pull
            comments = list(github.hub.of_issue(github.hub.comments.values(), issue))
            if not github.hub.statuses:
                raise SystemExit("demo: the action left no status")
            status = github.hub.statuses[-1]
            inline = github.hub.of_issue(github.hub.inline.values(), issue)
            return cls(
                number=number,
                title=issue.title,
                author=issue.author.login,
                base=pull.base_ref,
                head=pull.head_ref,
                sha=pull.head_sha,
                comment=comments[0].body.replace(github.server_url, "https://github.com") if comments else "",
                labels={label.name: label.color for label in sorted(issue.labels, key=lambda each: each.name)},
                inline=tuple(Inline(each.path, each.line or 0, each.body) for each in inline),
                context=status.context,
                state=status.state,
                description=status.description or "",
            )


def page(held: Held, repository: Path) -> str:
    """Return the page.

    Args:
        held: the pull request.
        repository: where its commits are.
    """
    labels = "".join(_label(name, colour) for name, colour in held.labels.items())
    colour = _COLOURS.get(held.state, _COLOURS["error"])
    files = "".join(_file(held, repository, path) for path in dict.fromkeys(each.path for each in held.inline))
    return (
        "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{_text(held.title)} · Pull request #{held.number}</title><style>{_STYLE}</style>\n"
        f"<h1>{_text(held.title)} <span>#{held.number}</span></h1>\n"
        f"<p><span class=state>Open</span> <b>{_text(held.author)}</b> wants to merge <code>{_text(held.head)}</code> "
        f"into <code>{_text(held.base)}</code></p>\n<p>{labels}</p>\n"
        f"<article class=box><header><b>github-actions</b> <span class=soft>bot commented</span></header>"
        f"<div class=body>{_markdown(held.comment)}</div></article>\n{files}"
        f"<section class=box><header><b>Checks</b></header><div class=body><p><span class=mark "
        f"style='background:{colour}'></span><b>{_text(held.context)}</b> <span class=soft>Required</span> — "
        f"{_text(held.description)}</p></div></section>\n</html>\n"
    )


def _text(text: str) -> str:
    return html.escape(text)


def _label(name: str, colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4))
    ink = "#000" if (red * 299 + green * 587 + blue * 114) // 1000 > _LIGHT else "#fff"
    return f"<span class=label style='background:#{colour};color:{ink}'>{_text(name)}</span>"


def _markdown(text: str) -> str:
    """Render as GitHub does: CommonMark with tables, and HTML kept."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def _file(held: Held, repository: Path, path: str) -> str:
    lines = "".join(_lines(held, repository, path))
    return f"<section class=box><header><code>{_text(path)}</code></header><div class=diff>{lines}</div></section>\n"


_HUNK = re.compile(r"^@@ -[0-9,]+ \+(\d+)")


def _lines(held: Held, repository: Path, path: str) -> Iterator[str]:
    """Yield the diff, each comment under its line."""
    command = ["git", "diff", f"{held.base}...{held.sha}", "--", path]
    shown = subprocess.run(command, cwd=repository, check=True, capture_output=True, encoding="utf-8").stdout
    number = 0
    for line in shown.splitlines():
        hunk = _HUNK.match(line)
        if hunk is None and not number:
            continue
        kind = "hunk" if hunk else {"+": "add", "-": "cut"}.get(line[:1], "")
        yield f"<div class='{kind}'>{_text(line)}</div>"
        if hunk:
            number = int(hunk[1])
        elif not line.startswith(("-", "\\")):
            for each in held.inline:
                if (each.path, each.line) == (path, number):
                    yield f"<div class=inline>{_markdown(each.body)}</div>"
            number += 1
