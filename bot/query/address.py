"""Addresses and networks, read once and kept."""

from __future__ import annotations

import re
from functools import lru_cache

_WRITTEN = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9]+)?")
"""No zone (``fe80::1%1``) and no mask (``/255.0.0.0``): Elasticsearch reads neither."""

_MAPPED = 0xFFFF << 32
"""Where the addresses of IPv4 begin among those of IPv6 (RFC 4291, 2.5.5.2): an index keeps both in 16 bytes."""


@lru_cache(maxsize=4096)
def network(text: str) -> tuple[int, int] | None:
    """The first and the last address of a network, or one address twice, as numbers of 128 bits.

    None where the text is neither, and for a network among mapped addresses (``::ffff:10.0.0.0/104``), which
    Elasticsearch refuses.
    """
    if not _WRITTEN.fullmatch(text):
        return None
    import ipaddress

    try:
        net = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    first, last = int(net.network_address), int(net.broadcast_address)
    if net.version == 4:  # noqa: PLR2004 - a small number
        return first + _MAPPED, last + _MAPPED
    return None if _is_mapped(first) and "/" in text else (first, last)


def _is_mapped(number: int) -> bool:
    return number >> 32 == _MAPPED >> 32


def contains(outer: str, inner: str) -> bool:
    """Tell whether every address of one network lies in the other."""
    one, other = network(outer), network(inner)
    return one is not None and other is not None and one[0] <= other[0] and other[1] <= one[1]


def addresses(text: str) -> list[str]:
    """A few addresses of a network: the first, one inside, the last."""
    import ipaddress

    net = network(text)
    if net is None:
        return []
    first, last = net
    some = dict.fromkeys((min(first + 1, last), first, (first + last) // 2, last))
    return [
        str(ipaddress.IPv4Address(each - _MAPPED) if _is_mapped(each) else ipaddress.IPv6Address(each)) for each in some
    ]
