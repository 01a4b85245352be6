"""KEMRecipientInfo opened by another decoder than ours."""

from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from cryptography.hazmat.primitives.padding import PKCS7
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc5652, rfc9629

from emca_daemon.asn1 import der

WRAP = der.sequence(der.oid("2.16.840.1.101.3.4.1.45"))


def kem_recipient(enveloped: bytes) -> Any:
    """The one recipient of an EnvelopedData, which is a KEMRecipientInfo."""
    read = decode(enveloped, asn1Spec=rfc5652.EnvelopedData())[0]
    assert int(read["version"]) == 3
    (recipient,) = read["recipientInfos"]
    other = recipient["ori"]
    assert other["oriType"] == rfc9629.id_ori_kem
    return decode(bytes(other["oriValue"]), asn1Spec=rfc9629.KEMRecipientInfo())[0]


def opened(enveloped: bytes, key: mlkem.MLKEM768PrivateKey | mlkem.MLKEM1024PrivateKey) -> bytes:
    """The content of an EnvelopedData in AES-CBC, for the holder of an ML-KEM key."""
    info = kem_recipient(enveloped)
    assert (int(info["version"]), int(info["kekLength"])) == (0, 32)
    assert str(info["kdf"]["algorithm"]) == "1.2.840.113549.1.9.16.3.28"
    assert encode(info["wrap"]) == WRAP
    material = der.explicit(0, der.octet_string(bytes(info["ukm"]))) if info["ukm"].isValue else b""
    derivation = HKDF(hashes.SHA256(), 32, None, der.sequence(WRAP, der.integer(32), material))
    wrapping = derivation.derive(key.decapsulate(bytes(info["kemct"])))
    content_key = aes_key_unwrap(wrapping, bytes(info["encryptedKey"]))
    content = decode(enveloped, asn1Spec=rfc5652.EnvelopedData())[0]["encryptedContentInfo"]
    vector = bytes(decode(bytes(content["contentEncryptionAlgorithm"]["parameters"]))[0])
    decryptor = Cipher(algorithms.AES(content_key), modes.CBC(vector)).decryptor()
    unpadder = PKCS7(128).unpadder()
    padded = decryptor.update(bytes(content["encryptedContent"])) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()
