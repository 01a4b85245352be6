"""Tests of emca_daemon.protocols.scep.jamf."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http import Headers, Response
from emca_daemon.protocols.scep.jamf import JamfWebhook, read_device_name
from emca_daemon.protocols.scep.made_challenges import OneTimeChallenges
from emca_daemon.settings.scep_outside import ScepJamfSettings
from tests.support.scep_users import BASIC, BEARER, UsersWorld, asked
from tests.support.scep_world import Client, settings

EVENT = {
    "webhook": {"id": 7, "name": "SCEP", "webhookEvent": "SCEPChallenge", "eventTimestamp": 1553550275590},
    "event": {
        "payloadIdentifier": "C5A1D4",
        "payloadTypes": ["com.apple.security.scep"],
        "scepServerUrl": "http://ca.example/scep",
        "targetDevice": {"deviceName": "lab", "serialNumber": "C02XYZ", "udid": "55900BDC"},
    },
}


def with_jamf(**changes: object) -> tuple[UsersWorld, JamfWebhook]:
    """An endpoint that Jamf Pro asks."""
    jamf = ScepJamfSettings(enabled=True, **changes)  # type: ignore[arg-type]
    world = UsersWorld(settings(jamf=jamf))
    world.guard(OneTimeChallenges(world.store, world.clock))
    return world, JamfWebhook(world.endpoint, world.access, world.provisioning)


def post(webhook: JamfWebhook, document: object = EVENT, headers: Headers = (BASIC,), secure: bool = True) -> Response:
    """The webhook's call."""
    body = json.dumps(document).encode()
    return webhook.respond(asked("POST", "/scep-jamf/site", body, headers=headers, secure=secure))


def test_the_answer_is_a_challenge_that_enrolls_once() -> None:
    """Nothing else is in it, no newline either; the operator sees which device it was for."""
    world, webhook = with_jamf()
    response = post(webhook)
    assert response.status == 200
    assert response.header("content-type") == "text/plain; charset=utf-8"
    assert response.header("cache-control") == "no-store"
    assert len(response.body) == 32
    client = Client(world, password=response.body)
    assert client.enroll().status == "0"
    assert Client(world, password=response.body, common_name="x").enroll().status == "2"
    with world.store.reading() as tx:
        (challenge,) = tx.scep_challenges.list("site", 9)
    assert (challenge.source, challenge.note, challenge.made_by) == ("jamf", "C02XYZ", "alice")
    assert (challenge.expires - challenge.created).days == 1


def test_only_users_are_given_challenges() -> None:
    """By TLS; in a group if the settings say so; by POST."""
    world, webhook = with_jamf(groups=("mdm",))
    assert post(webhook, headers=()).status == 401
    assert post(webhook, headers=()).header("www-authenticate") is not None
    assert post(webhook, headers=(BEARER,)).status == 401
    assert post(webhook, secure=False).status == 403
    assert webhook.respond(asked("GET")).status == 405
    assert post(with_jamf(groups=("other",))[1]).status == 403
    with world.store.reading() as tx:
        assert list(tx.scep_challenges.list("site", 9)) == []


def test_another_event_gets_none() -> None:
    """Nor does what is no JSON; refusals are audited."""
    world, webhook = with_jamf()
    wrong: tuple[object, ...] = ({}, [], {"webhook": {"webhookEvent": "ComputerAdded"}}, {"webhook": "SCEPChallenge"})
    for document in wrong:
        assert post(webhook, document).status == 400
    assert any("SCEPChallenge" in text for text in world.refusals())


def test_no_more_wait_than_may() -> None:
    """The next is told to come later."""
    _, webhook = with_jamf(outstanding=1)
    assert post(webhook).status == 200
    response = post(webhook)
    assert (response.status, response.header("retry-after")) == (429, "2")


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"targetDevice": {"udid": "5590", "deviceName": "lab"}}, "5590"),
        ({"serialNumber": "C02"}, "C02"),
        ({"targetDevice": {"serialNumber": " C02", "udid": 7, "deviceName": "x" * 300}}, "x" * 255),
        ({"targetDevice": "lab"}, ""),
        ("lab", ""),
    ],
)
def test_a_device_is_noted_by_what_names_it(event: object, name: str) -> None:
    """The serial number before all; an event without any is as good."""
    assert read_device_name(json.dumps({**EVENT, "event": event}).encode()) == name


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    """As malformed."""
    with pytest.raises(Refused) as caught:
        read_device_name(data)
    assert caught.value.reason is Reason.MALFORMED


def test_bugs_and_busy_times_have_answers() -> None:
    """A request id, and when to come again."""
    _, webhook = with_jamf()
    assert b"request-1" in webhook.failed(asked()).body
    assert webhook.busy(asked()).status == 503
    assert webhook.waits(asked())
    assert webhook.toils(asked())
    assert not webhook.toils(asked(headers=(BEARER,)))
