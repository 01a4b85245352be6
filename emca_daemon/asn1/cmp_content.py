"""Contents of CMP bodies (RFC 9810 5.3) from DER: revocations, confirmations, polls, general messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import InformationValue, encode_information, information_value
from emca_daemon.asn1.cmp_status import decode_status
from emca_daemon.asn1.crmf import CertificateTemplate, TemplateExtension, certificate_template
from emca_daemon.asn1.values import Algorithm, algorithm, decoded, encoded, object_identifier, sequence_parts
from emca_daemon.errors import Reason, Refused

MAXIMUM_ITEMS = 100


@dataclass(frozen=True, slots=True)
class RevocationDetails:
    """RevDetails (RFC 9810 5.3.9)."""

    template: CertificateTemplate
    entry_extensions: tuple[TemplateExtension, ...]


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """CertStatus (RFC 9810 5.3.18); `status` is None where it is left out, which means accepted."""

    hash: bytes
    request_id: int
    status: int | None
    failed: bool
    algorithm: Algorithm | None


@dataclass(frozen=True, slots=True)
class CrlStatus:
    """CRLStatus (RFC 9810 5.3.19.17): the source's CHOICE in DER, and the thisUpdate that the client has."""

    source: bytes
    this_update: datetime | None


@asn1.sequence
class _Extension:
    extn_id: asn1.TLV
    critical: Annotated[bool, asn1.Default(False)]
    extn_value: bytes


@asn1.sequence
class _RevDetails:
    cert_details: asn1.TLV
    crl_entry_details: list[asn1.TLV] | None


@asn1.sequence
class _CertStatus:
    cert_hash: bytes
    cert_req_id: int
    status_info: list[asn1.TLV] | None
    hash_alg: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]


@asn1.sequence
class _PollRequest:
    cert_req_id: int


@asn1.sequence
class _CrlStatus:
    source: asn1.TLV
    this_update: asn1.UTCTime | asn1.GeneralizedTime | None


def revocation_requests(data: bytes) -> tuple[RevocationDetails, ...]:
    """RevReqContent; raises Refused(MALFORMED)."""
    return tuple(_details(encoded(one)) for one in _items(data, "RevReqContent"))


def certificate_statuses(data: bytes) -> tuple[CertificateStatus, ...]:
    """CertConfirmContent; raises Refused(MALFORMED)."""
    return tuple(_status(encoded(one)) for one in _items(data, "CertConfirmContent"))


def poll_requests(data: bytes) -> tuple[int, ...]:
    """The certReqIds of a PollReqContent; raises Refused(MALFORMED)."""
    found = _items(data, "PollReqContent")
    return tuple(decoded(_PollRequest, encoded(one), "PollReqContent").cert_req_id for one in found)


def general_message(data: bytes) -> tuple[InformationValue, ...]:
    """GenMsgContent; raises Refused(MALFORMED)."""
    return tuple(information_value(encoded(one)) for one in _items(data, "GenMsgContent"))


def general_reply(values: Sequence[InformationValue]) -> bytes:
    """GenRepContent."""
    return der.sequence(*map(encode_information, values))


def crl_statuses(data: bytes) -> tuple[CrlStatus, ...]:
    """SEQUENCE OF CRLStatus; raises Refused(MALFORMED)."""
    return tuple(_crl_status(encoded(one)) for one in _items(data, "CRLStatus list"))


def texts(data: bytes, what: str) -> tuple[str, ...]:
    """SEQUENCE OF UTF8String; raises Refused(MALFORMED)."""
    return tuple(decoded(str, encoded(one), what) for one in _items(data, what))


def _items(data: bytes, what: str) -> list[asn1.TLV]:
    parts = sequence_parts(data, what)
    if len(parts) > MAXIMUM_ITEMS:
        raise Refused(Reason.MALFORMED, f"a {what} holds {MAXIMUM_ITEMS} items at the most")
    return parts


def _details(data: bytes) -> RevocationDetails:
    read = decoded(_RevDetails, data, "RevDetails")
    extensions = [decoded(_Extension, encoded(one), "Extension") for one in read.crl_entry_details or ()]
    return RevocationDetails(
        certificate_template(encoded(read.cert_details)),
        tuple(_extension(one) for one in extensions),
    )


def _extension(read: _Extension) -> TemplateExtension:
    return TemplateExtension(object_identifier(read.extn_id), read.critical, read.extn_value)


def _status(data: bytes) -> CertificateStatus:
    read = decoded(_CertStatus, data, "CertStatus")
    status, failed = None, False
    if read.status_info is not None:
        status, failed = decode_status(der.sequence(*map(encoded, read.status_info)))
    if read.hash_alg is not None and len(read.hash_alg) != 1:
        raise Refused(Reason.MALFORMED, "not a CertStatus in DER")
    hashed_with = None if read.hash_alg is None else algorithm(encoded(read.hash_alg[0]))
    return CertificateStatus(read.cert_hash, read.cert_req_id, status, failed, hashed_with)


def _crl_status(data: bytes) -> CrlStatus:
    read = decoded(_CrlStatus, data, "CRLStatus")
    return CrlStatus(encoded(read.source), None if read.this_update is None else read.this_update.as_datetime())
