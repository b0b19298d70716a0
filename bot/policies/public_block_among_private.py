"""Lists of private addresses hold private addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from bot.layout import line_within
from bot.model import Level, Rule
from bot.policy import Context, Scope, Violation, policy
from bot.query import conditions, queries_of, standing
from bot.told import coded

_NEIGHBOURS = 3  # so many tell what a list is about; with fewer, the public block has to look like a slip
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
    slipped, such as `192.18.0.0/15` for `198.18.0.0/15`. Judged are lists of four blocks or more, and of three where
    one character would make the public one reserved.

    Fix: correct the block, or move it into a list of its own.
    """
    for at, language, query in queries_of(rule):
        for each in conditions(language, query, least=2):
            blocks = [value for value in each.values if isinstance(value, str)] if each.operator == "block" else []
            public = [block for block in blocks if _public(block)]
            if len(public) == 1 and (len(blocks) > _NEIGHBOURS or (len(blocks) == _NEIGHBOURS and _slip(public[0]))):
                yield Violation(
                    message=f"{coded(public[0])} is public, unlike the other {len(blocks) - 1} blocks for "
                    f"{coded(each.field)}",
                    at=at,
                    value=(each.field, public[0]),
                    line=line_within(rule.text, at, standing(query, public[0])),
                )


def _slip(block: str) -> bool:
    """Whether one character more, less or other makes it a block that is set aside."""
    return any(_one_apart(block, str(each)) for each in _SPECIAL)


def _one_apart(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    at = next((at for at, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short))
    return len(long) - len(short) <= 1 and long[at + 1 :] == short[at + (len(short) == len(long)) :]


def _public(block: str) -> bool:
    try:
        network = ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False
    return not any(
        network.version == each.version and network.network_address in each and network.broadcast_address in each
        for each in _SPECIAL
    )
