"""KeyAgreeRecipientInfo for X25519 and X448 opened by another decoder than ours (RFC 8418)."""

from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import x448, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from cryptography.hazmat.primitives.padding import PKCS7
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc5652, rfc5753

AgreementKey = x25519.X25519PrivateKey | x448.X448PrivateKey

HKDF_SHA256 = "1.2.840.113549.1.9.16.3.19"
_OIDS = {x25519.X25519PrivateKey: "1.3.101.110", x448.X448PrivateKey: "1.3.101.111"}


def agreement_recipient(enveloped: bytes) -> Any:
    """The one recipient of an EnvelopedData, which is a KeyAgreeRecipientInfo."""
    read = decode(enveloped, asn1Spec=rfc5652.EnvelopedData())[0]
    assert int(read["version"]) == 2
    (recipient,) = read["recipientInfos"]
    return recipient["kari"]


def opened(enveloped: bytes, key: AgreementKey) -> bytes:
    """The content of an EnvelopedData in AES-CBC, for the holder of an X25519 or X448 key."""
    recipient = agreement_recipient(enveloped)
    originator = recipient["originator"]["originatorKey"]
    oid = next(oid for kind, oid in _OIDS.items() if isinstance(key, kind))
    assert str(originator["algorithm"]["algorithm"]) == oid
    assert not originator["algorithm"]["parameters"].isValue
    assert str(recipient["keyEncryptionAlgorithm"]["algorithm"]) == HKDF_SHA256
    wrap = recipient["keyEncryptionAlgorithm"]["parameters"]
    info = rfc5753.ECC_CMS_SharedInfo()
    info["keyInfo"] = decode(bytes(wrap), asn1Spec=info["keyInfo"].clone())[0]
    info["entityUInfo"] = bytes(recipient["ukm"])
    info["suppPubInfo"] = (256).to_bytes(4, "big")
    shared = _agreed(key, originator["publicKey"].asOctets())
    wrapping = HKDF(hashes.SHA256(), 32, None, bytes(encode(info))).derive(shared)
    (wrapped,) = recipient["recipientEncryptedKeys"]
    content_key = aes_key_unwrap(wrapping, bytes(wrapped["encryptedKey"]))
    content = decode(enveloped, asn1Spec=rfc5652.EnvelopedData())[0]["encryptedContentInfo"]
    vector = bytes(decode(bytes(content["contentEncryptionAlgorithm"]["parameters"]))[0])
    decryptor = Cipher(algorithms.AES(content_key), modes.CBC(vector)).decryptor()
    unpadder = PKCS7(128).unpadder()
    padded = decryptor.update(bytes(content["encryptedContent"])) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()


def _agreed(key: AgreementKey, public: bytes) -> bytes:
    if isinstance(key, x25519.X25519PrivateKey):
        return key.exchange(x25519.X25519PublicKey.from_public_bytes(public))
    return key.exchange(x448.X448PublicKey.from_public_bytes(public))
