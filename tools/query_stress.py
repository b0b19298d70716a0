"""``python -m tools.query_stress``: every query of the corpus beside itself negated, cut short, and repeated.

Prints how many comparisons were made and which took longest; a crash is a crash.
"""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import process_time

from bot.model import Blob, QueryChange, Rule
from bot.parse import parse
from bot.query import compare, eql_lexer, esql_lexer, kql_lexer, queries_of
from bot.query.text import Token

TREE = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "head-tree.tar.gz"
TIMES = 10
EVERY = 50
_SLOWEST = 5
_TYPES = {"eql": "eql", "esql": "esql"}


def _eql(query: str) -> list[Token]:
    texts = eql_lexer.scan(query)
    return [Token("", text, at) for text, at in zip(texts, eql_lexer.places(query), strict=False)]


_SCANS: dict[str, Callable[[str], Sequence[Token]]] = {"kuery": kql_lexer.scan, "eql": _eql, "esql": esql_lexer.scan}


def rules() -> Iterator[Rule]:
    """Every rule of the tree."""
    with tarfile.open(TREE) as tree:
        for member in tree:
            file = tree.extractfile(member) if member.name.endswith(".toml") else None
            if file is not None:
                data = file.read()
                rule = parse(Blob(path=member.name, size=len(data), data=data), max_bytes=len(data))
                if isinstance(rule, Rule):
                    yield rule


def variants(language: str, query: str) -> Iterator[tuple[str, str]]:
    """A query negated, repeated, and cut off at every fiftieth token; each with its name."""
    scan = _SCANS.get(language)
    if scan is None:
        return
    tokens = scan(query)
    start, end = _condition(language, tokens, len(query))
    condition = f"({query[start:end].strip()}\n)"  # it may end in a comment
    yield "negated", f"{query[:start]} not {condition} {query[end:]}"
    yield "repeated", f"{query[:start]} {' or '.join([condition] * TIMES)} {query[end:]}"
    for token in tokens[EVERY::EVERY]:
        yield "cut", query[: token.at]


def _condition(language: str, tokens: Sequence[Token], size: int) -> tuple[int, int]:
    """Where the first condition of a query begins and ends."""
    if language == "kuery":
        return 0, size
    depth = 0
    first: int | None = None
    for token in tokens:
        if first is None:
            first = token.at + len(token.text) if token.text.lower() == "where" else None
        elif token.text in {"(", "["}:
            depth += 1
        elif token.text in {")", "]"} and depth:
            depth -= 1
        elif depth == 0 and token.text in {"|", "]"}:
            return first, token.at
    return (size, size) if first is None else (first, size)


def rule_of(language: str, query: str) -> Rule:
    """A rule that has nothing but a query."""
    keys = {"type": _TYPES.get(language, "query"), "language": language, "query": query}
    return Rule(path="rules/a.toml", text=query, data={"rule": keys})


def compared() -> Iterator[tuple[str, str, QueryChange | None, float]]:
    """Compare every query with its variants: path, variant, outcome, seconds of the processor."""
    for rule in rules():
        for _, language, query in queries_of(rule):
            old = rule_of(language, query)
            for name, other in variants(language, query):
                start = process_time()
                change = compare(old, rule_of(language, other))
                yield rule.path, name, change, process_time() - start


def main() -> None:
    """Compare, and print."""
    verdicts: Counter[tuple[str, str]] = Counter()
    times: list[tuple[float, str, str]] = []
    for path, name, change, seconds in compared():
        verdicts[name, change.verdict if change else "same text"] += 1
        times.append((seconds, name, path))
    times.sort(reverse=True)
    print(f"{len(times)} comparisons, {sum(seconds for seconds, _, _ in times):.0f} s")
    print("\n".join(f"{seconds * 1000:7.0f} ms {name} {path}" for seconds, name, path in times[:_SLOWEST]))
    print("\n".join(f"{count:6} {name}: {verdict}" for (name, verdict), count in sorted(verdicts.items())))


if __name__ == "__main__":
    main()
