"""Lists of private addresses hold private addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import conditions, queries_of

_NEIGHBOURS = 2
_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
            *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            *("::/128", "::1/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23"),
            *("2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
        ),
    )
)
"""Blocks that are set aside: private, reserved, for documents, for tests, for many receivers."""


@policy(Level.WARNING, scope=Scope.RULE, group="query")
def public_block_among_private(rule: Rule, _context: Context, _options: None) -> Iterator[Violation]:
    """One address block is public where all others of its list are private or reserved.

    Why: such a list leaves out or finds what stays inside; a public block among them is most often a digit that
    slipped, such as `192.18.0.0/15` for `198.18.0.0/15`.

    Fix: correct the block, or move it into a list of its own.
    """
    for at, language, query in queries_of(rule):
        for each in conditions(language, query):
            blocks = [value for value in each.values if isinstance(value, str)] if each.operator == "block" else []
            public = [block for block in blocks if _public(block)]
            if len(public) == 1 and len(blocks) > _NEIGHBOURS:
                yield Violation(
                    message=f"`{public[0]}` is public, unlike the other {len(blocks) - 1} blocks for `{each.field}`",
                    at=at,
                    value=(each.field, public[0]),
                    line=line_within(rule.text, at, max(query.find(public[0]), 0)),
                )


def _public(block: str) -> bool:
    try:
        network = ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False
    return not any(
        network.version == each.version and network.network_address in each and network.broadcast_address in each
        for each in _SPECIAL
    )
