"""An endpoint that refuses good requests by chance."""

from datetime import timedelta

import pytest

from emca_daemon.protocols.chaos.chance import Chance
from emca_daemon.protocols.chaos.responder import ChaoticResponder
from emca_daemon.protocols.chaos.slow_orders import SlowOrders
from emca_daemon.protocols.http import Peer, Request
from emca_daemon.settings.chaos import ChaosSettings
from tests.support.acme_client import AcmeClient
from tests.support.acme_world import AcmeWorld


def chaotic(world: AcmeWorld, settings: ChaosSettings, fallen: list[int] | None = None) -> ChaoticResponder:
    """The world's endpoint in chaos; `fallen` are the first octets of the dice, then nothing falls any more."""
    dice = iter(fallen or [])

    def random(count: int) -> bytes:
        return bytes([next(dice, 255)]) * count

    chance = Chance(random)
    slow_orders = SlowOrders(settings.slow_orders, world.clock)
    return ChaoticResponder(world.responder, settings, mount="/acme", chance=chance, slow_orders=slow_orders)


def client_of(world: AcmeWorld, responder: ChaoticResponder) -> AcmeClient:
    """A client without an account."""
    return AcmeClient(responder.respond, world.settings.base_url)


@pytest.mark.parametrize(
    ("settings", "problem", "wait"),
    [
        (ChaosSettings(bad_nonces=0.5), "400 badNonce", None),
        (ChaosSettings(too_many_requests=0.5, retry_after=timedelta(seconds=7)), "429 rateLimited", "7"),
        (ChaosSettings(unavailable=0.5), "503 serverInternal", "1"),
    ],
    ids=["bad nonce", "429", "503"],
)
def test_a_good_request_is_refused_and_then_taken(settings: ChaosSettings, problem: str, wait: str | None) -> None:
    """The refusal has a fresh nonce and the usual headers, changes nothing, and the next try succeeds."""
    world = AcmeWorld()
    client = client_of(world, chaotic(world, settings, [0]))
    refused = client.post(client.url("/new-account"), {})
    assert refused.problem == problem
    assert refused.header("retry-after") == wait
    assert refused.links("index") == [client.url("/directory")]
    assert ("account.create", "success") not in world.actions()
    taken = client.post(client.url("/new-account"), {}, nonce=refused.header("replay-nonce"))
    assert taken.status == 201


def test_unsigned_requests_are_left_alone() -> None:
    """Directory and nonces always come: a client must be able to begin."""
    world = AcmeWorld()
    client = client_of(world, chaotic(world, ChaosSettings(unavailable=1.0, bad_nonces=1.0)))
    assert client.send("GET", client.url("/directory")).status == 200
    assert client.send("HEAD", client.url("/new-nonce")).status == 200
    assert client.post(client.url("/new-account"), {}).problem == "503 serverInternal"


def test_the_rest_is_the_endpoint_s() -> None:
    """How it is run, how large bodies may be, and how it fails."""
    world = AcmeWorld()
    responder = chaotic(world, ChaosSettings())
    request = Request("POST", "/acme/new-order", "", (), b"", Peer("192.0.2.1"), "r-1")
    assert responder.max_body == world.responder.max_body
    assert responder.waits(request)
    assert responder.failed(request).status == 500
    assert responder.busy(request).status == 503
