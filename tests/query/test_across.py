"""Two queries that are not of one kind get no verdict, and words that a reviewer can check."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import QueryVerdict, Rule
from bot.query import around, compare
from tests.query.rules import rule

KQL = "event.category: process and process.name: (a.exe or b.exe) and not user.id: 7"
CASES: dict[str, tuple[tuple[str, str], tuple[str, str], list[str]]] = {
    "the same conditions in another language": (
        ("kuery", KQL),
        ("eql", 'process where process.name in ("a.exe", "b.exe") and user.id != "7"'),
        ["asks for the same conditions"],
    ),
    "operators that mind the case or do not": (
        ("eql", 'any where a : "X" and b == "y" and c == 5 and d == true'),
        ("kuery", "a: X and b: y and c: 5 and d: true"),
        ["asks for the same conditions", "minds the case now of a"],
    ),
    "what came and went, and the case of what stayed": (
        ("kuery", KQL),
        ("eql", 'process where process.name : ("a.exe", "c.exe") and file.size > 10'),
        [
            'changes value: process.name == "b.exe" to process.name : "c.exe"',
            'removes exclusion: user.id == "7"',
            "adds condition: file.size > 10",
            "no longer minds the case of process.name",
        ],
    ),
    "an event that became a sequence, beside the step that is most like it": (
        ("kuery", KQL),
        (
            "eql",
            """sequence by host.id with maxspan=5m [network where true] with runs=3
            [process where process.name in ("a.exe", "b.exe") and not user.id == "7" and x == "1"]""",
        ),
        [
            "now looks for a sequence of 2 steps by host.id within 5m",
            "now wants step 1 3 times",
            'adds step 1: event.category == "network"',
            'step 2: adds condition: x == "1"',
        ],
    ),
    "how the steps are joined": (
        ("kuery", "event.category: process and a: x"),
        ("eql", 'sequence with maxspan=1m [file where true] by a.id [process where a == "x"] by a.parent.id'),
        [
            "now looks for a sequence of 2 steps by a.id = a.parent.id within 1m",
            'adds step 1: event.category == "file"',
            "step 2: asks for the same conditions",
        ],
    ),
    "many events in a row": (
        ("eql", 'sequence by a with maxspan=1s [process where b == "x"] with runs=10'),
        ("kuery", "event.category: process and b: x"),
        ["no longer looks for 10 such events in a row by a within 1s", "asks for the same conditions"],
    ),
    "groups of a pipeline": (
        (
            "esql",
            'from x | mv_expand a | where a == "1" and b is not null | stats n = count(*) by c, d | where n > 40',
        ),
        ("kuery", "a: 1"),
        ["no longer groups by c, d", "no longer asks of each group: count(*) > 40", "removes condition: b: *"],
    ),
    "networks": (
        ("kuery", "source.ip: (10.0.0.0/8 or 192.168.0.0/16)"),
        ("esql", 'from x | where cidr_match(source.ip, "10.0.0.0/8", "172.16.0.0/12") | limit 5'),
        [
            "now runs limit 5",
            'changes value: cidr_match(source.ip, "192.168.0.0/16") to cidr_match(source.ip, "172.16.0.0/12")',
        ],
    ),
    "what an exclusion makes of events without its field": (
        ("kuery", "a: x and not b: y and not a: z"),
        ("esql", 'from l-* | where a == "x" and b != "y" and a != "z"'),
        ["asks for the same conditions", "events without b no longer pass: ES|QL drops what it cannot compare"],
    ),
    "and the other way round": (
        ("esql", 'from l-* | where a == "x" and b != "y"'),
        ("kuery", "a: x and not b: y"),
        ["asks for the same conditions", "events without b pass now: it was ES|QL that dropped what it cannot compare"],
    ),
    "that a field is there, where something is asked of its value": (
        ("kuery", "a: * and b: (x or y) and c: *"),
        ("esql", 'from l-* | where a != "z" and b in ("x", "y") and b is not null and d is not null'),
        ["changes condition: c is not null to d is not null", 'adds exclusion: a == "z"'],
    ),
    "what is not understood is not told": (("kuery", "a: 1"), ("esql", "row a = 1"), []),
    "Lucene, as far as it is plain": (
        ("lucene", 'a:(x OR "y z" OR w*) AND NOT b:/[a-c]+/ AND c:* AND d:"q"'),
        ("eql", 'any where a like ("x", "y z") and not b regex "[a-c]+" and c != null'),
        ['removes value: a like "w*"', 'removes condition: d == "q"'],
    ),
    "to Lucene": (("kuery", "a: x and b: y"), ("lucene", "a:x AND b:z"), ["changes condition: b: y to b: z"]),
    "Lucene that mixes its operators is not": (("lucene", "a:1 AND b:1 OR c:1"), ("kuery", "a: 1"), []),
    "nor what it has alone": (("lucene", "a:[1 TO 5] AND b:x~2"), ("kuery", "a: 1"), []),
    "nor words side by side": (("lucene", "a:1 b:2"), ("kuery", "a: 1"), []),
}


@pytest.mark.parametrize("claim", CASES)
def test_between_two_languages_is_told(claim: str) -> None:
    old, new, words = CASES[claim]
    found = compare(rule(*old), rule(*new))
    assert found is not None
    assert found.verdict is QueryVerdict.UNKNOWN
    assert found.reason == f"the language changed from {old[0]} to {new[0]}"
    assert found.apart == "language"
    assert list(found.explanation) == words


def test_in_one_language_a_sequence_is_told_beside_its_event() -> None:
    old = 'process where a == "x"'
    new = 'sequence by b [file where true] [process where a == "x" and c == "y"]'
    there, back = compare(rule("eql", old), rule("eql", new)), compare(rule("eql", new), rule("eql", old))
    assert there is not None
    assert back is not None
    assert there.explanation == (
        "now looks for a sequence of 2 steps by b",
        'adds step 1: event.category == "file"',
        'step 2: adds condition: c == "y"',
    )
    assert back.explanation == (
        "no longer looks for a sequence of 2 steps by b",
        'removes step 1: event.category == "file"',
        'what was step 2: removes condition: c == "y"',
    )


def test_what_stood_in_the_query_stands_in_the_threshold() -> None:
    old = rule("esql", "from logs-* | stats n = count(*) by a | where n >= 9")
    new = rule("kuery", "b: 1", "threshold")
    new = replace(new, data={"rule": {**new.table("rule"), "threshold": {"field": ["a"], "value": 9}}})
    assert isinstance(new, Rule)
    found = compare(old, new)
    assert found is not None
    assert [*found.explanation, *around(old, new)] == [
        "no longer groups by a",
        "no longer asks of each group: count(*) >= 9",
        "adds condition: b: 1",
        "removes index pattern: logs-*",
        "adds threshold: at least 9 events per a",
    ]


@given(st.text(alphabet='ab:()"/\\*? ANDORT~^[]'), st.sampled_from(["lucene", "kuery", "eql", "esql"]))
def test_no_text_is_too_odd_for_words(text: str, language: str) -> None:
    for old, new in ((("lucene", text), (language, "a: 1")), ((language, text), ("lucene", "a:1"))):
        if old[0] != new[0]:
            found = compare(rule(*old), rule(*new))
            assert found is None or found.verdict is QueryVerdict.UNKNOWN
