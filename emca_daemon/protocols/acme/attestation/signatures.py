"""Signatures in attestations, by whatever kind of key."""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.protocols.acme.attestation.statements import bad_statement


def check_signature(
    key: CertificatePublicKeyTypes,
    signature: bytes,
    data: bytes,
    hash_: hashes.HashAlgorithm | None = None,
    *,
    pss: bool = False,
) -> None:
    """Raises badAttestationStatement unless the key signed; the hash is SHA-256, for P-384 SHA-384, if none is given.

    RSA is PKCS #1 v1.5, or PSS with a salt of any length.
    """
    try:
        match key:
            case rsa.RSAPublicKey():
                chosen = hash_ or hashes.SHA256()
                scheme = padding.PSS(padding.MGF1(chosen), padding.PSS.AUTO) if pss else padding.PKCS1v15()
                key.verify(signature, data, scheme, chosen)
            case ec.EllipticCurvePublicKey():
                usual = hashes.SHA384() if key.key_size == 384 else hashes.SHA256()
                key.verify(signature, data, ec.ECDSA(hash_ or usual))
            case ed25519.Ed25519PublicKey():
                key.verify(signature, data)
            case _:
                raise bad_statement("the attestation is signed by a kind of key that is not supported")
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise bad_statement("the attestation's signature does not verify") from None
