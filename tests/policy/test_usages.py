"""Tests of emca_daemon.policy.usages."""

import pytest

from emca_daemon.policy.profile_extensions import UsageBit
from emca_daemon.policy.usages import key_usage

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
