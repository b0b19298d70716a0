"""What ``damaged-value`` says of a string that a tool mangled, beyond what its page shows."""

from __future__ import annotations

import pytest
import tomli

from bot.diff import Pair, Pairing, diff
from bot.model import Rule
from bot.policies.damaged_value import damaged_value
from bot.policy import Context
from bot.settings import Settings
from tests.test_policies import TODAY


def told(old: dict[str, object], new: dict[str, object]) -> list[str]:
    before, after = (Rule(path="rules/a.toml", text=f"# {keys!r}", data={"rule": keys}) for keys in (old, new))
    settings = Settings()
    (change,) = diff(Pairing(pairs=(Pair(before=before, after=after),)), settings).rules
    return [each.message for each in damaged_value.check(change, Context(today=TODAY, settings=settings), None)]


def told_of(old: str, new: str) -> list[str]:
    keys: dict[str, object] = {"type": "eql", "language": "eql"}
    return told(*({**keys, "query": f"any where a : ({text})"} for text in (old, new)))


LONG = r"C:\Program Files\Odd Software\Bin\Service\Helper"

CASES = {
    "one of two equal literals was damaged": (
        r'"C:\\\\a", "C:\\\\a"',
        r'"C:\\\\a", "C:\\a"',
        r'a run of 4 backslashes became 2 in `"C:\\a"`',
    ),
    "a single backslash became two": (r'"C:\a"', r'"C:\\a"', r'a run of 1 backslash became 2 in `"C:\\a"`'),
    "a line break was decoded": (r'"a\nb"', '"a\nb"', 'an escape was rewritten in `"a⏎b"`'),
    "a line break was encoded": ('"a\tb"', r'"a\tb"', r'an escape was rewritten in `"a\tb"`'),
    "a break moved to another space": ('"a\nb c"', '"a b\nc"', 'line breaks moved in `"a b⏎c"`'),
    "an escape was decoded beside one that stayed": (
        r'"\x41po\x64ge"',
        r'"\x41podge"',
        r'the escape `\x64` became `d` in `"\x41podge"`',
    ),
    "an escape was decoded to what nobody sees": (
        r'"a\u200bb"',
        '"a\u200bb"',
        r'the escape `\u200b` became `U+200B` in `"ab"`',
    ),
    "a letter was encoded": (r'"podge"', r'"po\x64ge"', r'`d` became the escape `\x64` in `"po\x64ge"`'),
    "an escape was decoded and a run halved": (
        r'"C:\\\\po\x64ge"',
        r'"C:\\podge"',
        r'runs of backslashes changed length and the escape `\x64` became `d` in `"C:\\podge"`',
    ),
    "a look-alike was put right beside a strange letter that stayed": (
        '"é\u043edd"',
        '"éodd"',
        'a character became one that looks like it (U+043E before) in `"éodd"`',
    ),
    "a space that nobody sees was put behind a long path": (
        f'"{LONG}.exe"',
        f'"{LONG}.exe\u200b"',
        f'an invisible character was inserted (U+200B) in `"{LONG}.exe"`',
    ),
    "one that nobody sees was put beside another that stayed": (
        '"a\u200bb"',
        '"a\u200bb\u200e\u00ad"',
        'an invisible character was inserted (U+00AD, U+200E) in `"ab"`',
    ),
    "one that nobody sees was taken from beside another": (
        '"a\u200bb\u200e"',
        '"a\u200bb"',
        'an invisible character was removed (U+200E) in `"ab"`',
    ),
    "one that nobody sees stands elsewhere": ('"a\u200bb"', '"ab\u200b"', 'an invisible character moved in `"ab"`'),
    "a bell is not seen either": (
        '"a.exe"',
        '"a.exe\x07"',
        'an invisible character was inserted (U+0007) in `"a.exe"`',
    ),
    "a line break was decoded from its number": (
        r'"a\x0ab"',
        '"a\nb"',
        r'the escape `\x0a` became `U+000A` in `"a⏎b"`',
    ),
    "what is no character beside the damage": (
        r'"\U00110000 C:\\\\a"',
        r'"\U00110000 C:\\a"',
        r'a run of 4 backslashes became 2 in `"\U00110000 C:\\a"`',
    ),
    "a line break of another system": (
        '"a\u2028b c"',
        '"a\nb\nc"',
        'a line break was inserted where a space stood in `"a⏎b⏎c"`',
    ),
    "a wrapped literal was joined": ('"a\nb"', '"a b"', 'a line break was replaced by a space in `"a b"`'),
    "sixty characters are shown whole": (
        '"' + "a" * 50 + r"\\\\" + "b" * 6 + '"',
        '"' + "a" * 50 + r"\\" + "b" * 6 + '"',
        "a run of 4 backslashes became 2 in `" + '"' + "a" * 50 + r"\\" + "b" * 6 + '"`',
    ),
    "of more the place is shown": (
        '"' + "a" * 50 + r"\\\\" + "b" * 60 + '"',
        '"' + "a" * 50 + r"\\" + "b" * 60 + '"',
        "a run of 4 backslashes became 2 in `…" + "a" * 28 + r"\\" + "b" * 30 + "…`",
    ),
}


