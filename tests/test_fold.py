"""A bulk pull request: what most rules have in common is one line, and the odd ones out stand before it."""

from __future__ import annotations

from datetime import date

import pytest

from bot.diff import Pair, Pairing, diff
from bot.judge import judge
from bot.model import Blob, Review, Revision, Rule
from bot.parse import parse
from bot.render import render
from bot.render.fold import rows
from bot.render.headline import first_line
from bot.settings import Settings
from tests.repository import other_id, rule_text

MANY = 60
ODD = {
    7: ("event.dataset : a7 and x : 1", "data_stream.dataset : a7 and x : 1 and not user.name : svc"),
    31: ("event.dataset : a31 and x : 1", "data_stream.dataset : a30 and x : 1"),
}


def bulk(number: int = MANY, odd: dict[int, tuple[str, str]] = ODD) -> Review:
    """A field renamed in many rules, and in a few something else as well."""
    pairs = []
    for each in range(number):
        queries = odd.get(each, (f"event.dataset : a{each} and x : 1", f"data_stream.dataset : a{each} and x : 1"))
        texts = [
            rule_text(rule_id=other_id(each), name=f"Rule {each}", query=query, updated=day).replace('"eql"', '"kuery"')
            for query, day in zip(queries, ("2025/01/01", "2026/11/24"), strict=True)
        ]
        sides = [parse(Blob(path=f"rules/r{each:03}.toml", data=text.encode()), max_bytes=10**6) for text in texts]
        assert isinstance(sides[0], Rule)
        assert isinstance(sides[1], Rule)
        pairs.append(Pair(before=sides[0], after=sides[1]))
    changes = diff(Pairing(pairs=tuple(pairs)), Settings())
    judged = judge(changes, Settings(), today=date(2026, 11, 24))
    end = Revision(ref="main", sha="0" * 40, merge_base="0" * 40)
    return Review(
        base=end, head=end, today=date(2026, 11, 24), verdict=judged.verdict, labels=judged.labels, rules=judged.rules
    )


def test_the_odd_ones_out_stand_before_what_most_have_in_common() -> None:
    table = rows(bulk())
    assert [row.change.path for row in table] == ["rules/r007.toml", "rules/r031.toml", "rules/r000.toml"]
    assert [len(row.rules) for row in table] == [1, 1, MANY - 2]
    assert table[-1].told == ("renames field: event.dataset to data_stream.dataset", "otherwise equal")


def test_the_line_of_an_odd_one_tells_its_edit_where_what_it_has_beside_the_others_is_no_edit() -> None:
    odd = dict.fromkeys(range(4), ("x : 1 and y : 1", "x : 1"))
    odd[4] = ("x : * curl* and y : 1", "x : * curl*")  # open, for what it finds depends on the field
    table = rows(bulk(5, odd))
    assert [len(row.rules) for row in table] == [1, 4]
    assert all(row.told[0] == "removes condition: y: 1" for row in table)


def test_the_first_line_counts_them() -> None:
    lead, _ = first_line(bulk())
    assert lead == (
        "60 rules change what they detect: "
        "58 alike (renames field: event.dataset to data_stream.dataset, otherwise equal), 2 differ"
    )
    assert "all alike" in first_line(bulk(odd={}))[0]


def test_the_comment_names_the_odd_ones_and_folds_the_rest() -> None:
    page = render(bulk(), Settings(), "markdown")
    assert len(page) < 20_000
    table = page.index("### What changes")
    odd, other, rest = (page.index(each, table) for each in ("rules/r007.toml", "rules/r031.toml", "**58 rules**"))
    assert odd < other < rest
    assert page.count("<details") == 3
    assert "58 rules alike, the first: " in page
    assert "adds exclusion: " in page


def test_the_terminal_folds_them_as_well() -> None:
    text = render(bulk(), Settings(), "text")
    assert text.index("rules/r007.toml") < text.index("58 rules\n")
    assert "rules/r044.toml" not in text


def test_words_that_leave_something_out_fold_nothing() -> None:
    values = " or ".join(f"v{each}" for each in range(30))
    odd = {each: ("x : 1", f"x : 1 and not y : ({values} or w{each})") for each in range(5)}
    assert all(len(row.rules) == 1 for row in rows(bulk(5, odd)))


def test_edits_that_only_look_alike_in_the_table_stay_apart() -> None:
    odd = {each: ("x : 1", f"x : 1 and not y : w{each}") for each in range(5)}
    assert [len(row.rules) for row in rows(bulk(5, odd))] == [1] * 5
    assert first_line(bulk(5, odd))[0] == "5 rules change what they detect: 5 narrowed"


@pytest.mark.parametrize(
    ("old", "new", "heading", "line"),
    [
        (
            "",
            'filters = [{ meta = { negate = true }, query = { term = { "user.name" = "svc" } } }]\n',
            "same query, other conditions around it",
            "- adds filter that excludes: `user.name: svc`",
        ),
        (
            'index = ["logs-a*", "winlogbeat-*"]\n',
            'index = ["*"]\n',
            "same query, other indices",
            "- widens index pattern: `logs-a*`, `winlogbeat-*` to `*`",
        ),
        ('threshold.field = "host.id"\n', 'threshold.field = ["host.id"]\n', "", ""),
        (
            'new_terms.value = ["a"]\nnew_terms.history_window_start = [{ value = "now-7d" }]\n',
            'new_terms.value = ["a"]\nnew_terms.history_window_start = [{ value = "now-168h" }]\n',
            "same query, the same conditions around it",
            "- changes start of the history that a value is new to: `now-7d` to `now-168h` (the same span)",
        ),
        (
            'index = ["logs-a*"]\nthreshold.field = ["a", "b"]\n',
            'index = ["*"]\nthreshold.field = ["b", "a"]\n',
            "same query, other indices",
            "- widens index pattern: `logs-a*` to `*`",
        ),
    ],
)
def test_what_changed_around_an_unchanged_query_has_a_section_of_its_own(
    old: str, new: str, heading: str, line: str
) -> None:
    texts = [rule_text(rule=more) for more in (old, new)]
    if "new_terms" in old:  # which no other type knows
        texts = [text.replace('type = "eql"', 'type = "new_terms"') for text in texts]
    sides = [parse(Blob(path="rules/a.toml", data=text.encode()), max_bytes=10**6) for text in texts]
    assert isinstance(sides[0], Rule)
    assert isinstance(sides[1], Rule)
    changes = diff(Pairing(pairs=(Pair(before=sides[0], after=sides[1]),)), Settings())
    judged = judge(changes, Settings(), today=date(2026, 11, 24))
    end = Revision(ref="main", sha="0" * 40, merge_base="0" * 40)
    made = Review(base=end, head=end, today=date(2026, 11, 24), verdict=judged.verdict, rules=judged.rules)
    page = render(made, Settings(), "markdown")
    assert heading in page
    assert line in page
    assert ("same query" in page) is bool(heading)
    assert "```diff" not in page
