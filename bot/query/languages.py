"""The door to each language: its tokens, its faults and the fields it names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.query import eql, eql_lexer, esql, esql_lexer, glob, kql, kql_lexer, lucene, pipeline
from bot.query.formula import Formula, atoms
from bot.query.term import Name, names
from bot.query.text import QueryError, SyntaxFault, UnsupportedError, fault

_FIELD = re.compile(r"[@\w.-]+")

_TOKENS = {
    "kuery": kql_lexer.tokens,
    "eql": eql_lexer.tokens,
    "esql": esql_lexer.tokens,
    "lucene": lucene.tokens,
}


def tokens(language: str, query: str) -> tuple[str, ...] | None:
    """Cut a query into what matters: layout and comments outside quotes are gone; None if it cannot be cut."""
    cut = _TOKENS.get(language)
    try:
        return None if cut is None else cut(query)
    except QueryError:
        return None


def values_over_lines(language: str, query: str) -> list[tuple[str, int]]:
    """The values of a KQL query that a line break stands in, though no quotes hold them together, and their offsets.

    None of a query that does not parse: there it is no value that goes on.
    """
    if language != "kuery" or syntax_error(language, query) is not None:
        return []
    return [(token.text, token.at) for token in kql_lexer.values_over_lines(query)]


def syntax_error(language: str, query: str) -> SyntaxFault | None:
    """The first fault of a query, None where it parses or nobody here can tell."""
    try:
        if language == "kuery":
            kql.parse(query)
        elif language == "eql":
            eql.parse(query)
        elif language == "esql":
            esql.parse(query)
        elif language == "lucene":
            lucene.check(query)
    except QueryError as error:
        return fault(error, query, complete=language in {"kuery", "eql"})
    except (UnsupportedError, RecursionError):
        return None
    return None


def fields(language: str, query: str) -> frozenset[str]:
    """The fields of events that a query names; none where it does not parse."""
    try:
        if language == "kuery":
            return frozenset(_named(kql.parse(query)))
        if language == "eql":
            return frozenset(_eql_fields(eql.parse(query)))
        if language == "esql":
            return frozenset(_esql_fields(esql.parse(query)))
    except (QueryError, UnsupportedError, RecursionError):
        pass
    return frozenset()


def _named(formula: Formula) -> Iterator[str]:
    plain: set[str] = set()
    for atom in atoms(formula):
        if atom.term is not None:
            yield from (name for name in names(atom.term) if name != "*")
        elif atom.kind != "nested":
            plain.add(atom.subject)
        elif glob.clean(atom.subject):
            plain.update(kql.nested_fields(atom))
    yield from (name for name in plain if name != "*" and glob.clean(name))


def _eql_fields(query: eql.Query) -> Iterator[str]:
    for step in (*query.steps, *([query.until] if query.until else [])):
        yield from _named(step.formula)
        for key in (*query.by, *step.by):
            name = key.removeprefix("?")
            if _FIELD.fullmatch(name):
                yield name


def _esql_fields(commands: tuple[esql.Command, ...]) -> Iterator[str]:  # noqa: C901 - one branch a case
    """Names that the pipeline takes from its input, not the columns that it makes itself."""
    made: set[str] = set()
    for command in commands:
        used: list[str] = []
        new: list[str] = []
        if isinstance(command, esql.Where):
            used += names(command.condition)  # what kql("…") asks about is not judged
        elif isinstance(command, esql.Eval):
            for column, term in command.columns:
                used += [name for name in names(term) if name not in new]
                new.append(column)
        elif isinstance(command, esql.Rename):
            used += [old for old, _ in command.columns]
            new += [column for _, column in command.columns]
        elif isinstance(command, esql.Stats):
            for column, term in (*command.columns, *command.by):
                used += names(term)
                if term != Name(column):
                    new.append(column)
        elif isinstance(command, esql.Extract):
            used += names(command.input)
            new += pipeline.extracted(command)
        elif isinstance(command, esql.Other):
            return  # what it adds is not known, so nothing after it is judged
        yield from (name for name in used if name not in made and name != "*")
        made.update(new)
