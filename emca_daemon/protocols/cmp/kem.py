"""Protection by a key encapsulated to the sender's certificate (RFC 9810 5.1.3.4, 5.3.19.18): ML-KEM and KemBasedMac.

The client asks in a genm that nothing protects, shows its certificate and gets a ciphertext; what it sends in the same
transaction from then on has a MAC by the key in it.
"""

import hmac
from typing import Annotated

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body, Message
from emca_daemon.asn1.cmp_content import general_message
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.signature_algorithms import HASHES
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.asn1.values import Algorithm, algorithm, decoded, encoded
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.protocols.cmp.mac_schemes import scheme

KEM_BASED_MAC = "1.2.840.113533.7.66.16"
KEM_CIPHERTEXT_INFO = "1.3.6.1.5.5.7.4.24"

_HKDF: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.113549.1.9.16.3.28": hashes.SHA256(),
    "1.2.840.113549.1.9.16.3.29": hashes.SHA384(),
    "1.2.840.113549.1.9.16.3.30": hashes.SHA512(),
}
"""HKDF with each hash (RFC 8619)."""
_KDF3 = "1.3.133.16.840.9.44.1.2"
"""KDF3 of ANS X9.44, by the hash in its parameters (RFC 9690 A)."""
_ML_KEM_768, _ML_KEM_1024 = "2.16.840.1.101.3.4.4.2", "2.16.840.1.101.3.4.4.3"
_MOST_KEY_OCTETS = 255 * 32
_STATIC = der.sequence(der.tlv(0x0C, b"CMP-KEM"))


@asn1.sequence
class _KemBmParameter:
    kdf: asn1.TLV
    context: Annotated[bytes | None, asn1.Explicit(0)]
    length: int
    mac: asn1.TLV


def asks_for_ciphertext(message: Message) -> bool:
    """Whether a message is the one that needs no protection: a genm that asks for a ciphertext and nothing else."""
    if message.type is not Body.GENM or message.header.protection_algorithm is not None or message.protection:
        return False
    try:
        asked = general_message(message.body)
    except Refused:
        return False
    return [(one.oid, one.value) for one in asked] == [(KEM_CIPHERTEXT_INFO, None)]


def encapsulated(certificate: x509.Certificate) -> tuple[bytes, bytes]:
    """A fresh shared secret and the KemCiphertextInfo that tells it to the certificate's holder; raises Failure."""
    _check_usage(certificate)
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError) as error:
        raise _bad(FailInfo.BAD_ALG, "the certificate's key is of a kind that is not supported") from error
    if isinstance(key, mlkem.MLKEM768PublicKey):
        oid = _ML_KEM_768
    elif isinstance(key, mlkem.MLKEM1024PublicKey):
        oid = _ML_KEM_1024
    else:
        raise _bad(FailInfo.BAD_REQUEST, "a ciphertext takes a certificate for ML-KEM-768 or ML-KEM-1024")
    secret, ciphertext = key.encapsulate()
    return secret, der.sequence(Algorithm(oid).encoded(), der.octet_string(ciphertext))


def verify(protection: Algorithm, secret: bytes, transaction_id: bytes, data: bytes, mac: bytes) -> bool:
    """Whether the MAC is right, compared in constant time; raises Failure or Refused(MALFORMED)."""
    return hmac.compare_digest(compute(protection, secret, transaction_id, data), mac)


def compute(protection: Algorithm, secret: bytes, transaction_id: bytes, data: bytes) -> bytes:
    """The MAC over some data by a key from the shared secret; raises as `verify` does."""
    read = decoded(_KemBmParameter, protection.parameters or b"", "KemBMParameter")
    derivation, mac = algorithm(encoded(read.kdf)), scheme(algorithm(encoded(read.mac)))
    if not 1 <= read.length <= _MOST_KEY_OCTETS or not mac.takes(bytes(read.length)):
        raise _bad(FailInfo.BAD_ALG, "this MAC takes no keys of that length")
    key = _derived(derivation, read.length, secret, _other_info(transaction_id, read.context))
    return mac.compute(key, data)


def _derived(derivation: Algorithm, length: int, secret: bytes, info: bytes) -> bytes:
    hkdf = _HKDF.get(derivation.oid)
    if hkdf is not None and derivation.without_parameters:
        return HKDF(hkdf, length, None, info).derive(secret)
    if derivation.oid == _KDF3:
        hash_ = HASHES.get(algorithm(derivation.parameters or b"").oid)
        if hash_ is not None:
            return ConcatKDFHash(hash_, length, info).derive(secret)
    raise _bad(FailInfo.BAD_ALG, f"the key derivation {derivation.oid} is not known")


def _other_info(transaction_id: bytes, context: bytes | None) -> bytes:
    """KemOtherInfo."""
    given = b"" if context is None else der.explicit(0, der.octet_string(context))
    return der.sequence(_STATIC, der.octet_string(transaction_id), given)


def _check_usage(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    except UNREADABLE:
        raise _bad(FailInfo.SIGNER_NOT_TRUSTED, "the certificate cannot be read") from None
    if not usage.key_encipherment:
        raise _bad(FailInfo.SIGNER_NOT_TRUSTED, "the certificate is not for encapsulated keys")


def _bad(info: FailInfo, detail: str) -> Failure:
    return Failure(info, detail, of_message=True)
