"""Automatic renewal."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.acme_client import AcmeClient, Answer, b64, csr_for
from tests.support.acme_star import NAME, TERMS, renewals_of, star_order, star_world
from tests.support.acme_world import AcmeWorld

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def present(client: AcmeClient, order: Answer) -> x509.Certificate:
    """The order's certificate."""
    client.forget_nonces()
    return x509.load_pem_x509_certificates(client.post(order.json["star-certificate"]).response.body)[0]


def test_the_next_certificate_comes_by_itself() -> None:
    """Half a life before the present one ends, with the same key and names, until the end."""
    world = star_world()
    client = world.account()
    order = star_order(world, client)
    first = present(client, order)
    renewals = renewals_of(world)
    assert renewals.run() == 0
    world.clock.advance(days=2)
    assert renewals.run() == 1
    assert renewals.run() == 0
    second = present(client, order)
    assert second.serial_number != first.serial_number
    assert second.public_key() == first.public_key()
    assert (second.not_valid_before_utc, second.not_valid_after_utc) == (world.clock(), START + timedelta(days=8))
    issued = 1
    while world.clock().isoformat() < TERMS["end-date"]:
        world.clock.advance(hours=12)
        issued += renewals.run()
    assert issued == 4
    assert present_problem(client, order) == "403 autoRenewalExpired"


def present_problem(client: AcmeClient, order: Answer) -> str:
    """Why there is no certificate."""
    client.forget_nonces()
    return client.post(order.json["star-certificate"]).problem


def test_a_late_one_begins_when_its_profile_allows() -> None:
    """Those in between are left out; the profile here lets certificates begin an hour ago."""
    world = star_world()
    client = world.account()
    order = star_order(world, client)
    world.clock.advance(days=7)
    assert renewals_of(world).run() == 1
    found = present(client, order)
    assert found.not_valid_before_utc == world.clock() - timedelta(hours=1)
    assert found.not_valid_after_utc == START + timedelta(days=12)


def test_a_key_that_is_down_is_tried_again() -> None:
    """A minute later."""
    world = star_world()
    client = world.account()
    star_order(world, client)
    renewals = renewals_of(world)
    world.clock.advance(days=2)
    world.keys.down = True
    assert renewals.run() == 0
    world.keys.down = False
    assert renewals.run() == 0
    world.clock.advance(minutes=1)
    assert renewals.run() == 1


def test_it_ends_with_the_account() -> None:
    """Deactivated: nothing more is issued."""
    world = star_world()
    client = world.account()
    star_order(world, client)
    client.post(client.kid or "", {"status": "deactivated"})
    world.clock.advance(days=3)
    assert renewals_of(world).run() == 0
    assert not due(world)


def test_it_ends_with_the_key() -> None:
    """Reported as compromised by itself, with another certificate of it."""
    world = star_world()
    client, key = world.account(), ec.generate_private_key(ec.SECP256R1())
    plain = world.issue(client, NAME, csr=csr_for(NAME, key=key))
    order = client.order(NAME, **{"auto-renewal": TERMS})
    assert client.finalize(order, csr_for(NAME, key=key)).json["status"] == "valid"
    owner = world.client(key)
    payload = {"certificate": b64(plain.public_bytes(Encoding.DER)), "reason": 1}
    assert owner.post(owner.url("/revoke-cert"), payload).status == 200
    world.clock.advance(days=3)
    renewals_of(world).run()
    assert not due(world)


def due(world: AcmeWorld) -> bool:
    """Whether anything will be issued some day."""
    with world.store.reading() as tx:
        return bool(tx.acme.due_star_orders(world.clock().replace(year=2099), 1))
