"""Key usage and extended key usage of a certificate, from the profile and the kind of key (RFC 5280 4.2.1.3)."""

from cryptography import x509

from emca_daemon.policy.profile_extensions import UsageBit

_ENCRYPTION: frozenset[UsageBit] = frozenset(("key-encipherment", "data-encipherment"))
_AGREEMENT: frozenset[UsageBit] = frozenset(("key-agreement", "encipher-only", "decipher-only"))


def key_usage(bits: tuple[UsageBit, ...], algorithm: str) -> x509.KeyUsage | None:
    """The usages of the profile that a key of this algorithm can have; None where there are none.

    Only RSA keys encrypt, and only EC keys agree on keys (RFC 3279 2.3.1, 5480 3, 8410 5, 9881 5).
    """
    if algorithm == "rsa":
        kept = frozenset(bits) - _AGREEMENT
    elif algorithm == "ec":
        kept = frozenset(bits) - _ENCRYPTION
    else:
        kept = frozenset(bits) - _ENCRYPTION - _AGREEMENT
    if not kept:
        return None
    return x509.KeyUsage(
        digital_signature="digital-signature" in kept,
        content_commitment="content-commitment" in kept,
        key_encipherment="key-encipherment" in kept,
        data_encipherment="data-encipherment" in kept,
        key_agreement="key-agreement" in kept,
        key_cert_sign="key-cert-sign" in kept,
        crl_sign="crl-sign" in kept,
        encipher_only="encipher-only" in kept,
        decipher_only="decipher-only" in kept,
    )
