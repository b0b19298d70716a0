"""Where a verdict has to stop short: sequences and pipelines whose parts point one way and whose whole does not."""

from __future__ import annotations

import pytest

from tests.query.rules import MIRROR, verdict

A, B, C = "[any where a == 1]", "[any where b == 2]", "[any where c == 3]"
WIDE = "[any where a in (1, 2)]"

EQL = [
    # other kinds of query, and pipes
    (f"sequence by k {A} {B}", f"sample by k {A} {B}", "unknown"),
    (f"sequence by k {A} {B} | head 5", f"sequence by k {WIDE} {B} | head 5", "unknown"),
    (f"sequence by k {A} {B}", f"sequence by k {A} {B} | head 5", "unknown"),
    (f"sample by k {A} {B}", f"sample by k {WIDE} {B}", "broadened"),
    (f"sample by k {A} {B}", f"sample by k {A} {B} {C}", "narrowed"),
    # steps in another order, once more, or in between
    (f"sequence by k {A} {B}", f"sequence by k {B} {A}", "changed"),
    (f"sequence by k {A} {B}", f"sequence by k {A} {C} {B}", "narrowed"),
    (f"sequence by k {A} {B}", f"sequence by k {A} {C} {C}", "unknown"),
    (f"sequence by k {A} {A}", f"sequence by k {A} with runs=2", "unknown"),
    (f"sequence by k {A} {B} with runs=2", f"sequence by k {A} {B}", "broadened"),
    (f"sequence by k {A} {B} {C}", f"sequence by k {B} {C}", "broadened"),
    # missing events
    (f"sequence by k with maxspan=1m {A} !{B} {C}", f"sequence by k with maxspan=1m {A} {B} {C}", "unknown"),
    (f"sequence by k with maxspan=1m {A} !{B} {C}", f"sequence by k with maxspan=1m {A} {C}", "unknown"),
    (f"sequence by k with maxspan=1m {A} !{B} {C}", f"sequence by k with maxspan=2m {A} !{B} {C}", "unknown"),
    (
        f"sequence by k with maxspan=1m !{A} {B} !{C}",
        "sequence by k with maxspan=1m ![any where a in (1, 2)] [any where b == 2] ![any where c in (3, 4)]",
        "unknown",
    ),
    (
        f"sequence by k with maxspan=1m {A} !{B}",
        "sequence by k with maxspan=1m [any where a == 1] ![any where b in (2, 3)]",
        "narrowed-or-equal",
    ),
    (
        f"sequence with maxspan=1m {A} by k !{B} by k",
        f"sequence with maxspan=1m {A} by k !{B} by j",
        "unknown",
    ),
    # until
    (f"sequence by k {A} {B}", f"sequence by k {A} {B} until {C}", "narrowed-or-equal"),
    (f"sequence by k {A} {B} until {C}", f"sequence by k {A} {B} until [any where c in (3, 4)]", "narrowed-or-equal"),
    (f"sequence by k {A} {B} until {C}", f"sequence by k {A} {B} until [any where d == 4]", "unknown"),
    # join keys
    (f"sequence by k {A} {B}", f"sequence {A} {B}", "broadened"),
    (f"sequence by k, j {A} {B}", f"sequence by j {A} {B}", "broadened"),
    (f"sequence by k, j {A} {B}", f"sequence by j, k {A} {B}", "equivalent"),
    (f"sequence {A} by k {B} by j", f"sequence {A} by j {B} by k", "unknown"),
    (f"sequence {A} by k {B} by k", f"sequence by k {A} {B}", "equivalent"),
    (f"sequence by ?k {A} {B}", f"sequence by k {A} {B}", "narrowed-or-equal"),
    # spans
    (f"sequence by k with maxspan=1m {A} {B}", f"sequence by k with maxspan=2m {A} {B}", "broadened"),
    (f"sequence by k with maxspan=1m {A} {B}", f"sequence by k {A} {B}", "broadened"),
    (f"sequence by k with maxspan=1m {A} {B}", f"sequence by k with maxspan=2m {A} {B} {C}", "unknown"),
    # what is lost in one step and gained in another
    (
        f"sequence by k {A} [any where b in (2, 3)]",
        f"sequence by k {WIDE} [any where b == 2]",
        "changed",
    ),
]

