"""Lucene query strings as formulas, for words alone: those whose and, or and not are plain, and nothing else.

Lucene's operators are not boolean where they are mixed without parentheses, and words that stand side by side are
alternatives or not by a setting. Such a query is not understood here.
"""

from __future__ import annotations

import re
from functools import cache

from bot.query import glob
from bot.query.formula import Atom, Exists, Formula, Glob, Opaque, conjunction, disjunction, negation
from bot.query.text import UnsupportedError

_JOINTS = {"AND": conjunction, "&&": conjunction, "OR": disjunction, "||": disjunction}
_NOT = frozenset({"NOT", "!"})


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        r"""
        [ \t\r\n]*+
        (?: (?P<punct>[()]) | (?P<field>(?:\\.|[\w@.*-])++):(?!\s)
          | (?P<quoted>"(?:\\.|[^"\\])*+") | (?P<regex>/(?:\\.|[^/\\])*+/) | (?P<word>(?:\\.|[^\s"/()\[\]{}:^~\\])++) )
        """,
        re.VERBOSE | re.DOTALL,
    )


def formula(query: str) -> Formula:
    """Read a Lucene query; raises ``UnsupportedError`` where it is not plain enough for words."""
    reader = _Reader(query.rstrip())
    found = reader.choice("")
    if reader.tokens:
        raise UnsupportedError(f"the Lucene query at {reader.tokens[-1][1]}")
    return found


class _Reader:
    def __init__(self, query: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(query):
            match = _pattern().match(query, at)
            if match is None or match.lastgroup is None:
                raise UnsupportedError("the Lucene query's syntax")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.tokens.reverse()  # the next one is the last

    def ahead(self) -> str:
        """The next token's text, empty at the end."""
        return self.tokens[-1][1] if self.tokens else ""

    def choice(self, field: str) -> Formula:
        """Parts with one operator between them."""
        parts, joint = [self.part(field)], ""
        while self.ahead() in _JOINTS:
            word = self.tokens.pop()[1]
            if joint and _JOINTS[word] is not _JOINTS[joint]:
                raise UnsupportedError("AND and OR side by side in Lucene")
            joint = word
            parts.append(self.part(field))
        return _JOINTS[joint](parts) if joint else parts[0]

    def part(self, field: str) -> Formula:
        """A test, a group, or what is excluded."""
        if self.ahead() in _NOT:
            self.tokens.pop()
            return negation(self.part(field))
        kind, text = self.tokens.pop() if self.tokens else ("", "")
        if kind == "field" and not field:
            return self.part(text.replace("\\", ""))
        if kind == "punct" and text == "(":
            inner = self.choice(field)
            if self.ahead() != ")":
                raise UnsupportedError("parentheses in Lucene")
            self.tokens.pop()
            return inner
        if not field or kind not in {"quoted", "regex", "word"} or text[:1] in {"+", "-", ">", "<"}:
            raise UnsupportedError("the Lucene query's syntax")
        return _test(field, kind, text)


def _test(field: str, kind: str, text: str) -> Formula:
    if kind == "regex":
        return Atom(field, Opaque(f"regex:{text[1:-1]}"))
    if kind == "quoted":
        value = re.sub(r"\\(.)", r"\1", text[1:-1])
        return Atom(field, Glob(value, shown=value))
    if text == "*":
        return Atom(field, Exists())
    wild = "".join(part if part.startswith("\\") else glob.from_wildcards(part) for part in re.split(r"(\\.)", text))
    plain = re.sub(r"\\(.)", r"\1", wild)
    return Atom(field, Glob(plain, shown=glob.to_wildcards(plain)))


__all__ = ["formula"]
