"""The client's request as if it had been made with the key that is made for it (RFC 7030 4.4)."""

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from emca_daemon.asn1 import der
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.ca.client_keys import GeneratedKey, algorithm_of, public_bytes
from emca_daemon.errors import Reason, Refused

_ECDSA: Final = der.sequence(der.oid("1.2.840.10045.4.3.2"))
_RSA: Final = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.NULL)
_ED25519: Final = der.sequence(der.oid("1.3.101.112"))
_ED448: Final = der.sequence(der.oid("1.3.101.113"))


def choose(algorithms: tuple[str, ...], csr: bytes) -> str:
    """The algorithm of the key to be made: that of the request's own key if it is offered, else the first."""
    wanted = algorithm_of(_parts(csr)[2])
    return wanted if wanted in algorithms else algorithms[0]


def with_key(csr: bytes, key: GeneratedKey) -> bytes:
    """The request with the new key in the place of its own, signed anew.

    Key and signature of the client's request mean nothing (RFC 7030 4.4.1), so neither is looked at. Raises
    Refused(MALFORMED) for what is no request.
    """
    version, subject, _, attributes = _parts(csr)
    info = der.sequence(version, subject, public_bytes(key), attributes)
    algorithm, signature = _sign(key, info)
    return der.assemble(info, algorithm, signature)


def _parts(csr: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    whole = sequence_parts(csr, "certification request")
    info = sequence_parts(encoded(whole[0]), "certification request") if whole else []
    if not 3 <= len(info) <= 4:
        raise Refused(Reason.MALFORMED, "this is not a PKCS #10 certification request in DER")
    version, subject, key = (encoded(part) for part in info[:3])
    return version, subject, key, encoded(info[3]) if len(info) == 4 else der.explicit(0, b"")


def _sign(key: GeneratedKey, data: bytes) -> tuple[bytes, bytes]:
    if isinstance(key, rsa.RSAPrivateKey):
        return _RSA, key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _ECDSA, key.sign(data, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return _ED25519, key.sign(data)
    return _ED448, key.sign(data)
