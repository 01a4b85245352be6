"""Names between our values and X.509's: distinguished names and general names (RFC 5280 4.1.2.4, 4.2.1.6)."""

import binascii
import ipaddress

from cryptography import x509
from cryptography.x509.name import _ASN1Type as StringType

from emca_daemon.asn1 import der
from emca_daemon.asn1.attributes import attribute_type
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, Subject, SubjectAttribute

UPN = "1.3.6.1.4.1.311.20.2.3"
"""The otherName that holds a Microsoft user principal name."""


def subject_to_name(subject: Subject, string_types: dict[str, StringType] | None = None) -> x509.Name:
    """The X.509 name; string types by OID where they differ from the attribute's own.

    Raises Refused(NAME_REFUSED) for a value that is too long, empty, or not writable in its string type.
    """
    relative: list[list[x509.NameAttribute[str | bytes]]] = []
    for attribute in subject:
        kind = attribute_type(attribute.oid)
        string_type = (string_types or {}).get(attribute.oid, kind.string_type)
        try:
            name_attribute = x509.NameAttribute(x509.ObjectIdentifier(attribute.oid), attribute.value, string_type)
        except ValueError as error:
            raise Refused(Reason.NAME_REFUSED, f"{kind.name} cannot be written: {error}") from error
        if attribute.joined and relative:
            relative[-1].append(name_attribute)
        else:
            relative.append([name_attribute])
    try:
        return x509.Name([x509.RelativeDistinguishedName(attributes) for attributes in relative])
    except ValueError as error:
        raise Refused(Reason.NAME_REFUSED, f"the subject cannot be written: {error}") from error


def name_to_subject(name: x509.Name) -> Subject:
    """The attributes of an X.509 name in order; several in one relative name are joined.

    Raises Refused(MALFORMED) for a value that is not text.
    """
    attributes = []
    for relative in name.rdns:
        for place, attribute in enumerate(relative):
            if not isinstance(attribute.value, str):
                raise Refused(Reason.MALFORMED, f"the value of {attribute.oid.dotted_string} in a name is not text")
            attributes.append(SubjectAttribute(attribute.oid.dotted_string, attribute.value, joined=place > 0))
    return tuple(attributes)


def general_name(name: AlternativeName) -> x509.GeneralName:
    """The X.509 general name; raises Refused(NAME_REFUSED) where the text cannot be one."""
    try:
        return _general_name(name)
    except (ValueError, binascii.Error) as error:
        raise Refused(Reason.NAME_REFUSED, f"{name} cannot be written in a certificate") from error


def _general_name(name: AlternativeName) -> x509.GeneralName:
    value = name.value
    match name.type:
        case NameType.DNS:
            return x509.DNSName(value)
        case NameType.IP:
            return x509.IPAddress(ipaddress.ip_address(value))
        case NameType.EMAIL:
            return x509.RFC822Name(value)
        case NameType.URI:
            return x509.UniformResourceIdentifier(value)
        case NameType.UPN:
            return x509.OtherName(x509.ObjectIdentifier(UPN), der.tlv(0x0C, value.encode()))
        case NameType.REGISTERED_ID:
            return x509.RegisteredID(x509.ObjectIdentifier(value))
        case NameType.DIRECTORY:
            return x509.DirectoryName(x509.Name.from_rfc4514_string(value))
        case _:
            oid, _, content = value.partition(":")
            return x509.OtherName(x509.ObjectIdentifier(oid), bytes.fromhex(content))


def alternative_name(name: x509.GeneralName) -> AlternativeName:
    """Our canonical text of a general name; raises Refused(MALFORMED) for one that has none."""
    match name:
        case x509.DNSName():
            return AlternativeName(NameType.DNS, name.value.lower())
        case x509.IPAddress(value=ipaddress.IPv4Address() | ipaddress.IPv6Address() as address):
            return AlternativeName(NameType.IP, ip_text(address))
        case x509.RFC822Name():
            return AlternativeName(NameType.EMAIL, with_lower_domain(name.value))
        case x509.UniformResourceIdentifier():
            return AlternativeName(NameType.URI, name.value)
        case x509.RegisteredID():
            return AlternativeName(NameType.REGISTERED_ID, name.value.dotted_string)
        case x509.DirectoryName():
            return AlternativeName(NameType.DIRECTORY, name.value.rfc4514_string())
        case x509.OtherName():
            return _other_name(name)
    raise Refused(Reason.MALFORMED, "an alternative name is of a kind that cannot be read")


def written_name(text: str) -> AlternativeName:
    """A name written `dns:host.example`, `ip:192.0.2.1`, `uri:` ..., in canonical text; raises ValueError."""
    kind, _, value = text.partition(":")
    if not value:
        raise ValueError("an empty name")
    try:
        return alternative_name(general_name(AlternativeName(NameType(kind), value)))
    except Refused as refused:
        raise ValueError(refused.detail) from refused


def ip_text(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The address as RFC 5952 writes it; Python before 3.13 does not do so for IPv4 inside IPv6 (section 5)."""
    if address.version == 6 and address.ipv4_mapped is not None:
        return f"::ffff:{address.ipv4_mapped}"
    return str(address)


def with_lower_domain(address: str) -> str:
    """An e-mail address or UPN with its domain in lower case (the part before the `@` is case-sensitive)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def _other_name(name: x509.OtherName) -> AlternativeName:
    oid, value = name.type_id.dotted_string, name.value
    if oid == UPN and value[:1] == b"\x0c":
        try:
            text = value[-_content_length(value) :].decode() if _content_length(value) else ""
        except UnicodeDecodeError as error:
            raise Refused(Reason.MALFORMED, "a user principal name is not UTF-8") from error
        if der.tlv(0x0C, text.encode()) == value:
            return AlternativeName(NameType.UPN, with_lower_domain(text))
    return AlternativeName(NameType.OTHER, f"{oid}:{value.hex()}")


def _content_length(value: bytes) -> int:
    """The length of the content that the DER value's header announces; 0 where it is shorter than its header."""
    first = value[1] if len(value) > 1 else 0
    if first < 0x80:
        return first
    return int.from_bytes(value[2 : 2 + (first & 0x7F)])
