"""Orders that are renewed automatically, and their certificates."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.policy.profile import ValidityRules
from tests.support.acme_client import b64
from tests.support.acme_star import NAME, OFFERED, TERMS, star_order, star_world
from tests.support.acme_world import SETTINGS, AcmeWorld


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return star_world()


def test_the_order_and_its_certificate(world: AcmeWorld) -> None:
    """The terms are echoed, the address is another one, the headers tell the validity (RFC 8739 3.1, 3.3)."""
    client = world.account()
    order = star_order(world, client, **{"lifetime-adjust": 600})
    assert order.json["auto-renewal"] == {**TERMS, "lifetime-adjust": 600}
    assert (order.json["status"], "certificate" in order.json) == ("valid", False)
    answer = client.post(order.json["star-certificate"])
    certificate = x509.load_pem_x509_certificates(answer.response.body)[0]
    assert certificate.not_valid_before_utc.isoformat() == "2026-06-01T12:00:00+00:00"
    assert certificate.not_valid_after_utc.isoformat() == "2026-06-05T12:00:00+00:00"
    assert answer.header("cert-not-before") == "Mon, 01 Jun 2026 12:00:00 GMT"
    assert answer.header("cert-not-after") == "Fri, 05 Jun 2026 12:00:00 GMT"
    assert world.account().post(order.json["star-certificate"]).problem == "403 unauthorized"


def test_everybody_may_have_it_if_the_order_says_so(world: AcmeWorld) -> None:
    """By GET, without a signature (3.4); else 403; other orders have none."""
    client = world.account()
    public = star_order(world, client, **{"allow-certificate-get": True}).json["star-certificate"]
    assert client.send("GET", public).response.body == client.post(public).response.body
    assert client.send("HEAD", public).status == 200
    private = star_order(world, client).json["star-certificate"]
    assert client.send("GET", private).problem == "403 unauthorized"
    plain = client.order("plain.example.com").location.replace("/order/", "/star-certificate/")
    for url in (plain, client.url("/star-certificate/none")):
        assert client.send("GET", url).problem == "404 malformed"
        assert client.post(url).problem == "404 malformed"


def test_it_is_canceled_once_it_is_valid(world: AcmeWorld) -> None:
    """The order says canceled, the certificate is gone (3.1.2); before that, and for plain orders, it cannot be."""
    client = world.account()
    pending = client.order("pending.example.com", **{"auto-renewal": TERMS})
    canceled = {"status": "canceled"}
    assert client.post(pending.location, canceled).problem == "400 autoRenewalCancellationInvalid"
    plain = client.order("plain.example.com")
    assert client.post(plain.location, canceled).problem == "400 malformed"
    order = star_order(world, client)
    assert client.post(order.location, {"status": "valid"}).problem == "400 malformed"
    assert client.post(order.location, canceled).json["status"] == "canceled"
    assert client.post(order.location).json["status"] == "canceled"
    assert client.post(order.json["star-certificate"]).problem == "403 autoRenewalCanceled"
    assert client.post(order.location, canceled).problem == "400 autoRenewalCancellationInvalid"
    assert ("order.cancel", "success") in world.actions()


def test_its_certificates_are_not_revoked(world: AcmeWorld) -> None:
    """403 autoRenewalRevocationNotSupported (2.3)."""
    client = world.account()
    order = star_order(world, client)
    pem = client.post(order.json["star-certificate"]).response.body
    der = x509.load_pem_x509_certificates(pem)[0].public_bytes(Encoding.DER)
    answer = client.post(client.url("/revoke-cert"), {"certificate": b64(der)})
    assert answer.problem == "403 autoRenewalRevocationNotSupported"


@pytest.mark.parametrize(
    "members",
    [
        {"auto-renewal": "x"},
        {"auto-renewal": {**TERMS, "lifetime": 1}},
        {"auto-renewal": {**TERMS, "lifetime": 80 * 86_400}},
        {"auto-renewal": TERMS, "notAfter": "2026-06-10T00:00:00Z"},
    ],
)
def test_orders_that_are_refused(world: AcmeWorld, members: dict[str, Any]) -> None:
    """Malformed: terms that are none or too much, dates of the order's own."""
    assert world.account().order(NAME, **members).problem == "400 malformed"


def test_only_profiles_that_let_orders_choose() -> None:
    """And that need no person; where it is not offered the member means nothing."""
    for changes in ({"validity": ValidityRules()}, {"approval": "manual"}):
        assert star_world(**changes).account().order(NAME, **{"auto-renewal": TERMS}).problem == "400 malformed"
    order = AcmeWorld(SETTINGS).account().order(NAME, **{"auto-renewal": TERMS})
    assert (order.status, "auto-renewal" in order.json) == (201, False)


def test_the_directory_says_what_is_offered() -> None:
    """In seconds (3.2)."""
    client = AcmeWorld(replace(OFFERED)).client()
    meta = client.send("GET", client.url("/directory")).json["meta"]
    wanted = {"min-lifetime": 86_400, "max-duration": 31_536_000, "allow-certificate-get": True}
    assert meta["auto-renewal"] == wanted
