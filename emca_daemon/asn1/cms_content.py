"""Content ciphers at work: AES-CBC, AES-GCM and, for old devices, DES (RFC 3565, RFC 5084, RFC 3370 5)."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, algorithms, modes
from cryptography.hazmat.primitives.ciphers import Cipher as Encryption
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from emca_daemon.asn1 import ber, der
from emca_daemon.asn1.cms_algorithms import Cipher
from emca_daemon.errors import Reason, Refused

TAG_SIZE = 16
"""Octets of AES-GCM's tag; shorter ones are not accepted."""


def undecryptable() -> Refused:
    """The one refusal of everything that can go wrong with keys and padding, so that nothing is learnt from it."""
    return Refused(Reason.BAD_INTEGRITY, "the envelope cannot be opened")


def block_cipher(cipher: Cipher, key: bytes, vector: bytes) -> "Encryption[modes.CBC]":
    """A cipher in CBC mode; a single DES key is used three times, which is single DES."""
    des_key = key * 3 if cipher.key_size == 8 else key
    algorithm: BlockCipherAlgorithm = algorithms.AES(key) if cipher.family == "aes" else TripleDES(des_key)
    return Encryption(algorithm, modes.CBC(vector))


def decrypt(
    cipher: Cipher, parameters: bytes, key: bytes, ciphertext: bytes, authenticated: bytes = b"", mac: bytes = b""
) -> bytes:
    """The content; raises `undecryptable()`, or Refused(MALFORMED) where the parameters are wrong."""
    if cipher.mode == "gcm":
        return _decrypt_gcm(parameters, key, ciphertext, authenticated, mac)
    vector = read_vector(cipher, parameters)
    if not ciphertext or len(ciphertext) % cipher.vector_size:
        raise Refused(Reason.MALFORMED, "the encrypted content is not of whole blocks")
    decryptor = block_cipher(cipher, key, vector).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    unpadder = block_padding.PKCS7(cipher.vector_size * 8).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise undecryptable() from None


def encrypt(
    cipher: Cipher, key: bytes, vector: bytes, content: bytes, authenticated: bytes = b""
) -> tuple[bytes, bytes]:
    """Ciphertext and, for AES-GCM, the tag."""
    if cipher.mode == "gcm":
        sealed = AESGCM(key).encrypt(vector, content, authenticated or None)
        return sealed[:-TAG_SIZE], sealed[-TAG_SIZE:]
    padder = block_padding.PKCS7(cipher.vector_size * 8).padder()
    encryptor = block_cipher(cipher, key, vector).encryptor()
    return encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize(), b""


def write_parameters(cipher: Cipher, vector: bytes) -> bytes:
    """The AlgorithmIdentifier's parameters: the IV, or nonce and tag length (RFC 5084 3.2)."""
    if cipher.mode == "gcm":
        return der.sequence(der.octet_string(vector), der.integer(TAG_SIZE))
    return der.octet_string(vector)


def read_vector(cipher: Cipher, parameters: bytes) -> bytes:
    """The IV of a CBC cipher; raises Refused(MALFORMED)."""
    value = ber.element(parameters)
    if value.tag != 0x04 or len(value.content) != cipher.vector_size:
        raise Refused(Reason.MALFORMED, "the cipher's parameters are no initialization vector")
    return value.content


def _decrypt_gcm(parameters: bytes, key: bytes, ciphertext: bytes, authenticated: bytes, mac: bytes) -> bytes:
    parts = ber.elements(ber.element(parameters).content, 2)
    nonce = parts[0].content if parts and parts[0].tag == 0x04 else b""
    if not 8 <= len(nonce) <= 64 or len(mac) != TAG_SIZE:
        raise Refused(Reason.MALFORMED, "not the nonce and the full tag of AES-GCM")
    # What is authenticated is the DER of the SET (RFC 5083 2.2), in which the attributes were tagged [1].
    additional = der.tlv(0x31, authenticated) if authenticated else None
    try:
        return AESGCM(key).decrypt(nonce, ciphertext + mac, additional)
    except InvalidTag:
        raise undecryptable() from None
