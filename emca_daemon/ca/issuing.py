"""The signature on a certificate: taken only with a linted one in hand, checked before it leaves."""

from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificateIssuerPublicKeyTypes,
)

from emca_daemon.asn1.der import assemble
from emca_daemon.ca.signatures import sign, verify
from emca_daemon.policy.tokens import Linted


def sign_certificate(
    linted: Linted,
    key: CertificateIssuerPrivateKeyTypes,
    issuer_key: CertificateIssuerPublicKeyTypes,
    *,
    pss: bool,
) -> bytes:
    """The DER of the signed certificate.

    The bytes signed are those that were linted and intended; the signature is verified with the key of the issuer's
    certificate, so that a wrong or faulty signing key is noticed before anybody else sees its work. Raises
    Refused(UNAVAILABLE) when the key cannot be reached and Refused(BAD_INTEGRITY) when its signature does not verify.
    """
    to_be_signed = linted.to_be_signed
    signature = sign(key, to_be_signed.tbs, pss)
    verify(issuer_key, signature, to_be_signed.tbs, pss)
    return assemble(to_be_signed.tbs, to_be_signed.algorithm, signature)
