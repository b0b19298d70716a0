"""Queries: what reads them, and what compares two of them."""

# ruff: noqa: E501 - rows of bait
from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from bot.model import QueryVerdict, Rule
from bot.query import (
    Budget,
    around,
    compare,
    conditions,
    dead,
    fields,
    maxspan,
    missing_metadata,
    syntax_error,
    tokens,
)
from tests.fuzz.target import Target
from tests.fuzz.texts import changed, plain_json, soup
from tests.query.rules import MIRROR, rule

_GOOD = {
    "kuery": 'process.name : ("a.exe" or b*) and not (user.id: S-1-5-18 or host.ip >= "10.0.0.1") and x:{ y : "z\\"q" }',
    "eql": """sequence by host.id, user.id with maxspan=5m
  [process where event.type == "start" and process.name : ("a*.exe", "b?") and not ?x.y in ("q", "r")] by process.entity_id
  [network where wildcard(dns.question.name, "*.x") or length(process.args) >= 2 + 1] by process.entity_id // why
until [any where true] by process.entity_id""",
    "esql": """FROM logs-*, metrics-* METADATA _id, _version
| WHERE event.action == "x" AND process.name IN ("a", "b") AND NOT process.args RLIKE ".*[a-z]{2}" // why
| EVAL y = CASE(a > 1, TO_LOWER(b), "c"), z = LENGTH(b) + 1
| DISSECT message "%{a} %{b}" | GROK message "%{WORD:q}"
| STATS c = COUNT(*), d = COUNT_DISTINCT(x) BY host.id, y
| WHERE c > 5 | KEEP c, host.* | SORT c DESC | LIMIT 10""",
    "lucene": 'process.name:(a* OR "b c") AND -user:/r[o]+t/ AND x:[1 TO 5} AND y:>=3',
}
_WORDS = {
    "kuery": [
        "a",
        "b.c",
        ":",
        "(",
        ")",
        "and",
        "or",
        "not",
        '"x"',
        "x*",
        "*",
        "{",
        "}",
        "<",
        ">=",
        "\\",
        "1",
        "true",
        "null",
        ",",
        '"',
        "\\(",
        "\\u0041",
    ],
    "eql": [
        "any",
        "process",
        "where",
        "sequence",
        "by",
        "with",
        "maxspan",
        "=",
        "==",
        "!=",
        ":",
        "in",
        "in~",
        "like",
        "like~",
        "regex",
        "(",
        ")",
        "[",
        "]",
        ",",
        '"x"',
        '"x*"',
        "a",
        "b.c",
        "?a",
        "and",
        "or",
        "not",
        "1",
        "2.5",
        "5m",
        "+",
        "-",
        "*",
        "/",
        "%",
        "|",
        "head",
        "true",
        "null",
        "until",
        "//",
        "/*",
        '"""',
        "`",
        "!",
        "join",
        "sample",
        "of",
        "with",
        "runs",
        "=",
        "3",
    ],
    "esql": [
        "FROM",
        "ROW",
        "a",
        "b.c",
        "|",
        "WHERE",
        "EVAL",
        "STATS",
        "BY",
        "==",
        "!=",
        "IN",
        "LIKE",
        "RLIKE",
        "(",
        ")",
        "[",
        "]",
        ",",
        '"x"',
        '"x*"',
        "AND",
        "OR",
        "NOT",
        "1",
        "+",
        "-",
        "*",
        "/",
        "IS",
        "NULL",
        "KEEP",
        "DROP",
        "RENAME",
        "AS",
        "DISSECT",
        "GROK",
        "ENRICH",
        "SORT",
        "LIMIT",
        "METADATA",
        "MV_EXPAND",
        "kql(",
        "match(",
        "::",
        "`",
        '"""',
        "//",
        "/*",
        "=",
        "<",
        ">=",
        "?x",
    ],
    "lucene": [
        "a",
        ":",
        "(",
        ")",
        "AND",
        "OR",
        "NOT",
        '"x"',
        "x*",
        "[",
        "]",
        "TO",
        "{",
        "}",
        "/",
        "\\",
        "~",
        "^",
        "+",
        "-",
        "*",
        "1",
        "&&",
        "||",
    ],
}


_FILLED = {
    "kuery": ['a: "{0}" and b >= {1} or c: ({0} or d*)', "not a: {0} and e:{{ f: {1} }}", "source.ip: {0}/{1}"],
    "eql": [
        'any where a regex "{0}" and b != {1}',
        'any where not a regex~ ("{0}", "x.*") or b : "{0}"',
        'any where wildcard(a, "{0}") or cidrmatch(source.ip, "{0}/{1}") or length(c) >= {1}',
        'sequence with maxspan={1}m [any where a == "{0}"] with runs={1} [any where b like "{0}*"]',
    ],
    "esql": [
        'FROM x | WHERE a RLIKE "{0}" AND b > {1} | LIMIT {1}',
        'FROM x | WHERE NOT a LIKE "{0}*" OR a RLIKE ("{0}", "y") OR kql("a: {0}")',
        'FROM x | EVAL c = CASE(a == "{0}", {1}, 2) | GROK a "{0}" | STATS n = COUNT(*) BY c | WHERE n >= {1}',
    ],
    "lucene": ["a:/{0}/ AND b:[{1} TO *]"],
}
"""Whole queries with a place for a text and one for a number."""

