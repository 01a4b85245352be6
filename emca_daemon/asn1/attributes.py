"""The attribute types of distinguished names: what they are called, how long they may be, how they are written."""

from dataclasses import dataclass

from cryptography.x509.name import _ASN1Type as StringType

COMMON_NAME = "2.5.4.3"


@dataclass(frozen=True, slots=True)
class AttributeType:
    """One attribute type: `maximum` is its upper bound in characters (RFC 5280 appendix A, X.520)."""

    oid: str
    name: str
    maximum: int
    string_type: StringType = StringType.UTF8String
    minimum: int = 1


_PRINTABLE = StringType.PrintableString
_IA5 = StringType.IA5String

_KNOWN = (
    AttributeType(COMMON_NAME, "commonName", 64),
    AttributeType("2.5.4.4", "surname", 64),
    AttributeType("2.5.4.5", "serialNumber", 64, _PRINTABLE),
    AttributeType("2.5.4.6", "countryName", 2, _PRINTABLE, minimum=2),
    AttributeType("2.5.4.7", "localityName", 128),
    AttributeType("2.5.4.8", "stateOrProvinceName", 128),
    AttributeType("2.5.4.9", "streetAddress", 128),
    AttributeType("2.5.4.10", "organizationName", 64),
    AttributeType("2.5.4.11", "organizationalUnitName", 64),
    AttributeType("2.5.4.12", "title", 64),
    AttributeType("2.5.4.13", "description", 1024),
    AttributeType("2.5.4.15", "businessCategory", 128),
    AttributeType("2.5.4.16", "postalAddress", 128),
    AttributeType("2.5.4.17", "postalCode", 40),
    AttributeType("2.5.4.42", "givenName", 64),
    AttributeType("2.5.4.43", "initials", 64),
    AttributeType("2.5.4.44", "generationQualifier", 64),
    AttributeType("2.5.4.46", "dnQualifier", 64, _PRINTABLE),
    AttributeType("2.5.4.65", "pseudonym", 128),
    AttributeType("2.5.4.97", "organizationIdentifier", 256),
    AttributeType("0.9.2342.19200300.100.1.1", "userId", 256),
    AttributeType("0.9.2342.19200300.100.1.25", "domainComponent", 63, _IA5),
    AttributeType("1.2.840.113549.1.9.1", "emailAddress", 255, _IA5),
    AttributeType("1.2.840.113549.1.9.2", "unstructuredName", 255),
    AttributeType("1.2.840.113549.1.9.8", "unstructuredAddress", 255),
    AttributeType("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionLocalityName", 128),
    AttributeType("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionStateOrProvinceName", 128),
    AttributeType("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionCountryName", 2, _PRINTABLE, minimum=2),
)

BY_OID = {kind.oid: kind for kind in _KNOWN}
"""Attribute types by dotted OID."""

BY_NAME = {kind.name.lower(): kind for kind in _KNOWN}
"""Attribute types by lower-case name."""


def attribute_type(oid: str) -> AttributeType:
    """What is known of an attribute type; one not known is called by its OID and bounded to 256 characters."""
    return BY_OID.get(oid) or AttributeType(oid, oid, 256)
