"""Chains from outside."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from emca_daemon.ca.chains import MAX_CHAIN, ordered_chain
from emca_daemon.errors import Reason, Refused

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def make(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool = True,
    path: int | None = None,
    bare: bool = False,
    crls: bool = True,
) -> x509.Certificate:
    """A certificate with these names and keys."""
    subject_name, issuer_name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (subject, issuer)
    )
    builder = (
        x509.CertificateBuilder(issuer_name, subject_name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    if not bare:
        usage = x509.KeyUsage(False, False, False, False, False, ca, ca and crls, False, False)
        builder = builder.add_extension(x509.BasicConstraints(ca, path), True).add_extension(usage, True)
    return builder.sign(issuer_key, SHA256())


KEYS = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
ROOT = make("root", KEYS[0], "root", KEYS[0])
MIDDLE = make("middle", KEYS[1], "root", KEYS[0])
LEAF = make("leaf", KEYS[2], "middle", KEYS[1], path=0)


def refusal(*certificates: x509.Certificate) -> Reason:
    """Why this chain for the leaf's key is refused."""
    with pytest.raises(Refused) as refused:
        ordered_chain(certificates, KEYS[2].public_key())
    return refused.value.reason


def test_any_order_becomes_the_right_one() -> None:
    """The certificate of the key first, the root last; a missing root is allowed."""
    assert ordered_chain([ROOT, LEAF, MIDDLE], KEYS[2].public_key()) == (LEAF, MIDDLE, ROOT)
    assert ordered_chain([MIDDLE, LEAF], KEYS[2].public_key()) == (LEAF, MIDDLE)
    enough = make("root", KEYS[0], "root", KEYS[0], path=2)
    assert ordered_chain([enough, MIDDLE, LEAF], KEYS[2].public_key()) == (LEAF, MIDDLE, enough)
    assert ordered_chain([ROOT], KEYS[0].public_key()) == (ROOT,)


def test_what_does_not_fit_is_refused() -> None:
    """No certificate for the key, strangers, false signatures, leaves in the place of CAs, no CRLs, paths too short."""
    stranger = make("stranger", KEYS[0], "stranger", KEYS[0])
    forged = make("middle", KEYS[1], "root", KEYS[1])
    bad_root = make("root", KEYS[0], "root", KEYS[1])
    short = make("root", KEYS[0], "root", KEYS[0], path=1)
    childless = make("middle", KEYS[1], "root", KEYS[0], path=0)
    assert refusal(ROOT, MIDDLE) is Reason.KEY_REFUSED
    assert refusal(LEAF, MIDDLE, ROOT, stranger) is Reason.MALFORMED
    assert refusal(LEAF, forged, ROOT) is Reason.BAD_INTEGRITY
    assert refusal(LEAF, MIDDLE, bad_root) is Reason.BAD_INTEGRITY
    assert refusal(make("leaf", KEYS[2], "middle", KEYS[1], ca=False), MIDDLE) is Reason.MALFORMED
    assert refusal(make("leaf", KEYS[2], "middle", KEYS[1], bare=True), MIDDLE) is Reason.MALFORMED
    assert refusal(make("leaf", KEYS[2], "middle", KEYS[1], crls=False), MIDDLE) is Reason.MALFORMED
    assert refusal(LEAF, MIDDLE, short) is Reason.MALFORMED
    assert refusal(LEAF, childless, ROOT) is Reason.MALFORMED
    assert refusal(*[LEAF] * (MAX_CHAIN + 1)) is Reason.MALFORMED
