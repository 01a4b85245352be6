"""Key usage of a certificate, from the profile and the kind of key (RFC 5280 4.2.1.3)."""

from collections.abc import Mapping, Sequence
from typing import get_args

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from emca_daemon.errors import Mismatch, Reason
from emca_daemon.policy.facts import RequestedExtension
from emca_daemon.policy.profile_extensions import KeyUsageRules, UsageBit

_ENCRYPTION: frozenset[UsageBit] = frozenset(("key-encipherment", "data-encipherment"))
_AGREEMENT: frozenset[UsageBit] = frozenset(("key-agreement", "encipher-only", "decipher-only"))
_ENCAPSULATION: frozenset[UsageBit] = frozenset(("key-encipherment",))
_WITHOUT_SIGNATURES: Mapping[str, frozenset[UsageBit]] = {
    "x25519": _AGREEMENT,
    "x448": _AGREEMENT,
    "ml-kem": _ENCAPSULATION,
}
"""What keys can be used for that cannot sign (RFC 8410 5, RFC 9935 5)."""
_IN_ORDER: tuple[UsageBit, ...] = get_args(UsageBit)
_KEY_USAGE = ExtensionOID.KEY_USAGE.dotted_string
_BIT_STRING = 0x03


def key_usage(bits: tuple[UsageBit, ...], algorithm: str) -> x509.KeyUsage | None:
    """The usages of the profile that a key of this algorithm can have; None where there are none.

    Of keys that sign, only RSA keys encrypt, and only EC keys agree on keys (RFC 3279 2.3.1, 5480 3, 8410 5, 9881 5);
    X25519 and X448 keys do nothing but agree, ML-KEM keys nothing but encipher keys.
    """
    if algorithm in _WITHOUT_SIGNATURES:
        kept = frozenset(bits) & _WITHOUT_SIGNATURES[algorithm]
    elif algorithm == "rsa":
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


def chosen_bits(rules: KeyUsageRules, asked: Sequence[RequestedExtension]) -> tuple[UsageBit, ...]:
    """The usages of a profile, or those among them that are asked for where requests may narrow them."""
    wanted = [_bits(extension.value) for extension in asked if extension.oid == _KEY_USAGE]
    if rules.requested == "ignore" or not wanted:
        return rules.bits
    return tuple(bit for bit in rules.bits if bit in wanted[0])


def narrowing_mismatches(rules: KeyUsageRules, asked: Sequence[RequestedExtension], algorithm: str) -> list[Mismatch]:
    """That a request asks for key usages none of which the profile gives to such a key."""
    bits = chosen_bits(rules, asked)
    if bits == rules.bits or key_usage(bits, algorithm) is not None:
        return []
    return [Mismatch("key_usage.bits", "has none of the usages asked for", Reason.PROFILE_REFUSED)]


def usage_mismatches(asked: Sequence[RequestedExtension], algorithm: str) -> list[Mismatch]:
    """What is asked for that a key which cannot sign cannot be used for; the usages of other keys are the profile's."""
    usable = _WITHOUT_SIGNATURES.get(algorithm)
    if usable is None:
        return []
    return [
        Mismatch(f"requested_extensions.{_KEY_USAGE}", f"an {algorithm} key has no {bit}", Reason.PROFILE_REFUSED)
        for extension in asked
        if extension.oid == _KEY_USAGE
        for bit in _bits(extension.value)
        if bit not in usable
    ]


def _bits(value: bytes) -> list[UsageBit]:
    """The bits set in a KeyUsage in DER; none in what is no BIT STRING."""
    if value[:1] != bytes((_BIT_STRING,)):
        return []
    octets = int.from_bytes(value[3:5].ljust(2, b"\x00"))
    return [bit for place, bit in enumerate(_IN_ORDER) if octets & (0x8000 >> place)]