_PATTERNS = [
    "[b-a]",
    "[a--z]",
    "[[a]",
    "[a||b]",
    "(a|b",
    "a{{2,1}}",
    "x{{{0}}}",
    "(a*)*",
    "\\\\p{{L}}",
    "[^",
    "a**",
    ".*.*x",
    "&&~<1-9>",
]
_NUMBERS = ["0", "1", "-1", "1.5", "1e999", "9" * 19, "9" * 5000, "0x1", "1_0", "1 hours", "5m", "null"]


def _filled(language: str) -> st.SearchStrategy[str]:
    """Queries that parse, with texts and numbers that nobody meant well."""
    texts_ = (st.sampled_from(_PATTERNS).map(lambda pattern: pattern.format("9" * 5000)) | soup).map(
        lambda text: text.replace('"', "").replace("\n", "")
    )
    numbers = st.sampled_from(_NUMBERS)
    return st.builds(
        lambda query, text, number: query.format(text, number), st.sampled_from(_FILLED[language]), texts_, numbers
    )


def texts(language: str) -> st.SearchStrategy[str]:
    """Queries of a language: changed ones, whole ones with odd values, and its words in any order."""
    words = st.sampled_from(_WORDS[language])
    mixed = st.lists(words | soup, max_size=14).map(" ".join)
    return changed(_GOOD[language], words | soup) | _filled(language) | mixed | soup


def _read(language: str, query: str) -> None:
    cut = tokens(language, query)
    fault = syntax_error(language, query)
    if fault is not None:
        assert fault.message
        assert 0 <= fault.at <= len(query)
        assert fault.line >= 1
        assert fault.column >= 1
    assert all(isinstance(name, str) for name in fields(language, query))
    assert all(0 <= each.at <= len(query) for each in conditions(language, query))
    assert all(0 <= each.at <= len(query) for each in dead(language, query))
    assert language != "eql" or (maxspan(query) or 0) >= 0
    assert language != "esql" or len(missing_metadata(query)) in range(4)
    assert cut is None or all(isinstance(piece, str) for piece in cut)


_SMALL = Budget(steps=60_000)


def _both(language: str, pair: tuple[str, str]) -> None:
    old, new = pair
    if old == new:
        return
    there, again = (
        compare(rule(language, one), rule(language, other), budget=_SMALL) for one, other in ((old, new), (new, old))
    )
    assert there is not None
    assert again is not None
    assert (there.reason is not None) is (there.verdict is QueryVerdict.UNKNOWN)
    assert again.verdict.value == MIRROR.get(there.verdict.value, there.verdict.value), (old, new)
    same = compare(rule(language, old), rule(language, old + " "), budget=_SMALL)
    assert same is not None
    assert same.verdict in {QueryVerdict.COSMETIC, QueryVerdict.EQUIVALENT, QueryVerdict.UNKNOWN}, old


def _parser(language: str) -> Target:
    return Target(name=language, values=texts(language), check=lambda query: _read(language, query))


def _comparer(language: str) -> Target:
    pairs = st.tuples(changed(_GOOD[language], st.sampled_from(_WORDS[language])), changed(_GOOD[language], soup))
    pairs |= st.tuples(st.just(_GOOD[language]), texts(language)) | st.tuples(_filled(language), _filled(language))
    return Target(name=f"compare-{language}", values=pairs, check=lambda pair: _both(language, pair), few=30)


kuery, eql, esql, lucene = (_parser(language) for language in _GOOD)
compare_kuery, compare_eql, compare_esql = (_comparer(language) for language in ("kuery", "eql", "esql"))


def _around(drawn: tuple[str, Any, Any]) -> None:
    key, old, new = drawn
    one, two = (Rule(path="a", text="", data={"rule": {"type": "query", key: value}}) for value in (old, new))
    assert all(isinstance(line, str) for line in around(one, two))
    assert list(around(one, one)) == []


_filter = st.fixed_dictionaries(
    {},
    optional={
        "meta": st.fixed_dictionaries(
            {},
            optional={
                "negate": st.booleans() | soup,
                "disabled": st.booleans(),
                "key": soup,
                "type": soup,
                "params": plain_json,
            },
        )
        | plain_json,
        "query": st.fixed_dictionaries(
            {}, optional={"match_phrase": plain_json, "bool": plain_json, "wildcard": plain_json, "range": plain_json}
        ),
        "range": plain_json,
        "exists": plain_json,
    },
)
filters = Target(
    name="filters",
    values=st.tuples(
        st.sampled_from(
            ["filters", "threshold", "new_terms", "threat_mapping", "threat_query", "index", "alert_suppression"]
        ),
        st.lists(_filter, max_size=4) | plain_json,
        st.lists(_filter, max_size=4) | plain_json,
    ),
    check=_around,
)
