"""renewalInfo."""

from dataclasses import replace
from datetime import timedelta

from emca_daemon.ca.records import RevocationReason
from emca_daemon.names import SerialNumber
from emca_daemon.protocols.acme.records import RenewalPlan
from emca_daemon.protocols.http import Peer, Request
from tests.support.acme_client import renewal_name
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.ca_world import BY, ISSUING, START

NAME = "www.example.com"


def test_anybody_may_ask_when_to_renew() -> None:
    """A GET without a signature; seconds until one should ask again (RFC 9773 4.2, 4.3)."""
    world = AcmeWorld()
    client = world.account()
    certificate = world.issue(client, NAME)
    url = client.url("/renewal-info/") + renewal_name(certificate)
    answer = client.send("GET", url)
    assert (answer.status, answer.header("retry-after")) == (200, "21600")
    assert client.send("HEAD", url).status == 200
    window = answer.json["suggestedWindow"]
    assert certificate.not_valid_before_utc.isoformat() < window["start"] < window["end"]
    assert window["end"] < certificate.not_valid_after_utc.isoformat()
    assert "explanationURL" not in answer.json
    assert world.responder.waits(_request(url))


def test_a_plan_and_a_revocation_move_the_window() -> None:
    """To the plan's, with its explanation; into the past."""
    world = AcmeWorld()
    client = world.account()
    certificate = world.issue(client, NAME)
    url = client.url("/renewal-info/") + renewal_name(certificate)
    later = START + timedelta(days=1)
    plan = RenewalPlan("p", ISSUING, None, "why", "https://ca.test/why", later, later + timedelta(days=1), START)
    with world.store.writing() as tx:
        tx.acme.add_renewal_plan(replace(plan, created=world.clock()))
    planned = client.send("GET", url).json
    assert planned["explanationURL"] == "https://ca.test/why"
    assert planned["suggestedWindow"] == {"start": "2026-06-02T12:00:00Z", "end": "2026-06-03T12:00:00Z"}
    world.revoking.revoke(ISSUING, SerialNumber(certificate.serial_number), RevocationReason.SUPERSEDED, BY)
    past = client.send("GET", url).json["suggestedWindow"]
    assert past["start"] < past["end"] <= "2026-06-01T12:00:00Z"


def test_what_is_not_ours_is_not_found() -> None:
    """404; malformed names 400; where it is switched off nothing is there; other methods are not allowed."""
    world = AcmeWorld()
    client = world.account()
    name = renewal_name(world.issue(client, NAME))
    assert client.send("GET", client.url("/renewal-info/AQ.AQ")).problem == "404 malformed"
    assert client.send("GET", client.url("/renewal-info/") + name[:-1]).problem in {"404 malformed", "400 malformed"}
    assert client.send("GET", client.url("/renewal-info/") + name + "=").problem == "400 malformed"
    assert client.post(client.url("/renewal-info/") + name).problem == "405 malformed"
    off = AcmeWorld(replace(SETTINGS, renewal_info=False)).client()
    assert off.send("GET", off.url("/renewal-info/") + name).problem == "404 malformed"


def _request(url: str) -> Request:
    return Request("GET", "/acme/" + url.partition("/acme/")[2], "", (), b"", Peer("192.0.2.1"), "r")
