"""What accounts of external accounts may do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from emca_daemon.names import AlternativeName, NameType, ProfileName
from emca_daemon.protocols.acme.bindings import check_pattern, covers
from emca_daemon.protocols.acme.records import Binding
from emca_daemon.settings.acme import AcmeProfileSettings
from tests.support.acme_client import AcmeClient, csr_for, external_binding
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.ca_world import START

LATER = START + timedelta(days=1)
PROFILES = {name: AcmeProfileSettings(profile=ProfileName("tls-server"), description=name) for name in ("one", "two")}


def account_of(binding: Binding, **changes: Any) -> tuple[AcmeWorld, AcmeClient]:
    """A world, and an account in it that the key made."""
    settings = replace(SETTINGS, profiles=PROFILES, pre_authorization=True, external_accounts="required")
    settings = replace(settings, subdomain_authorization=True, **changes)
    world = AcmeWorld(settings)
    with world.store.writing() as tx:
        tx.acme.add_binding(binding)
    client = world.client()
    return world, client.register(externalAccountBinding=external_binding(client, b"s", kid=binding.id))


@pytest.mark.parametrize(
    ("patterns", "name", "covered"),
    [
        ((".example.com",), "dns:a.example.com", True),
        ((".example.com",), "dns:*.example.com", True),
        ((".example.com",), "dns:example.com", False),
        (("example.com", "10.0.0.0/8"), "dns:example.com", True),
        (("*",), "dns:anything.test", True),
        (("*",), "ip:10.0.0.1", False),
        (("10.0.0.0/8",), "ip:10.0.0.1", True),
        (("10.0.0.0/8", "2001:db8::/32"), "ip:2001:db8::1", True),
        (("10.0.0.0/8",), "ip:192.0.2.1", False),
        ((), "dns:example.com", False),
    ],
)
def test_patterns_cover_names_and_networks_addresses(patterns: tuple[str, ...], name: str, covered: bool) -> None:
    """Neither the other."""
    kind, _, value = name.partition(":")
    assert covers(patterns, AlternativeName(NameType(kind), value)) is covered


def test_patterns_are_checked() -> None:
    """In lower case, or ValueError."""
    assert check_pattern(".Example.COM") == ".example.com"
    assert check_pattern("10.0.0.0/8") == "10.0.0.0/8"
    with pytest.raises(ValueError, match="pattern"):
        check_pattern("a b")


def test_names_and_profiles_are_those_of_the_key() -> None:
    """RejectedIdentifier and invalidProfile for the others, in orders and ahead of them."""
    _, client = account_of(Binding("k", None, b"s", START, names=(".example.com",), profiles=("one",)))
    assert client.order("a.example.com", profile="one").status == 201
    refused = client.order("a.example.com", "a.example.org", profile="one")
    assert (refused.problem, "a.example.org" in refused.json["detail"]) == ("400 rejectedIdentifier", True)
    assert client.order("a.example.com", profile="two").problem == "400 invalidProfile"
    assert client.order("a.example.com").problem == "400 invalidProfile"
    ahead = {"identifier": {"type": "dns", "value": "a.example.org"}}
    assert client.post(client.url("/new-authz"), ahead).problem == "400 rejectedIdentifier"


def test_names_that_need_no_challenge_may_be_ordered() -> None:
    """Beside those that do; wildcards too where no challenge could prove them."""
    binding = Binding("k", None, b"s", START, names=(".example.com",), proved_names=(".example.org",))
    _, client = account_of(binding, challenges=("http-01",))
    assert client.order("a.example.org").json["status"] == "ready"
    assert client.order("*.a.example.org").json["status"] == "ready"
    refused = client.order("*.a.example.com")
    assert (refused.problem, "no challenge on offer" in refused.json["detail"]) == ("400 rejectedIdentifier", True)
    assert client.order("a.example.com").json["status"] == "pending"


def test_names_that_need_no_challenge() -> None:
    """The order is ready at once, its authorizations show how; the others are proved as ever."""
    world, client = account_of(Binding("k", None, b"s", START, proved_names=(".example.com",)))
    order = client.order("a.example.com", "*.example.com")
    assert order.json["status"] == "ready"
    for url in order.json["authorizations"]:
        authorization = client.post(url).json
        (challenge,) = authorization["challenges"]
        assert (authorization["status"], challenge["status"]) == ("valid", "valid")
    assert client.finalize(order, csr_for("a.example.com", "*.example.com")).json["status"] == "valid"
    assert client.order("example.org").json["status"] == "pending"
    assert world.work() == []


def test_one_name_does_not_answer_for_those_beneath() -> None:
    """Where subdomains may be authorized, a key must cover them to make that valid at once."""
    for patterns, status in ((("example.com",), "pending"), (("example.com", ".example.com"), "valid")):
        _, client = account_of(Binding("k", None, b"s", START, proved_names=patterns))
        identifiers = [{"type": "dns", "value": "a.example.com", "ancestorDomain": "example.com"}]
        order = client.post(client.url("/new-order"), {"identifiers": identifiers})
        ahead = {"identifier": {"type": "dns", "value": "example.com", "subdomainAuthAllowed": True}}
        for one in (client.post(order.json["authorizations"][0]), client.post(client.url("/new-authz"), ahead)):
            assert one.json["status"] == status


def test_a_revoked_key_suspends_its_accounts() -> None:
    """403 for new orders, and for orders that were ready; an expired key suspends nobody."""
    world, client = account_of(Binding("k", None, b"s", START, proved_names=("*",), expires=LATER))
    world.clock.advance(days=2)
    client.forget_nonces()
    order = client.order("a.example.com")
    assert order.status == 201
    with world.store.writing() as tx:
        tx.acme.revoke_binding("k", START)
    assert client.order("a.example.com").problem == "403 unauthorized"
    assert client.finalize(order, csr_for("a.example.com")).problem == "403 unauthorized"
