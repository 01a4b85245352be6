"""newAuthz."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.acme_client import AcmeClient, Answer, csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld

ON = replace(SETTINGS, pre_authorization=True, subdomain_authorization=True)


def authorize(client: AcmeClient, value: Any, kind: str = "dns", **members: Any) -> Answer:
    """NewAuthz."""
    return client.post(client.url("/new-authz"), {"identifier": {"type": kind, "value": value, **members}})


def prove(world: AcmeWorld, client: AcmeClient, authorization: Answer) -> None:
    """Let the first challenge succeed."""
    assert client.post(authorization.json["challenges"][0]["url"], {}).status == 200
    world.work()


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld(ON)


def test_a_name_is_proved_before_there_is_an_order(world: AcmeWorld) -> None:
    """201, Location, pending; an order that comes later is ready at once (RFC 8555 7.4.1)."""
    client = world.account()
    answer = authorize(client, "a.example.com")
    assert (answer.status, answer.json["status"]) == (201, "pending")
    assert client.post(answer.location).json == answer.json
    prove(world, client, answer)
    order = client.order("a.example.com")
    assert (order.json["status"], order.json["authorizations"]) == ("ready", [answer.location])
    address = authorize(client, "192.0.2.1", "ip")
    assert [one["type"] for one in address.json["challenges"]] == ["http-01"]


def test_what_cannot_be_authorized(world: AcmeWorld) -> None:
    """Wildcards, other types, bad names, other accounts' eyes; 404 where it is off."""
    client = world.account()
    assert authorize(client, "*.example.com").problem == "400 malformed"
    assert authorize(client, "a@example.com", "fax").problem == "400 unsupportedIdentifier"
    assert authorize(client, "a..b").problem == "400 rejectedIdentifier"
    assert world.actions()[-1] == ("authorization.create", "refused")
    assert client.post(client.url("/new-authz"), {}).problem == "400 malformed"
    assert authorize(client, "a.example.com", subdomainAuthAllowed="yes").problem == "400 malformed"
    assert world.account().post(authorize(client, "b.example.com").location).problem == "403 unauthorized"
    assert authorize(AcmeWorld().account(), "a.example.com").problem == "404 malformed"


def test_one_proof_by_dns_is_good_for_all_names_beneath(world: AcmeWorld) -> None:
    """Only DNS challenges; hosts and wildcards beneath, not beside (RFC 9444 4)."""
    client = world.account()
    answer = authorize(client, "example.net", subdomainAuthAllowed=True)
    assert answer.json["subdomainAuthAllowed"] is True
    assert [one["type"] for one in answer.json["challenges"]] == ["dns-01"]
    prove(world, client, answer)
    order = client.order("a.example.net", "*.b.example.net", "example.net")
    assert (order.json["status"], order.json["authorizations"]) == ("ready", [answer.location])
    names = ("a.example.net", "*.b.example.net", "example.net")
    assert client.finalize(order, csr_for(*names)).json["status"] == "valid"
    assert client.order("badexample.net").json["status"] == "pending"
    plain = authorize(client, "example.org")
    prove(world, client, plain)
    assert client.order("a.example.org").json["status"] == "pending"


def test_an_order_names_the_ancestor(world: AcmeWorld) -> None:
    """Names share one authorization at the ancestor (RFC 9444 4.2)."""
    client = world.account()
    identifiers = [
        {"type": "dns", "value": f"{host}.x.example.com", "ancestorDomain": "X.example.com"} for host in "ab"
    ]
    order = client.post(client.url("/new-order"), {"identifiers": identifiers})
    (url,) = order.json["authorizations"]
    authorization = client.post(url)
    assert authorization.json["identifier"] == {"type": "dns", "value": "x.example.com"}
    prove(world, client, authorization)
    assert client.post(order.location).json["status"] == "ready"
    for ancestor in ("example.org", 7, "ple.com", "com", ""):
        odd = [{"type": "dns", "value": "a.example.com", "ancestorDomain": ancestor}]
        assert client.post(client.url("/new-order"), {"identifiers": odd}).problem == "400 malformed"


def test_a_failed_ancestor_ends_the_order(world: AcmeWorld) -> None:
    """The error says so, without a name that would not be its own."""
    client = world.account()
    identifiers = [
        {"type": "dns", "value": f"{host}.y.example.com", "ancestorDomain": "y.example.com"} for host in "ab"
    ]
    order = client.post(client.url("/new-order"), {"identifiers": identifiers})
    client.post(order.json["authorizations"][0], {"status": "deactivated"})
    error = client.post(order.location).json["error"]
    assert (error["status"], "identifier" in error) == (403, False)


def test_subdomains_need_a_challenge_by_dns() -> None:
    """RejectedIdentifier where only HTTP is on offer; the wish is overlooked where subdomains are off."""
    http = AcmeWorld(replace(ON, challenges=("http-01",))).account()
    assert authorize(http, "a.example.com", subdomainAuthAllowed=True).problem == "400 rejectedIdentifier"
    identifiers = [{"type": "dns", "value": "a.example.com", "ancestorDomain": "example.com"}]
    assert http.post(http.url("/new-order"), {"identifiers": identifiers}).problem == "400 rejectedIdentifier"
    off = AcmeWorld(replace(SETTINGS, pre_authorization=True)).account()
    assert "subdomainAuthAllowed" not in authorize(off, "a.example.com", subdomainAuthAllowed=True).json
    order = off.post(off.url("/new-order"), {"identifiers": identifiers})
    assert off.post(order.json["authorizations"][0]).json["identifier"]["value"] == "a.example.com"
