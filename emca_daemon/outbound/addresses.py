"""Which addresses we connect to: the guard against requests that a stranger makes through us (SSRF).

A name in an order is chosen by whoever orders. Without a guard its owner could point it at our own networks and have
us knock there. What is not a public unicast address is refused unless the settings list its network.
"""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Network = IPv4Network | IPv6Network

_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by carriers"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("100::/64", "discarded"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "for documentation"),
        ("3fff::/20", "for documentation"),
        ("5f00::/16", "for segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
"""The special-purpose registries of IANA (RFC 6890), as far as nothing public is reached there."""

_GLOBAL_IPV6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks from text (`10.0.0.0/8`, a single address is one of itself); raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def is_address(text: str) -> bool:
    """Whether a text is an IP address rather than a name."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def refused_address(address: str, allow_networks: Iterable[Network] = ()) -> str | None:
    """Why we do not connect to an address; None if we do.

    An IPv6 address that stands for an IPv4 address (mapped, compatible, 6to4, NAT64) is judged by that one as well.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return f"{address} is not an IP address"
    if isinstance(parsed, IPv6Address) and parsed.scope_id:
        return f"{address} is an address of one link"
    allowed = tuple(allow_networks)
    meant = _meant(parsed)
    if any(one in network for one in (parsed, meant) for network in allowed):
        return None
    for one in dict.fromkeys((meant, parsed)):
        kind = _kind(one, standing_for=meant)
        if kind is not None:
            return f"{address} is refused: {kind}"
    return None


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _kind(address: IPv4Address | IPv6Address, standing_for: IPv4Address | IPv6Address) -> str | None:
    """What is special about an address, None for one of the public Internet."""
    for network, kind in _REFUSED:
        if address in network:
            return kind
    if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6 and address == standing_for:
        return "not a global address"
    return None
