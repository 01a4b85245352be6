"""Orders that are processing."""

from dataclasses import replace

import pytest

from emca_daemon.ca.records import RequestState
from emca_daemon.protocols.acme.states import OrderStage
from tests.support.acme_client import AcmeClient, csr_for
from tests.support.acme_world import AcmeWorld


def waiting(world: AcmeWorld) -> tuple[AcmeClient, str]:
    """An order that waits for a person: its client and its address."""
    client = world.account()
    order = world.ready_order(client, "a.example.com")
    assert client.finalize(order, csr_for("a.example.com")).json["status"] == "processing"
    return client, order.json["finalize"].removesuffix("/finalize")


@pytest.mark.parametrize(
    ("state", "status", "kind"),
    [
        (RequestState.WAITING, "processing", None),
        (RequestState.APPROVED, "processing", None),
        (RequestState.REJECTED, "invalid", "unauthorized"),
        (RequestState.FAILED, "invalid", "serverInternal"),
    ],
)
def test_the_request_decides(state: RequestState, status: str, kind: str | None) -> None:
    """What a person or the CA made of it."""
    world = AcmeWorld(approval="manual")
    client, url = waiting(world)
    with world.store.writing() as tx:
        (request,) = tx.pending.list(None)
        tx.pending.update(replace(request, state=state, note="why"), RequestState.WAITING)
    document = client.post(url).json
    assert document["status"] == status
    assert document.get("error", {"type": f":{kind}"})["type"].endswith(f":{kind}")


def test_the_outcome_is_written_down_once() -> None:
    """The second reading finds it."""
    world = AcmeWorld(approval="manual")
    client, url = waiting(world)
    with world.store.writing() as tx:
        (request,) = tx.pending.list(None)
        tx.pending.update(replace(request, state=RequestState.REJECTED), RequestState.WAITING)
    assert client.post(url).json == client.post(url).json
    assert world.actions().count(("order.settle", "failed")) == 1


def test_an_issued_certificate_settles_an_order_that_missed_it() -> None:
    """Also when the order still says processing."""
    world = AcmeWorld()
    client = world.account()
    order = world.ready_order(client, "a.example.com")
    done = client.finalize(order, csr_for("a.example.com"))
    order_id = done.location.rpartition("/")[2]
    with world.store.writing() as tx:
        valid = tx.acme.order(order_id)
        assert valid is not None
        tx.acme.update_order(valid, replace(valid, stage=OrderStage.PROCESSING))
    assert client.post(done.location).json["status"] == "valid"
