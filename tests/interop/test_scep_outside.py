"""SCEP's policies that ask somebody else: a daemon, services on loopback, and strongSwan as their device."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emca_daemon.protocols.scep.outside import Answer, Call
from tests.support.clients import Zone, program, run
from tests.support.daemon import Daemon, free_port, wait_for
from tests.support.scep_services import (
    APPLICATION,
    APPLICATION_SECRET,
    TENANT,
    WEBHOOK_SECRET,
    FakeIntune,
    FakeWebhook,
    Service,
    actions,
    served,
)
from tests.support.scep_site import ScepSite
from tests.support.site import Site

pytestmark = pytest.mark.interop

ENDPOINTS = """
[scep.asked]
profile = "device"
issuer = "demo-issuing"

[scep.asked.challenge]
policy = "webhook"

[scep.asked.webhook]
url = "{webhook}/decide"
secret_file = "{home}/webhook.secret"

[scep.asked.calls]
timeout = "3s"

[scep.intune]
profile = "device"
issuer = "demo-issuing"

[scep.intune.challenge]
policy = "intune"

[scep.intune.intune]
tenant = "{tenant}"
application = "{application}"
secret_file = "{home}/intune.secret"
login_url = "{intune}"
graph_url = "{intune}"
location_hosts = ["127.0.0.1"]
"""


class Switch:
    """A service that can be cut off, or kept from answering."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.down = False
        self.hold: threading.Event | None = None

    def __call__(self, call: Call) -> Answer:
        """What the service says, if it is there."""
        if self.hold is not None:
            self.hold.wait(30)
        return Answer(503, b"down") if self.down else self.service(call)


class Outside:
    """The daemon, what it asks, and strongSwan."""

    def __init__(self, site: Site, webhook: FakeWebhook, intune: FakeIntune, switch: Switch) -> None:
        self.site = site
        self.webhook = webhook
        self.intune = intune
        self.switch = switch

    def audited(self, action: str) -> list[dict[str, object]]:
        """Events of the audit chain."""
        return [row for row in self.site.daemon.done("audit", "list", "--json").json if row["action"] == action]


@contextmanager
def outside(folder: Path, zone: Zone) -> Iterator[Outside]:
    """All of it, running."""
    webhook, intune = (
        FakeWebhook({"open sesame": "fleet/strongswan"}),
        FakeIntune(challenges={"from-intune": "strongswan"}),
    )
    switch = Switch(webhook)
    with served(switch) as decider, served(intune) as microsoft, Daemon(folder / "demo") as daemon:
        intune.location = f"{microsoft}/svc"
        daemon.demo()
        daemon.stop()
        for name, secret in (("webhook.secret", WEBHOOK_SECRET.decode()), ("intune.secret", APPLICATION_SECRET)):
            (daemon.home / name).touch(mode=0o600)
            (daemon.home / name).write_text(f"{secret}\n")
        known = {"home": daemon.home, "tenant": TENANT, "application": APPLICATION}
        daemon.config.write_text(daemon.settings() + ENDPOINTS.format(webhook=decider, intune=microsoft, **known))
        daemon.done("check-config", daemon.config)
        daemon.serve()
        site = Site(daemon, zone, free_port(), free_port())
        yield Outside(site, webhook, intune, switch)
        daemon.stop()
        daemon.assert_quiet(WEBHOOK_SECRET.decode(), APPLICATION_SECRET)
        assert daemon.done("audit", "verify", "--json").json["unbroken"] is True


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, zone: Zone) -> Iterator[Outside]:
    """The one of this module."""
    with outside(tmp_path_factory.mktemp("outside"), zone) as running:
        yield running


@pytest.fixture
def scep(world: Outside, tmp_path: Path) -> ScepSite:
    """The endpoints, and a folder of the test's own."""
    return ScepSite(world.site, tmp_path)


def test_a_webhook_decides_and_is_told(world: Outside, scep: ScepSite) -> None:
    """A wrong challenge is badRequest; the right one is used up once however often the device asks."""
    webhook = world.webhook
    scep.authorities("/asked")
    key, first, again = scep.key("asked"), scep.folder / "asked.pem", scep.folder / "asked-again.pem"
    code, output = scep.enroll(key, first, "--password", "wrong", endpoint="/asked")
    assert code != 0
    assert "badRequest" in output
    for out in (first, again):
        code, output = scep.enroll(key, out, "--password", "open sesame", endpoint="/asked")
        assert code == 0, output
    assert scep.serial(first) == scep.serial(again)
    assert [one["challenge"] for one in webhook.checked] == ["wrong", "open sesame"]
    wait_for(lambda: bool(webhook.told), "the notice")
    assert scep.serial(first).strip().lower().endswith(webhook.told[0]["serial_number"].lstrip("0"))
    code, output = scep.enroll(scep.key("other"), again, "--password", "open sesame", endpoint="/asked")
    assert code != 0
    assert [row["actor"] for row in world.audited("certificate.issue") if row["proof"] == "webhook"] == [
        "fleet/strongswan"
    ]


