"""What the cross-checks have in common: how they say what is wrong, and how single texts must look."""

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

Finding = tuple[str, str]
"""The key that is wrong, and what was expected there."""

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""Names of signers, listeners, issuers, profiles and endpoints: fit for file names and addresses."""

_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST: Final = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")

_REALM: Final = re.compile(r"[ !#-9;-\[\]-~]+")

REALM_EXPECTED: Final = "expected printable ASCII without colons, quotation marks and backslashes"


def is_address(text: str) -> bool:
    """An IPv4 or IPv6 address."""
    return _parses(ip_address, text)


def is_network(text: str) -> bool:
    """A network such as `10.0.0.0/8`, without bits set outside it."""
    return _parses(ip_network, text)


def is_host_pattern(text: str) -> bool:
    """A lower-case host name, or `*.` and one."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def is_resolver(text: str) -> bool:
    """`ADDRESS`, `IPV4:PORT` or `[IPV6]:PORT`."""
    if is_address(text):
        return True
    address, _, digits = text.rpartition(":")
    bracketed = address.startswith("[") and address.endswith("]")
    plain = address[1:-1] if bracketed else address
    return is_address(plain) and bracketed == (":" in plain) and is_port(digits)


def is_port(text: str) -> bool:
    """A port in decimal digits, 1 to 65535."""
    return re.fullmatch(r"[1-9][0-9]{0,4}", text) is not None and int(text) <= 65_535


def is_path(text: str) -> bool:
    """A path of a URL: `/` and plain parts, without a slash at the end."""
    return _PATH.fullmatch(text) is not None


def is_realm(text: str) -> bool:
    """What stands between quotation marks in a header field as it is, and before the colons of a Digest."""
    return _REALM.fullmatch(text) is not None


def is_url(text: str, *schemes: str) -> bool:
    """An absolute URL of one of these schemes, with a host and without user or fragment."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = "@" not in parts.netloc and "#" not in text and re.search(r"[\s\x00-\x1f\x7f]", text) is None
    return parts.scheme in schemes and bool(host) and plain


def names(key: str, used: Iterable[str]) -> Iterable[Finding]:
    """Names of tables that are not fit to be names."""
    for name in used:
        if not NAME.fullmatch(name):
            yield f"{key}.{name}", "expected a name of letters, digits, `.`, `_` and `-`, at most 63"


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
