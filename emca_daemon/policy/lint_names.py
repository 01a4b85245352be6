"""Syntax of the names in a certificate, checked for every one: what lets certificates of one shape be linted once.

Stricter than RFC 5280 where names are ours to choose, and more exact than a linter that knows only the names of the
public Internet: one-label hosts, wildcards, `spiffe:` and `urn:` are right where the profile allows them.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from cryptography import x509

from emca_daemon.errors import Mismatch, Reason
from emca_daemon.policy.dns_names import dns_name_problem

_URI = re.compile(r"([a-z][a-z0-9+.-]*):((?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)", re.ASCII)
_AUTHORITY = re.compile(r"(?:[^@/?#]*@)?(\[[0-9a-fA-F:.]+\]|[^:/?#@\[\]]*)(?::[0-9]{1,5})?")
_LOCATION_SCHEMES = ("http", "https", "ldap", "ldaps")
"""What AIA and CRL distribution points may point to."""


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
    if is_address(host.strip("[]")) or _host_fault(host.lower()) is None:
        return None
    return "the host of the URI is not a DNS name or an address"


def _host_fault(name: str) -> str | None:
    """What is wrong with the name of one host or domain; underscores are for the profile to allow."""
    return dns_name_problem(name, wildcard=False, underscores=True)


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
            fault = dns_name_problem(name.value, wildcard=True, underscores=True)
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
            fault = _host_fault(tree.value) if tree.value else None
        elif isinstance(tree, x509.UniformResourceIdentifier):
            host = tree.value.removeprefix(".")
            fault = _host_fault(host) if host else None
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
