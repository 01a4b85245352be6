"""Keys printed in standards."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.policy.keys import key_fingerprint
from emca_daemon.policy.published_keys import PUBLISHED_KEYS
from emca_daemon.policy.weak_keys import WeakKeys


def number(text: str) -> int:
    """A number as JSON web keys write it."""
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def p256(x: int, y: int) -> CertificatePublicKeyTypes:
    """A key by its point."""
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


KEYS = [
    p256(
        0x422548F88FB782FFB5ECA3744452C72A1E558FBD6F73BE5E48E93232CC45C5B1,
        0x6C4CD10C4CB8D5B8A17139E94882C8992572993425F41419AB7E90A42A494272,
    ),
    p256(number("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"), number("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM")),
    p256(number("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), number("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")),
    ed25519.Ed25519PublicKey.from_public_bytes(
        bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    ),
]


@pytest.mark.parametrize("key", KEYS)
def test_keys_of_the_standards_are_known(key: CertificatePublicKeyTypes) -> None:
    """By their fingerprints, and therefore weak."""
    fingerprint = key_fingerprint(key)
    assert fingerprint in PUBLISHED_KEYS
    assert WeakKeys().weaknesses(key, fingerprint) == ("the private key is publicly known",)


def test_fingerprints_are_sha256() -> None:
    """Seven of them."""
    assert sorted({len(fingerprint) for fingerprint in PUBLISHED_KEYS}) == [32]
    assert len(PUBLISHED_KEYS) == 7
