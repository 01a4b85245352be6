"""What is used again, and when CAA must be asked before an order is issued."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.freshness import needs_caa
from emca_daemon.protocols.acme.records import Order, OrderAuthorization
from emca_daemon.protocols.acme.states import AuthorizationStatus, OrderStage
from tests.support.acme_client import csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.ca_world import START

CAA = replace(SETTINGS, caa="on", caa_identities=("ca.test",))
NAME = "a.example.com"
LATER = START + timedelta(days=1)
PROVED = OrderAuthorization("z", AuthorizationStatus.VALID, LATER, START)
NAMES = (AlternativeName(NameType.DNS, NAME),)
ORDER = Order("o", "main", "a", OrderStage.OPEN, NAMES, (PROVED,), LATER, START)


@pytest.mark.parametrize(
    ("part", "hours", "needed"),
    [
        (PROVED, 8, False),
        (PROVED, 9, True),
        (replace(PROVED, proved=None), 0, True),
        (replace(PROVED, asks_caa=True), 0, True),
    ],
)
def test_caa_is_asked_before_the_order_is_issued(part: OrderAuthorization, hours: int, needed: bool) -> None:
    """Where the last look is older than eight hours, or where there was none for that name."""
    order = replace(ORDER, authorizations=(PROVED, part))
    assert needs_caa(CAA, order, START + timedelta(hours=hours)) is needed
    assert not needs_caa(SETTINGS, order, START + timedelta(hours=hours))


def test_a_record_that_stays_is_asked_for_each_order() -> None:
    """No proof by dns-persist-01 is used again."""
    world = AcmeWorld(replace(SETTINGS, challenges=("dns-persist-01",), caa_identities=("ca.test",)))
    client = world.account()
    order = client.order(NAME)
    challenge = client.challenge(order, "dns-persist-01")
    assert challenge["issuerDomainNames"] == challenge["issuer-domain-names"] == ["ca.test"]
    client.post(challenge["url"], {})
    (task,) = world.desk.due("worker", 1)
    assert task.account_url == client.kid
    world.desk.succeed(task, {})
    assert client.post(order.location).json["status"] == "ready"
    assert client.order(NAME).json["status"] == "pending"


def test_addresses_have_no_caa() -> None:
    """So their orders wait for nobody."""
    world = AcmeWorld(CAA)
    client = world.account()
    payload = {"identifiers": [{"type": "ip", "value": "192.0.2.1"}]}
    order = client.post(client.url("/new-order"), payload)
    client.post(client.challenge(order)["url"], {})
    world.work()
    world.clock.advance(hours=9)
    client.forget_nonces()
    csr = csr_for(others=(x509.IPAddress(ip_address("192.0.2.1")),))
    assert client.finalize(order, csr).json["status"] == "valid"
