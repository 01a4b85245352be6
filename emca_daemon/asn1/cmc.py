"""Certificate management over CMS (RFC 5272, 6402): PKIData read, PKIResponse and its status written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from cryptography import x509
from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.asn1.encoded_names import read_general_names, read_name
from emca_daemon.asn1.values import (
    Algorithm,
    algorithm,
    content_parts,
    decoded,
    encoded,
    integer,
    object_identifier,
    sequence_parts,
)
from emca_daemon.errors import Reason, Refused

PKI_DATA: Final = "1.3.6.1.5.5.7.12.2"
PKI_RESPONSE: Final = "1.3.6.1.5.5.7.12.3"
NO_SIGNATURE: Final = "1.3.6.1.5.5.7.6.2"
"""id-alg-noSignature: the "signature" is the digest of what would be signed (RFC 5272 3.3.3.1, RFC 5912)."""

_CONTROLS: Final = "1.3.6.1.5.5.7.7."
IDENTIFICATION: Final = _CONTROLS + "2"
IDENTITY_PROOF: Final = _CONTROLS + "3"
DATA_RETURN: Final = _CONTROLS + "4"
TRANSACTION_ID: Final = _CONTROLS + "5"
SENDER_NONCE: Final = _CONTROLS + "6"
RECIPIENT_NONCE: Final = _CONTROLS + "7"
GET_CERT: Final = _CONTROLS + "15"
GET_CRL: Final = _CONTROLS + "16"
REVOKE_REQUEST: Final = _CONTROLS + "17"
QUERY_PENDING: Final = _CONTROLS + "21"
STATUS_INFO_V2: Final = _CONTROLS + "25"
IDENTITY_PROOF_V2: Final = _CONTROLS + "34"

MOST_PARTS: Final = 64
"""Controls, and requests, of one message."""

_BIGGEST_ID: Final = 0xFFFF_FFFE
_SET: Final = 0x31
_UTF8: Final = 0x0C
_GENERALIZED_TIME: Final = 0x18
_BIT_STRING: Final = 0x03
_CONTEXT: Final = 0x80


class Status(Enum):
    """CMCStatus (RFC 5272 6.1.2)."""

    SUCCESS = 0
    FAILED = 2
    PENDING = 3
    NO_SUPPORT = 4
    CONFIRM_REQUIRED = 5
    POP_REQUIRED = 6
    PARTIAL = 7


class FailInfo(Enum):
    """CMCFailInfo (RFC 5272 6.1.4)."""

    BAD_ALGORITHM = 0
    BAD_MESSAGE_CHECK = 1
    BAD_REQUEST = 2
    BAD_TIME = 3
    BAD_CERTIFICATE_ID = 4
    UNSUPPORTED_EXTENSION = 5
    MUST_ARCHIVE_KEYS = 6
    BAD_IDENTITY = 7
    POP_REQUIRED = 8
    POP_FAILED = 9
    NO_KEY_REUSE = 10
    INTERNAL_CA_ERROR = 11
    TRY_LATER = 12
    AUTHENTICATED_DATA_FAIL = 13


class RequestKind(Enum):
    """TaggedRequest, by its tag."""

    PKCS10 = 0
    CRMF = 1
    OTHER = 2


@dataclass(frozen=True, slots=True)
class Control:
    """TaggedAttribute; `values` are in DER."""

    body_part: int
    oid: str
    values: tuple[bytes, ...]

    @property
    def value(self) -> bytes:
        """The one value; raises Refused(MALFORMED) where there are none or several."""
        if len(self.values) != 1:
            raise Refused(Reason.MALFORMED, "a control does not have one value")
        return self.values[0]


@dataclass(frozen=True, slots=True)
class TaggedRequest:
    """One request: a CertificationRequest or a CertReqMsg in DER."""

    body_part: int
    kind: RequestKind
    encoded: bytes


@dataclass(frozen=True, slots=True)
class PkiData:
    """What a full request holds; `request_sequence` is the DER that an identity proof is over."""

    controls: tuple[Control, ...]
    requests: tuple[TaggedRequest, ...]
    request_sequence: bytes

    def control(self, oid: str) -> Control | None:
        """The control of that kind; raises Refused(MALFORMED) where there are several."""
        found = [control for control in self.controls if control.oid == oid]
        if len(found) > 1:
            raise Refused(Reason.MALFORMED, f"the control {oid} is there more than once")
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class IdentityProof:
    """How a shared secret was proved: digest and MAC algorithms, and the MAC itself."""

    digest: Algorithm
    mac: Algorithm
    witness: bytes


@dataclass(frozen=True, slots=True)
class RevokeRequest:
    """RevokeRequest (RFC 5272 6.11): the issuer's name in DER, the serial, the CRLReason's number."""

    issuer: bytes
    serial: int
    reason: int


@dataclass(frozen=True, slots=True)
class GetCert:
    """GetCert (RFC 5272 6.9): whose certificate, and its serial number."""

    issuer: x509.GeneralName
    serial: int


@dataclass(frozen=True, slots=True)
class GetCrl:
    """GetCRL (RFC 5272 6.10): whose CRL, from which distribution point, and the moment that it came out before."""

    issuer: x509.Name
    point: x509.GeneralName | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatusInfo:
    """CMCStatusInfoV2 about some body parts; `pending` is a token and when to ask again."""

    status: Status
    body_parts: tuple[int, ...]
    text: str = ""
    fail_info: FailInfo | None = None
    pending: tuple[bytes, datetime] | None = None

    def encode(self) -> bytes:
        """Its DER."""
        other = b""
        if self.fail_info is not None:
            other = der.integer(self.fail_info.value)
        elif self.pending is not None:
            other = der.sequence(der.octet_string(self.pending[0]), der.generalized_time(self.pending[1]))
        return der.sequence(
            der.integer(self.status.value),
            der.sequence(*map(der.integer, self.body_parts)),
            der.tlv(_UTF8, self.text.encode()) if self.text else b"",
            other,
        )


def read_pki_data(data: bytes) -> PkiData:
    """PKIData in DER, its body parts numbered as they must be; raises Refused(MALFORMED)."""
    parts = sequence_parts(data, "PKIData")
    if len(parts) != 4:
        raise Refused(Reason.MALFORMED, "not a PKIData in DER")
    controls, requests, contents, others = (sequence_parts(encoded(part), "PKIData") for part in parts)
    if contents or others:
        raise Refused(Reason.MALFORMED, "nested messages are not read")
    if len(controls) > MOST_PARTS or len(requests) > MOST_PARTS:
        raise Refused(Reason.MALFORMED, "the message has too many parts")
    read = PkiData(tuple(map(_control, controls)), tuple(map(_request, requests)), encoded(parts[1]))
    numbers = [one.body_part for one in read.controls] + [one.body_part for one in read.requests]
    if len(set(numbers)) != len(numbers) or not all(0 < number <= _BIGGEST_ID for number in numbers):
        raise Refused(Reason.MALFORMED, "body parts are not numbered each with its own number")
    return read


def write_response(controls: Sequence[tuple[str, bytes]]) -> bytes:
    """PKIResponse of these controls (dotted OID and the one value's DER), numbered from 1."""
    tagged = [
        der.sequence(der.integer(number), der.oid(oid), der.tlv(_SET, value))
        for number, (oid, value) in enumerate(controls, 1)
    ]
    return der.sequence(der.sequence(*tagged), der.sequence(), der.sequence())


def read_identity_proof(data: bytes) -> IdentityProof:
    """IdentityProofV2 (RFC 5272 6.2.1); raises Refused(MALFORMED)."""
    parts = sequence_parts(data, "IdentityProofV2")
    if len(parts) != 3:
        raise Refused(Reason.MALFORMED, "not an IdentityProofV2 in DER")
    witness = octets(encoded(parts[2]))
    return IdentityProof(algorithm(encoded(parts[0])), algorithm(encoded(parts[1])), witness)


def read_revoke_request(data: bytes) -> RevokeRequest:
    """RevokeRequest; what comes after the reason is passed over. Raises Refused(MALFORMED)."""
    parts = sequence_parts(data, "RevokeRequest")
    if not 3 <= len(parts) <= 6 or parts[2].tag_bytes != b"\x0a":
        raise Refused(Reason.MALFORMED, "not a RevokeRequest in DER")
    return RevokeRequest(
        encoded(parts[0]), integer(encoded(parts[1]), "serial number"), int.from_bytes(bytes(parts[2].data))
    )


def read_get_cert(data: bytes) -> GetCert:
    """GetCert; raises Refused(MALFORMED)."""
    parts = sequence_parts(data, "GetCert")
    if len(parts) != 2:
        raise Refused(Reason.MALFORMED, "not a GetCert in DER")
    return GetCert(_general_name(parts[0]), integer(encoded(parts[1]), "serial number"))


def read_get_crl(data: bytes) -> GetCrl:
    """GetCRL; its reasons are passed over, since our CRLs are for all of them. Raises Refused(MALFORMED)."""
    parts = sequence_parts(data, "GetCRL")
    if not parts:
        raise Refused(Reason.MALFORMED, "not a GetCRL in DER")
    issuer, rest = read_name(encoded(parts[0])), parts[1:]
    point = time = None
    if rest and rest[0].tag_bytes[0] & _CONTEXT:
        point = _general_name(rest.pop(0))
    if rest and rest[0].tag_bytes[0] == _GENERALIZED_TIME:
        time = decoded(asn1.GeneralizedTime, encoded(rest.pop(0)), "GeneralizedTime").as_datetime()
    if rest and rest[0].tag_bytes[0] == _BIT_STRING:
        rest.pop(0)
    if rest:
        raise Refused(Reason.MALFORMED, "not a GetCRL in DER")
    return GetCrl(issuer, point, time)


def octets(data: bytes) -> bytes:
    """The content of an OCTET STRING; raises Refused(MALFORMED)."""
    return decoded(bytes, data, "OCTET STRING")


def text(data: bytes) -> str:
    """A UTF8String; raises Refused(MALFORMED)."""
    return decoded(str, data, "UTF8String")


def _general_name(part: asn1.TLV) -> x509.GeneralName:
    return read_general_names(der.sequence(encoded(part)))[0]


def _control(part: asn1.TLV) -> Control:
    fields = sequence_parts(encoded(part), "TaggedAttribute")
    if len(fields) != 3 or fields[2].tag_bytes != b"\x31":
        raise Refused(Reason.MALFORMED, "not a TaggedAttribute in DER")
    values = tuple(encoded(value) for value in content_parts(bytes(fields[2].data), "TaggedAttribute"))
    return Control(integer(encoded(fields[0]), "body part"), object_identifier(fields[1]), values)


def _request(part: asn1.TLV) -> TaggedRequest:
    content = bytes(part.data)
    fields = content_parts(content, "TaggedRequest")
    match part.tag_bytes:
        case b"\xa0" if len(fields) == 2:
            number = integer(encoded(fields[0]), "body part")
            return TaggedRequest(number, RequestKind.PKCS10, encoded(fields[1]))
        case b"\xa1" if fields:
            certificate_request = sequence_parts(encoded(fields[0]), "CertRequest")
            number = integer(encoded(certificate_request[0]), "body part") if certificate_request else 0
            return TaggedRequest(number, RequestKind.CRMF, der.sequence(content))
        case b"\xa2" if fields:
            return TaggedRequest(integer(encoded(fields[0]), "body part"), RequestKind.OTHER, b"")
    raise Refused(Reason.MALFORMED, "not a TaggedRequest in DER")
