"""Tests of emca_daemon.protocols.scep.api."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as fuzzing
from hypothesis import strategies as st

from emca_daemon.protocols.http import Response
from emca_daemon.protocols.scep.api import RegistrationApi
from emca_daemon.protocols.scep.made_challenges import DeviceChallenges, OneTimeChallenges
from emca_daemon.settings.scep import ScepChallengeSettings
from emca_daemon.settings.scep_provisioning import ScepApiSettings
from tests.support.scep_users import BASIC, BEARER, UsersWorld, asked
from tests.support.scep_world import Client, settings

JSON = ("content-type", "application/json; charset=utf-8")
DEVICE = {"manufacturer": "ACME", "model": "Printer", "device_id": "device-1"}
PATH = "/scep-api/site"


class Api:
    """The API of an endpoint, and a client of it."""

    def __init__(self, policy: str, **changes: object) -> None:
        challenge = ScepChallengeSettings(policy=policy, device_id="common-name")
        api = ScepApiSettings(enabled=True, **changes)  # type: ignore[arg-type]
        self.world = UsersWorld(settings(challenge=challenge, api=api))
        store, clock = self.world.store, self.world.clock
        self.world.guard(
            DeviceChallenges(store, clock, "common-name") if policy == "device" else OneTimeChallenges(store, clock)
        )
        self.responder = RegistrationApi(self.world.endpoint, self.world.access, self.world.provisioning)

    def ask(self, method: str, path: str, document: object = None, *, query: str = "") -> Response:
        """One call of alice's."""
        body = b"" if document is None else json.dumps(document).encode()
        headers = (BASIC, JSON) if body else (BASIC,)
        return self.responder.respond(asked(method, PATH + path, body, headers=headers, query=query))

    def done(self, method: str, path: str, document: object = None, *, status: int = 200, query: str = "") -> Any:
        """What it answers, which must have that status."""
        response = self.ask(method, path, document, query=query)
        assert response.status == status, response.body
        return json.loads(response.body) if response.body else None


def test_a_device_is_registered_enrolls_and_is_removed() -> None:
    """Its secret is told once."""
    api = Api("device")
    response = api.ask("POST", "/devices", DEVICE | {"expires_in": "2d", "uses": 2, "note": "hall"})
    assert response.status == 201
    made = json.loads(response.body)
    place = f"/devices/{made['id']}"
    assert response.header("location") == PATH + place
    assert made["challenge"]["most_uses"] == 2
    assert made["created"] == "2026-06-01T12:00:00Z"
    assert made["challenge"]["expires"] == "2026-06-03T12:00:00Z"
    client = Client(api.world, password=made["challenge"]["secret"].encode())
    assert client.enroll().status == "0"
    shown = api.done("GET", place)
    assert DEVICE.items() <= shown.items()
    assert (shown["challenge"]["uses"], shown["note"], shown["made_by"]) == (1, "hall", "alice")
    assert "secret" not in shown["challenge"]
    assert api.done("GET", "/devices") == {"devices": [shown], "next": None}
    assert api.done("DELETE", place, status=204) is None
    assert api.done("GET", place, status=404)["detail"]
    assert ("scep.device.register", "success") in api.world.actions()


def test_a_device_gets_another_challenge() -> None:
    """In the place of the first."""
    api = Api("device")
    made = api.done("POST", "/devices", DEVICE, status=201)
    again = api.done("POST", f"/devices/{made['id']}/challenge", status=201)
    assert again["challenge"]["secret"] != made["challenge"]["secret"]
    assert api.done("GET", f"/devices/{made['id']}")["challenge"]["id"] == again["challenge"]["id"]


def test_a_device_is_registered_once() -> None:
    """Then there is a conflict, as a problem document."""
    api = Api("device")
    api.done("POST", "/devices", DEVICE, status=201)
    response = api.ask("POST", "/devices", DEVICE)
    assert response.header("content-type") == "application/problem+json"
    problem = json.loads(response.body)
    assert (problem["status"], problem["title"]) == (409, "Conflict")
    assert "registered already" in problem["detail"]
    assert api.world.actions()[-1] == ("scep.provision", "refused")


def test_lists_come_in_pieces() -> None:
    """Each says where the next begins."""
    api = Api("one-time")
    for _ in range(3):
        api.done("POST", "/challenges", status=201)
    first = api.done("GET", "/challenges", query="limit=2")
    assert len(first["challenges"]) == 2
    rest = api.done("GET", "/challenges", query=f"limit=2&after={first['next']}")
    assert (len(rest["challenges"]), rest["next"]) == (1, None)
    for wrong in ("limit=0", "limit=x", "limit=1001", "&".join(["a=1"] * 11)):
        api.done("GET", "/challenges", query=wrong, status=400)


