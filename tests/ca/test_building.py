"""The to-be-signed certificate."""

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.ca.building import SERIAL_OCTETS, Specimens, unpredictable_serial
from emca_daemon.ca.signatures import algorithm_identifier
from emca_daemon.errors import Reason, Refused
from emca_daemon.signers.algorithms import generate

ALGORITHMS = ["rsa-2048", "p-256", "p-384", "p-521", "ed25519", "ed448", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"]


@given(st.binary(min_size=SERIAL_OCTETS, max_size=SERIAL_OCTETS))
def test_a_serial_is_positive_and_always_twenty_octets(drawn: bytes) -> None:
    """Whatever is drawn, the DER integer has 20 octets and all but two of its bits are random."""
    serial = unpredictable_serial(lambda size: drawn)
    assert serial.bit_length() == SERIAL_OCTETS * 8 - 1
    assert serial ^ int.from_bytes(drawn) < 1 << (SERIAL_OCTETS * 8)
    assert (serial ^ int.from_bytes(drawn)) & ((1 << (SERIAL_OCTETS * 8 - 2)) - 1) == 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_throw_away_key_signs_like_the_real_one(algorithm: str) -> None:
    """Same AlgorithmIdentifier, another key, made once."""
    specimens = Specimens()
    real = generate(algorithm).public_key()
    throw_away = specimens.key_like(real)
    assert algorithm_identifier(throw_away.public_key()) == algorithm_identifier(real)
    assert throw_away.public_key() != real
    assert specimens.key_like(real) is throw_away


def test_keys_that_cannot_sign_have_no_specimen() -> None:
    """DSA is refused."""
    with pytest.raises(Refused) as refused:
        Specimens().key_like(dsa.generate_private_key(2048).public_key())
    assert refused.value.reason is Reason.ALGORITHM_REFUSED
