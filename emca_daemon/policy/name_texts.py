"""The syntax of the texts that alternative names are: addresses, mailboxes, URIs, identifiers."""

import ipaddress
import re
from urllib.parse import urlsplit

from emca_daemon.asn1.names import ip_text
from emca_daemon.policy.dns_names import dns_name_problem
from emca_daemon.policy.patterns import DistinguishedName, IpAddress, Oid, is_one_der_value

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")


def ip_address(text: str) -> IpAddress | None:
    """The address, where the text is one as RFC 5952 writes it (no zone, lower case, shortest form)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address if ip_text(address) == text and "%" not in text else None


def canonical_ip_address(text: str) -> str | None:
    """The address as RFC 5952 writes it, where the text is one in any form that has no zone."""
    try:
        return None if "%" in text else ip_text(ipaddress.ip_address(text))
    except ValueError:
        return None


def mail_problem(address: str) -> str | None:
    """What keeps the text from being a mailbox (RFC 5321 4.1.2, no quoted local parts, domain in lower case)."""
    local, at, domain = address.rpartition("@")
    if not at or len(address) > 254 or len(local) > 64 or not _LOCAL_PART.fullmatch(local):
        return "is not a mailbox"
    return "has a domain that is none" if dns_name_problem(domain, wildcard=False) else None


def upn_problem(text: str) -> str | None:
    """What keeps the text from being a user principal name: printable characters, one `@`, a realm."""
    user, at, realm = text.partition("@")
    if not at or not user or len(text) > 1024 or not user.isprintable():
        return "is not a user principal name"
    return "has a realm that is none" if dns_name_problem(realm, wildcard=False) else None


def scheme_and_host(uri: str) -> tuple[str, str] | None:
    """Scheme and host (both in lower case; the host empty where there is none) of an absolute URI, else None."""
    if len(uri) > 2048 or not _URI.fullmatch(uri):
        return None
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        return None
    if parts.netloc and not host:
        return None
    return parts.scheme, host


def oid(text: str) -> Oid | None:
    """The object identifier, where the text is one."""
    try:
        return Oid.parse(text)
    except ValueError:
        return None


def distinguished_name(text: str) -> DistinguishedName | None:
    """The name, where the text is one that RFC 4514 allows and that is not empty."""
    try:
        return DistinguishedName.parse(text) if text else None
    except ValueError:
        return None


def is_der_hex(text: str) -> bool:
    """Whether the text is one DER value in lower-case hexadecimal."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        return False
    return value.hex() == text and is_one_der_value(value)
