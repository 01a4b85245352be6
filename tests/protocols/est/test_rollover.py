"""Certificates of one CA by another."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.rollover import rollover_certificate
from tests.support.ca_world import ISSUING, ROOT, START, World
from tests.support.rollover import NEW_ROOT, certified, roll_over


def everything(world: World) -> list[x509.Certificate]:
    """The certificates of all CAs."""
    return [one for authority in world.authorities.known() for one in authority.chain]


def test_what_they_claim_is_seen() -> None:
    """Whose key it is, and who signed; one of the two is enough to be there for clients."""
    world = World().with_issuers()
    old_with_new, new_with_old = roll_over(world)
    old, new = (world.authorities.get(name).certificate for name in (ROOT, NEW_ROOT))
    for served in ((old,), (new,)):
        assert rollover_certificate(old_with_new, everything(world), served).issuer == new
        found = rollover_certificate(new_with_old, everything(world), served)
        assert (found.certificate, found.issuer) == (new_with_old, old)
        assert found.concerns(old)
        assert found.concerns(new)
        assert not found.concerns(world.authorities.get(ISSUING).certificate)


def test_anything_else_is_refused() -> None:
    """A forged signature, a self-signed root, a stranger's key, and two CAs that are not served here."""
    world = World().with_issuers()
    old_with_new, _ = roll_over(world)
    old, new, issuing = (world.authorities.get(name) for name in (ROOT, NEW_ROOT, ISSUING))
    forged = certified(world.keys, old, new, START, key=ec.generate_private_key(ec.SECP256R1()))
    for certificate, ours, served in (
        (forged, everything(world), everything(world)),
        (old.certificate, everything(world), everything(world)),
        (old_with_new, [new.certificate], [new.certificate]),
        (old_with_new, [old.certificate], [old.certificate]),
        (old_with_new, everything(world), [issuing.certificate]),
    ):
        with pytest.raises(Refused) as refused:
            rollover_certificate(certificate, ours, served)
        assert refused.value.reason is Reason.UNAVAILABLE
