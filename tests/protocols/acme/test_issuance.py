"""What an order writes in the CA's transactions."""

from typing import Any

import pytest

from emca_daemon.protocols.acme.states import OrderStage
from tests.support.acme_client import csr_for
from tests.support.acme_world import AcmeWorld


def test_the_order_moves_with_the_intent_and_the_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processing with issuer and serial when the key is used, valid when the certificate is recorded."""
    world = AcmeWorld()
    client = world.account()
    order = world.ready_order(client, "a.example.com")
    order_id = order.json["finalize"].split("/")[-2]
    seen = []
    real = world.keys.get

    def watching(name: str) -> object:
        if world.intent_is_open():
            with world.store.reading() as tx:
                seen.append(tx.acme.order(order_id))
        return real(name)  # type: ignore[arg-type]

    monkeypatch.setattr(world.keys, "get", watching)
    client.finalize(order, csr_for("a.example.com"))
    with world.store.reading() as tx:
        after = tx.acme.order(order_id)
    (during,) = seen
    assert during is not None
    assert after is not None
    assert (during.stage, after.stage) == (OrderStage.PROCESSING, OrderStage.VALID)
    assert (during.issuer, during.serial) == (after.issuer, after.serial)
    assert during.serial is not None


def test_a_crash_in_between_ends_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processing while the intent is open; invalid with serverInternal once it was abandoned."""
    world = AcmeWorld()
    client = world.account()
    order = world.ready_order(client, "a.example.com")
    url = order.json["finalize"].removesuffix("/finalize")

    real = world.keys.get

    def crash(name: Any) -> Any:
        if world.intent_is_open():
            raise KeyboardInterrupt
        return real(name)

    csr = csr_for("a.example.com")
    with monkeypatch.context() as patch:
        patch.setattr(world.keys, "get", crash)
        with pytest.raises(KeyboardInterrupt):
            client.finalize(order, csr)
    during = client.post(url)
    assert during.json["status"] == "processing"
    assert during.header("retry-after") == "3"
    with world.store.writing() as tx:
        from emca_daemon.ca.records import Revocation, RevocationReason

        (intent,) = tx.certificates.open_intents(world.clock.now.replace(year=2027))
        revocation = Revocation(world.clock(), RevocationReason.UNSPECIFIED)
        tx.certificates.abandon(intent.issuer, intent.serial, revocation)
    after = client.post(url).json
    assert after["status"] == "invalid"
    assert after["error"]["type"].endswith(":serverInternal")
    assert ("order.settle", "failed") in world.actions()
    assert client.finalize(order, csr).problem == "403 orderNotReady"


def test_a_deactivation_in_between_stops_the_issuance(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is asked again in the intent's transaction."""
    world = AcmeWorld()
    client = world.account()
    order = world.ready_order(client, "a.example.com")
    real = world.enrollment.enroll

    def enroll(*args: object, **kwargs: object) -> object:
        monkeypatch.undo()
        assert client.post(order.json["authorizations"][0], {"status": "deactivated"}).status == 200
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(world.enrollment, "enroll", enroll)
    assert client.finalize(order, csr_for("a.example.com")).problem == "403 orderNotReady"
    assert ("certificate.issue", "failed") not in world.actions()


def test_a_copied_request_issues_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nonce is spent in the intent's transaction."""
    world = AcmeWorld()
    client = world.account()
    order = world.ready_order(client, "a.example.com")
    monkeypatch.setattr("emca_daemon.store.acme.AcmeWriter.spend_nonce", lambda *_: False)
    assert client.finalize(order, csr_for("a.example.com")).problem == "400 badNonce"
    assert world.actions().count(("certificate.issue", "success")) == 2
