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
    """It is ready at once, without authorizations, and its CSR must follow the template (2.3.2, 4)."""
    client = world.account()
    address = delegated(world, client)
    made = client.order(NAME, delegation=address)
    assert (made.status, made.json["status"], made.json["authorizations"]) == (201, "ready", [])
    assert made.json["delegation"] == address
    wrong = client.finalize(made, csr(NAME, subject=[(NameOID.COMMON_NAME, NAME)]))
    assert (wrong.problem, "commonName" in wrong.json["detail"]) == ("403 badCSR", True)
    assert client.finalize(made, b"no CSR").problem == "400 badCSR"
    assert client.post(made.location).json["status"] == "ready"
    assert ("order.finalize", "refused") in world.actions()
    done = client.finalize(made, csr(NAME))
    assert (done.status, done.json["status"], done.json["delegation"]) == (200, "valid", address)


def test_a_delegation_proves_nothing(world: AcmeWorld) -> None:
    """Orders that do not name it need authorizations as ever."""
    client = world.account()
    address = delegated(world, client)
    assert client.finalize(client.order(NAME, delegation=address), csr(NAME)).json["status"] == "valid"
    plain = ready(world, client, NAME)
    assert ("delegation" in plain.json, len(plain.json["authorizations"])) == (False, 1)
    assert client.finalize(plain, csr(NAME, subject=[(NameOID.COMMON_NAME, NAME)])).status == 200


def test_names_that_the_template_leaves_open_are_proved(world: AcmeWorld) -> None:
    """Those that it spells out are not: whoever made the delegation answers for them alone."""
    client, other = world.account(), "other.example.com"
    address = delegated(world, client, template(subjectAltName={"DNS": [NAME, "*"]}))
    made = client.order(other, NAME, delegation=address)
    assert made.json["status"] == "pending"
    (authorization,) = made.json["authorizations"]
    assert client.post(authorization).json["identifier"]["value"] == other
    assert client.finalize(made, csr(NAME, other)).problem == "403 orderNotReady"
    proved = ready(world, client, other, NAME, delegation=address)
    assert client.finalize(proved, csr(NAME, other)).json["status"] == "valid"


def test_names_in_a_csr_that_are_not_delegated(world: AcmeWorld) -> None:
    """403 badCSR with a subproblem for each, and for those that are missing (2.3.2)."""
    client = world.account()
    made = client.order(NAME, delegation=delegated(world, client))
    refused = client.finalize(made, csr("other.example.com"))
    assert refused.problem == "403 badCSR"
    subproblems = {one["identifier"]["value"]: one["type"] for one in refused.json["subproblems"]}
    kind = "urn:ietf:params:acme:error:rejectedIdentifier"
    assert subproblems == {"other.example.com": kind, NAME: kind}


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
    """400 rejectedIdentifier, and audited; the same if a delegated name is missing."""
    client = world.account()
    address = delegated(world, client)
    refused = client.order(NAME, "other.example.com", delegation=address)
    assert refused.problem == "400 rejectedIdentifier"
    assert "other.example.com" in refused.json["detail"]
    assert world.actions()[-1] == ("order.create", "refused")
    two = delegated(world, client, template(subjectAltName={"DNS": [NAME, "two.example.com"]}))
    assert client.order(NAME, delegation=two).problem == "400 rejectedIdentifier"


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
    assert client.post(made.json["finalize"], {"csr": b64(csr(NAME))}).problem == "403 badCSR"
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
    """CAA is asked for delegated names, too, as `ca-delegation`; then the order is invalid."""
    settings = replace(ON, caa="on", caa_identities=("ca.test",))
    world = AcmeWorld(settings)
    client = world.account()
    address = delegated(world, client)
    made = client.order(NAME, delegation=address)
    assert client.finalize(made, csr(NAME)).json["status"] == "processing"
    desk = AwaitedDesk(world.store, world.enrollment, {"main": settings}, world.endpoint.weak_keys, world.clock)
    (task,) = desk.due()
    assert [(name.value, asking.method) for name, asking in task.questions] == [(NAME, "ca-delegation")]
    revoke(world, address)
    world.clock.advance(minutes=3)
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
