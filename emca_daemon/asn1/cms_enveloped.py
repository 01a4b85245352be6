"""EnvelopedData and AuthEnvelopedData read (RFC 5652 6, RFC 5083): for whom, how the key is wrapped, and with what."""

from dataclasses import dataclass
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1

from emca_daemon.asn1 import ber, cms
from emca_daemon.asn1.cms_algorithms import Cipher, cipher_by_oid
from emca_daemon.errors import Reason, Refused


@dataclass(frozen=True, slots=True)
class KeyTransport:
    """KeyTransRecipientInfo (RFC 5652 6.2.1): the content key encrypted to a certificate's RSA key."""

    identifier: cms.CertificateIdentifier
    algorithm: cms.Algorithm
    encrypted_key: bytes


@dataclass(frozen=True, slots=True)
class KeyAgreement:
    """One recipient of a KeyAgreeRecipientInfo (RFC 5652 6.2.2, RFC 5753).

    `originator` is the ephemeral key as (algorithm, key bits); `user_material` the UserKeyingMaterial, if any.
    """

    identifier: cms.CertificateIdentifier
    originator: tuple[cms.Algorithm, bytes]
    user_material: bytes | None
    algorithm: cms.Algorithm
    encrypted_key: bytes


@dataclass(frozen=True, slots=True)
class PasswordRecipient:
    """PasswordRecipientInfo (RFC 5652 6.2.4): the content key wrapped with a key derived from a password."""

    derivation: cms.Algorithm | None
    algorithm: cms.Algorithm
    encrypted_key: bytes


Recipient = KeyTransport | KeyAgreement | PasswordRecipient


@dataclass(frozen=True, slots=True)
class Enveloped:
    """An envelope: `parameters` are the content cipher's; `authenticated` and `mac` are for AES-GCM (else empty).

    Recipients of kinds that nobody here can use (KEK, others) are left out.
    """

    recipients: tuple[Recipient, ...]
    content_type: str
    cipher: Cipher
    parameters: bytes
    ciphertext: bytes
    authenticated: bytes = b""
    mac: bytes = b""

    def recipient_for(self, certificate: x509.Certificate) -> KeyTransport | KeyAgreement | None:
        """The recipient that names this certificate, wherever in the list it is."""
        for recipient in self.recipients:
            if not isinstance(recipient, PasswordRecipient) and cms.names(recipient.identifier, certificate):
                return recipient
        return None

    def password_recipient(self) -> PasswordRecipient | None:
        """The first recipient with a password."""
        return next((found for found in self.recipients if isinstance(found, PasswordRecipient)), None)


@asn1.sequence
class _KeyTransStructure:
    version: int
    rid: cms.IssuerAndSerialNumber | Annotated[bytes, asn1.Implicit(0)]
    key_encryption_algorithm: asn1.TLV
    encrypted_key: bytes


@asn1.sequence
class _OriginatorPublicKey:
    algorithm: asn1.TLV
    public_key: asn1.BitString


@asn1.sequence
class _KeyAgreeStructure:
    version: int
    originator: Annotated[
        cms.IssuerAndSerialNumber
        | Annotated[bytes, asn1.Implicit(0)]
        | Annotated[_OriginatorPublicKey, asn1.Implicit(1)],
        asn1.Explicit(0),
    ]
    user_material: Annotated[bytes | None, asn1.Explicit(1)]
    key_encryption_algorithm: asn1.TLV
    recipient_encrypted_keys: asn1.TLV


@asn1.sequence
class _RecipientKeyIdentifier:
    subject_key_identifier: bytes
    date: asn1.GeneralizedTime | None
    other: Annotated[list[asn1.TLV] | None, asn1.Explicit(15)]


@asn1.sequence
class _RecipientEncryptedKey:
    rid: cms.IssuerAndSerialNumber | Annotated[_RecipientKeyIdentifier, asn1.Implicit(0)]
    encrypted_key: bytes


def read_enveloped_data(data: bytes) -> Enveloped:
    """Read a ContentInfo with EnvelopedData or AuthEnvelopedData from BER.

    Raises Refused(MALFORMED), or ALGORITHM_REFUSED for a content cipher that is not known at all.
    """
    content_type, content = cms.read_content_info(data)
    if content_type == cms.ENVELOPED_DATA:
        plain = cms.parse(cms.EnvelopedDataStructure, content, "EnvelopedData")
        return _read_envelope(plain.recipient_infos, plain.encrypted_content_info)
    if content_type == cms.AUTH_ENVELOPED_DATA:
        read = cms.parse(cms.AuthEnvelopedDataStructure, content, "AuthEnvelopedData")
        attributes = b"".join(cms.encoded_of(value) for value in read.auth_attrs or ())
        return _read_envelope(read.recipient_infos, read.encrypted_content_info, attributes, read.mac)
    raise Refused(Reason.MALFORMED, "not EnvelopedData")


