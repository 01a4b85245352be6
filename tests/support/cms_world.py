"""Keys and self-signed certificates for messages, made once; and the recorded messages of real clients."""

from base64 import b64decode
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

VECTORS = Path(__file__).parents[1] / "vectors" / "scep"
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def key(kind: str = "rsa") -> CertificateIssuerPrivateKeyTypes:
    """A key by kind: `rsa`, `rsa-other`, `p-256`, `p-384`, `ed25519`, `ed448`, `ml-dsa-44`."""
    return _key(kind)


@cache
def _key(kind: str) -> CertificateIssuerPrivateKeyTypes:
    match kind:
        case "rsa" | "rsa-other":
            return rsa.generate_private_key(65537, 2048)
        case "p-256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p-384":
            return ec.generate_private_key(ec.SECP384R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "ed448":
            return ed448.Ed448PrivateKey.generate()
    return mldsa.MLDSA44PrivateKey.generate()


def rsa_key(kind: str = "rsa") -> rsa.RSAPrivateKey:
    """The same, known to be RSA."""
    return cast(rsa.RSAPrivateKey, key(kind))


@cache
def certificate(kind: str = "rsa", *, identifier: bool = True) -> x509.Certificate:
    """A self-signed certificate for that key, with or without a subjectKeyIdentifier."""
    private = key(kind)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"cms {kind}")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(4711)
        .not_valid_before(DAY)
        .not_valid_after(DAY.replace(year=2036))
    )
    if identifier:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), False)
    plain = isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return builder.sign(private, hashes.SHA256() if plain else None)


def der_of(kind: str = "rsa") -> bytes:
    """The certificate in DER."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate(kind).public_bytes(Encoding.DER)


def recorded(name: str) -> bytes:
    """A recorded message, out of its PEM armour where it has one."""
    content = (VECTORS / name).read_bytes()
    if not content.startswith(b"-----"):
        return content
    return b64decode(b"".join(line for line in content.splitlines() if not line.startswith(b"-----")))


def counted(size: int) -> bytes:
    """Octets that are the same each time."""
    return bytes(range(1, size + 1))
