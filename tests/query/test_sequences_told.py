"""What changed in a sequence, in words: its span, its joins, its steps and what must not happen."""

from __future__ import annotations

import pytest

from tests.query.rules import change

TWO = "sequence by h with maxspan=1m [process where a == 1] [file where b == 2]"
THIRD = " [any where c == 3]"
MISSING = " ![any where c == 3]"
UNTIL = " until [any where d == 4]"
JOINED = "sequence [process where a == 1] by x [file where b == 2] by y"

CASES = {
    "a shorter span": (TWO, TWO.replace("1m", "30s"), "narrowed", ["maxspan 1m to 30s (shorter)"]),
    "a longer span": (TWO, TWO.replace("1m", "2h"), "broadened", ["maxspan 1m to 2h (longer)"]),
    "no span any more": (TWO, TWO.replace(" with maxspan=1m", ""), "broadened", ["maxspan 1m to unlimited (longer)"]),
    "a span where there was none": (
        TWO.replace(" with maxspan=1m", ""),
        TWO,
        "narrowed",
        ["maxspan unlimited to 1m (shorter)"],
    ),
    "one more key": (TWO, TWO.replace("by h", "by h, u"), "narrowed", ["joins by h, u instead of h"]),
    "another key of one step": (JOINED, JOINED.replace("by y", "by z"), "changed", ["step 2: joins by z instead of y"]),
    "more events in a row": (TWO, TWO + " with runs=3", "narrowed", ["step 2: runs 1 → 3"]),
    "more events in a longer span, which have as many as before in the shorter one": (
        "sequence by h with maxspan=15s [any where a == 1] with runs=10",
        "sequence by h with maxspan=30s [any where a == 1] with runs=60",
        "narrowed",
        [
            "maxspan 15s to 30s (longer)",
            "60 events within 30s always have 10 within 15s among them",
            "step 1: runs 10 → 60",
        ],
    ),
    "more events in a span so long that they need not come close": (
        "sequence by h with maxspan=15s [any where a == 1] with runs=10",
        "sequence by h with maxspan=31s [any where a == 1] with runs=12",
        "changed",
        ["maxspan 15s to 31s (longer)", "step 1: runs 10 → 12"],
    ),
    "an event that must not happen now": (TWO + THIRD, TWO + MISSING, "unknown", ["step 3: must not happen now"]),
    "an event that must happen now": (TWO + MISSING, TWO + THIRD, "unknown", ["step 3: must happen now"]),
    "less that must not happen": (
        TWO + MISSING,
        TWO + MISSING.replace("c == 3", "c == 3 and d == 4"),
        "broadened-or-equal",
        ["step 3 (must not happen): adds condition: d == 4"],
    ),
    "a step that asks for more": (
        TWO,
        TWO.replace("b == 2", "b == 2 and c == 3"),
        "narrowed",
        ["step 2: adds condition: c == 3"],
    ),
    "one step more": (TWO, TWO + THIRD, "narrowed", ["2 steps became 3", "adds step: c == 3"]),
    "one step less": (TWO + THIRD, TWO, "broadened", ["3 steps became 2", "removes step: c == 3"]),
    "an end that is new": (TWO, TWO + UNTIL, "narrowed-or-equal", ["adds until: d == 4"]),
    "an end that is gone": (TWO + UNTIL, TWO, "broadened-or-equal", ["removes until: d == 4"]),
    "an end that comes less often": (
        TWO + UNTIL,
        TWO + UNTIL.replace("d == 4", "d == 4 and e == 5"),
        "broadened-or-equal",
        ["until: adds condition: e == 5"],
    ),
}
PROVEN = {
    "narrowed-or-equal": "nothing more is matched, that is proven; no event was found to show that less is",
    "broadened-or-equal": "nothing less is matched, that is proven; no event was found to show that more is",
}


@pytest.mark.parametrize("claim", CASES)
def test_a_sequence_is_told(claim: str) -> None:
    old, new, verdict, words = CASES[claim]
    found = change("eql", old, new)
    assert found.verdict == verdict
    assert list(found.explanation) == [*words, *([PROVEN[verdict]] if verdict in PROVEN else [])]
