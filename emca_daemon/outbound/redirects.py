"""Where an http-01 fetch may be led: the addresses of requests and redirects, checked before anything is looked up."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.dns_names import dns_name_problem

MAX_URL = 2000
"""Characters of an address."""

_PORTS = {"http": 80, "https": 443}
_KEPT = "%/:?#[]@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Target:
    """One address to fetch: all its parts, checked."""

    scheme: str
    host: str
    port: int
    url: str


def target(url: str, ports: Collection[int]) -> Target:
    """The parts of an absolute address; raises Refused(NOT_PERMITTED) where a fetch may not go.

    Only http and https, only to DNS names, only to `ports`, without user names.
    """
    _check_characters(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(url, "is not a URL") from error
    host = (parts.hostname or "").removesuffix(".")
    if parts.scheme not in _PORTS:
        raise _refused(url, "is neither http nor https")
    if "@" in parts.netloc:
        raise _refused(url, "contains a user name")
    if dns_name_problem(host, wildcard=False, underscores=True) is not None:
        raise _refused(url, "does not lead to a DNS name")
    if port is None:
        port = _PORTS[parts.scheme]
    if port not in ports:
        raise _refused(url, f"leads to port {port}")
    authority = host if port == _PORTS[parts.scheme] else f"{host}:{port}"
    query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    return Target(
        parts.scheme, host, port, f"{parts.scheme}://{authority}{quote(parts.path or '/', safe=_KEPT)}{query}"
    )


def address_target(address: str, port: int, path: str) -> Target:
    """A first request to an IP address that was ordered (RFC 8738 4); redirects to addresses are not followed."""
    host = f"[{address}]" if ":" in address else address
    authority = host if port == _PORTS["http"] else f"{host}:{port}"
    return Target("http", address, port, f"http://{authority}{path}")


def redirected(here: Target, location: str, ports: Collection[int]) -> Target:
    """Where a `Location` header leads from here; raises Refused(NOT_PERMITTED)."""
    _check_characters(location)
    try:
        joined = urljoin(here.url, location)
    except ValueError as error:
        raise _refused(location, "is not a URL") from error
    return target(joined, ports)


def _check_characters(url: str) -> None:
    """Printable ASCII of a sane length only: the parsers below drop other characters silently."""
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise _refused(url, "is not a URL that can be followed")


def _refused(url: str, why: str) -> Refused:
    """Why an address is not followed."""
    shown = url[:200].encode("ascii", "backslashreplace").decode()
    return Refused(Reason.NOT_PERMITTED, f"{shown!r} {why}")
