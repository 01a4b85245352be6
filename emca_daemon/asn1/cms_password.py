"""Content keys wrapped with a password (RFC 5652 6.2.4): PBKDF2 (RFC 8018) and id-alg-PWRI-KEK (RFC 3211)."""

import hmac
from collections.abc import Collection

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from emca_daemon.asn1 import ber, cms, cms_content, der
from emca_daemon.asn1.cms_algorithms import CIPHERS, Cipher, cipher_by_oid
from emca_daemon.errors import Reason, Refused
from emca_daemon.randomness import RandomBytes

PWRI_KEK = "1.2.840.113549.1.9.16.3.9"
PBKDF2 = "1.2.840.113549.1.5.12"
MAX_ITERATIONS = 1_000_000
"""Of PBKDF2, read at the most: each costs the reader a microsecond or so."""
ITERATIONS = 100_000
"""Of PBKDF2, written."""
MAX_KEY = 64

_HMAC_SHA256 = "1.2.840.113549.2.9"
_FUNCTIONS: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.113549.2.7": hashes.SHA1(),  # noqa: S303 - the default of PBKDF2, where it is not broken
    "1.2.840.113549.2.8": hashes.SHA224(),
    _HMAC_SHA256: hashes.SHA256(),
    "1.2.840.113549.2.10": hashes.SHA384(),
    "1.2.840.113549.2.11": hashes.SHA512(),
}
_CIPHER = CIPHERS["aes-256-cbc"]


def unwrap(
    password: bytes,
    derivation: cms.Algorithm | None,
    algorithm: cms.Algorithm,
    wrapped: bytes,
    *,
    ciphers: Collection[str],
) -> bytes | None:
    """The content key, None where the password is wrong; `ciphers` names those that may wrap it.

    Raises Refused: ALGORITHM_REFUSED or MALFORMED.
    """
    if algorithm.oid != PWRI_KEK or algorithm.parameters is None:
        raise Refused(Reason.ALGORITHM_REFUSED, "the only key wrap with a password is id-alg-PWRI-KEK")
    inner = cms.read_algorithm(algorithm.parameters)
    cipher = cipher_by_oid(inner.oid)
    if cipher.mode != "cbc":
        raise Refused(Reason.ALGORITHM_REFUSED, "a key is wrapped with a password in CBC mode")
    if cipher.name not in ciphers:
        raise Refused(Reason.ALGORITHM_REFUSED, f"the cipher {cipher.name} is not allowed here")
    vector = cms_content.read_vector(cipher, inner.parameters or b"")
    size = cipher.vector_size
    if len(wrapped) % size or not 2 * size <= len(wrapped) <= MAX_KEY * 4:
        raise Refused(Reason.MALFORMED, "the wrapped key is not of whole blocks")
    return _unwrap(cipher, _derive(password, derivation, cipher.key_size), vector, wrapped)


def wrap(password: bytes, key: bytes, random: RandomBytes) -> tuple[cms.Algorithm, cms.Algorithm, bytes]:
    """Derivation, keyEncryptionAlgorithm and wrapped key: PBKDF2 with HMAC-SHA-256, AES-256."""
    salt, vector = random(16), random(16)
    derivation = cms.Algorithm(
        PBKDF2,
        der.sequence(
            der.octet_string(salt),
            der.integer(ITERATIONS),
            cms.write_algorithm(cms.Algorithm(_HMAC_SHA256, der.NULL)),
        ),
    )
    algorithm = cms.Algorithm(
        PWRI_KEK, cms.write_algorithm(cms.Algorithm(_CIPHER.oid, cms_content.write_parameters(_CIPHER, vector)))
    )
    return derivation, algorithm, _wrap(_derive(password, derivation, _CIPHER.key_size), vector, key, random)


def _wrap(wrapping: bytes, vector: bytes, key: bytes, random: RandomBytes) -> bytes:
    """RFC 3211 2.3.1: length, three check octets, key, padding; encrypted twice in one chain."""
    size = _CIPHER.vector_size
    formatted = bytes((len(key),)) + bytes(octet ^ 0xFF for octet in key[:3]) + key
    formatted += random(max(2 * size - len(formatted), -len(formatted) % size))
    first = _encrypt(wrapping, vector, formatted)
    return _encrypt(wrapping, first[-size:], first)


def _encrypt(key: bytes, vector: bytes, data: bytes) -> bytes:
    encryptor = cms_content.block_cipher(_CIPHER, key, vector).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _unwrap(cipher: Cipher, wrapping: bytes, vector: bytes, wrapped: bytes) -> bytes | None:
    """RFC 3211 2.3.2: the last block gives the vector of the outer pass, that pass the inner one."""
    size = cipher.vector_size

    def decrypt(start: bytes, data: bytes) -> bytes:
        decryptor = cms_content.block_cipher(cipher, wrapping, start).decryptor()
        return decryptor.update(data) + decryptor.finalize()

    last = decrypt(wrapped[-2 * size : -size], wrapped[-size:])
    formatted = decrypt(vector, decrypt(last, wrapped))
    length = formatted[0]
    checked = hmac.compare_digest(bytes(octet ^ 0xFF for octet in formatted[1:4]), formatted[4:7])
    return formatted[4 : 4 + length] if checked and length <= len(formatted) - 4 else None


def _derive(password: bytes, derivation: cms.Algorithm | None, size: int) -> bytes:
    """PBKDF2-params: salt, iterationCount, keyLength OPTIONAL, prf DEFAULT hmacWithSHA1 (RFC 8018 A.2)."""
    if derivation is None or derivation.oid != PBKDF2 or derivation.parameters is None:
        raise Refused(Reason.ALGORITHM_REFUSED, "the only key derivation is PBKDF2")
    parts = ber.elements(ber.element(derivation.parameters).content, 4)
    if [part.tag for part in parts[:2]] != [0x04, 0x02]:
        raise Refused(Reason.MALFORMED, "not the parameters of PBKDF2")
    iterations = int.from_bytes(parts[1].content[:8], signed=True)
    if not 1 <= iterations <= MAX_ITERATIONS or len(parts[1].content) > 8:
        raise Refused(Reason.ALGORITHM_REFUSED, f"PBKDF2 may take 1 to {MAX_ITERATIONS} iterations")
    function: hashes.HashAlgorithm | None = _FUNCTIONS["1.2.840.113549.2.7"]
    for part in parts[2:]:
        if part.tag == 0x02 and int.from_bytes(part.content[:8]) != size:
            raise Refused(Reason.MALFORMED, "the derived key is not as long as the cipher's")
        if part.tag == 0x30:
            function = _FUNCTIONS.get(cms.read_algorithm(part.encoded).oid)
    if function is None:
        raise Refused(Reason.ALGORITHM_REFUSED, "the pseudorandom function of PBKDF2 is not known")
    return PBKDF2HMAC(function, size, parts[0].content, iterations).derive(password)
