"""The line index agrees with the parser on every key, and an edit touches one line."""

from __future__ import annotations

import random
from datetime import date

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from bot.layout import Layout, too_deep
from bot.model import KeyPath, toml_string

TRICKY = '''# a comment with [brackets] and "quotes"
title = 'x' # trailing
"quoted key"."inner.dot" = { a = 1, b = [ { c = "}" }, { c = ']' } ] }
text = """
[not.a.table]
key = "no"
\\"""still\\""" inside
"""
literal = \'\'\'
'' [[nor.this]] \\
\'\'\'
a.b.c = 1
a.b.d = 2

[rule]
tags = [
    "one", # [comment]
    """two
    lines""",
]

[[rule.threat]]
framework = "F"
[rule.threat.tactic]
id = "TA1"
[[rule.threat.technique]]
id = "T1"
[[rule.threat.technique]]
id = "T2"
[[rule.threat.technique.subtechnique]]
id = "T2.1"
[[rule.threat]]
framework = "G"
technique = [ { id = "T3" }, { id = "T4" } ]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("quoted key", "inner.dot", "b", 1, "c"), 3),
        (("text",), 4),
        (("literal",), 9),
        (("a", "b", "d"), 13),
        (("rule",), 15),
        (("rule", "tags", 1), 18),
        (("rule", "threat", 0, "framework"), 23),
        (("rule", "threat", 0, "technique", 1, "id"), 29),
        (("rule", "threat", 0, "technique", 1, "subtechnique", 0, "id"), 31),
        (("rule", "threat", 1, "technique", 1, "id"), 34),
        (("rule", "threat", 1, "technique", 7, "id"), 34),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_key_stands_where_the_text_has_it(path: KeyPath, line: int, ending: str) -> None:
    text = TRICKY.replace("\n", ending)
    tomli.loads(text)
    found = Layout(text).lines(path)
    assert found is not None
    assert found[0] == line


def paths(value: object, at: KeyPath = ()) -> list[KeyPath]:
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        found += paths(each, (*at, key))
    return found


names = st.sampled_from(["a", "b", "key", "dot.ted", "sp ace", 'quo"te', "'", "ü", "#", "[x]", ""])
strings = st.text(st.sampled_from("ab\"'\\\n\t#[]{}=,é "), max_size=12)
scalars = strings | st.integers(-5, 5) | st.booleans() | st.floats(allow_nan=False) | st.just(date(2026, 1, 2))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
documents = st.dictionaries(names, values, max_size=5)


def written(value: object, rng: random.Random) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        if rng.random() < 0.3 and "'" not in value:
            return f"'''\n{value}'''" if "\n" in value or rng.random() < 0.5 else f"'{value}'"
        plain = toml_string(value)
        return f'""{plain}""' if rng.random() < 0.3 and not value.startswith("\n") else plain
    if isinstance(value, list):
        gap = rng.choice(["", " ", "\n  # note ]\n"])
        return "[" + gap + f",{gap}".join(written(each, rng) for each in value) + gap + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml_string(key)} = {written(each, rng)}" for key, each in value.items()) + " }"
    return str(value)


def document(table: dict[str, object], rng: random.Random, at: tuple[str, ...] = ()) -> str:
    plain, tables = [], []
    for key, value in table.items():
        here = (*at, key)
        header = ".".join(map(toml_string, here))
        if isinstance(value, dict) and rng.random() < 0.6:
            tables.append(f"[{header}]\n" + document(value, rng, here))
        elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value) and rng.random() < 0.6:
            tables += [f"[[{header}]] # x\n" + document(each, rng, here) for each in value]
        else:
            plain.append(
                f"{rng.choice(['', '  '])}{toml_string(key)} = {written(value, rng)}{rng.choice(['', ' # c'])}\n"
            )
    return "".join(plain) + "".join(tables)


@given(documents, st.integers(0, 1000), st.sampled_from(["\n", "\r\n"]))
def test_every_key_of_any_document_has_its_place_and_its_value(
    table: dict[str, object], seed: int, ending: str
) -> None:
    text = document(table, random.Random(seed)).replace("\n", ending)
    parsed = tomli.loads(text)
    layout = Layout(text)
    for path in paths(parsed):
        span = layout.spans[path]
        assert Layout(text).span(path) == span, "the place depends on how far the text was read"
        value: object = parsed
        for part in path:
            value = value[part]  # type: ignore[index]  # a path of this document
        if text[span.key] != "[" or not isinstance(value, dict | list):
            try:
                again = tomli.loads("x = " + text[span.value : span.end])["x"]
            except tomli.TOMLDecodeError:
                continue  # the parent of a dotted key or of a list of tables: it has no text of its own
            if not isinstance(value, dict | list):
                assert again == value, path


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("line", "after"),
    [
        ('updated_date = "2020/01/01"', 'updated_date = "2026/11/24"'),
        ("updated_date='2020/01/01'   # bumped", "updated_date='2026/11/24'   # bumped"),
        ('  updated_date    = "2020/01/01"', '  updated_date    = "2026/11/24"'),
    ],
)
def test_setting_a_value_changes_nothing_else_of_its_line(line: str, after: str, ending: str) -> None:
    text = f'[metadata]{ending}{line}{ending}maturity = "production"{ending}'
    fix = Layout(text).set(("metadata", "updated_date"), "2026/11/24")
    assert fix is not None
    assert (fix.start_line, fix.end_line, fix.replacement) == (2, 2, after)


def test_a_missing_key_is_put_under_the_last_key_of_its_table() -> None:
    fix = Layout("[metadata]\na = 1\nb = 2\n\n[rule]\nc = 3\n").set(("metadata", "d"), "x")
    assert fix is not None
    assert (fix.start_line, fix.replacement) == (3, 'b = 2\nd = "x"')


def test_a_value_of_several_lines_is_left_alone() -> None:
    assert Layout('a = """x\ny"""\n').set(("a",), "z") is None


@pytest.mark.parametrize("text", ['"""' * 200_000, "'''a\\" * 100_000, '\\"""' * 200_000, '"' * 500_000, "[" * 500_000])
def test_measuring_depth_is_linear_on_hostile_text(text: str) -> None:
    too_deep(text, 50)


def test_depth_is_measured_outside_strings_and_comments() -> None:
    assert too_deep('a = "[[[["\n# [[[[\nb = [[1]]', 2) is None
    assert too_deep("a = [[[1]]]", 2) == 6


STRINGS = [
    """key = "one \\t two \\u00e9 \\\\ three\"""",
    "key = 'C:\\\\Windows'",
    "key = '''\nfirst\r\n  second \\\\n '''",
    'key = """\r\nfirst \\\\  \r\n   still first\nsecond \\U0001F600 "quoted" end""""',
    'key = ""',
    'key = """"""',
    "key = ''",
]


@pytest.mark.parametrize("text", STRINGS)
def test_every_character_of_a_string_is_found_where_it_is_written(text: str) -> None:
    layout = Layout(text)
    value = tomli.loads(text)["key"]
    found = [layout.place(("key",), offset) for offset in range(len(value) + 1)]
    places = [place for place in found if place is not None]
    assert len(places) == len(found)
    assert places == sorted(places)
    assert len(set(places)) == len(places)
    for char, place in zip(value, places, strict=False):
        written = text.split("\n")[place[0] - 1][place[1] - 1 :] or "\n"
        assert written[0] in {char, "\\", "\r"}


def test_the_end_of_a_string_is_before_its_closing_quotes() -> None:
    assert Layout('a = """\nx"""').place(("a",), 1) == (2, 2)
    assert Layout("a = 'x'").place(("a",), 9) == (1, 7)


def test_what_is_no_string_has_no_characters() -> None:
    assert Layout("a = 1").place(("a",), 0) is None
    assert Layout("a = 1").place(("b",), 0) is None
