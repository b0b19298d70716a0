"""A rule id is a UUID."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@policy(Level.ERROR, scope=Scope.RULE, group="identity")
def invalid_rule_id(rule: Rule, _context: Context, _options: object) -> Iterator[Violation]:
    """`rule_id` is missing or is no lower-case UUID.

    Why: the id is how an installed rule is found again on every update; tools that compare ids by text take another
    spelling for another rule.

    Fix: give a new rule a fresh lower-case UUID (8-4-4-4-12 hex digits); the id of a rule that has shipped is
    better waived than changed.
    """
    value = rule.get("rule", "rule_id")
    if value is None:
        yield Violation(message="`rule.rule_id` is missing", at=("rule", "rule_id"))
    elif not isinstance(value, str) or _UUID.fullmatch(value) is None:
        message = f"`rule.rule_id` is {coded(value)}, not 8-4-4-4-12 lower-case hex digits"
        yield Violation(message=message, at=("rule", "rule_id"), value=value)