ESQL = [
    # a filter after STATS that fewer events may pass more easily
    *[
        (
            f"from x | stats c = {how} by h | where {test}",
            f"from x | where a == 1 | stats c = {how} by h | where {test}",
            word,
        )
        for how, test, word in (
            ("count(*)", "c > 3", "narrowed"),
            ("count(*)", "c >= 3", "narrowed"),
            ("count(*)", "c < 3", "changed"),
            ("count(*)", "not c < 3", "narrowed"),
            ("count(*)", "not c > 3", "changed"),
            ("count(*)", "c == 3", "changed"),
            ("count_distinct(u)", "c > 3", "narrowed"),
            ("max(u)", "c > 3", "narrowed-or-equal"),
            ("max(u)", "c < 3", "unknown"),
            ("min(u)", "c < 3", "narrowed-or-equal"),
            ("min(u)", "c > 3", "unknown"),
            ("sum(u)", "c > 3", "unknown"),
            ("avg(u)", "c > 3", "unknown"),
            ("count(*)", 'h == "p"', "narrowed-or-equal"),
            ("count(*)", 'h == "p" and c > 3', "narrowed-or-equal"),
            ("count(*)", 'h == "p" or c > 3', "narrowed"),
            ("count(*)", 'h == "p" or c < 3', "changed"),
            ("count(*) where b == 2", "c > 3", "narrowed-or-equal"),
        )
    ],
    # the same where several values stand for one
    *[
        (
            f"from x | stats n = count_distinct(u), v = values(u) by h | where {test}",
            f"from x | where a == 1 | stats n = count_distinct(u), v = values(u) by h | where {test}",
            word,
        )
        for test, word in (
            ('n > 1 or v == "p"', "narrowed"),
            ('n >= 2 or v == "p"', "narrowed"),
            ('n > 2 or v == "p"', "unknown"),
            ('n >= 3 or v == "p"', "unknown"),
            ('v == "p"', "unknown"),
            ('n < 2 or v == "p"', "changed"),
        )
    ],
    (
        'from x | stats n = count_distinct(u), v = values(w) by h | where n > 1 or v == "p"',
        'from x | where a == 1 | stats n = count_distinct(u), v = values(w) by h | where n > 1 or v == "p"',
        "unknown",
    ),
    # what comes between
    (
        "from x | where a == 1 | stats c = count(*) by h | stats d = count(*) by c | where d > 3",
        "from x | stats c = count(*) by h | stats d = count(*) by c | where d > 3",
        "unknown",
    ),
    (
        "from x | stats c = count(*) by h | where c > 3",
        "from x | stats c = count(*) by g | where c > 3",
        "unknown",
    ),
    (
        "from x | stats c = count(*) by h | where c > 3 | limit 5",
        "from x | stats c = count(*) by h | where c > 5 | limit 5",
        "unknown",
    ),
    (
        "from x | where a == 1 | limit 9 | where b == 2",
        "from x | where a == 1 | limit 5 | where b == 2",
        "narrowed-or-equal",
    ),
    ("from x | where a == 1 | limit 9 | where b == 2", "from x | where a == 1 | limit 5", "unknown"),
    ("from x | limit 5 | where a == 1", "from x | limit 5", "broadened-or-equal"),
    ("from x | where a == 1 | mv_expand b | where b == 2", "from x | mv_expand b | where b == 2", "broadened-or-equal"),
    ("from x | where a == 1 | sample 0.5 | where b == 2", "from x | sample 0.5 | where b == 2", "unknown"),
    (
        "from x | where a == 1 | fork (where b == 1) (where b == 2)",
        "from x | fork (where b == 1) (where b == 2)",
        "unknown",
    ),
    ("from x | where a == 1 | change_point b on c", "from x | change_point b on c", "unknown"),
    (
        "from x | where a == 1 | inline stats c = count(*) by h | where c > 3",
        "from x | inline stats c = count(*) by h | where c > 3",
        "unknown",
    ),
    # indices
    ("from a-*, b-* | where c == 1", "from a-* | where c == 1", "narrowed-or-equal"),
    ("from a-* | where c == 1", "from a-b-* | where c == 1", "narrowed-or-equal"),
    ("from a-* | where c == 1", "from b-* | where c == 1", "unknown"),
    ("from a-* | where c == 1", "from b-* | where c == 1 and d == 2", "unknown"),
    ("from a-*, -a-b | where c == 1", "from a-* | where c == 1", "unknown"),
    ("from r:a-* | where c == 1", "from *:a-* | where c == 1", "unknown"),
    ("from a-*, b-* | where c == 1 and d == 2", "from a-* | where c == 1", "unknown"),
]
CASES = [*(("eql", *case) for case in EQL), *(("esql", *case) for case in ESQL)]


@pytest.mark.parametrize(("language", "old", "new", "expected"), CASES)
def test_a_verdict_goes_as_far_as_it_is_proven(language: str, old: str, new: str, expected: str) -> None:
    assert (verdict(language, old, new), verdict(language, new, old)) == (expected, MIRROR.get(expected, expected))
