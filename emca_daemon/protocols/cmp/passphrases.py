"""Revocation passphrases (RFC 9810 5.3.19.9, Appendix B): sent ahead in an envelope, used when no key is left."""

from typing import Annotated

from cryptography.hazmat import asn1

from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.values import content_parts, decoded, object_identifier
from emca_daemon.ca.audit import event_by
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Call
from emca_daemon.protocols.cmp.credentials import Kind
from emca_daemon.protocols.cmp.envelopes import opened
from emca_daemon.protocols.cmp.records import Passphrase

REV_PASSPHRASE = "1.3.6.1.5.5.7.4.12"  # noqa: S105 - the OID of id-it-revPassphrase

_LOCAL_KEY_ID = "1.2.840.113549.1.9.21"
_LEAST_OCTETS, _MOST_OCTETS = 8, 200
_MOST_IDENTIFIER = 128
_TAKEN = "this identifier is somebody else's"
_NOT_OPENED = "the envelope with the passphrase cannot be opened"


@asn1.sequence
class _Envelope:
    version: int
    originator: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    recipients: asn1.TLV
    content: asn1.TLV
    unprotected: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


def keep(call: Call, value: bytes | None) -> None:
    """Keep the passphrase in an EncryptedKey for whoever sent it; raises Failure.

    It may revoke what was issued to the same requester. Without a localKeyId in the envelope it is found by the
    senderKID of the message that brought it.
    """
    if call.credential.kind not in (Kind.SECRET, Kind.CERTIFICATE):
        raise failure(FailInfo.NOT_AUTHORIZED, "passphrases are for holders of certificates of their own")
    if value is None or value[:1] != b"\xa0":
        raise failure(FailInfo.BAD_REQUEST, "a passphrase comes in EnvelopedData")
    envelope = b"\x30" + value[1:]
    identifier = _local_key_id(envelope) or call.message.header.sender_kid or b""
    passphrase = _passphrase_in(call, envelope)
    if not _LEAST_OCTETS <= len(passphrase) <= _MOST_OCTETS or not 1 <= len(identifier) <= _MOST_IDENTIFIER:
        detail = f"a passphrase has {_LEAST_OCTETS} to {_MOST_OCTETS} octets, its identifier 1 to {_MOST_IDENTIFIER}"
        raise failure(FailInfo.BAD_REQUEST, detail)
    name, holder = call.endpoint.name, call.credential.identity
    known = call.endpoint.registry.secret(identifier)
    if known is not None and known.reference != holder:
        raise failure(FailInfo.BAD_REQUEST, _TAKEN)
    with call.endpoint.store.writing() as tx:
        if not tx.cmp_passphrases.keep(Passphrase(name, holder, identifier, passphrase, call.now)):
            raise failure(FailInfo.BAD_REQUEST, _TAKEN)
        tx.audit.append(event_by(call.requester, call.now, "cmp.passphrase", f"{name}/{holder}"))


def _passphrase_in(call: Call, envelope: bytes) -> bytes:
    """What is in the envelope, which is for the sender's shared secret or for the responder's certificate."""
    try:
        return opened(call, envelope)
    except Refused as refusal:
        if refusal.reason is Reason.UNAVAILABLE:
            raise
        raise failure(FailInfo.BAD_REQUEST, _NOT_OPENED) from refusal


def _local_key_id(envelope: bytes) -> bytes | None:
    """The identifier that the sender chose, in an attribute that nothing protects but the message does."""
    for attribute in decoded(_Envelope, envelope, "EnvelopedData").unprotected or ():
        parts = content_parts(bytes(attribute.data), "Attribute")
        if len(parts) == 2 and object_identifier(parts[0]) == _LOCAL_KEY_ID:
            values = content_parts(bytes(parts[1].data), "SET OF AttributeValue")
            if len(values) != 1 or values[0].tag_bytes != b"\x04":
                raise failure(FailInfo.BAD_DATA_FORMAT, "a localKeyId is one OCTET STRING")
            return bytes(values[0].data)
    return None
