"""Who sent a message."""

from typing import get_args

from emca_daemon.asn1.values import Algorithm
from emca_daemon.policy.facts import Proof
from emca_daemon.protocols.cmp.credentials import Credential, Kind


def test_policy_knows_the_sender_by_identity_and_proof() -> None:
    """Protocol, endpoint, origin and request are told, too."""
    requester = Credential(Kind.SECRET, "secret:dev1", "dev1", Algorithm("1.2.3")).requester("main", "192.0.2.1", "r")
    assert (requester.protocol, requester.identity, requester.proof) == ("cmp", "dev1", "shared-secret")
    assert (requester.application, requester.origin, requester.request_id) == ("main", "192.0.2.1", "r")


def test_profiles_can_ask_for_every_proof() -> None:
    """Except that of passphrases, by which no certificate is asked for."""
    proofs = {kind.value for kind in Kind if kind is not Kind.PASSPHRASE}
    assert proofs <= set(get_args(Proof))
