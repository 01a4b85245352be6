"""A generated key on its way to the client: signed by us, encrypted for whom the request names (RFC 7030 4.4.1)."""

import hmac
from collections.abc import Mapping
from hashlib import sha1, sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import cms_enveloping, der
from emca_daemon.asn1.cms import SIGNED_DATA, key_identifier
from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.asn1.key_packages import signed_key_package
from emca_daemon.asn1.values import content_parts
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.clients import Client
from emca_daemon.protocols.est.requests import (
    ASYMMETRIC_DECRYPT_KEY_IDENTIFIER,
    DECRYPT_KEY_IDENTIFIER,
    SMIME_CAPABILITIES,
    EnrollmentRequest,
)
from emca_daemon.randomness import RandomBytes

_GCM: Final = {16: "aes-128-gcm", 24: "aes-192-gcm", 32: "aes-256-gcm"}
_CIPHERS: Final = {
    "2.16.840.1.101.3.4.1.2": "aes-128-cbc",
    "2.16.840.1.101.3.4.1.22": "aes-192-cbc",
    "2.16.840.1.101.3.4.1.42": "aes-256-cbc",
    "2.16.840.1.101.3.4.1.6": "aes-128-gcm",
    "2.16.840.1.101.3.4.1.26": "aes-192-gcm",
    "2.16.840.1.101.3.4.1.46": "aes-256-gcm",
}
_RECIPIENT = cms_enveloping.ToCertificate | cms_enveloping.ToKey


def read_keys(text: str) -> Mapping[bytes, bytes]:
    """The symmetric keys of a file: a line `IDENTIFIER HEXKEY` each; raises Refused(MALFORMED)."""
    keys: dict[bytes, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            identifier, key = words[0].encode(), bytes.fromhex(words[1])
        except (ValueError, IndexError):
            key = b""
        if len(words) != 2 or len(key) not in _GCM:
            raise Refused(Reason.MALFORMED, f"line {number} of the keys is not IDENTIFIER HEXKEY (an AES key)")
        keys[identifier] = key
    return keys


def wants_encryption(request: EnrollmentRequest) -> bool:
    """Whether the request names a key by which the new one is to be encrypted."""
    return not request.attributes.keys().isdisjoint({DECRYPT_KEY_IDENTIFIER, ASYMMETRIC_DECRYPT_KEY_IDENTIFIER})


def recipient_of(request: EnrollmentRequest, client: Client, keys: Mapping[bytes, bytes]) -> _RECIPIENT:
    """For whom the new key is encrypted; raises Refused(KEY_REFUSED) where that key is not known here.

    A symmetric key is known by the settings; an asymmetric one must be that of the TLS client certificate, named by
    its subject key identifier, or by SHA-1 or SHA-256 over the key.
    """
    named = request.attributes.get(DECRYPT_KEY_IDENTIFIER)
    if named is not None:
        if (key := keys.get(named)) is None:
            raise _unknown()
        return cms_enveloping.ToKey(named, key)
    named = request.attributes[ASYMMETRIC_DECRYPT_KEY_IDENTIFIER]
    if client.trusted is None or not any(
        hmac.compare_digest(named, one) for one in _identifiers(client.trusted.certificate)
    ):
        raise _unknown()
    return cms_enveloping.ToCertificate(client.trusted.certificate, oaep="sha256")


def deliver(
    private_key: bytes, recipient: _RECIPIENT, cipher: str, signer: SigningIdentity, random: RandomBytes
) -> bytes:
    """EnvelopedData (AuthEnvelopedData for AES-GCM) of SignedData of the AsymmetricKeyPackage with that PKCS #8 key."""
    chain = (signer.certificate.public_bytes(Encoding.DER),)
    content = signed_key_package(private_key, signer, chain)
    return cms_enveloping.envelop(content, (recipient,), cipher, random, content_type=SIGNED_DATA)


def cipher_of(request: EnrollmentRequest) -> str:
    """The first cipher among the request's S/MIME capabilities that is ours; AES-256-CBC where it has none.

    RFC 7030 4.4.1 lets a client say there which ciphers it reads; every reader of CMS knows AES in CBC mode.
    """
    named = request.attributes.get(SMIME_CAPABILITIES)
    if named is not None:
        for capability in content_parts(named, "SMIMECapabilities"):
            parts = content_parts(bytes(capability.data), "SMIMECapability")
            for oid, cipher in _CIPHERS.items():
                if parts and der.tlv(0x06, bytes(parts[0].data)) == der.oid(oid):
                    return cipher
    return "aes-256-cbc"


def _identifiers(certificate: x509.Certificate) -> list[bytes]:
    public = certificate.public_key()
    info = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    found = [sha256(info).digest(), sha1(info, usedforsecurity=False).digest()]
    found.append(x509.SubjectKeyIdentifier.from_public_key(public).digest)
    if (own := key_identifier(certificate)) is not None:
        found.append(own)
    return found


def _unknown() -> Refused:
    return Refused(Reason.KEY_REFUSED, "the key that the new key should be encrypted with is not known here")
