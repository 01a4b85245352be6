"""The name constraints of an issuer and of the CAs above it, applied to what it shall issue (RFC 5280 4.2.1.10)."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

from cryptography import x509

from emca_daemon.asn1.names import with_lower_domain
from emca_daemon.errors import Mismatch, Reason
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy import name_texts
from emca_daemon.policy.dns_names import DnsPattern, DnsPatterns, dns_name_problem
from emca_daemon.policy.patterns import DistinguishedName, MailPattern

_KINDS: dict[NameType, type[x509.GeneralName]] = {
    NameType.DNS: x509.DNSName,
    NameType.IP: x509.IPAddress,
    NameType.EMAIL: x509.RFC822Name,
    NameType.URI: x509.UniformResourceIdentifier,
    NameType.DIRECTORY: x509.DirectoryName,
    NameType.REGISTERED_ID: x509.RegisteredID,
    NameType.UPN: x509.OtherName,
    NameType.OTHER: x509.OtherName,
}


def constraints_in(certificates: Iterable[x509.Certificate]) -> tuple[x509.NameConstraints, ...]:
    """The name constraints of those certificates that have any."""
    found = (extension.value for certificate in certificates for extension in certificate.extensions)
    return tuple(value for value in found if isinstance(value, x509.NameConstraints))


def constraint_mismatches(
    constraints: Sequence[x509.NameConstraints],
    names: Sequence[AlternativeName],
    subject: x509.Name | None,
    *,
    end_entity: bool = True,
) -> list[Mismatch]:
    """What the name constraints along a chain do not let its last issuer certify.

    Asked of each name, of the subject (if it is known) and of the mailboxes in it: every one of the chain must allow
    them (RFC 5280 6.1.3 b and c). Roots are asked as well, though validators may leave a trust anchor's aside. Where
    an end entity has no DNS name, a common name that is one counts: some clients take it for the host's, and OpenSSL
    asks it.
    """
    if not constraints:
        return []
    detail = "is not among the names that the issuer's certificate, or one above it, allows"
    return [
        Mismatch(name.value, detail, Reason.NAME_REFUSED)
        for name in [*names, *_names_in(subject), *(_host_in(subject, names) if end_entity else ())]
        if any(_is_outside(one, name) for one in constraints)
    ]


def _is_outside(constraints: x509.NameConstraints, name: AlternativeName) -> bool:
    kind = _KINDS[name.type]
    permitted = [subtree for subtree in constraints.permitted_subtrees or () if isinstance(subtree, kind)]
    excluded = [subtree for subtree in constraints.excluded_subtrees or () if isinstance(subtree, kind)]
    if permitted and not any(_covers(subtree, name) for subtree in permitted):
        return True
    return any(_touches(subtree, name) for subtree in excluded)


def _names_in(subject: x509.Name | None) -> Iterator[AlternativeName]:
    if subject is None or not subject.rdns:
        return
    yield AlternativeName(NameType.DIRECTORY, subject.rfc4514_string())
    for attribute in subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS):
        yield AlternativeName(NameType.EMAIL, with_lower_domain(str(attribute.value)))


def _host_in(subject: x509.Name | None, names: Sequence[AlternativeName]) -> Iterator[AlternativeName]:
    if subject is None or any(name.type is NameType.DNS for name in names):
        return
    for attribute in subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME):
        host = str(attribute.value).lower()
        if dns_name_problem(host, wildcard=True, underscores=True, single_label=False) is None:
            yield AlternativeName(NameType.DNS, host)


def _covers(subtree: x509.GeneralName, name: AlternativeName) -> bool:
    """Whether the whole of the name lies in the subtree; what cannot be told does not."""
    match subtree:
        case x509.DNSName():
            return _beneath(subtree.value).cover(name.value)
        case x509.UniformResourceIdentifier():
            parts = name_texts.scheme_and_host(name.value)
            return parts is not None and DnsPatterns((DnsPattern(subtree.value.lower()),)).cover(parts[1])
        case x509.RFC822Name():
            return _mail_pattern(subtree.value).covers(name.value)
        case x509.IPAddress(value=ipaddress.IPv4Network() | ipaddress.IPv6Network() as network):
            address = name_texts.ip_address(name.value)
            return address is not None and address in network
        case x509.DirectoryName():
            inner = name_texts.distinguished_name(name.value)
            return inner is not None and DistinguishedName(subtree.value).covers(inner.name)
    return False


def _touches(subtree: x509.GeneralName, name: AlternativeName) -> bool:
    """Whether any part of the name lies in the subtree; what cannot be told does."""
    match subtree:
        case x509.DNSName():
            return _beneath(subtree.value).touch(name.value)
        case x509.OtherName() | x509.RegisteredID():
            return True
        case x509.UniformResourceIdentifier():
            parts = name_texts.scheme_and_host(name.value)
            return parts is None or not parts[1] or _covers(subtree, name)
        case x509.DirectoryName():
            return name_texts.distinguished_name(name.value) is None or _covers(subtree, name)
        case x509.IPAddress():
            return name_texts.ip_address(name.value) is None or _covers(subtree, name)
    return _covers(subtree, name)


def _beneath(constraint: str) -> DnsPatterns:
    """A DNS constraint as patterns: `example.com` is it and all beneath, empty text every name."""
    lower = constraint.lower()
    if not lower:
        return DnsPatterns((DnsPattern("*"),))
    return DnsPatterns((DnsPattern(lower), DnsPattern("." + lower.removeprefix("."))))


def _mail_pattern(constraint: str) -> MailPattern:
    local, at, domain = constraint.rpartition("@")
    if at:
        return MailPattern(f"{local}@{domain.lower()}", DnsPatterns(()))
    return MailPattern("", DnsPatterns((DnsPattern(domain.lower()),)))
