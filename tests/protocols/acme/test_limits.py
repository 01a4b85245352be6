"""Rate limits."""

from dataclasses import replace
from datetime import timedelta

from emca_daemon.protocols.acme.limits import _network
from emca_daemon.protocols.acme.records import Binding
from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.settings.acme import AcmeLimitsSettings, Rate
from tests.support.acme_client import AcmeClient, external_binding
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


def test_new_orders_by_name() -> None:
    """Whoever places them, wildcards included; a refused order takes nothing from its other names."""
    world = limited_world(orders_per_name=TWO)
    one, two = world.account(), world.account()
    assert one.order("a.example.com", "*.a.example.com").status == 201
    assert two.order("a.example.com").status == 201
    assert one.order("b.example.com", "a.example.com").problem == "429 rateLimited"
    assert {two.order("b.example.com").status for _ in range(2)} == {201}


def test_new_orders_by_external_account() -> None:
    """All the accounts that a key made together; an override is for that key."""
    limits = AcmeLimitsSettings(orders_per_external_account=TWO, overrides={"kid-2": Rate(3, timedelta(hours=1))})
    world = AcmeWorld(replace(SETTINGS, limits=limits, external_accounts="optional", pre_authorization=True))
    for kid, most in (("kid-1", 2), ("kid-2", 3)):
        with world.store.writing() as tx:
            tx.acme.add_binding(Binding(kid, None, b"s" * 32, world.clock.now))
        clients = [world.client() for _ in range(2)]
        for client in clients:
            client.register(externalAccountBinding=external_binding(client, b"s" * 32, kid=kid))
        answers = [clients[number % 2].order(f"{number}.example.com").status for number in range(most + 1)]
        assert answers == [201] * most + [429]
        identifier = {"type": "dns", "value": "c.example.com"}
        assert clients[0].post(clients[0].url("/new-authz"), {"identifier": identifier}).problem == "429 rateLimited"
    assert world.account().order("a.example.com").status == 201


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