def test_a_challenge_is_made_used_and_revoked() -> None:
    """Bound to what it says."""
    api = Api("one-time")
    made = api.done("POST", "/challenges", {"subject": "CN=device-1", "names": []}, status=201)
    assert (made["subject"], made["names"], made["source"]) == ("CN=device-1", [], "api")
    assert Client(api.world, password=made["secret"].encode()).enroll().status == "0"
    place = f"/challenges/{made['id']}"
    assert api.done("GET", place)["uses"] == 1
    api.done("DELETE", place, status=204)
    assert api.done("GET", place)["revoked"] == "2026-06-01T12:00:00Z"
    api.done("DELETE", place, status=404)
    api.done("GET", "/challenges/nothing", status=404)


@pytest.mark.parametrize(
    ("policy", "method", "path", "status"),
    [
        ("device", "GET", "", 404),
        ("device", "GET", "/challenges", 404),
        ("one-time", "GET", "/devices", 404),
        ("device", "PUT", "/devices", 405),
        ("device", "GET", "/devices/", 200),
        ("device", "DELETE", "/devices/..%2f", 404),
        ("device", "GET", "/devices/x/challenge", 405),
        ("device", "GET", "/devices/x/y/z", 404),
        ("device", "POST", "/devices/x/challenge", 404),
    ],
)
def test_only_what_there_is_is_answered(policy: str, method: str, path: str, status: int) -> None:
    """Each policy has its own things."""
    response = Api(policy).ask(method, path)
    assert response.status == status
    if status == 405:
        assert response.header("allow")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"{", b'{"manufacturer": 1}', b'{"a": "b"}', b"\xff"])
def test_bad_bodies_are_bad_requests(body: bytes) -> None:
    """Whatever they are."""
    api = Api("device")
    response = api.responder.respond(asked("POST", f"{PATH}/devices", body, headers=(BASIC, JSON)))
    assert response.status == 400


def test_a_form_is_no_json() -> None:
    """A browser that knows the password cannot be made to register anything."""
    form = ("content-type", "text/plain")
    request = asked("POST", f"{PATH}/devices", json.dumps(DEVICE).encode(), headers=(BASIC, form))
    assert Api("device").responder.respond(request).status == 415


def test_nobody_does_anything_without_a_password() -> None:
    """Nor in the clear, nor from another group."""
    api = Api("device", groups=("operators",))
    response = api.responder.respond(asked("GET", f"{PATH}/devices", headers=()))
    assert (response.status, response.header("www-authenticate")) == (401, 'Basic realm="scep"')
    assert api.ask("GET", "/devices").status == 403
    assert Api("device").responder.respond(asked("GET", f"{PATH}/devices", secure=False)).status == 403


def test_trouble_is_a_problem_document() -> None:
    """A bug by the request's id, no worker by when to come again."""
    responder = Api("device").responder
    assert b"request-1" in responder.failed(asked()).body
    busy = responder.busy(asked())
    assert (busy.status, busy.header("retry-after")) == (503, "2")
    assert responder.waits(asked())
    assert responder.toils(asked())
    assert not responder.toils(asked(headers=(BEARER,)))


@cache
def apis() -> tuple[Api, Api]:
    """One of each policy, for all that is asked at random."""
    return Api("device"), Api("one-time")


@fuzzing(max_examples=50, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "\0"]),
    path=st.one_of(
        st.sampled_from(["", "/devices", "/challenges", "/devices/x", "/devices/x/challenge", "/challenges/x", "//"]),
        st.text(alphabet=st.characters(codec="latin-1"), max_size=99),
    ),
    query=st.one_of(st.text(max_size=99), st.builds("limit={}&after={}".format, st.integers(), st.text(max_size=9))),
    body=st.one_of(
        st.binary(max_size=99),
        st.dictionaries(
            st.sampled_from([*DEVICE, "uses", "names", "note", "expires_in", "subject"]),
            st.one_of(st.text(max_size=99), st.integers(), st.none(), st.lists(st.text(max_size=9), max_size=3)),
        ).map(lambda document: json.dumps(document).encode()),
    ),
)
def test_whatever_is_asked_is_answered(method: str, path: str, query: str, body: bytes) -> None:
    """With a document, or nothing, and a status that fits."""
    for api in apis():
        response = api.responder.respond(asked(method, PATH + path, body, headers=(BASIC, JSON), query=query))
        assert response.status in {200, 201, 204, 400, 404, 405, 409, 415}
        assert response.status == 204 or json.loads(response.body)
