"""Syntax of the names in a certificate, checked for every one: what lets certificates of one shape be linted once.

Stricter than RFC 5280 where names are ours to choose, and more exact than a linter that knows only the names of the
public Internet: one-label hosts, wildcards, `spiffe:` and `urn:` are right where the profile allows them.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from cryptography import x509

from emca_daemon.errors import Mismatch, Reason

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_URI = re.compile(r"([a-z][a-z0-9+.-]*):((?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)", re.ASCII)
_AUTHORITY = re.compile(r"(?:[^@/?#]*@)?(\[[0-9a-fA-F:.]+\]|[^:/?#@\[\]]*)(?::[0-9]{1,5})?")
_LOCATION_SCHEMES = ("http", "https", "ldap", "ldaps")
"""What AIA and CRL distribution points may point to."""


def dns_fault(name: str, *, wildcard: bool = False) -> str | None:
    """What is wrong with a DNS name in canonical text, if anything (RFC 5280 4.2.1.6, RFC 5890 2.3.1).

    Lower-case A-labels, at most 253 characters, `*` only as the whole leftmost label and only where `wildcard` says so.
    """
    if not 0 < len(name) <= 253:
        return "a DNS name has 1 to 253 characters"
    rest = name
    if name.startswith("*."):
        if not wildcard:
            return "no wildcard is allowed here"
        rest = name[2:]
    labels = rest.split(".")
    for label in labels:
        if _LABEL.fullmatch(label) is None:
            return "not a DNS name of lower-case letters, digits and hyphens"
        if label[2:4] == "--" and not label.startswith("xn--"):
            return "a label with hyphens in third and fourth place must be an A-label"
    if labels[-1].isdigit():
        return "the last label of a DNS name is not a number"
    return None


def uri_fault(uri: str, *, location: bool = False) -> str | None:
    """What is wrong with a URI, if anything: absolute, in RFC 3986's characters, its host a DNS name or an address.

    `location`: it must be one that a client can fetch from.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        return "not an absolute URI"
    scheme, rest = match.groups()
    if location and scheme not in _LOCATION_SCHEMES:
        return f"nothing is fetched over {scheme}"
    if not rest.startswith("//"):
        return "the URI names no host" if location else None
    authority = _AUTHORITY.fullmatch(re.split("[/?#]", rest[2:], maxsplit=1)[0])
    if authority is None:
        return "the host of the URI is not a DNS name or an address"
    host = authority[1]
    if not host:
        return None if scheme in ("ldap", "file") else "the URI names no host"
    if is_address(host.strip("[]")) or dns_fault(host.lower()) is None:
        return None
    return "the host of the URI is not a DNS name or an address"


def is_address(text: str) -> bool:
    """Whether the text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def alternative_name_faults(names: Iterable[x509.GeneralName], field: str) -> Iterator[Mismatch]:
    """What is wrong with DNS names and URIs among alternative names of subject or issuer."""
    for name in names:
        if isinstance(name, x509.DNSName):
            fault = dns_fault(name.value, wildcard=True)
        elif isinstance(name, x509.UniformResourceIdentifier):
            fault = uri_fault(name.value)
        else:
            continue
        if fault is not None:
            yield Mismatch(f"{field}: {name.value}", fault, Reason.PROFILE_REFUSED)


def constraint_faults(constraints: x509.NameConstraints) -> Iterator[Mismatch]:
    """What is wrong with the DNS and URI subtrees of name constraints (RFC 5280 4.2.1.10)."""
    for tree in (*(constraints.permitted_subtrees or ()), *(constraints.excluded_subtrees or ())):
        if isinstance(tree, x509.DNSName):
            fault = dns_fault(tree.value) if tree.value else None
        elif isinstance(tree, x509.UniformResourceIdentifier):
            host = tree.value.removeprefix(".")
            fault = dns_fault(host) if host else None
        else:
            continue
        if fault is not None:
            yield Mismatch(f"name-constraints: {tree.value}", fault, Reason.PROFILE_REFUSED)


def location_faults(extension: x509.ExtensionType) -> Iterator[Mismatch]:
    """What is wrong with the addresses in AIA, SIA, CRL distribution points, freshest CRL and policy qualifiers."""
    if isinstance(extension, x509.AuthorityInformationAccess | x509.SubjectInformationAccess):
        names = [description.access_location for description in extension]
    elif isinstance(extension, x509.CRLDistributionPoints | x509.FreshestCRL):
        names = [name for point in extension for name in point.full_name or ()]
    else:
        names = []
    addresses = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
    if isinstance(extension, x509.CertificatePolicies):
        qualifiers = [qualifier for policy in extension for qualifier in policy.policy_qualifiers or ()]
        addresses = [qualifier for qualifier in qualifiers if isinstance(qualifier, str)]
    for address in addresses:
        fault = uri_fault(address, location=True)
        if fault is not None:
            yield Mismatch(f"location: {address}", fault, Reason.PROFILE_REFUSED)
