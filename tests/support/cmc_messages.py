"""Full CMC requests as a client makes them."""

import hashlib
import hmac
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import cmc, der
from emca_daemon.asn1.cms_signing import SigningIdentity, sign_data
from emca_daemon.asn1.values import encoded, sequence_parts
from tests.support.est_world import Key

SECRET = b"shared secret"
Controls = tuple[tuple[str, bytes], ...]


def pki_data(requests: tuple[bytes, ...] = (), controls: Controls = ()) -> bytes:
    """PKIData; the controls are numbered from 100."""
    tagged = [
        der.sequence(der.integer(100 + place), der.oid(oid), der.tlv(0x31, value))
        for place, (oid, value) in enumerate(controls)
    ]
    return der.sequence(der.sequence(*tagged), der.sequence(*requests), der.sequence(), der.sequence())


def pkcs10(csr: bytes, number: int = 1) -> bytes:
    """A TaggedRequest with a PKCS #10 request."""
    return der.explicit(0, der.integer(number) + csr)


def crmf(key: ec.EllipticCurvePrivateKey, name: str = "device-1", number: int = 1, *, broken: bool = False) -> bytes:
    """A TaggedRequest with a CRMF request that proves possession by a signature."""
    subject = x509.Name.from_rfc4514_string(f"CN={name}").public_bytes()
    info = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    public = der.tlv(0xA6, b"".join(encoded(part) for part in sequence_parts(info, "key")))
    template = der.sequence(der.explicit(5, subject), public)
    asked = der.sequence(der.integer(number), template)
    signature = key.sign(asked + b"x" * broken, ec.ECDSA(hashes.SHA256()))
    proof = der.tlv(0xA1, der.sequence(der.oid("1.2.840.10045.4.3.2")) + der.bit_string(signature))
    return der.tlv(0xA1, asked + proof)


def identity_proof(requests: tuple[bytes, ...], secret: bytes = SECRET, name: str = "bob") -> Controls:
    """Identification and IdentityProofV2 over the requests."""
    witness = hmac.digest(hashlib.sha256(secret).digest(), der.sequence(*requests), "sha256")
    proof = der.sequence(
        der.sequence(der.oid("2.16.840.1.101.3.4.2.1")),
        der.sequence(der.oid("1.2.840.113549.2.9")),
        der.octet_string(witness),
    )
    return ((cmc.IDENTIFICATION, der.tlv(0x0C, name.encode())), (cmc.IDENTITY_PROOF_V2, proof))


def signed(content: bytes, key: Key, certificate: bytes | None = None) -> bytes:
    """The full request, signed by a certificate's key or, without one, by the new key itself."""
    enclosed = () if certificate is None else (certificate,)
    signer = x509.load_der_x509_certificate(certificate) if certificate else throwaway(key)
    return sign_data(content, SigningIdentity(signer, key), content_type=cmc.PKI_DATA, certificates=enclosed)


def unsigned(content: bytes, digest: bytes, algorithm: str = "2.16.840.1.101.3.4.2.1") -> bytes:
    """A full request with a digest for its signature, and no signed attributes."""
    named = der.sequence(der.oid(algorithm))
    signer = der.sequence(
        der.integer(3),
        der.implicit(0, b"nobody"),
        named,
        der.sequence(der.oid(cmc.NO_SIGNATURE), der.NULL),
        der.octet_string(digest),
    )
    enclosed = der.sequence(der.oid(cmc.PKI_DATA), der.explicit(0, der.octet_string(content)))
    whole = der.sequence(der.integer(3), der.tlv(0x31, named), enclosed, der.tlv(0x31, signer))
    return der.sequence(der.oid("1.2.840.113549.1.7.2"), der.explicit(0, whole))


def throwaway(key: Key) -> x509.Certificate:
    """A certificate that the key made for itself."""
    name = x509.Name.from_rfc4514_string("CN=nobody")
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2027, 1, 1, tzinfo=UTC)
    )
    return builder.sign(key, hashes.SHA256())
