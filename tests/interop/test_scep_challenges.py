"""SCEP's one-time and device challenges, made as an operator and device management make them, used by strongSwan."""

import json
import re
from pathlib import Path

import pytest

from tests.support.clients import program, run
from tests.support.scep_site import ScepSite
from tests.support.site import Site

pytestmark = pytest.mark.interop

SUBJECT = "C=US, O=Example, CN=strongswan"


@pytest.fixture
def scep(site: Site, tmp_path: Path) -> ScepSite:
    """The endpoints, and a folder of the test's own."""
    return ScepSite(site, tmp_path)


@pytest.fixture
def user(scep: ScepSite) -> str:
    """A user of device management: name and password as curl takes them."""
    name, password = f"mdm-{scep.folder.name}", "correct horse"
    file = scep.folder / "password"
    file.touch(mode=0o600)
    file.write_text(password)
    scep.daemon.done("user", "create", name, "--realm", "scep", "--password-file", str(file))
    return f"{name}:{password}"


def curl(scep: ScepSite, *words: str | Path) -> bytes:
    """What curl reads by HTTPS at the demonstration."""
    out = scep.folder / "curl.out"
    run(program("curl"), "-sS", "--fail", "--cacert", scep.daemon.ca_bundle, "-o", out, *words)
    return out.read_bytes()


def https(scep: ScepSite, path: str) -> str:
    """An address of the demonstration's HTTPS port."""
    return scep.daemon.endpoints["acme.directory"].removesuffix("/acme/directory") + path


def test_a_one_time_challenge_enrolls_once(scep: ScepSite) -> None:
    """The same client gets the same certificate again; another key is refused, as is another name."""
    scep.authorities("/one-time")
    bound = ("--subject", "CN=strongswan,O=Example,C=US", "--name", "dns:ss.example")
    made = scep.daemon.done("scep", "challenge", "create", "--endpoint", "one-time", *bound, "--json").json
    key, first, again = scep.key("first"), scep.folder / "first.pem", scep.folder / "again.pem"
    words = ("--password", made["challenge"])
    code, output = scep.enroll(key, first, *words, endpoint="/one-time", subject="C=US, O=Example, CN=somebody")
    assert code != 0
    assert "badRequest" in output
    code, output = scep.enroll(key, first, *words, endpoint="/one-time")
    assert code == 0, output
    code, output = scep.enroll(key, again, *words, endpoint="/one-time")
    assert code == 0, output
    assert scep.serial(first) == scep.serial(again)
    code, output = scep.enroll(scep.key("other"), scep.folder / "other.pem", *words, endpoint="/one-time")
    assert code != 0
    assert "badRequest" in output
    rows = scep.daemon.done("scep", "challenge", "list", "--json").json
    assert [row["uses"] for row in rows if row["id"] == made["id"]] == [1]
    details = [str(row) for row in scep.daemon.done("audit", "list", "--json").json]
    assert any(f"the challenge {made['id']} is used up" in text for text in details)
    assert any(f"the challenge {made['id']} is for another subject" in text for text in details)


def test_a_challenge_read_from_the_page_enrolls(scep: ScepSite, user: str) -> None:
    """By the pattern that device management looks for, in UTF-16 as NDES writes it."""
    scep.authorities("/one-time")
    page = curl(scep, "-u", user, https(scep, "/certsrv/mscep_admin/")).decode("utf-16-le")
    found = re.search(r"(?i)The enrollment challenge password is: <B> (\S*)", page)
    assert found is not None, page
    out = scep.folder / "page.pem"
    code, output = scep.enroll(scep.key("page"), out, "--password", found[1], endpoint="/one-time")
    assert code == 0, output
    assert scep.subject(out) == "subject=CN=strongswan,O=Example,C=US"


def test_a_registered_device_enrolls_as_itself(scep: ScepSite, user: str) -> None:
    """Registered by the operator and through the API; under another serial number it is refused."""
    scep.authorities("/devices")
    cli = scep.daemon.done("scep", "device", "register", "ACME", "Printer", "SN-1", "--endpoint", "devices", "--json")
    body = json.dumps({"manufacturer": "ACME", "model": "Printer", "device_id": "SN-2"})
    address = https(scep, "/scep-api/devices/devices")
    api = json.loads(curl(scep, "-u", user, "-H", "Content-Type: application/json", "-d", body, address))
    for number, secret in (("SN-1", cli.json["challenge"]), ("SN-2", api["challenge"]["secret"])):
        words, out = ("--password", secret), scep.folder / f"{number}.pem"
        key = scep.key(number)
        code, output = scep.enroll(key, out, *words, endpoint="/devices", subject=f"{SUBJECT}, serialNumber=SN-3")
        assert code != 0
        assert "badRequest" in output
        code, output = scep.enroll(key, out, *words, endpoint="/devices", subject=f"{SUBJECT}, serialNumber={number}")
        assert code == 0, output
        assert f"serialNumber={number}" in scep.subject(out)
    devices = json.loads(curl(scep, "-u", user, address))["devices"]
    assert [one["challenge"]["uses"] for one in devices if one["id"] in (cli.json["id"], api["id"])] == [1, 1]
    for one in devices:
        curl(scep, "-u", user, "-X", "DELETE", f"{address}/{one['id']}")
    assert scep.daemon.done("scep", "device", "list", "--json").json == []


def test_certmonger_renews_though_its_challenge_is_used_up(scep: ScepSite) -> None:
    """It sends the challenge again each time; the old certificate is what counts then."""
    made = scep.daemon.done("scep", "challenge", "create", "--endpoint", "one-time", "--json").json
    certificate = scep.certmonger(f"{scep.url}/one-time", made["challenge"])
    assert scep.subject(certificate) == "subject=CN=certmonger"
    rows = scep.daemon.done("scep", "challenge", "list", "--json").json
    assert [row["uses"] for row in rows if row["id"] == made["id"]] == [1]
