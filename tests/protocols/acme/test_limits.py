"""Rate limits."""

from dataclasses import replace
from datetime import timedelta

from emca_daemon.protocols.acme.limits import _network
from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.settings.acme import AcmeLimitsSettings, Rate
from tests.support.acme_client import AcmeClient
from tests.support.acme_world import SETTINGS, AcmeWorld

TWO = Rate(2, timedelta(hours=1))


def limited_world(**limits: object) -> AcmeWorld:
    """A world with these limits."""
    return AcmeWorld(replace(SETTINGS, limits=AcmeLimitsSettings(**limits)))  # type: ignore[arg-type]


def test_new_accounts_by_network() -> None:
    """429 rateLimited with seconds and a page; known keys and refused requests cost nothing; time heals it."""
    world = limited_world(accounts_per_network=TWO, documentation="https://ca.test/limits")
    first = world.account()
    stranger = world.client()
    assert stranger.post(stranger.url("/new-account"), {"contact": ["tel:1"]}).problem == "400 unsupportedContact"
    world.account()
    refused = world.client()
    answer = refused.post(refused.url("/new-account"), {})
    assert answer.problem == "429 rateLimited"
    assert answer.header("retry-after") == "1800"
    assert answer.links("help") == ["https://ca.test/limits"]
    assert world.account(first.key).kid == first.kid
    world.clock.advance(minutes=30)
    refused.register()


def test_new_orders_by_account() -> None:
    """In every process together; another account has its own count, an override another rate."""
    world = limited_world(orders_per_account=TWO)
    client = world.account()
    elsewhere = AcmeClient(AcmeResponder(world.make_endpoint()).respond, SETTINGS.base_url, client.key)
    elsewhere.kid = client.kid
    assert client.order("a.example.com").status == 201
    assert elsewhere.order("a.example.com").status == 201
    for one in (client, elsewhere):
        assert one.order("a.example.com").problem == "429 rateLimited"
    assert world.account().order("a.example.com").status == 201
    favoured = world.account()
    limits = AcmeLimitsSettings(orders_per_account=TWO, overrides={favoured.kid or "": Rate(9, timedelta(hours=1))})
    favoured.transport = AcmeResponder(world.make_endpoint(settings=replace(SETTINGS, limits=limits))).respond
    assert {favoured.order("a.example.com").status for _ in range(9)} == {201}
    assert favoured.order("a.example.com").problem == "429 rateLimited"


def test_failures_with_a_name() -> None:
    """After too many no order for that name is taken from that account, wildcards included."""
    world = limited_world(failed_validations_per_name=TWO, orders_per_account=None)
    client = world.account()
    for _ in range(2):
        order = client.order("bad.example.com")
        client.post(client.challenge(order)["url"], {})
        world.work(right=False)
    assert client.order("bad.example.com", "good.example.com").problem == "429 rateLimited"
    assert client.order("*.bad.example.com").problem == "429 rateLimited"
    assert client.order("good.example.com").status == 201
    assert world.account().order("bad.example.com").status == 201
    world.clock.advance(minutes=31)
    client.forget_nonces()
    assert client.order("bad.example.com").status == 201


def test_networks_of_addresses() -> None:
    """Prefixes by version; what is no address is its own network."""
    limits = AcmeLimitsSettings()
    assert _network(limits, "192.0.2.7") == "192.0.2.7/32"
    assert _network(limits, "2001:db8:1:2::3") == "2001:db8:1::/48"
    assert _network(limits, "fe80::1%eth0") == "fe80::/48"
    assert _network(limits, "unix") == "unix"
