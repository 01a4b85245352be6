"""Orders that stay `processing` for a while."""

from datetime import timedelta

import pytest

from emca_daemon.protocols.chaos.slow_orders import SlowOrders
from emca_daemon.protocols.http import Peer, Request, Response
from tests.support.acme_client import AcmeClient, csr_for
from tests.support.acme_world import AcmeWorld


def slowed(world: AcmeWorld, seconds: int) -> AcmeClient:
    """A client with an account at the world's endpoint, whose orders are slow."""
    slow = SlowOrders(timedelta(seconds=seconds), world.clock)
    client = AcmeClient(lambda request: slow.shown(request, world.responder.respond(request)), world.settings.base_url)
    return client.register()


def test_a_finalized_order_is_processing_first() -> None:
    """No certificate, and Retry-After in seconds; when the time has come the certificate is there."""
    world = AcmeWorld()
    client = slowed(world, 5)
    order = world.ready_order(client, "slow.example.com")
    begun = client.finalize(order, csr_for("slow.example.com"))
    assert begun.json["status"] == "processing"
    assert "certificate" not in begun.json
    assert begun.header("retry-after") == "5"
    world.clock.advance(seconds=3)
    waiting = client.post(order.location)
    assert waiting.json["status"] == "processing"
    assert waiting.header("retry-after") == "2"
    world.clock.advance(seconds=2)
    assert client.post(client.post(order.location).json["certificate"]).status == 200


def test_finalizing_again_does_not_begin_anew() -> None:
    """The same CSR again after its time is answered with the finished order."""
    world = AcmeWorld()
    client = slowed(world, 5)
    order = world.ready_order(client, "slow.example.com")
    csr = csr_for("slow.example.com")
    assert client.finalize(order, csr).json["status"] == "processing"
    world.clock.advance(seconds=6)
    assert client.finalize(order, csr).json["status"] == "valid"


def test_refusals_and_other_objects_are_left_alone() -> None:
    """A finalization too early is refused as ever, and stays refusable."""
    world = AcmeWorld()
    client = slowed(world, 5)
    order = client.order("slow.example.com")
    assert client.finalize(order, csr_for("slow.example.com")).problem == "403 orderNotReady"
    assert client.post(order.location).json["status"] == "pending"
    assert client.post(client.kid or "").json["status"] == "valid"


def test_without_a_delay_nothing_changes() -> None:
    """The answer itself comes back."""
    world = AcmeWorld()
    slow = SlowOrders(timedelta(0), world.clock)
    request = Request("POST", "/acme/order/1/finalize", "", (), b"", Peer("192.0.2.1"), "r-1")
    response = Response(200, b"{}", (("Location", "https://ca.test/acme/order/1"),))
    assert slow.shown(request, response) is response


def test_old_ones_are_forgotten() -> None:
    """What was over long ago takes no room when the next order is finalized."""
    world = AcmeWorld()
    slow = SlowOrders(timedelta(seconds=1), world.clock)
    body = b'{"status": "valid", "finalize": "f"}'
    for number in range(2):
        request = Request("POST", f"/acme/order/{number}/finalize", "", (), b"", Peer("192.0.2.1"), "r-1")
        slow.shown(request, Response(200, body, (("Location", f"https://ca.test/acme/order/{number}"),)))
        world.clock.advance(seconds=60)
    assert list(slow._until) == ["https://ca.test/acme/order/1"]


def test_what_is_no_finished_order() -> None:
    """Only a valid order is shown as one on its way: invalid ones, and other objects, are shown as they are."""
    world = AcmeWorld()
    slow = SlowOrders(timedelta(seconds=5), world.clock)
    request = Request("POST", "/acme/order/1/finalize", "", (), b"", Peer("192.0.2.1"), "r-1")
    for body in (b'{"status": "invalid", "finalize": "f"}', b'{"status": "valid"}'):
        response = Response(200, body, (("Location", "https://ca.test/acme/order/1"),))
        assert slow.shown(request, response) is response


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it orders are done at once."""
    monkeypatch.setattr("emca_daemon.protocols.chaos.slow_orders._MOST", 1)
    slow = SlowOrders(timedelta(seconds=5), AcmeWorld().clock)
    shown = []
    for number in range(2):
        request = Request("POST", f"/acme/order/{number}/finalize", "", (), b"", Peer("192.0.2.1"), "r-1")
        body = b'{"status": "valid", "finalize": "f"}'
        shown.append(slow.shown(request, Response(200, body, (("Location", f"https://ca.test/{number}"),))).body)
    assert [b"processing" in body for body in shown] == [True, False]
