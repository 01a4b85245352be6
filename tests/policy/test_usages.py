"""Tests of emca_daemon.policy.usages."""

import pytest

from emca_daemon.errors import Reason
from emca_daemon.policy.facts import RequestedExtension
from emca_daemon.policy.profile_extensions import KeyUsageRules, UsageBit
from emca_daemon.policy.usages import chosen_bits, key_usage, narrowing_mismatches, usage_mismatches

ALL: tuple[UsageBit, ...] = (
    "digital-signature",
    "content-commitment",
    "key-encipherment",
    "data-encipherment",
    "key-agreement",
    "key-cert-sign",
    "crl-sign",
    "encipher-only",
)


@pytest.mark.parametrize(
    ("algorithm", "encrypts", "agrees"),
    [("rsa", True, False), ("ec", False, True), ("ed25519", False, False), ("ml-dsa", False, False)],
)
def test_a_key_gets_the_usages_that_it_can_have(algorithm: str, encrypts: bool, agrees: bool) -> None:
    """RSA encrypts, EC agrees, all sign."""
    usage = key_usage(ALL, algorithm)
    assert usage is not None
    assert (usage.key_encipherment, usage.data_encipherment) == (encrypts, encrypts)
    assert usage.key_agreement is agrees
    assert usage.digital_signature
    assert usage.content_commitment
    assert usage.key_cert_sign
    assert usage.crl_sign
    assert usage.encipher_only if agrees else True


def test_no_usage_left_is_no_extension() -> None:
    """An extension without bits would be malformed (RFC 5280 4.2.1.3)."""
    assert key_usage((), "rsa") is None
    assert key_usage(("key-encipherment",), "ec") is None


def test_bits_not_asked_for_are_not_set() -> None:
    """Nothing is added."""
    usage = key_usage(("digital-signature",), "rsa")
    assert usage is not None
    unset = (usage.key_encipherment, usage.key_cert_sign, usage.crl_sign, usage.content_commitment)
    assert not any(unset)


@pytest.mark.parametrize(
    ("algorithm", "usages"),
    [
        ("x25519", {"key-agreement", "encipher-only"}),
        ("x448", {"key-agreement", "encipher-only"}),
        ("ml-kem", {"key-encipherment"}),
    ],
)
def test_keys_that_cannot_sign_have_their_own_usages_alone(algorithm: str, usages: set[str]) -> None:
    """Agreement for X25519 and X448 (RFC 8410 5), encipherment of keys for ML-KEM (RFC 9935 5); else no extension."""
    usage = key_usage(ALL, algorithm)
    assert usage is not None
    names = [bit for bit in ALL if usage.key_agreement or bit != "encipher-only"]
    assert {bit for bit in names if getattr(usage, bit.replace("-", "_"))} == usages
    assert key_usage(("digital-signature", "key-cert-sign"), algorithm) is None


ASKED = [
    ("x25519", b"\x03\x02\x03\x08", []),
    ("x25519", b"\x03\x02\x07\x80", ["digital-signature"]),
    ("x448", b"\x03\x02\x03\x88", ["digital-signature"]),
    ("x448", b"\x03\x03\x07\x08\x80", []),
    ("x25519", b"\x03\x02\x05\x20", ["key-encipherment"]),
    ("ml-kem", b"\x03\x02\x05\x20", []),
    ("ml-kem", b"\x03\x02\x04\xb0", ["digital-signature", "data-encipherment"]),
    ("ml-kem", b"\x03\x03\x07\x08\x80", ["key-agreement", "decipher-only"]),
    ("ec", b"\x03\x02\x05\x20", []),
    ("x25519", b"", []),
    ("x25519", b"\x05\x00", []),
    ("x25519", b"\x03\x01\x00", []),
]


@pytest.mark.parametrize(("algorithm", "value", "refused"), ASKED)
def test_what_a_key_that_cannot_sign_is_asked_to_do(algorithm: str, value: bytes, refused: list[str]) -> None:
    """Every usage asked for that it cannot have refuses; for keys that sign the profile alone says what is written."""
    asked = [RequestedExtension("2.5.29.15", True, value), RequestedExtension("2.5.29.37", False, b"\x03\x02\x07\x80")]
    found = usage_mismatches(asked, algorithm)
    assert [one.detail for one in found] == [f"an {algorithm} key has no {bit}" for bit in refused]
    assert {one.field for one in found} <= {"requested_extensions.2.5.29.15"}
    assert {one.reason for one in found} <= {Reason.PROFILE_REFUSED}


NARROW = KeyUsageRules(bits=("digital-signature", "key-encipherment"), requested="narrow")


@pytest.mark.parametrize(
    ("value", "bits"),
    [
        (None, NARROW.bits),
        (b"\x03\x02\x05\xa0", NARROW.bits),
        (b"\x03\x02\x07\x80", ("digital-signature",)),
        (b"\x03\x02\x06\xc0", ("digital-signature",)),
        (b"\x03\x02\x05\x20", ("key-encipherment",)),
        (b"\x03\x02\x03\x08", ()),
    ],
)
def test_requests_may_narrow_the_usages(value: bytes | None, bits: tuple[UsageBit, ...]) -> None:
    """To those that only sign or only encrypt (RFC 8823 3.3); what leaves none is refused; others are not asked."""
    asked = [] if value is None else [RequestedExtension("2.5.29.15", True, value)]
    assert chosen_bits(NARROW, asked) == bits
    assert bool(narrowing_mismatches(NARROW, asked, "rsa")) is (not bits)
    wide = KeyUsageRules(bits=NARROW.bits)
    assert (chosen_bits(wide, asked), narrowing_mismatches(wide, asked, "rsa")) == (NARROW.bits, [])