def test_a_notice_survives_a_crash(world: Outside, scep: ScepSite) -> None:
    """The other side was down when the daemon was killed; the next one, of two processes, tells."""
    webhook = world.webhook
    webhook.challenges["crash"] = None
    before = len(webhook.told)
    scep.authorities("/asked")
    issue = webhook.__call__

    def only_checks(call: Call) -> Answer:
        return issue(call) if json.loads(call.body)["event"] == "check" else Answer(503)

    world.switch.service = only_checks
    code, output = scep.enroll(scep.key("crash"), scep.folder / "crash.pem", "--password", "crash", endpoint="/asked")
    assert code == 0, output
    scep.daemon.kill()
    assert len(webhook.told) == before
    world.switch.service = webhook
    scep.daemon.serve(workers=2)
    wait_for(lambda: len(webhook.told) > before, "the notice", 90)
    assert webhook.told[-1]["event"] == "issued"


def test_an_outage_of_the_other_side_stops_nobody_else(world: Outside, scep: ScepSite) -> None:
    """The device is told to come later, which is audited; meanwhile the daemon answers others."""
    switch = world.switch
    world.webhook.challenges["late"] = None
    scep.authorities("/asked")
    key, out = scep.key("late"), scep.folder / "late.pem"
    words = ("--password", "late")
    switch.hold = threading.Event()
    waiting = threading.Thread(target=scep.enroll, args=(key, out, *words), kwargs={"endpoint": "/asked"})
    waiting.start()
    time.sleep(0.5)
    begun = time.monotonic()
    for _ in range(3):
        with urllib.request.urlopen(f"{scep.url}?operation=GetCACaps", timeout=5) as response:
            assert b"Renewal" in response.read()
    assert time.monotonic() - begun < 2
    waiting.join(30)
    assert not out.exists()
    switch.hold.set()
    switch.hold = None
    (event,) = world.audited("scep.challenge.ask")
    assert event["outcome"] == "failed"
    code, output = scep.enroll(key, out, *words, endpoint="/asked")
    assert code == 0, output


def test_intune_validates_and_is_told(world: Outside, scep: ScepSite) -> None:
    """The fake service, over HTTP: tokens, discovery, validation, notification."""
    intune = world.intune
    scep.authorities("/intune")
    key, out = scep.key("intune"), scep.folder / "intune.pem"
    code, output = scep.enroll(key, out, "--password", "from-intune", endpoint="/intune", subject="CN=somebody")
    assert code != 0
    assert "badRequest" in output
    code, output = scep.enroll(key, out, "--password", "from-intune", endpoint="/intune")
    assert code == 0, output
    wait_for(lambda: bool(intune.told), "the notice")
    assert actions(intune.told) == ["successNotification"]
    assert any("SubjectNameMismatch" in str(row) for row in world.audited("scep.message"))


def test_jamf_is_given_a_challenge_that_enrolls(scep: ScepSite) -> None:
    """By its webhook, over HTTPS, as curl sends it."""
    password = scep.folder / "password"
    password.touch(mode=0o600)
    password.write_text("correct horse")
    scep.daemon.done("user", "create", "jamf", "--realm", "scep", "--password-file", str(password))
    event = {"webhook": {"webhookEvent": "SCEPChallenge"}, "event": {"targetDevice": {"serialNumber": "C02XYZ"}}}
    address = scep.daemon.endpoints["acme.directory"].removesuffix("/acme/directory") + "/scep-jamf/one-time"
    words = ("-sS", "--fail", "--cacert", scep.daemon.ca_bundle, "-u", "jamf:correct horse", "-d", json.dumps(event))
    challenge = run(program("curl"), *words, "-H", "Content-Type: application/json", address)
    scep.authorities("/one-time")
    out = scep.folder / "jamf.pem"
    code, output = scep.enroll(scep.key("jamf"), out, "--password", challenge, endpoint="/one-time")
    assert code == 0, output
    rows = scep.daemon.done("scep", "challenge", "list", "--json").json
    assert [(row["uses"], row["note"]) for row in rows] == [(1, "C02XYZ")]
