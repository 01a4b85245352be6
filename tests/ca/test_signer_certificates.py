"""Tests of emca_daemon.ca.signer_certificates."""

from dataclasses import replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.ca.records import CertificateRecord, CertificateState
from emca_daemon.ca.signer_certificates import is_past_half, newest_of, serves
from emca_daemon.names import ProfileName
from emca_daemon.policy.keys import key_fingerprint
from tests.support.ca_world import BY, ISSUING, World
from tests.support.records import NOW, intent

OCSP = ProfileName("ocsp-signer")
KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()).public_key() for _ in range(2))
RECORD = CertificateRecord(
    replace(intent(valid=timedelta(days=10)), key_fingerprint=key_fingerprint(KEY)), CertificateState.ISSUED, b"", b""
)


def test_the_newest_is_the_last_that_is_valid() -> None:
    """None before the first; what ended does not count."""
    world = World().with_issuers()
    assert newest_of(world.store, ISSUING, OCSP) is None
    world.ocsp_signers.renew(BY)
    first = newest_of(world.store, ISSUING, OCSP)
    assert first is not None
    world.clock.now += (first.intent.not_after - first.intent.not_before) * 0.6
    world.ocsp_signers.renew(BY)
    second = newest_of(world.store, ISSUING, OCSP)
    assert second is not None
    assert second.intent.serial != first.intent.serial
    world.clock.now = second.intent.not_after + timedelta(seconds=1)
    assert newest_of(world.store, ISSUING, OCSP) is None


def test_half_of_a_life_ends_in_its_middle() -> None:
    """To the moment."""
    middle = NOW + timedelta(days=5)
    assert not is_past_half(RECORD, middle - timedelta(microseconds=1))
    assert is_past_half(RECORD, middle)


def test_a_certificate_serves_its_own_key_while_it_is_young() -> None:
    """None serves nobody."""
    assert serves(RECORD, KEY, NOW)
    assert not serves(RECORD, OTHER, NOW)
    assert not serves(RECORD, KEY, NOW + timedelta(days=5))
    assert not serves(None, KEY, NOW)
