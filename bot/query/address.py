"""Addresses and networks, read once and kept."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def network(text: str) -> tuple[int, int, int] | None:
    """A network or an address as (version, first, last); None where the text is neither."""
    import ipaddress

    try:
        net = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return net.version, int(net.network_address), int(net.broadcast_address)


def contains(outer: str, inner: str) -> bool:
    """Tell whether every address of one network lies in the other."""
    one, other = network(outer), network(inner)
    return one is not None and other is not None and one[0] == other[0] and one[1] <= other[1] and other[2] <= one[2]


def addresses(text: str) -> list[str]:
    """A few addresses of a network: the first, one inside, the last."""
    import ipaddress

    net = network(text)
    if net is None:
        return []
    version, first, last = net
    make = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address  # noqa: PLR2004 - a small number
    return list(dict.fromkeys(str(make(number)) for number in (min(first + 1, last), first, (first + last) // 2, last)))
