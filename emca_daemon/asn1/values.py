"""Reading DER by `cryptography.hazmat.asn1`: values whole, lists of anything, and AlgorithmIdentifiers.

What cannot be declared there (an optional ANY, a list of CHOICEs) is read as plain TLVs, whose bytes these functions
give back as they came: DER has only one way to write a value.
"""

from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused

T = TypeVar("T")

SEQUENCE = 0x30


@dataclass(frozen=True, slots=True)
class Algorithm:
    """AlgorithmIdentifier (RFC 5280 4.1.1.2): dotted OID, and the parameters' DER (None where there are none)."""

    oid: str
    parameters: bytes | None = None

    def encoded(self) -> bytes:
        """Its DER."""
        return der.sequence(der.oid(self.oid), self.parameters or b"")

    @property
    def without_parameters(self) -> bool:
        """Whether there are none, or NULL."""
        return self.parameters is None or self.parameters == der.NULL


@asn1.sequence
class _Parts:
    parts: list[asn1.TLV]


@asn1.sequence
class _Identifier:
    value: x509.ObjectIdentifier


def encoded(value: asn1.TLV) -> bytes:
    """The DER of a value, identifier and length included; raises Refused(MALFORMED) for tags of several octets."""
    if len(value.tag_bytes) != 1:
        raise Refused(Reason.MALFORMED, "a tag is higher than any in use")
    return der.tlv(value.tag_bytes[0], bytes(value.data))


def decoded(cls: type[T], data: bytes, what: str) -> T:
    """A declared type from its DER; raises Refused(MALFORMED), saying that it is no `what`."""
    try:
        return asn1.decode_der(cls, data)
    except (ValueError, OverflowError) as error:
        raise Refused(Reason.MALFORMED, f"not a {what} in DER") from error


def content_parts(content: bytes, what: str) -> list[asn1.TLV]:
    """The values that stand one after the other in some content; raises Refused(MALFORMED)."""
    whole = der.sequence(der.tlv(SEQUENCE, content))
    return decoded(_Parts, whole, what).parts


def sequence_parts(data: bytes, what: str) -> list[asn1.TLV]:
    """The elements of one SEQUENCE (OF anything), in DER; raises Refused(MALFORMED)."""
    return decoded(_Parts, der.sequence(data), what).parts


def object_identifier(value: asn1.TLV) -> str:
    """The dotted text of an OBJECT IDENTIFIER; raises Refused(MALFORMED)."""
    data = der.sequence(encoded(value))
    return decoded(_Identifier, data, "OBJECT IDENTIFIER").value.dotted_string


def algorithm(data: bytes) -> Algorithm:
    """An AlgorithmIdentifier from its DER; raises Refused(MALFORMED)."""
    return algorithm_of(sequence_parts(data, "AlgorithmIdentifier"))


def algorithm_of(parts: list[asn1.TLV]) -> Algorithm:
    """An AlgorithmIdentifier from its elements; raises Refused(MALFORMED)."""
    if not 1 <= len(parts) <= 2:
        raise Refused(Reason.MALFORMED, "not an AlgorithmIdentifier in DER")
    return Algorithm(object_identifier(parts[0]), encoded(parts[1]) if len(parts) == 2 else None)


def integer(data: bytes, what: str) -> int:
    """An INTEGER from its DER; raises Refused(MALFORMED)."""
    return decoded(int, data, what)
