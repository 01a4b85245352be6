"""Private keys encrypted under a passphrase: PKCS #8 with PBES2, scrypt and AES-256 (RFC 5958, 8018, 7914).

The encoding is our own because cryptography's goes through 2048 rounds of PBKDF2, which a guesser does on the side;
reading is cryptography's. `openssl pkey -in FILE` reads the files too.
"""

import base64
import textwrap

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

from emca_daemon.asn1 import der
from emca_daemon.randomness import RandomBytes

COST, BLOCK, PARALLEL = 1 << 14, 8, 1
"""scrypt's N, r and p: 16 MiB and some 40 ms a guess, what OpenSSL reads without being asked for more memory."""

_PBES2 = der.oid("1.2.840.113549.1.5.13")
_SCRYPT = der.oid("1.3.6.1.4.1.11591.4.11")
_AES_256_CBC = der.oid("2.16.840.1.101.3.4.1.42")
_BEGIN, _END = "-----BEGIN ENCRYPTED PRIVATE KEY-----", "-----END ENCRYPTED PRIVATE KEY-----"
_KEYS = (
    rsa.RSAPrivateKey,
    ec.EllipticCurvePrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
    mldsa.MLDSA44PrivateKey,
    mldsa.MLDSA65PrivateKey,
    mldsa.MLDSA87PrivateKey,
)


class NotOpened(ValueError):  # noqa: N818 - says what became of the file
    """The text is no encrypted private key that this passphrase opens."""


def seal(key: CertificateIssuerPrivateKeyTypes, passphrase: bytes, random: RandomBytes) -> bytes:
    """The key as PEM text under the passphrase."""
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    salt, vector = random(16), random(16)
    wrapping = Scrypt(salt=salt, length=32, n=COST, r=BLOCK, p=PARALLEL).derive(passphrase)
    padder, encryptor = PKCS7(128).padder(), Cipher(algorithms.AES256(wrapping), modes.CBC(vector)).encryptor()
    ciphertext = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    derivation = der.sequence(
        _SCRYPT,
        der.sequence(der.octet_string(salt), der.integer(COST), der.integer(BLOCK), der.integer(PARALLEL)),
    )
    encryption = der.sequence(_AES_256_CBC, der.octet_string(vector))
    algorithm = der.sequence(_PBES2, der.sequence(derivation, encryption))
    return _pem(der.sequence(algorithm, der.octet_string(ciphertext)))


def unseal(text: bytes, passphrase: bytes) -> CertificateIssuerPrivateKeyTypes:
    """The key in PEM text; raises NotOpened for another passphrase, a plain key or anything else."""
    try:
        key = serialization.load_pem_private_key(text, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The cause is left out: what cryptography says of the decrypted octets is nobody's business.
        raise NotOpened("it is not an encrypted private key that this passphrase opens") from None
    if isinstance(key, dsa.DSAPrivateKey) or not isinstance(key, _KEYS):
        raise NotOpened("a key of this kind signs no certificates")
    return key


def _pem(content: bytes) -> bytes:
    """PEM armour (RFC 7468)."""
    lines = textwrap.wrap(base64.b64encode(content).decode("ascii"), 64)
    return "\n".join((_BEGIN, *lines, _END, "")).encode("ascii")
