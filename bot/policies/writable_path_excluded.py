"""Exclusions that nobody can move into."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import conditions, queries_of
from bot.told import coded

_PATHS = re.compile(r"(?:^|\.)(?:executable|path|directory|working_directory|original_path)(?:\.text|\.caseless)?$")
_WRITABLE = re.compile(
    r"(?:[a-z?*]:)?\\++(?:users|programdata|windows\\++(?:temp|tasks|tracing)|temp|perflogs)\\|.*\\appdata\\|\*?\\++temp\\"
    r"|/(?:private/)?(?:tmp|var/tmp|dev/shm|run/user|home|users)/",
    re.IGNORECASE,
)


@policy(Level.OFF, scope=Scope.RULE, group="query")
def writable_path_excluded(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    """The query leaves out whatever lies below a folder that any user can write to.

    Why: an attacker puts the file there and is out of sight. An exclusion that asks for a signature or a parent as well
    is no such hole.

    Fix: exclude by signature or hash as well, or name the file and the process that makes it.
    """
    for at, language, query in queries_of(rule):
        for each in conditions(language, query):
            if not each.negated or each.joined or each.operator != "like" or not _PATHS.search(each.field):
                continue
            for value in each.values:
                if isinstance(value, str) and value.endswith("*") and _WRITABLE.match(value):
                    yield Violation(
                        message=f"excludes {coded(each.field)}: {coded(value)}, "
                        "below a folder that any user can write to",
                        at=at,
                        value=(each.field, value),
                        line=line_within(rule.text, at, each.at),
                    )
