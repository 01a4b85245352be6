"""Envelopes written in strict DER: for RSA, elliptic-curve and ML-KEM certificates, or for who knows a password."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import ber, cms, cms_agreement, cms_content, cms_password, cms_signatures, der
from emca_daemon.asn1.cms_algorithms import CIPHERS, DIGEST_OIDS, hash_of
from emca_daemon.asn1.cms_decrypting import RSAES_OAEP
from emca_daemon.asn1.cms_encapsulation import EncapsulationPublicKey, recipient_info
from emca_daemon.errors import Reason, Refused
from emca_daemon.randomness import RandomBytes

_PASSWORD, _OTHER = 0xA3, 0xA4
_MINIMUM_WRAPPED = 16
_WRAPS = {16: cms_agreement.WRAP_AES_128, 24: "2.16.840.1.101.3.4.1.25", 32: cms_agreement.WRAP_AES_256}


@dataclass(frozen=True, slots=True)
class ToCertificate:
    """A recipient by certificate; `oaep` names the digest of RSAES-OAEP, None for PKCS #1 v1.5.

    `by_key_identifier` names the recipient by its subjectKeyIdentifier rather than by issuer and serial number;
    `user_material` (ukm) goes into a key agreement.
    """

    certificate: x509.Certificate
    oaep: str | None = None
    by_key_identifier: bool = False
    user_material: bytes | None = None


@dataclass(frozen=True, slots=True)
class ToPublicKey:
    """A recipient by a key that has no certificate yet, called by an issuer's Name (DER) and a serial number."""

    key: rsa.RSAPublicKey | cms_agreement.AgreementPublicKey | EncapsulationPublicKey
    issuer: bytes
    serial: int
    oaep: str | None = None
    user_material: bytes | None = None
    by_key_identifier: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class ToKey:
    """A recipient who has an AES key, called by an identifier that both sides know (RFC 5652 6.2.3, RFC 3565 2.3)."""

    identifier: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToPassword:
    """A recipient who knows a password."""

    password: bytes


Recipient = ToCertificate | ToPublicKey | ToKey | ToPassword


def envelop(
    content: bytes,
    recipients: Sequence[Recipient],
    cipher_name: str,
    random: RandomBytes,
    *,
    content_type: str = cms.DATA,
    attributes: Mapping[str, bytes] | None = None,
) -> bytes:
    """A ContentInfo with EnvelopedData, or AuthEnvelopedData for AES-GCM; `cipher_name` is one of `CIPHERS`.

    `attributes` are authenticated ones (AES-GCM only; dotted OID to the DER of the one value). Raises
    Refused(KEY_REFUSED) for a certificate to whose key nothing can be encrypted.
    """
    cipher = CIPHERS[cipher_name]
    key, vector = random(cipher.key_size), random(cipher.vector_size)
    infos = [_recipient_info(recipient, key, random) for recipient in recipients]
    authenticated = b"".join(
        sorted(der.sequence(der.oid(oid), der.tlv(0x31, value)) for oid, value in (attributes or {}).items())
    )
    additional = der.tlv(0x31, authenticated) if authenticated else b""
    ciphertext, mac = cms_content.encrypt(cipher, key, vector, content, additional)
    algorithm = cms.Algorithm(cipher.oid, cms_content.write_parameters(cipher, vector))
    content_info = der.sequence(der.oid(content_type), cms.write_algorithm(algorithm), der.implicit(0, ciphertext))
    recipient_infos = der.tlv(0x31, b"".join(sorted(info for _, info in infos)))
    if cipher.mode == "gcm":
        attribute_set = der.explicit(1, authenticated) if authenticated else b""
        body = der.sequence(der.integer(0), recipient_infos, content_info, attribute_set, der.octet_string(mac))
        return cms.write_content_info(cms.AUTH_ENVELOPED_DATA, body)
    body = der.sequence(der.integer(_version(infos)), recipient_infos, content_info)
    return cms.write_content_info(cms.ENVELOPED_DATA, body)


def _version(infos: Sequence[tuple[int, bytes]]) -> int:
    """RFC 5652 6.1: 3 with a password or an encapsulated key, 0 with nothing but version-0 key transport, else 2."""
    if any(info[0] in (_PASSWORD, _OTHER) for _, info in infos):
        return 3
    return 2 if any(version for version, _ in infos) else 0


def _recipient_info(recipient: Recipient, key: bytes, random: RandomBytes) -> tuple[int, bytes]:
    """The RecipientInfo's version and its encoding."""
    if isinstance(recipient, ToPassword):
        derivation, algorithm, wrapped = cms_password.wrap(recipient.password, key, random)
        content = (
            der.integer(0)
            + der.explicit(0, ber.element(cms.write_algorithm(derivation)).content)
            + cms.write_algorithm(algorithm)
            + der.octet_string(wrapped)
        )
        return 0, der.tlv(_PASSWORD, content)
    if isinstance(recipient, ToKey):
        return _wrapped_key(recipient, key)
    public = _public_key(recipient)
    if isinstance(public, rsa.RSAPublicKey):
        return _key_transport(recipient, public, key)
    if isinstance(public, cms_agreement.AgreementPublicKey):
        return _key_agreement(recipient, public, key)
    if isinstance(public, EncapsulationPublicKey):
        return 0, recipient_info(public, _identifier(recipient), key, recipient.user_material)
    raise Refused(Reason.KEY_REFUSED, "nothing can be encrypted to a key of this kind")


