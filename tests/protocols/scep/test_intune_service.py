"""Tests of emca_daemon.protocols.scep.intune_service."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.intune_service import IntuneService
from emca_daemon.protocols.scep.outside import Answer, Call
from emca_daemon.randomness import system_random
from emca_daemon.settings.scep_outside import ScepIntuneSettings
from tests.support.ca_world import FakeClock
from tests.support.scep_services import APPLICATION, APPLICATION_SECRET, TENANT, FakeIntune, Way

SETTINGS = ScepIntuneSettings(tenant=TENANT, application=APPLICATION)
NOTICE: dict[str, object] = {"notification": {}}


def service_of(
    way: Way, clock: FakeClock | None = None, settings: ScepIntuneSettings = SETTINGS, secret: str = APPLICATION_SECRET
) -> IntuneService:
    """The service behind a way out."""
    return IntuneService(settings, secret.encode(), way, clock=clock or FakeClock(), random=system_random)


def refusal(service: IntuneService) -> str:
    """Why a call got no verdict."""
    with pytest.raises(Refused) as caught:
        service.post("failureNotification", NOTICE)
    assert caught.value.reason is Reason.UNAVAILABLE
    return caught.value.detail


def test_tokens_and_the_address_are_kept() -> None:
    """A second call is one call; five minutes before its end a token is renewed."""
    way, clock = Way(FakeIntune()), FakeClock()
    service = service_of(way, clock)
    for _ in range(2):
        assert service.post("failureNotification", NOTICE).code == "Success"
    assert [len(way.to(end)) for end in ("/token", "/endpoints", "/failureNotification")] == [2, 1, 2]
    clock.advance(minutes=54)
    service.post("failureNotification", NOTICE)
    assert len(way.to("/token")) == 2
    clock.advance(minutes=1)
    service.post("failureNotification", NOTICE)
    assert len(way.to("/token")) == 3
    clock.advance(days=1)
    service.post("failureNotification", NOTICE)
    assert len(way.to("/endpoints")) == 2
    assert all(call.url.startswith("https://login.microsoftonline.com/") for call in way.to("/token"))
    assert all(call.url.startswith("https://graph.microsoft.com/v1.0/") for call in way.to("/endpoints"))
    assert all(call.url.startswith("https://fef.manage.microsoft.com/svc/") for call in way.to("Notification"))


def test_a_token_that_is_refused_is_renewed_once() -> None:
    """And the call made again with the new one."""
    fake = FakeIntune()
    way = Way(fake)
    service = service_of(way)
    service.post("failureNotification", NOTICE)
    fake.forget_tokens()
    assert service.post("failureNotification", NOTICE).code == "Success"
    assert len(way.to("/failureNotification")) == 3

    def strict(call: Call) -> Answer:
        return Answer(401) if call.url.endswith("Notification") else fake(call)

    way.service = strict
    assert "status 401" in refusal(service)
    assert len(way.to("/failureNotification")) == 5


def test_a_wrong_secret_is_told_by_its_error() -> None:
    """Without the secret."""
    detail = refusal(service_of(Way(FakeIntune()), secret="wrong secret"))
    assert detail == "the login refused the application with status 401: invalid_client"


def test_the_address_is_looked_up_again_after_a_failure() -> None:
    """It may have moved."""
    fake = FakeIntune()
    way = Way(fake)
    service = service_of(way)
    service.post("failureNotification", NOTICE)
    fake.status = 503
    assert "status 503" in refusal(service)
    fake.status, fake.location = 200, "https://other.manage.microsoft.com/svc/"
    service.post("failureNotification", NOTICE)
    assert way.calls[-1].url == "https://other.manage.microsoft.com/svc/ScepActions/failureNotification"


@pytest.mark.parametrize(
    "location",
    [
        "https://manage.microsoft.com.example/svc",
        "https://manage.microsoft.com@example/svc",
        "http://fef.manage.microsoft.com/svc",
        "https://fef.manage.microsoft.com/svc?x",
        "https://[/svc",
        "file:///etc/passwd",
    ],
)
def test_the_address_must_be_one_that_the_settings_allow(location: str) -> None:
    """Tokens go nowhere else."""
    assert "Graph names" in refusal(service_of(Way(FakeIntune(location=location))))


def test_a_host_can_be_allowed_by_name() -> None:
    """That one alone."""
    settings = replace(SETTINGS, location_hosts=("intune.example",))
    way = Way(FakeIntune(location="https://intune.example/svc"))
    assert service_of(way, settings=settings).post("failureNotification", NOTICE).code == "Success"
    assert "Graph names" in refusal(service_of(Way(FakeIntune(location="https://a.intune.example")), settings=settings))


@pytest.mark.parametrize(
    ("end", "answer"),
    [
        ("/token", Answer(200, b"")),
        ("/token", Answer(200, b"{}")),
        ("/token", Answer(200, b'{"access_token": "a\\r\\nb", "expires_in": 1}')),
        ("/token", Answer(400, b"{}")),
        ("/endpoints", Answer(500, b"")),
        ("/endpoints", Answer(200, b'{"value": 7}')),
        ("/endpoints", Answer(200, b'{"value": [7, {"providerName": "x", "uri": 7}, {"uri": "https://x"}]}')),
        ("/failureNotification", Answer(200, b"<html>")),
        ("/failureNotification", Answer(200, b"{}")),
        ("/failureNotification", Answer(200, b'{"code": ""}')),
        ("/failureNotification", Answer(200, b'{"code": 0}')),
    ],
)
def test_what_makes_no_sense_is_an_outage(end: str, answer: Answer) -> None:
    """Nothing is taken for a yes."""
    fake = FakeIntune()

    def service(call: Call) -> Answer:
        return answer if call.url.endswith(end) else fake(call)

    refusal(service_of(Way(service)))


@pytest.mark.parametrize("lasts", ['"3600"', "-1", "true", "null"])
def test_a_token_of_unknown_length_is_used_once(lasts: str) -> None:
    """And the next call gets another."""
    fake = FakeIntune()

    def service(call: Call) -> Answer:
        answer = fake(call)
        if call.url.endswith("/token"):
            return replace(answer, body=answer.body.replace(b"3600", lasts.encode()))
        return answer

    way = Way(service)
    asked = service_of(way)
    for _ in range(2):
        assert asked.post("failureNotification", NOTICE).description == ""
    assert len(way.to("/token")) == 3


@given(st.sampled_from(["/token", "/endpoints", "/failureNotification"]), st.binary(max_size=200))
def test_no_bytes_are_taken_for_a_verdict(end: str, data: bytes) -> None:
    """Wherever they come from."""
    fake = FakeIntune()
    refusal(service_of(Way(lambda call: Answer(200, data) if call.url.endswith(end) else fake(call))))


def test_an_unreachable_service_is_an_outage() -> None:
    """As the way out says."""
    assert refusal(service_of(Way(FakeIntune(), down=True))) == "it cannot be talked to"
