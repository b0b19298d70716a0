"""Every case, and what was said in a line."""

from __future__ import annotations

import re

from tests.hardness import beside, caps
from tests.hardness.case import Case, Ran

CASES: list[Case] = [*caps.CASES, *beside.CASES]


def told(ran: Ran) -> str:
    """The first finding, else the first line, short."""
    lines = [line.strip() for line in (ran.output or ran.errors).splitlines() if line.strip()]
    found = next(
        (line for line in lines if line.startswith(("error", "warning", "notice", "query", "Incomplete"))),
        lines[0] if lines else "",
    )
    return re.sub(r"\s+", " ", found)[:110].replace("|", "¦")