@pytest.mark.parametrize("claim", CASES)
def test_what_happened_to_a_literal_is_said(claim: str) -> None:
    old, new, words = CASES[claim]
    assert told_of(old, new) == [f"`rule.query`: {words}"]


def test_an_indicator_query_without_a_language_is_read_as_kql() -> None:
    keys: dict[str, object] = {"type": "threat_match", "query": "a: *"}
    query = 'b: "x y" and c: "C:\\\\d"'
    assert told({**keys, "threat_query": query}, {**keys, "threat_query": query.replace(" and ", "\n  and ")}) == []
    assert told({**keys, "threat_query": query}, {**keys, "threat_query": query.replace("x y", "x\ny")}) == [
        '`rule.threat_query`: a line break was inserted where a space stood in `"x⏎y"`'
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("logs-*", "logs-* ", []),
        ("logs-*", "logs-*\n", ["`rule.index[0]`: a line break was inserted in `logs-*⏎`"]),
        ("logs-\t*", "logs-*", []),
        ("one-*, \ntwo-*", "one-*,\ttwo-*", ["`rule.index[0]`: a line break was removed in `one-*,\ttwo-*`"]),
    ],
)
def test_a_space_at_the_end_is_no_damage_and_a_line_break_is(old: str, new: str, words: list[str]) -> None:
    assert told({"index": [old]}, {"index": [new]}) == words


def test_a_filter_under_another_key_is_not_compared() -> None:
    old, new = ({"query": {key: {"file.path": text}}} for key, text in (("wildcard", r"C:\\a"), ("prefix", r"C:\a")))
    assert told({"filters": [old]}, {"filters": [new]}) == []


@pytest.mark.parametrize(("before", "after", "times"), [("lucene", "lucene", 1), ("kuery", "lucene", 0)])
def test_an_indicator_query_under_another_language_is_not_compared(before: str, after: str, times: int) -> None:
    sides: list[dict[str, object]] = [
        {"type": "threat_match", "threat_language": language, "threat_query": f'a:"{text}"'}
        for language, text in ((before, "C:\\\\a"), (after, "C:\\a"))
    ]
    assert len(told(*sides)) == times


def test_it_stands_on_the_line_of_the_query_on_which_the_literal_begins() -> None:
    head = '[rule]\ntype = "eql"\nlanguage = "eql"\n'
    sides = [
        f"{head}query = '''\nany where\n  a == \"one\" and\n  b == \"{text}\"\n'''\n" for text in (r"C:\\\\a", r"C:\\a")
    ]
    before, after = (Rule(path="rules/a.toml", text=text, data=tomli.loads(text)) for text in sides)
    settings = Settings()
    (change,) = diff(Pairing(pairs=(Pair(before=before, after=after),)), settings).rules
    (found,) = damaged_value.check(change, Context(today=TODAY, settings=settings), None)
    assert found.line == 7
