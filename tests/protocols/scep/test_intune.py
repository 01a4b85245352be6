"""Tests of emca_daemon.protocols.scep.intune."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha1

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.errors import Refused
from emca_daemon.protocols.scep.asked_challenges import AskedChallenges
from emca_daemon.protocols.scep.asked_records import Notice
from emca_daemon.protocols.scep.intune import HRESULT, Intune
from emca_daemon.protocols.scep.intune_service import IntuneService
from emca_daemon.protocols.scep.notices import Notices
from emca_daemon.randomness import system_random
from emca_daemon.settings.scep import ScepRenewalSettings, ScepSettings
from emca_daemon.settings.scep_outside import ScepIntuneSettings
from tests.support.ca_world import BY
from tests.support.scep_services import APPLICATION, APPLICATION_SECRET, TENANT, FakeIntune, Way, actions
from tests.support.scep_world import Client, ScepWorld, settings

CHALLENGE = "MIIB" + "x" * 4000
"""Intune's own are as long."""


def asking(service: FakeIntune, chosen: ScepSettings | None = None) -> tuple[ScepWorld, Intune, Notices]:
    """An endpoint that asks it, and the duty that tells it."""
    world, way = ScepWorld(chosen), Way(service)
    own = ScepIntuneSettings(tenant=TENANT, application=APPLICATION)
    known = {"clock": world.clock, "random": system_random}
    intune = Intune(IntuneService(own, APPLICATION_SECRET.encode(), way, **known), "emca-daemon")  # type: ignore[arg-type]
    day = timedelta(days=1)
    world.guard(AskedChallenges(intune, world.store, world.clock, patience=day, lifetime=day, wait=day))
    return world, intune, Notices({"site": (intune, 3)}, world.store, world.clock, BY)


def test_a_device_of_intunes_enrolls_and_intune_is_told() -> None:
    """With what its console shows of the certificate."""
    service = FakeIntune(challenges={CHALLENGE: "device-1"})
    world, _, notices = asking(service)
    client = Client(world, password=CHALLENGE.encode())
    certificate = client.issued(client.enroll())
    assert client.issued(client.enroll()) == certificate
    assert service.validated == ["1F2E3D"]
    notices.send()
    ((action, told),) = service.told
    assert action == "successNotification"
    assert told["certificateThumbprint"] == sha1(certificate.public_bytes(Encoding.DER)).hexdigest().upper()
    assert int(told["certificateSerialNumber"], 16) == certificate.serial_number
    expires = certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert told["certificateExpirationDateUtc"] == expires
    assert told["issuingCertificateAuthority"] == certificate.issuer.rfc4514_string()
    assert (told["transactionId"], told["callerInfo"]) == ("1F2E3D", "emca-daemon")
    notices.send()
    assert actions(service.told) == ["successNotification"]


@pytest.mark.parametrize(
    ("code", "fail_info"),
    [
        ("ChallengePasswordMissing", "2"),
        ("ChallengeExpired", "2"),
        ("SubjectNameMismatch", "2"),
        ("KeyLengthMismatch", "2"),
        ("CertificateRequestDecodingFailed", "2"),
        ("SignatureValidationFailed", "1"),
        ("SomethingNew", "2"),
    ],
)
def test_every_code_but_success_is_a_no(code: str, fail_info: str) -> None:
    """With the code, and the id that Microsoft's support asks for."""
    world, _, _ = asking(FakeIntune(challenges={CHALLENGE: "device-1"}, code=code))
    reply = Client(world, password=CHALLENGE.encode()).enroll()
    assert (reply.status, reply.fail_info) == ("2", fail_info)
    assert reply.text.startswith(f"Intune refuses: {code} (activity ")


def test_a_request_without_a_challenge_is_not_sent() -> None:
    """It cannot be Intune's; nor does another device's challenge help."""
    service = FakeIntune(challenges={CHALLENGE: "device-1"})
    world, _, _ = asking(service)
    assert Client(world, password=None).enroll().text == "the challenge password is missing"
    assert service.validated == []
    other = Client(world, password=CHALLENGE.encode(), common_name="device-2")
    assert "SubjectNameMismatch" in other.enroll().text


def test_intune_is_asked_about_renewals_where_there_are_none() -> None:
    """With `renewal.enabled = false` the old certificate opens nothing: its holder needs a challenge, too."""
    service = FakeIntune(challenges={CHALLENGE: "device-1", "another": "device-1"})
    world, _, _ = asking(service, settings(renewal=ScepRenewalSettings(enabled=False)))
    client = Client(world, password=CHALLENGE.encode())
    certificate = client.issued(client.enroll())
    holder = replace(client, certificate=certificate, transaction_id=b"2")
    assert replace(holder, password=b"another").enroll().status == "0"
    assert service.validated == ["1F2E3D", "2"]
    assert holder.renew().text == "certificates are not renewed here"


def test_intune_is_told_of_failures() -> None:
    """Whatever it does not take is a refusal, so that it is told again."""
    service = FakeIntune()
    _, intune, _ = asking(service)
    notice = Notice("site", "t", b"T1", b"\x30\x00", detail="no " * 200)
    intune.tell(notice)
    ((action, told),) = service.told
    assert (action, told["hResult"], len(told["errorDescription"])) == ("failureNotification", HRESULT, 255)
    service.code = "Unknown"
    with pytest.raises(Refused, match="Unknown"):
        intune.tell(notice)
