"""/cacerts."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.ca.records import RevocationReason
from emca_daemon.protocols.est.rollover import RolloverCertificate
from tests.support.ca_world import BY, ISSUING, ROOT
from tests.support.est_world import EstWorld, certificates, settings
from tests.support.rollover import NEW_ISSUING, NEW_ROOT, roll_over


def test_everybody_gets_the_chain_up_to_the_root() -> None:
    """Unauthenticated, the self-signed root included (RFC 7030 4.1.3), with the media type to the octet."""
    world = EstWorld()
    world.label()
    response = world.send("cacerts", method="GET")
    found = certificates(response)
    assert set(found) == set(world.endpoints["default"].authority.chain)
    assert any(one.subject == one.issuer for one in found)
    assert dict(response.headers)["Content-Type"] == "application/pkcs7-mime"


def test_head_is_answered_like_get() -> None:
    """The listener leaves the body out."""
    world = EstWorld()
    world.label()
    assert world.send("cacerts", method="HEAD").status == 200


def rolling() -> tuple[EstWorld, list[x509.Certificate], tuple[x509.Certificate, x509.Certificate]]:
    """A label with a next issuer and both rollover certificates; the chains of the two, and the certificates."""
    world = EstWorld()
    crossed = roll_over(world)
    old, new = world.authorities.get(ROOT).certificate, world.authorities.get(NEW_ROOT).certificate
    rollover = (RolloverCertificate(crossed[0], new), RolloverCertificate(crossed[1], old))
    world.label(settings(next_issuer=NEW_ISSUING), rollover=rollover)
    chains = [*world.authorities.get(ISSUING).chain, *world.authorities.get(NEW_ISSUING).chain]
    return world, chains, crossed


def test_the_next_issuer_and_both_ways_to_it_are_there() -> None:
    """OldWithOld, NewWithNew, OldWithNew and NewWithOld (RFC 7030 4.1.3), each once, in the order of DER."""
    world, chains, crossed = rolling()
    found = certificates(world.send("cacerts", method="GET"))
    assert set(found) == {*chains, *crossed}
    encoded = [one.public_bytes(Encoding.DER) for one in found]
    assert len(encoded) == 6
    assert encoded == sorted(encoded)


def test_what_both_chains_hold_is_there_once() -> None:
    """The root, where only the issuing CA is followed by another."""
    world, _, _ = rolling()
    world.label(settings(next_issuer=ROOT))
    found = certificates(world.send("cacerts", method="GET"))
    assert sorted(found, key=hash) == sorted(world.authorities.get(ISSUING).chain, key=hash)


def test_rollover_certificates_end() -> None:
    """What has expired is left out; the chains stay."""
    world, chains, _ = rolling()
    world.clock.advance(days=10)
    assert set(certificates(world.send("cacerts", method="GET"))) == set(chains)


def test_a_revoked_ca_is_not_followed() -> None:
    """Neither its chain nor what makes it believed is handed out."""
    world, chains, _ = rolling()
    world.hierarchy.revoke(NEW_ROOT, RevocationReason.CA_COMPROMISE, BY)
    assert set(certificates(world.send("cacerts", method="GET"))) == set(chains[:2])
