"""How old the look at CAA records may be."""

from dataclasses import replace
from ipaddress import ip_address

from cryptography import x509

from tests.support.acme_client import csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld

CAA = replace(SETTINGS, caa="on", caa_identities=("ca.test",))
NAME = "a.example.com"


def test_a_proof_is_used_again_while_caa_was_asked_recently() -> None:
    """For seven hours; after that the name is proved, and CAA asked, anew."""
    world = AcmeWorld(CAA)
    client = world.account()
    world.ready_order(client, NAME)
    world.clock.advance(hours=6)
    assert client.order(NAME).json["status"] == "ready"
    world.clock.advance(hours=2)
    client.forget_nonces()
    assert client.order(NAME).json["status"] == "pending"


def test_an_order_left_lying_is_refused() -> None:
    """403 caa once eight hours have gone by; without CAA nothing changes."""
    for settings, answers in ((CAA, "403 caa"), (SETTINGS, "")):
        world = AcmeWorld(settings)
        client = world.account()
        order = world.ready_order(client, NAME)
        world.clock.advance(hours=8, seconds=1)
        client.forget_nonces()
        done = client.finalize(order, csr_for(NAME))
        assert (done.problem if answers else done.json["status"]) == (answers or "valid")


def test_a_record_that_stays_is_asked_for_each_order() -> None:
    """No proof by dns-persist-01 is used again."""
    world = AcmeWorld(replace(SETTINGS, challenges=("dns-persist-01",), caa_identities=("ca.test",)))
    client = world.account()
    order = client.order(NAME)
    challenge = client.challenge(order, "dns-persist-01")
    assert challenge["issuer-domain-names"] == ["ca.test"]
    client.post(challenge["url"], {})
    (task,) = world.desk.due("worker", 1)
    assert task.account_url == client.kid
    world.desk.succeed(task, {})
    assert client.post(order.location).json["status"] == "ready"
    assert client.order(NAME).json["status"] == "pending"


def test_addresses_have_no_caa() -> None:
    """So their proofs do not grow old."""
    world = AcmeWorld(CAA)
    client = world.account()
    payload = {"identifiers": [{"type": "ip", "value": "192.0.2.1"}]}
    order = client.post(client.url("/new-order"), payload)
    client.post(client.challenge(order)["url"], {})
    world.work()
    world.clock.advance(hours=9)
    client.forget_nonces()
    assert client.post(client.url("/new-order"), payload).json["status"] == "ready"
    assert client.post(order.location).json["status"] == "ready"
    csr = csr_for(others=(x509.IPAddress(ip_address("192.0.2.1")),))
    assert client.finalize(order, csr).json["status"] == "valid"
