"""PKCS #10 requests as clients really write them (RFC 2986): in BER, with attributes in any order or none at all.

The order of a SET OF is part of what was signed, so the signature is checked over the octets as sent, and everything
else is read from a copy in order, with names that can be read. The version is not looked at closely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from emca_daemon.asn1 import ber, cms, cms_signatures, der
from emca_daemon.asn1.cms_algorithms import DIGEST_OIDS
from emca_daemon.asn1.lax_names import readable_name
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.errors import Reason, Refused

CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7"  # noqa: S105 - an object identifier
MAXIMUM_SIZE = 65_536
"""The largest request read, in octets."""

_VERSION = b"\x02\x01\x00"
_CLAIMED_VERSIONS = frozenset({b"\x02\x01\x01", b"\x02\x01\x02"})
"""There is one version, v1, written as 0; some libraries write 1 or 2 (Ruby's acme-client), and OpenSSL takes it."""

_ATTRIBUTES = 0xA0
_WIDE_STRINGS = {0x1C: "utf-32-be", 0x1E: "utf-16-be"}
_STRINGS = frozenset({0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A})


@dataclass(frozen=True, slots=True)
class CertificationRequest:
    """A request: `encoded` as it was signed, `ordered` the same with its attributes in DER order.

    `attributes` has the DER of each attribute's values by dotted OID; `challenge_password` is the text as octets
    (UTF-8 where its characters were wider), None where there is none. `algorithm` is the signature's, in DER.
    """

    encoded: bytes
    ordered: x509.CertificateSigningRequest
    attributes: dict[str, tuple[bytes, ...]]
    challenge_password: bytes | None
    information: bytes
    algorithm: bytes
    signature: bytes

    def is_signature_valid(self) -> bool:
        """Whether the request's own key signed it, with whatever digest: that is for policy to judge.

        Raises Refused(ALGORITHM_REFUSED) if it cannot be told.
        """
        try:
            key = self.ordered.public_key()
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise Refused(Reason.ALGORITHM_REFUSED, "the request is signed in a way that is not supported") from error
        try:
            algorithm = cms.read_algorithm(self.algorithm)
            cms_signatures.verify(key, algorithm, "", self.signature, self.information, DIGEST_OIDS)
        except Refused as refusal:
            if refusal.reason is Reason.BAD_INTEGRITY:
                return False
            raise
        return True


def read_request(data: bytes) -> CertificationRequest:
    """Read a request from BER, its signature not yet verified; raises Refused(MALFORMED)."""
    encoded = ber.to_der(data, max_size=MAXIMUM_SIZE)
    parts = ber.elements(ber.element(encoded).content, 3)
    if [part.tag for part in parts] != [0x30, 0x30, 0x03] or not parts[2].content:
        raise _malformed()
    information = ber.elements(parts[0].content, 4)
    if len(information) < 3:
        raise _malformed()
    attributes = [a.encoded for a in ber.elements(information[3].content)] if len(information) == 4 else []
    try:
        request = x509.load_der_x509_csr(_ordered(information, attributes, parts[1:]))
    except UNREADABLE as error:
        raise _malformed() from error
    values = _read_attributes(attributes)
    return CertificationRequest(
        encoded=encoded,
        ordered=request,
        attributes=values,
        challenge_password=_read_challenge(values),
        information=parts[0].encoded,
        algorithm=parts[1].encoded,
        signature=parts[2].content[1:],
    )


def version_of(data: bytes) -> int:
    """The version that a request claims: 0 is what RFC 2986 has; raises Refused(MALFORMED)."""
    encoded = ber.to_der(data, max_size=MAXIMUM_SIZE)
    whole = ber.elements(ber.element(encoded).content, 3)
    information = ber.elements(whole[0].content, 4) if whole else []
    if not information or information[0].tag != 0x02 or not information[0].content:
        raise _malformed()
    return int.from_bytes(information[0].content, signed=True)


def _ordered(information: Sequence[ber.Element], attributes: Sequence[bytes], rest: Sequence[ber.Element]) -> bytes:
    """The request for a strict reader, with attributes, which some leave out where there are none."""
    version, subject, key = (part.encoded for part in information[:3])
    tag = information[3].tag if len(information) == 4 else _ATTRIBUTES
    return der.sequence(
        der.sequence(
            _VERSION if version in _CLAIMED_VERSIONS else version,
            readable_name(subject),
            key,
            der.tlv(tag, b"".join(sorted(attributes))),
        ),
        *(part.encoded for part in rest),
    )


def load_request(data: bytes) -> x509.CertificateSigningRequest:
    """A request as the library reads it, in order where it was not: not to verify its signature with.

    Raises Refused(MALFORMED).
    """
    try:
        return x509.load_der_x509_csr(data)
    except UNREADABLE:
        return read_request(data).ordered


def read_text(encoded: bytes) -> bytes:
    """The octets of a string of any kind, a BMPString's or UniversalString's in UTF-8; raises Refused(MALFORMED)."""
    value = ber.element(encoded)
    if value.tag in _WIDE_STRINGS:
        try:
            return value.content.decode(_WIDE_STRINGS[value.tag]).encode()
        except UnicodeError:
            raise Refused(Reason.MALFORMED, "a string with half a character") from None
    if value.tag not in _STRINGS:
        raise Refused(Reason.MALFORMED, "not a string")
    return value.content


def _read_attributes(encoded: list[bytes]) -> dict[str, tuple[bytes, ...]]:
    values: dict[str, tuple[bytes, ...]] = {}
    for attribute in encoded:
        read = cms.parse(cms.AttributeStructure, attribute, "an attribute of a request")
        values[read.attr_type.dotted_string] = tuple(
            value.encoded for value in ber.elements(bytes(read.attr_values.data), 64)
        )
    return values


def _read_challenge(attributes: dict[str, tuple[bytes, ...]]) -> bytes | None:
    values = attributes.get(CHALLENGE_PASSWORD)
    if values is None:
        return None
    if len(values) != 1:
        raise Refused(Reason.MALFORMED, "a challengePassword has one value")
    return read_text(values[0])


def _malformed() -> Refused:
    return Refused(Reason.MALFORMED, "this is not a PKCS #10 certification request")
