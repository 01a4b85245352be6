"""What an account is told of its delegations."""

from dataclasses import replace

from tests.support.acme_delegation import delegated, template
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.records import NOW

ON = replace(SETTINGS, delegation=True)


def test_an_account_finds_its_delegations() -> None:
    """From the account object to the list to each of them (RFC 9115 2.3.1); revoked ones are gone."""
    world = AcmeWorld(ON)
    client, other = world.account(), world.account()
    address = delegated(world, client, cname_map=(("a.example", "b.example"),))
    bare, revoked = delegated(world, client), delegated(world, client, revoked=NOW)
    assert client.kid is not None
    url = client.post(client.kid).json["delegations"]
    assert sorted(client.post(url).json["delegations"]) == sorted([address, bare])
    assert client.post(address).json == {"csr-template": template(), "cname-map": {"a.example.": "b.example."}}
    assert client.post(bare).json == {"csr-template": template()}
    assert client.post(revoked).problem == "404 malformed"
    assert other.post(url).problem == "403 unauthorized"
    assert other.post(address).problem == "404 malformed"
    assert client.post(address, {"x": 1}).problem == "400 malformed"


def test_where_none_are_offered() -> None:
    """Neither list nor object, and the account does not tell of them."""
    world = AcmeWorld(SETTINGS)
    client = world.account()
    address = delegated(world, client)
    assert client.kid is not None
    assert "delegations" not in client.post(client.kid).json
    assert client.post(client.kid + "/delegations").problem == "404 malformed"
    assert client.post(address).problem == "404 malformed"


def test_the_directory_says_what_is_offered() -> None:
    """`delegation-enabled`, and `allow-certificate-get` by itself."""
    for settings in (ON, replace(SETTINGS, allow_certificate_get=True)):
        client = AcmeWorld(settings).client()
        meta = client.send("GET", client.url("/directory")).json["meta"]
        assert meta.get("delegation-enabled", False) is settings.delegation
        assert meta.get("allow-certificate-get", False) is settings.allow_certificate_get
