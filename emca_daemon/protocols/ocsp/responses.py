"""OCSP responses as bytes (RFC 6960 4.2), written by hand: cryptography builds answers about one certificate only."""

from dataclasses import dataclass
from datetime import datetime

from emca_daemon.asn1 import der
from emca_daemon.protocols.ocsp.errors import ResponseStatus
from emca_daemon.protocols.ocsp.requests import NONCE

_ID_PKIX_OCSP_BASIC = der.oid("1.3.6.1.5.5.7.48.1.1")
_NONCE = der.oid(NONCE)
_ARCHIVE_CUTOFF = der.oid("1.3.6.1.5.5.7.48.1.6")
_EXTENDED_REVOKE = der.extension(der.oid("1.3.6.1.5.5.7.48.1.9"), der.NULL)
_GOOD = der.implicit(0, b"")
_UNKNOWN = der.implicit(2, b"")


@dataclass(frozen=True, slots=True)
class Revoked:
    """CertStatus revoked: since when, and the CRLReason's number (0, unspecified, is said by silence)."""

    at: datetime
    reason: int


@dataclass(frozen=True, slots=True)
class SingleAnswer:
    """The status of one certificate: `Revoked`, or True for good, or None for unknown.

    `certificate_id` is the CertID exactly as it was asked. `archive_cutoff` says since when expired certificates are
    still answered for (RFC 6960 4.4.4); set for expired certificates only.
    """

    certificate_id: bytes
    status: Revoked | bool | None
    archive_cutoff: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """When an answer was made and how long it holds; aware, whole seconds, in UTC."""

    this_update: datetime
    next_update: datetime


def encode_response_data(
    responder_key_hash: bytes,
    answers: tuple[SingleAnswer, ...],
    times: ResponseTimes,
    *,
    nonce: bytes | None = None,
    extended_revoke: bool = False,
) -> bytes:
    """ResponseData, ready to be signed; producedAt is thisUpdate, the responder is named by its key (RFC 9919 3.2.2).

    `responder_key_hash` is SHA-1 over the signer's public key; `extended_revoke` tells that a serial never issued is
    among the revoked ones (RFC 6960 4.4.8). No extension is ever critical.
    """
    this_update = der.generalized_time(times.this_update)
    moments = this_update + der.explicit(0, der.generalized_time(times.next_update))
    extensions = b""
    if nonce is not None:
        extensions += der.extension(_NONCE, der.octet_string(nonce))
    if extended_revoke:
        extensions += _EXTENDED_REVOKE
    return der.sequence(
        der.explicit(2, der.octet_string(responder_key_hash)),
        this_update,
        der.sequence(*(_encode_single(answer, moments) for answer in answers)),
        der.explicit(1, der.sequence(extensions)) if extensions else b"",
    )


def encode_response(data: bytes, algorithm: bytes, signature: bytes, certificate: bytes | None) -> bytes:
    """A successful OCSPResponse of signed ResponseData; `certificate` is the delegated signer's, where there is one."""
    basic = der.sequence(
        data,
        algorithm,
        der.bit_string(signature),
        b"" if certificate is None else der.explicit(0, der.sequence(certificate)),
    )
    return der.sequence(
        der.enumerated(ResponseStatus.SUCCESSFUL.value),
        der.explicit(0, der.sequence(_ID_PKIX_OCSP_BASIC, der.octet_string(basic))),
    )


def encode_error(status: ResponseStatus) -> bytes:
    """An unsuccessful OCSPResponse: the status alone, unsigned."""
    return der.sequence(der.enumerated(status.value))


def _encode_single(answer: SingleAnswer, moments: bytes) -> bytes:
    """SingleResponse; `moments` are thisUpdate and nextUpdate encoded."""
    extensions = b""
    if answer.archive_cutoff is not None:
        cutoff = der.extension(_ARCHIVE_CUTOFF, der.generalized_time(answer.archive_cutoff))
        extensions = der.explicit(1, der.sequence(cutoff))
    return der.sequence(answer.certificate_id, _encode_status(answer.status), moments, extensions)


def _encode_status(status: Revoked | bool | None) -> bytes:
    """CertStatus; the reason is left out where it is unspecified."""
    if isinstance(status, Revoked):
        reason = der.explicit(0, der.enumerated(status.reason)) if status.reason else b""
        return der.explicit(1, der.generalized_time(status.at) + reason)
    return _GOOD if status else _UNKNOWN
