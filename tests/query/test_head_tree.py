"""Every query of a real rule tree: it parses, and comparing it with what became of it never fails.

The corpus is not part of this repository; without it these tests skip, and the rest of the suite stands alone.
"""

from __future__ import annotations

import pytest

from bot.model import QueryVerdict
from bot.query import queries_of, syntax_error
from tools.query_stress import TREE, compared, rules

pytestmark = pytest.mark.skipif(not TREE.is_file(), reason="the corpus of real rules is not beside this clone")


@pytest.mark.long
def test_no_shipped_query_has_a_syntax_error() -> None:
    found = [
        (rule.path, fault)
        for rule in rules()
        for _, language, query in queries_of(rule)
        if (fault := syntax_error(language, query)) is not None
    ]
    assert found == []


@pytest.mark.long
def test_no_query_fails_negated_cut_short_or_repeated() -> None:
    met: set[str] = set()
    for path, name, change, _ in compared():
        met.add(name)
        assert change is not None, (path, name)
        assert (change.reason is not None) is (change.verdict is QueryVerdict.UNKNOWN), (path, name)
        if name == "negated":
            assert change.verdict in {QueryVerdict.CHANGED, QueryVerdict.UNKNOWN}, (path, change)
        if name == "repeated":
            assert change.verdict in {QueryVerdict.EQUIVALENT, QueryVerdict.UNKNOWN}, (path, change)
    assert met == {"negated", "repeated", "cut"}
