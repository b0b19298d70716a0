"""The first line adds up: what is there is told of every rule, whatever its kind, and a count is of rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from bot.diff import Pair, Pairing, diff
from bot.judge import judge
from bot.model import Blob, Review, Revision, Rule, Unreadable
from bot.parse import parse
from bot.render.fold import rows
from bot.render.headline import first_line
from bot.render.queries import explained
from bot.settings import Settings
from bot.words import plain, rule_words
from tests.repository import other_id, rule_text

DAY = date(2026, 11, 24)
QUERY = 'process where process.name == "a.exe"'
NARROWER = 'process where process.name == "a.exe" and user.name != "root"'
Edits = tuple[tuple[str, str], ...]
TAGS = ('"One", "Two"', '"One", "2"')
SEVERITY = ('"medium"', '"high"')
INDEX = ('index = ["logs-*"]', 'index = ["logs-endpoint-*"]')
SUPPRESSED = ('type = "eql"', 'type = "eql"\nalert_suppression.group_by = ["a", "b"]')
INTEGRATION = ("\n[rule]", 'integration = ["a"]\n\n[rule]')
BUMPED = ("2025/01/01", "2026/11/24")
NOTICE = ('name = "Rule', 'name = "Deprecated - Rule')


def rule(path: str, text: str) -> Rule:
    parsed = parse(Blob(path=path, data=text.encode()), max_bytes=10**6)
    assert isinstance(parsed, Rule)
    return parsed


def reviewed(*edits: Edits, maturity: str = "production") -> Review:
    """A review of one rule for each set of edits of its text."""
    pairs: list[Pair] = []
    for number, replacements in enumerate(edits):
        path, name = f"rules/r{number}.toml", f"Rule {number}"
        extra = 'index = ["logs-*"]\nfrom = "now-9m"\n'
        before = rule_text(rule_id=other_id(number), name=name, rule=extra, query=QUERY, maturity=maturity)
        after = before
        for old, new in replacements:
            assert old in after
            after = after.replace(old, new)
        pairs.append(Pair(before=rule(path, before), after=rule(path, after)))
    return review(pairs)


def review(pairs: Iterable[Pair]) -> Review:
    changes = diff(Pairing(pairs=tuple(pairs)), Settings())
    judged = judge(changes, Settings(), today=DAY)
    end = Revision(ref="main", sha="0" * 40, merge_base="0" * 40)
    return Review(base=end, head=end, today=DAY, verdict=judged.verdict, rules=judged.rules)


def said(*edits: Edits, maturity: str = "production") -> str:
    return line_of(reviewed(*edits, maturity=maturity))


def said_of(*pairs: Pair) -> str:
    return line_of(review(pairs))


def line_of(whole: Review) -> str:
    lead, beside = first_line(whole)
    return "; ".join([lead, *map(plain, beside)])


def promoting(*more: tuple[str, str]) -> Edits:
    return (('maturity = "development"', 'maturity = "production"'), *more)


def test_what_all_rules_share_is_counted_in_a_promoted_one_too() -> None:
    line = said(promoting(TAGS, SEVERITY), *[(TAGS,)] * 7, maturity="development")
    assert line == (
        "Nothing changes in what existing rules detect; 1 rule is promoted; 8 rules: tags + 2, \N{MINUS SIGN} Two; "
        "1 rule changes severity"
    )


def test_severity_schedule_and_indices_are_told_of_every_rule_in_which_they_change() -> None:
    query, schedule = (QUERY, NARROWER), ("now-9m", "now-19m")
    line = said((query, INDEX, SEVERITY), (INDEX, SEVERITY, schedule), (TAGS,))
    assert line == (
        "2 of 3 rules change what they detect: 1 narrowed, 1 other indices; "
        "2 rules change indices; 1 rule changes schedule; 2 rules change severity; "
        "1 rule changes tags"
    )
    assert said((INDEX,), (INDEX, TAGS)) == "2 rules change what they detect: 2 other indices"


def test_a_count_is_the_number_of_rules_and_not_of_those_told_nowhere_else() -> None:
    assert said((SEVERITY, TAGS), (TAGS,)) == (
        "Nothing changes in what existing rules detect; 1 rule changes severity; 2 rules change tags"
    )


def test_what_some_change_beside_the_same_edit_of_many_is_counted_as_more() -> None:
    other = (('"One", "Two"', '"One"'),)
    assert said(*[(TAGS,)] * 3, other).endswith("3 rules: tags + 2, \N{MINUS SIGN} Two; 1 more rule changes tags")


def test_what_a_rule_changes_beside_what_most_share_is_not_taken_for_the_same() -> None:
    note = ('description = "What it finds."', 'description = "What it found."')
    assert said(*[(TAGS,)] * 3, (TAGS, note)).endswith("4 rules: tags + 2, \N{MINUS SIGN} Two; 1 rule changes docs")


def test_a_rewritten_query_is_no_bookkeeping() -> None:
    rewritten = (QUERY, 'process where "a.exe" == process.name')
    assert said((rewritten, BUMPED), (BUMPED,)) == (
        "Nothing changes in what existing rules detect; 1 rule changes the query's text only; "
        "1 rule changes bookkeeping only"
    )


def test_another_integration_is_no_change_of_what_a_rule_detects() -> None:
    assert said((INTEGRATION,)) == "Nothing changes in what rules detect; 1 rule changes integration"
    assert said((INTEGRATION, INDEX)) == "1 rule changes what it detects: other indices"


def test_an_announced_deprecation_is_not_called_one() -> None:
    deprecated = ('maturity = "production"', 'maturity = "deprecated"')
    assert said((deprecated,), (NOTICE,)) == "1 rule is deprecated; 1 rule announces its deprecation"
    assert said((NOTICE,)) == "Nothing changes in what rules detect; 1 rule announces its deprecation"


def test_the_table_says_that_a_deprecation_is_only_announced() -> None:
    (only,) = reviewed((NOTICE,)).rules
    assert rule_words(only.change) == (
        "announced by the name alone",
        "name Rule 0 → Deprecated - Rule 0",
    )


@pytest.mark.parametrize(
    ("common", "edit"), [(TAGS, SEVERITY), (TAGS, SUPPRESSED), (INTEGRATION, SUPPRESSED), (INTEGRATION, SEVERITY)]
)
def test_what_is_felt_stands_before_what_many_have_in_common(common: tuple[str, str], edit: tuple[str, str]) -> None:
    table = rows(reviewed(*[(common,)] * 6, (edit,)))
    assert [(row.change.path, len(row.rules)) for row in table] == [("rules/r6.toml", 1), ("rules/r0.toml", 6)]


def test_a_maturity_that_changes_beside_the_notice_is_told() -> None:
    line = said(promoting(NOTICE), maturity="development")
    assert line == "Nothing changes in what rules detect; 1 rule announces its deprecation; 1 rule changes maturity"


def test_what_is_only_written_otherwise_changes_nothing() -> None:
    interval = ('type = "eql"', 'type = "eql"\ninterval = "10m"')
    listed = ('index = ["logs-*"]', 'index = "logs-*"')
    assert said((listed, ("now-9m", "now-540s"))) == (
        "Nothing changes in what rules detect; 1 rule changes only how values are written"
    )
    assert said((listed, SEVERITY), (interval,)) == (
        "Nothing changes in what existing rules detect; 1 rule changes schedule; 1 rule changes severity"
    )
    (only,) = reviewed((listed, ("now-9m", "now-540s"))).rules
    assert rule_words(only.change) == (
        "index written as a string, means the same",
        "from now-9m → now-540s, means the same",
    )


ESQL = (
    ('type = "eql"', 'type = "esql"'),
    ('language = "eql"', 'language = "esql"'),
    (QUERY, 'from {} | where process.name == "a.exe"'),
)


def test_index_patterns_that_went_into_a_query_are_not_called_others() -> None:
    into = [*ESQL[:2], ('index = ["logs-*"]\n', "")]
    same, other = ((ESQL[2][0], ESQL[2][1].format(name)) for name in ("logs-*", "logs-*, auditbeat-*"))
    assert said((*into, same)) == "1 rule changes what it detects: another language"
    assert said((*into, other)) == "1 rule changes what it detects: another language; 1 rule changes indices"
    (only,) = reviewed((*into, same)).rules
    assert "index named in the query now, means the same" in rule_words(only.change)
    (only,) = reviewed((*into, other)).rules
    assert "index named in the query now" in rule_words(only.change)
    assert "adds index pattern: auditbeat-*" in explained(only.change)
    back = diff(Pairing(pairs=(Pair(before=only.change.after, after=only.change.before),)), Settings()).rules[0]
    assert "index named beside the query now" in rule_words(back)
    assert "removes index pattern: auditbeat-*" in explained(back)


def test_nothing_is_said_of_what_a_rule_detects_that_cannot_be_read() -> None:
    whole = rule_text()
    for before in (rule("rules/a.toml", whole), Unreadable(path="rules/a.toml", reason="not TOML")):
        after = Unreadable(path="rules/a.toml", reason="not TOML")
        assert said_of(Pair(before=before, after=after)) == "1 rule cannot be read"


def test_a_file_that_could_not_be_read_is_neither_new_nor_laid_out_anew() -> None:
    broken, whole = Unreadable(path="rules/a.toml", reason="not TOML"), rule("rules/a.toml", rule_text())
    assert said_of(Pair(before=broken, after=whole)) == "1 rule can be read now"
    assert said_of(Pair(before=broken, after=whole), Pair(before=None, after=rule("rules/b.toml", rule_text()))) == (
        "1 rule is new; 1 rule can be read now"
    )
    pairs = (Pair(before=broken, after=whole), Pair(before=broken, after=None))
    assert [rule_words(each.change) for each in review(pairs).rules] == [
        ("readable now: eql rule, severity medium, risk 47, maturity production",),
        ("removed, could not be read",),
    ]


def test_a_list_of_exceptions_is_neither_an_action_nor_without_effect() -> None:
    excepted = ('type = "eql"', 'type = "eql"\nexceptions_list = [{ id = "a", list_id = "a", type = "detection" }]')
    assert said((excepted,)) == "1 rule changes exceptions"
    assert said((excepted, TAGS), (TAGS,)) == "1 rule changes exceptions; 2 rules change tags"


@pytest.mark.parametrize("key", ['meta.from = "1m"', 'outcome = "exactMatch"'])
def test_what_is_kept_beside_the_response_is_no_response_action(key: str) -> None:
    line = said((('type = "eql"', f'type = "eql"\n{key}'),))
    assert line == "Nothing changes in what rules detect; 1 rule changes meta"


def test_suppression_is_neither_what_a_rule_detects_nor_without_effect() -> None:
    assert said((SUPPRESSED,)) == "1 rule changes suppression"
    assert (
        said((SUPPRESSED, (QUERY, NARROWER))) == "1 rule changes what it detects: narrowed; 1 rule changes suppression"
    )
    assert said((SUPPRESSED, INDEX)) == ("1 rule changes what it detects: other indices; 1 rule changes suppression")
    threshold = ('type = "eql"', 'type = "eql"\nalert_suppression.group_by = ["a"]\nthreshold.value = 3')
    assert said((threshold,)) == "1 rule changes what it detects: another threshold; 1 rule changes suppression"


def test_a_query_that_is_no_text_is_not_called_anything_else() -> None:
    first, second = ((f"'''\n{QUERY}\n'''", text) for text in ("1", "2"))
    before = rule_text(query=QUERY)
    assert first[0] in before
    sides = [rule("rules/a.toml", before.replace(*each)) for each in (first, second)]
    assert said_of(Pair(before=sides[0], after=sides[1])) == "1 rule changes what it detects: effect unknown"


def test_a_file_of_another_mode_is_laid_out_as_it_was() -> None:
    same, spaced = (rule("rules/a.toml", text) for text in (rule_text(), f"{rule_text()}\n"))
    assert said_of(Pair(before=same, after=same)) == (
        "Nothing changes in what rules detect; 1 rule changes the mode of its file only"
    )
    assert (
        said_of(Pair(before=same, after=spaced)) == "Nothing changes in what rules detect; 1 rule changes layout only"
    )
    pairs = (Pair(before=same, after=same), Pair(before=same, after=spaced))
    assert [rule_words(each.change) for each in review(pairs).rules] == [("mode of the file only",), ("layout only",)]


def test_an_unknown_key_is_called_one() -> None:
    unknown = ('type = "eql"', 'type = "eql"\nsevrity = "high"')
    assert said((unknown,)) == "1 rule changes what it detects: an unknown key"
    both = ('type = "eql"', 'type = "eql"\nsevrity = "high"\nthreshold = 3')
    assert said((both,)) == "1 rule changes what it detects: another filter or setting"


@pytest.mark.parametrize(
    ("keys", "claim"),
    [
        ("threshold.value = 3", "another threshold"),
        ('threshold.value = 3\nthreshold.field = ["a"]', "another threshold"),
        ("filters = [{}]", "other filters"),
        ("filters = [{}]\nthreshold.value = 3", "another filter or setting"),
        ('new_terms.value = ["a"]', "other new terms"),
        ('threat_query = "a: b"\nthreat_mapping = []', "other indicator matches"),
        ('tiebreaker_field = "a"', "another filter or setting"),
        ('saved_id = "a"', "another saved query"),
        ('data_view_id = "a"', "another data view"),
        ('data_view_id = "a"\nsaved_id = "a"', "another data view"),
    ],
)
def test_what_else_than_a_query_changes_is_called_by_its_name(keys: str, claim: str) -> None:
    line = said((('type = "eql"', f'type = "eql"\n{keys}'),))
    assert line == f"1 rule changes what it detects: {claim}"


@pytest.mark.parametrize(
    ("keys", "claim"),
    [
        ("filters = [{}]", "query narrowed and other filters"),
        ("threshold.value = 3", "query narrowed and another threshold"),
        ("thresholds = 3", "query narrowed and an unknown key"),
        ('interval = "5m"', "narrowed"),
    ],
)
def test_a_claim_about_a_query_is_none_about_what_else_a_rule_asks(keys: str, claim: str) -> None:
    line = said((('type = "eql"', f'type = "eql"\n{keys}'), (QUERY, NARROWER)))
    assert line == f"1 rule changes what it detects: {claim}"


def test_another_type_with_what_belongs_to_it_is_called_that() -> None:
    keys = ('type = "eql"', 'type = "new_terms"\nnew_terms.value = ["a"]')
    assert said((keys,)) == "1 rule changes what it detects: another rule type"


def test_another_language_beside_the_same_query_is_called_that() -> None:
    language = ('language = "eql"', 'language = "lucene"')
    assert said((language,)) == "1 rule changes what it detects: another language"
