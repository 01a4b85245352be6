"""PKIStatusInfo (RFC 9810 5.2.3) and the contents that say how something ended: error, rp, pollRep."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.asn1.values import decoded

MAXIMUM_TEXT = 500
"""Characters of a statusString that are sent."""


class Status(IntEnum):
    """PKIStatus."""

    ACCEPTED = 0
    GRANTED_WITH_MODS = 1
    REJECTION = 2
    WAITING = 3
    REVOCATION_WARNING = 4
    REVOCATION_NOTIFICATION = 5
    KEY_UPDATE_WARNING = 6


class FailInfo(IntEnum):
    """PKIFailureInfo, by the number of its bit."""

    BAD_ALG = 0
    BAD_MESSAGE_CHECK = 1
    BAD_REQUEST = 2
    BAD_TIME = 3
    BAD_CERT_ID = 4
    BAD_DATA_FORMAT = 5
    WRONG_AUTHORITY = 6
    INCORRECT_DATA = 7
    MISSING_TIME_STAMP = 8
    BAD_POP = 9
    CERT_REVOKED = 10
    CERT_CONFIRMED = 11
    WRONG_INTEGRITY = 12
    BAD_RECIPIENT_NONCE = 13
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    ADD_INFO_NOT_AVAILABLE = 17
    BAD_SENDER_NONCE = 18
    BAD_CERT_TEMPLATE = 19
    SIGNER_NOT_TRUSTED = 20
    TRANSACTION_ID_IN_USE = 21
    UNSUPPORTED_VERSION = 22
    NOT_AUTHORIZED = 23
    SYSTEM_UNAVAIL = 24
    SYSTEM_FAILURE = 25
    DUPLICATE_CERT_REQ = 26


@dataclass(frozen=True, slots=True)
class StatusInfo:
    """PKIStatusInfo with at most one text and one failure."""

    status: Status
    text: str = ""
    failure: FailInfo | None = None


@asn1.sequence
class _StatusInfo:
    status: int
    status_string: list[str] | None
    fail_info: asn1.BitString | None


def encode_status(info: StatusInfo) -> bytes:
    """PKIStatusInfo."""
    text = info.text[:MAXIMUM_TEXT]
    return der.sequence(
        der.integer(info.status),
        der.sequence(der.tlv(0x0C, text.encode())) if text else b"",
        b"" if info.failure is None else _bit(info.failure),
    )


def decode_status(data: bytes) -> tuple[int, bool]:
    """The status of a PKIStatusInfo, and whether it names a failure; raises Refused(MALFORMED)."""
    read = decoded(_StatusInfo, data, "PKIStatusInfo")
    return read.status, read.fail_info is not None


def error_content(info: StatusInfo) -> bytes:
    """ErrorMsgContent."""
    return der.sequence(encode_status(info))


def revocation_reply(info: StatusInfo) -> bytes:
    """RevRepContent about one certificate."""
    return der.sequence(der.sequence(encode_status(info)))


def poll_reply(request_id: int, seconds: int) -> bytes:
    """PollRepContent about one request."""
    return der.sequence(der.sequence(der.integer(request_id), der.integer(seconds)))


def certificate_reply(
    request_id: int,
    info: StatusInfo,
    certificate: bytes | None = None,
    publications: Sequence[bytes] = (),
    *,
    encrypted: bool = False,
    private_key: bytes | None = None,
) -> bytes:
    """CertRepMessage with one CertResponse; `publications` are the DER of caPubs.

    The certificate is EnvelopedData where it is `encrypted`; so is the private key that belongs to it.
    """
    pair = b""
    if certificate is not None:
        pair = der.sequence(
            der.explicit(1, _encrypted_key(certificate)) if encrypted else der.explicit(0, certificate),
            b"" if private_key is None else der.explicit(0, _encrypted_key(private_key)),
        )
    response = der.sequence(der.integer(request_id), encode_status(info), pair)
    listed = der.explicit(1, der.sequence(*publications)) if publications else b""
    return der.sequence(listed, der.sequence(response))


def _encrypted_key(enveloped: bytes) -> bytes:
    """EncryptedKey (RFC 4211): the tag of EnvelopedData is [0] in it."""
    return b"\xa0" + enveloped[1:]


def _bit(failure: FailInfo) -> bytes:
    """A BIT STRING with one bit set, and none behind it."""
    octets = bytearray(failure // 8 + 1)
    octets[-1] = 0x80 >> failure % 8
    return der.tlv(0x03, bytes((7 - failure % 8,)) + bytes(octets))
