"""Every door through which a stranger's text comes in, tried a little; `python -m tools.fuzz` tries longer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz import TARGETS

_PHASES = (Phase.explicit, Phase.generate)  # cutting down a crash is for the tool


@pytest.mark.parametrize("name", TARGETS)
def test_no_text_breaks_what_a_door_promises(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=target.few, phases=_PHASES, suppress_health_check=list(HealthCheck))
    @given(target.values)
    def attempt(value: object) -> None:
        target.check(value)

    attempt()
