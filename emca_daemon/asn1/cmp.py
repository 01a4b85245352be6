"""PKIMessage (RFC 9810 5.1) in two passes: first header and body as they came, then what is in them.

Protection is checked over the very bytes received. What can still be read of a broken message (`salvage`) lets the
answer name the transaction that it is about.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.asn1.distinguished_names import subject_of
from emca_daemon.asn1.values import Algorithm, algorithm, decoded, encoded, object_identifier, sequence_parts
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import Subject

IMPLICIT_CONFIRM = "1.3.6.1.5.5.7.4.13"
CONFIRM_WAIT_TIME = "1.3.6.1.5.5.7.4.14"
CERTIFICATE_PROFILE = "1.3.6.1.5.5.7.4.21"

_PLAIN_NAMES = (b"\x81", b"\x82", b"\x86")
"""rfc822Name, dNSName and uniformResourceIdentifier: texts."""

MAXIMUM_CERTIFICATES = 20
MAXIMUM_GENERAL_INFO = 50
MAXIMUM_NONCE = 128


class Body(IntEnum):
    """PKIBody, by its tag (RFC 9810 5.1.2)."""

    IR = 0
    IP = 1
    CR = 2
    CP = 3
    P10CR = 4
    POPDECC = 5
    POPDECR = 6
    KUR = 7
    KUP = 8
    KRR = 9
    KRP = 10
    RR = 11
    RP = 12
    CCR = 13
    CCP = 14
    CKUANN = 15
    CANN = 16
    RANN = 17
    CRLANN = 18
    PKICONF = 19
    NESTED = 20
    GENM = 21
    GENP = 22
    ERROR = 23
    CERTCONF = 24
    POLLREQ = 25
    POLLREP = 26


@dataclass(frozen=True, slots=True)
class InformationValue:
    """InfoTypeAndValue: dotted OID, and the value's DER (None where there is none)."""

    oid: str
    value: bytes | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """PKIHeader (RFC 9810 5.1.1); sender and recipient are GeneralNames in DER.

    `sender_name` is the distinguished name that a sender was read as; None for one of another kind, or not read.
    """

    pvno: int
    sender: bytes
    recipient: bytes
    message_time: datetime | None = None
    protection_algorithm: Algorithm | None = None
    sender_kid: bytes | None = None
    recipient_kid: bytes | None = None
    transaction_id: bytes | None = None
    sender_nonce: bytes | None = None
    recipient_nonce: bytes | None = None
    free_text: tuple[str, ...] = ()
    general_info: tuple[InformationValue, ...] = ()
    sender_name: Subject | None = field(default=None, compare=False)

    def information(self, oid: str) -> InformationValue | None:
        """The first generalInfo of that type."""
        return next((one for one in self.general_info if one.oid == oid), None)


@dataclass(frozen=True, slots=True)
class Message:
    """A message after the first pass: `body` is the DER inside of the body's tag, `protected` what protection covers.

    `certificates` are the DER of extraCerts, as they came.
    """

    header: Header
    type: Body
    body: bytes
    protected: bytes
    protection: bytes | None
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Salvage:
    """What could be read of a broken message's header."""

    pvno: int | None = None
    sender: bytes | None = None
    transaction_id: bytes | None = None
    sender_nonce: bytes | None = None


@asn1.sequence
class _Message:
    header: asn1.TLV
    body: asn1.TLV
    protection: Annotated[asn1.BitString | None, asn1.Explicit(0)]
    extra_certs: Annotated[list[asn1.TLV] | None, asn1.Explicit(1)]


@asn1.sequence
class _Header:
    pvno: int
    sender: asn1.TLV
    recipient: asn1.TLV
    message_time: Annotated[asn1.GeneralizedTime | None, asn1.Explicit(0)]
    protection_alg: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    sender_kid: Annotated[bytes | None, asn1.Explicit(2)]
    recip_kid: Annotated[bytes | None, asn1.Explicit(3)]
    transaction_id: Annotated[bytes | None, asn1.Explicit(4)]
    sender_nonce: Annotated[bytes | None, asn1.Explicit(5)]
    recip_nonce: Annotated[bytes | None, asn1.Explicit(6)]
    free_text: Annotated[list[str] | None, asn1.Explicit(7)]
    general_info: Annotated[list[asn1.TLV] | None, asn1.Explicit(8)]


def read_message(data: bytes) -> Message:
    """Both passes over a whole PKIMessage; raises Refused(MALFORMED)."""
    read = decoded(_Message, data, "PKIMessage")
    header = encoded(read.header)
    body = encoded(read.body)
    tag = body[0]
    if tag & 0xE0 != 0xA0 or tag & 0x1F > max(Body):
        raise Refused(Reason.MALFORMED, "not a PKIBody")
    certificates = read.extra_certs or []
    if len(certificates) > MAXIMUM_CERTIFICATES:
        raise Refused(Reason.MALFORMED, f"a message holds {MAXIMUM_CERTIFICATES} certificates at the most")
    if read.protection is not None and read.protection.padding_bits():
        raise Refused(Reason.MALFORMED, "a protection is whole octets")
    return Message(
        header=_header(header),
        type=Body(tag & 0x1F),
        body=bytes(read.body.data),
        protected=der.sequence(header, body),
        protection=None if read.protection is None else read.protection.as_bytes(),
        certificates=tuple(map(encoded, certificates)),
    )


