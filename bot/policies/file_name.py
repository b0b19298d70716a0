"""Rule files are named in lower case."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.told import coded

_NAME = re.compile(r"[a-z0-9_]+\.toml")


@policy(Level.WARNING, scope=Scope.RULE, group="identity")
def file_name(rule: Rule, _context: Context, _options: object) -> Iterator[Violation]:
    """The file name holds other characters than lower-case letters, digits and underscores.

    Why: names that differ in case alone are one file on some machines, and scripts that walk the folder expect one
    spelling.

    Fix: rename the file to lower-case words joined by underscores, ending in `.toml`.
    """
    name = rule.path.rpartition("/")[2]
    if _NAME.fullmatch(name) is None:
        message = f"the file name {coded(name)} is not lower-case letters, digits and underscores with `.toml`"
        yield Violation(message=message, value=name)
