"""What is thrown at every door through which a stranger's text comes in: a target is what to make and what must hold.

``tests/test_fuzz.py`` runs each target a little, with the same examples every time; ``python -m tools.fuzz`` runs one
for as long as it is told to, with other examples every time.
"""

from __future__ import annotations

from tests.fuzz import hub, line, parsing, queries, rendering
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (parsing, queries, hub, rendering, line)
    for target in vars(module).values()
    if isinstance(target, Target)
}

__all__ = ["TARGETS", "Target"]