def _read_envelope(
    recipient_infos: asn1.TLV, content_info: asn1.TLV, attributes: bytes = b"", mac: bytes = b""
) -> Enveloped:
    infos = ber.elements(bytes(recipient_infos.data))
    if not 1 <= len(infos) <= cms.MAX_RECIPIENTS:
        raise Refused(Reason.MALFORMED, f"an envelope has 1 to {cms.MAX_RECIPIENTS} recipients")
    parts = ber.elements(bytes(content_info.data), 3)
    if len(parts) < 2:
        raise Refused(Reason.MALFORMED, "not EncryptedContentInfo")
    algorithm = cms.read_algorithm(parts[1].encoded)
    cipher = cipher_by_oid(algorithm.oid)
    if (cipher.mode == "gcm") != bool(mac):
        raise Refused(Reason.MALFORMED, "the content cipher does not belong into such an envelope")
    return Enveloped(
        recipients=tuple(recipient for info in infos for recipient in _read_recipient(info)),
        content_type=cms.read_oid(parts[0].encoded),
        cipher=cipher,
        parameters=algorithm.parameters or b"",
        ciphertext=_read_encrypted_content(parts[2]) if len(parts) == 3 else b"",
        authenticated=attributes,
        mac=mac,
    )


def _read_encrypted_content(value: ber.Element) -> bytes:
    """[0] IMPLICIT OCTET STRING: whole, or in pieces, which only this place can tell from a constructed value."""
    if value.tag == 0x80:
        return value.content
    pieces = ber.elements(value.content)
    if value.tag != 0xA0 or any(piece.tag != 0x04 for piece in pieces):
        raise Refused(Reason.MALFORMED, "not encrypted content")
    return b"".join(piece.content for piece in pieces)


def _read_recipient(info: ber.Element) -> list[Recipient]:
    sequence = b"\x30" + info.encoded[1:]
    if info.tag == 0x30:
        return [_read_key_transport(sequence)]
    if info.tag == 0xA1:
        return _read_key_agreement(sequence)
    if info.tag == 0xA3:
        return [_read_password_recipient(info)]
    return []


def _read_key_transport(encoded: bytes) -> Recipient:
    read = cms.parse(_KeyTransStructure, encoded, "a KeyTransRecipientInfo")
    algorithm = cms.read_algorithm(cms.encoded_of(read.key_encryption_algorithm))
    return KeyTransport(cms.read_identifier(read.rid), algorithm, read.encrypted_key)


def _read_key_agreement(encoded: bytes) -> list[Recipient]:
    read = cms.parse(_KeyAgreeStructure, encoded, "a KeyAgreeRecipientInfo")
    originator = read.originator
    if not isinstance(originator, _OriginatorPublicKey):
        return []  # static keys of the sender (RFC 5753 3.1.1) are not supported
    algorithm = cms.read_algorithm(cms.encoded_of(originator.algorithm))
    recipients: list[Recipient] = []
    for value in ber.elements(bytes(read.recipient_encrypted_keys.data), cms.MAX_RECIPIENTS):
        key = cms.parse(_RecipientEncryptedKey, value.encoded, "a RecipientEncryptedKey")
        identifier = (
            cms.KeyIdentifier(key.rid.subject_key_identifier)
            if isinstance(key.rid, _RecipientKeyIdentifier)
            else cms.read_identifier(key.rid)
        )
        recipients.append(
            KeyAgreement(
                identifier=identifier,
                originator=(algorithm, originator.public_key.as_bytes()),
                user_material=read.user_material,
                algorithm=cms.read_algorithm(cms.encoded_of(read.key_encryption_algorithm)),
                encrypted_key=key.encrypted_key,
            )
        )
    return recipients


def _read_password_recipient(info: ber.Element) -> Recipient:
    """PasswordRecipientInfo ::= version, [0] keyDerivationAlgorithm OPTIONAL, keyEncryptionAlgorithm, encryptedKey."""
    parts = ber.elements(info.content, 4)[1:]
    derivation = None
    if parts and parts[0].tag == 0xA0:
        derivation = cms.read_algorithm(b"\x30" + parts.pop(0).encoded[1:])
    if [part.tag for part in parts] != [0x30, 0x04]:
        raise Refused(Reason.MALFORMED, "not a PasswordRecipientInfo")
    return PasswordRecipient(derivation, cms.read_algorithm(parts[0].encoded), parts[1].content)