def _public_key(recipient: ToCertificate | ToPublicKey) -> PublicKeyTypes:
    if isinstance(recipient, ToPublicKey):
        return recipient.key
    try:
        return recipient.certificate.public_key()
    except ValueError as error:
        raise Refused(Reason.KEY_REFUSED, "the recipient's key cannot be read") from error


def _wrapped_key(recipient: ToKey, key: bytes) -> tuple[int, bytes]:
    """KEKRecipientInfo, version 4."""
    algorithm = cms.Algorithm(_WRAPS[len(recipient.key)])
    return 4, der.explicit(
        2,
        der.integer(4)
        + der.sequence(der.octet_string(recipient.identifier))
        + cms.write_algorithm(algorithm)
        + der.octet_string(aes_key_wrap(recipient.key, key)),
    )


def _key_transport(recipient: ToCertificate | ToPublicKey, public: rsa.RSAPublicKey, key: bytes) -> tuple[int, bytes]:
    algorithm = cms.Algorithm(cms_signatures.RSA_ENCRYPTION, der.NULL)
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if recipient.oaep is not None:
        hash_ = hash_of(recipient.oaep)
        scheme = padding.OAEP(padding.MGF1(hash_), hash_, None)
        algorithm = cms.Algorithm(
            RSAES_OAEP,
            der.sequence(
                der.explicit(0, cms.write_algorithm(cms.Algorithm(DIGEST_OIDS[recipient.oaep], der.NULL))),
                der.explicit(1, cms.write_algorithm(cms_signatures.mask_algorithm(recipient.oaep))),
            ),
        )
    try:
        encrypted = public.encrypt(key, scheme)
    except ValueError as error:
        raise Refused(Reason.KEY_REFUSED, "the recipient's key is too short") from error
    version = 2 if recipient.by_key_identifier else 0
    return version, der.sequence(
        der.integer(version), _identifier(recipient), cms.write_algorithm(algorithm), der.octet_string(encrypted)
    )


def _key_agreement(
    recipient: ToCertificate | ToPublicKey, public: cms_agreement.AgreementPublicKey, key: bytes
) -> tuple[int, bytes]:
    if len(key) < _MINIMUM_WRAPPED:
        raise Refused(Reason.ALGORITHM_REFUSED, "a key this short cannot be wrapped for a recipient with a curve")
    ephemeral: cms_agreement.AgreementPrivateKey
    if isinstance(public, ec.EllipticCurvePublicKey):
        ephemeral = ec.generate_private_key(public.curve)
        bits = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    elif isinstance(public, x25519.X25519PublicKey):
        ephemeral = x25519.X25519PrivateKey.generate()
        bits = ephemeral.public_key().public_bytes_raw()
    else:
        ephemeral = x448.X448PrivateKey.generate()
        bits = ephemeral.public_key().public_bytes_raw()
    wrap_oid = cms_agreement.WRAP_AES_128 if len(key) == 16 else cms_agreement.WRAP_AES_256
    # A content key that is no AES key (3DES: 24 octets, wrapped as it is) goes under AES-256 as well.
    algorithm, wrapped = cms_agreement.wrap(ephemeral, public, key, wrap_oid, recipient.user_material)
    originator = cms.write_algorithm(cms_agreement.originator_algorithm(public)) + der.bit_string(bits)
    given = recipient.user_material
    material = b"" if given is None else der.explicit(1, der.octet_string(given))
    identifier = (
        der.explicit(0, der.octet_string(_key_identifier(recipient)))
        if recipient.by_key_identifier
        else _issuer_and_serial(recipient)
    )
    return 3, der.explicit(
        1,
        der.integer(3)
        + der.explicit(0, der.explicit(1, originator))
        + material
        + cms.write_algorithm(algorithm)
        + der.sequence(der.sequence(identifier, der.octet_string(wrapped))),
    )


def _identifier(recipient: ToCertificate | ToPublicKey) -> bytes:
    """RecipientIdentifier, which key transport and encapsulation have."""
    if recipient.by_key_identifier:
        return der.implicit(0, _key_identifier(recipient))
    return _issuer_and_serial(recipient)


def _issuer_and_serial(recipient: ToCertificate | ToPublicKey) -> bytes:
    if isinstance(recipient, ToPublicKey):
        return der.sequence(recipient.issuer, der.integer(recipient.serial))
    return cms.issuer_and_serial(recipient.certificate)


def _key_identifier(recipient: ToCertificate | ToPublicKey) -> bytes:
    assert isinstance(recipient, ToCertificate)
    identifier = cms.key_identifier(recipient.certificate)
    if identifier is None:
        raise Refused(Reason.KEY_REFUSED, "the recipient has no key identifier")
    return identifier
