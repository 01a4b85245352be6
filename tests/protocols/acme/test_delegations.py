"""Orders by a delegation."""

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.x509.oid import NameOID

from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.awaited import AwaitedDesk
from emca_daemon.protocols.acme.delegations import stands, template_of
from emca_daemon.protocols.acme.records import Delegation
from tests.support.acme_client import AcmeClient, Answer, b64
from tests.support.acme_delegation import NAME, csr, delegated, template
from tests.support.acme_records import order
from tests.support.acme_star import NAME as STAR_NAME
from tests.support.acme_star import OFFERED, TERMS, renewals_of, star_world
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.records import NOW

ON = replace(SETTINGS, delegation=True)


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld(ON)


def ready(world: AcmeWorld, client: AcmeClient, *names: str, **members: Any) -> Answer:
    """An order whose names are proved."""
    made = client.order(*names, **members)
    assert made.status == 201, made
    for url in made.json["authorizations"]:
        found = client.post(url).json
        if found["status"] == "pending":
            client.post(found["challenges"][0]["url"], {})
    world.work()
    return client.post(made.location)


def revoke(world: AcmeWorld, address: str) -> None:
    """As the operator does."""
    with world.store.writing() as tx:
        assert tx.acme.revoke_delegation(address.rpartition("/")[2], world.clock.now)


def test_an_order_by_a_delegation(world: AcmeWorld) -> None:
    """It carries the address, its names are proved as any, and the CSR must follow the template (2.3.2, 4)."""
    client = world.account()
    address = delegated(world, client)
    made = ready(world, client, NAME, delegation=address)
    assert (made.json["delegation"], made.json["status"]) == (address, "ready")
    wrong = client.finalize(made, csr(NAME, subject=[(NameOID.COMMON_NAME, NAME)]))
    assert (wrong.problem, "commonName" in wrong.json["detail"]) == ("400 badCSR", True)
    assert client.post(made.location).json["status"] == "ready"
    assert ("order.finalize", "refused") in world.actions()
    done = client.finalize(made, csr(NAME))
    assert (done.status, done.json["status"], done.json["delegation"]) == (200, "valid", address)
    plain = ready(world, client, NAME)
    assert "delegation" not in plain.json
    assert client.finalize(plain, csr(NAME, subject=[(NameOID.COMMON_NAME, NAME)])).status == 200


def test_delegations_of_nobody_or_others_are_unknown(world: AcmeWorld) -> None:
    """403 unknownDelegation (2.3.1.3), for revoked ones too; other values are malformed."""
    client = world.account()
    revoked = delegated(world, client, revoked=NOW)
    others = delegated(world, world.account())
    start = world.endpoint.delegation_url("")
    for address in (revoked, others, start + "none", start, "https://elsewhere.test/delegation/a", ""):
        assert client.order(NAME, delegation=address).problem == "403 unknownDelegation"
    assert client.order(NAME, delegation=None).problem == "400 malformed"


def test_names_that_the_template_has_not(world: AcmeWorld) -> None:
    """400 rejectedIdentifier, and audited."""
    client = world.account()
    address = delegated(world, client)
    refused = client.order(NAME, "other.example.com", delegation=address)
    assert refused.problem == "400 rejectedIdentifier"
    assert "other.example.com" in refused.json["detail"]
    assert world.actions()[-1] == ("order.create", "refused")


def test_a_revoked_delegation_ends_its_orders(world: AcmeWorld) -> None:
    """At the latest when they are finalized."""
    client = world.account()
    address = delegated(world, client)
    made = ready(world, client, NAME, delegation=address)
    revoke(world, address)
    assert client.finalize(made, csr(NAME)).problem == "403 unknownDelegation"


def test_where_none_are_offered() -> None:
    """The member means nothing."""
    world = AcmeWorld(SETTINGS)
    client = world.account()
    made = client.order(NAME, delegation=delegated(world, client))
    assert (made.status, "delegation" in made.json) == (201, False)


def test_automatic_renewal_ends_with_the_delegation() -> None:
    """The next certificate is not issued; everybody may have the present one, if the order says so."""
    world = star_world()
    object.__setattr__(world.endpoint, "settings", replace(OFFERED, delegation=True))
    client = world.account()
    address = delegated(world, client, template(subjectAltName={"DNS": [STAR_NAME]}))
    terms = {**TERMS, "allow-certificate-get": True}
    made = ready(world, client, STAR_NAME, **{"delegation": address, "auto-renewal": terms})
    assert client.post(made.json["finalize"], {"csr": b64(csr(NAME))}).problem == "400 badCSR"
    done = client.finalize(made, csr(STAR_NAME))
    assert client.send("GET", done.json["star-certificate"]).status == 200
    world.clock.now = world.clock.now.replace(day=world.clock.now.day + 3)
    assert renewals_of(world).run() == 1
    revoke(world, address)
    world.clock.now = world.clock.now.replace(day=world.clock.now.day + 3)
    assert renewals_of(world).run() == 0
    with world.store.reading() as tx:
        star = tx.acme.star_order(done.location.rpartition("/")[2])
    assert star is not None
    assert star.next_issue is None


def test_a_delegation_that_is_revoked_while_caa_is_asked() -> None:
    """Its order is invalid."""
    settings = replace(ON, caa="on", caa_identities=("ca.test",))
    world = AcmeWorld(settings)
    client = world.account()
    address = delegated(world, client)
    made = ready(world, client, NAME, delegation=address)
    world.clock.advance(hours=9)
    client.forget_nonces()
    assert client.finalize(made, csr(NAME)).json["status"] == "processing"
    revoke(world, address)
    desk = AwaitedDesk(world.store, world.enrollment, {"main": settings}, world.endpoint.weak_keys, world.clock)
    assert desk.due() == []
    assert client.post(made.location).json["error"]["type"].endswith(":unauthorized")


def test_whether_a_delegation_stands(world: AcmeWorld) -> None:
    """Orders without one stand by themselves; one that is gone does not."""
    with world.store.reading() as tx:
        assert stands(tx, order("a"))
        assert not stands(tx, replace(order("a"), delegation="none"))


def test_a_stored_template_is_read_again() -> None:
    """It was checked when it was made."""
    assert template_of(Delegation("a", "acc", json.dumps(template()), NOW)).key_types
    with pytest.raises(Refused):
        template_of(Delegation("a", "acc", "{}", NOW))