def _header(data: bytes) -> Header:
    read = decoded(_Header, data, "PKIHeader")
    signed_with = read.protection_alg
    information = read.general_info or []
    if len(information) > MAXIMUM_GENERAL_INFO:
        raise Refused(Reason.MALFORMED, f"a header holds {MAXIMUM_GENERAL_INFO} generalInfo at the most")
    for nonce in (read.transaction_id, read.sender_nonce, read.recip_nonce):
        if nonce is not None and len(nonce) > MAXIMUM_NONCE:
            raise Refused(Reason.MALFORMED, f"identifiers and nonces have {MAXIMUM_NONCE} octets at the most")
    sender = encoded(read.sender)
    sender_name = _distinguished(sender)
    if (signed_with is not None and len(signed_with) != 1) or (sender_name is None and not _is_plain(sender)):
        raise Refused(Reason.MALFORMED, "not a PKIHeader in DER")
    return Header(
        pvno=read.pvno,
        sender=sender,
        recipient=encoded(read.recipient),
        message_time=None if read.message_time is None else read.message_time.as_datetime(),
        protection_algorithm=None if signed_with is None else algorithm(encoded(signed_with[0])),
        sender_kid=read.sender_kid,
        recipient_kid=read.recip_kid,
        transaction_id=read.transaction_id,
        sender_nonce=read.sender_nonce,
        recipient_nonce=read.recip_nonce,
        free_text=tuple(read.free_text or ()),
        general_info=tuple(information_value(encoded(one)) for one in information),
        sender_name=sender_name,
    )


def _distinguished(general_name: bytes) -> Subject | None:
    """A distinguished name, attribute by attribute; None for a name of another kind, or one that cannot be read."""
    name = name_in(general_name)
    try:
        return None if name is None else subject_of(name)
    except Refused:
        return None


def _is_plain(general_name: bytes) -> bool:
    """Whether a name of another kind can be repeated in the answer."""
    return general_name[:1] in _PLAIN_NAMES and general_name[2:].isascii()


def information_value(data: bytes) -> InformationValue:
    """An InfoTypeAndValue from DER; raises Refused(MALFORMED)."""
    parts = sequence_parts(data, "InfoTypeAndValue")
    if not 1 <= len(parts) <= 2:
        raise Refused(Reason.MALFORMED, "not an InfoTypeAndValue in DER")
    return InformationValue(object_identifier(parts[0]), encoded(parts[1]) if len(parts) == 2 else None)


def encode_information(value: InformationValue) -> bytes:
    """InfoTypeAndValue."""
    return der.sequence(der.oid(value.oid), value.value or b"")


def encode_header(header: Header) -> bytes:
    """PKIHeader."""
    given = header.protection_algorithm
    texts = b"".join(der.tlv(0x0C, text.encode()) for text in header.free_text)
    information = b"".join(map(encode_information, header.general_info))
    return der.sequence(
        der.integer(header.pvno),
        header.sender,
        header.recipient,
        b"" if header.message_time is None else der.explicit(0, der.generalized_time(header.message_time)),
        b"" if given is None else der.explicit(1, given.encoded()),
        _octets(2, header.sender_kid),
        _octets(3, header.recipient_kid),
        _octets(4, header.transaction_id),
        _octets(5, header.sender_nonce),
        _octets(6, header.recipient_nonce),
        der.explicit(7, der.sequence(texts)) if texts else b"",
        der.explicit(8, der.sequence(information)) if information else b"",
    )


def encode_message(header: bytes, body: bytes, protection: bytes | None, certificates: tuple[bytes, ...]) -> bytes:
    """PKIMessage of an encoded header and an encoded body, tag included."""
    return der.sequence(
        header,
        body,
        b"" if protection is None else der.explicit(0, der.bit_string(protection)),
        der.explicit(1, der.sequence(*certificates)) if certificates else b"",
    )


def directory_name(name: x509.Name) -> bytes:
    """A distinguished name as a GeneralName."""
    return der.explicit(4, name.public_bytes())


def name_in(general_name: bytes) -> bytes | None:
    """The DER of the distinguished name in a GeneralName; None for one of another kind."""
    if not general_name or general_name[0] != 0xA4:
        return None
    return general_name[2 if general_name[1] < 0x80 else 2 + (general_name[1] & 0x7F) :]


def salvage(data: bytes) -> Salvage | None:
    """What can be read of a broken message; None where it does not even begin as a PKIMessage does."""
    outer = _lenient(data)
    header = _lenient(outer[1]) if outer is not None and outer[0] == 0x30 else None
    if header is None or header[0] != 0x30:
        return None
    found, rest, position = Salvage(), header[1], 0
    while rest and (part := _lenient(rest)) is not None:
        found = _found(found, position, part[0], part[1], rest[: len(rest) - len(part[2])])
        rest, position = part[2], position + 1
    return found if position else None


def _found(found: Salvage, position: int, tag: int, content: bytes, whole: bytes) -> Salvage:
    if position == 0 and tag == 0x02 and len(content) == 1:
        return replace(found, pvno=content[0])
    if position == 1 and (_distinguished(whole) is not None or _is_plain(whole)):
        return replace(found, sender=whole)
    inner = _lenient(content) if tag in (0xA4, 0xA5) and position > 2 else None
    if inner is None or inner[0] != 0x04 or len(inner[1]) > MAXIMUM_NONCE:
        return found
    if tag == 0xA4:
        return replace(found, transaction_id=inner[1])
    return replace(found, sender_nonce=inner[1])


def _lenient(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Tag, content and what follows of the first TLV, cut off where the data ends; None without a whole start."""
    if len(data) < 2:
        return None
    start, length = 2, data[1]
    if length > 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start])
    if length == 0x80 or start > len(data) or start > 6:
        return None
    return data[0], data[start : start + length], data[start + length :]


def _octets(number: int, value: bytes | None) -> bytes:
    return b"" if value is None else der.explicit(number, der.octet_string(value))
