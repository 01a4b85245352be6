"""SCEP with clients that others wrote: strongSwan's pki, certmonger, and micromdm's scepclient."""

from pathlib import Path

import pytest

from tests.support.clients import attempt, program, run
from tests.support.daemon import wait_for
from tests.support.scep_site import CERTMONGER, ScepSite
from tests.support.site import Site

pytestmark = pytest.mark.interop


@pytest.fixture
def scep(site: Site, tmp_path: Path) -> ScepSite:
    """The endpoints, and a folder of the test's own."""
    return ScepSite(site, tmp_path)


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_strongswan_enrolls_and_renews(scep: ScepSite, digest: str) -> None:
    """Names and challenge in one request, whose attributes are out of order then; renewal as RenewalReq."""
    scep.authorities()
    key, first, second = scep.key("first"), scep.folder / "first.pem", scep.folder / "second.pem"
    code, output = scep.enroll(key, first, "--password", scep.challenge, "--digest", digest)
    assert code == 0, output
    assert scep.subject(first) == "subject=CN=strongswan,O=Example,C=US"
    assert "ss.example" in run("openssl", "x509", "-in", first, "-noout", "-ext", "subjectAltName")
    code, output = scep.enroll(scep.key("second"), second, "--cert", first, "--key", key)
    assert code == 0, output
    assert scep.serial(first) != scep.serial(second)
    assert scep.subject(second) == scep.subject(first)


def test_strongswan_is_refused_without_the_challenge(scep: ScepSite) -> None:
    """FAILURE, badRequest."""
    scep.authorities()
    code, output = scep.enroll(scep.key("first"), scep.folder / "first.pem", "--password", "wrong")
    assert code != 0
    assert "badRequest" in output


def test_certmonger_enrolls_resubmits_and_rekeys(scep: ScepSite) -> None:
    """By GET, as a daemon in a session of its own; the renewals are PKCSReq."""
    certificate = scep.certmonger(scep.url, scep.challenge)
    assert scep.subject(certificate) == "subject=CN=certmonger"


def test_scep_submit_reads_capabilities_and_certificates(scep: ScepSite) -> None:
    """Certmonger's own tool, alone."""
    submit = CERTMONGER / "scep-submit"
    assert "POSTPKIOperation" in run(submit, "-u", scep.url, "-c")
    assert run(submit, "-u", scep.url, "-C").count("BEGIN CERTIFICATE") == 3


def scepclient(scep: ScepSite, endpoint: str) -> tuple[int, str]:
    """One enrollment, in a folder of its own."""
    folder = scep.folder / "scepclient"
    folder.mkdir()
    bundle = scep.folder / "ra.p7"
    run("curl", "-s", "-o", bundle, f"{scep.url}{endpoint}?operation=GetCACert")
    chain = scep.folder / "chain.pem"
    chain.write_text(run("openssl", "pkcs7", "-inform", "DER", "-print_certs", "-in", bundle))
    text = run("openssl", "x509", "-in", chain, "-noout", "-fingerprint", "-sha256")
    fingerprint = text.partition("=")[2].strip().replace(":", "").lower()
    files = ("-private-key", folder / "key.pem", "-certificate", folder / "cert.pem")
    server = ("-server-url", scep.url + endpoint, "-challenge", scep.challenge, "-ca-fingerprint", fingerprint)
    return attempt(program("scepclient"), *server, *files, "-cn", "scepclient")


def test_scepclient_needs_the_legacy_switches(scep: ScepSite) -> None:
    """It knows SHA-1 and single DES only."""
    code, output = scepclient(scep, "/legacy")
    assert code == 0, output
    assert scep.subject(scep.folder / "scepclient" / "cert.pem") == "subject=CN=scepclient,OU=MDM,O=scep-client,C=US"


def test_scepclient_is_refused_elsewhere(scep: ScepSite) -> None:
    """FAILURE, badAlg."""
    code, output = scepclient(scep, "")
    assert code != 0
    assert "badAlg" in output, output


def test_what_waits_is_approved_while_the_client_polls(scep: ScepSite) -> None:
    """CertPoll, until `emca-daemon request approve`."""
    import threading

    scep.authorities("/manual")
    known = {row["id"] for row in scep.daemon.done("request", "list", "--json").json}

    def approve() -> None:
        def there() -> bool:
            rows = scep.daemon.done("request", "list", "--json").json
            return any(row["id"] not in known for row in rows)

        wait_for(there, "the waiting request")
        rows = scep.daemon.done("request", "list", "--json").json
        scep.daemon.done("request", "approve", next(row["id"] for row in rows if row["id"] not in known))

    helper = threading.Thread(target=approve)
    helper.start()
    out = scep.folder / "approved.pem"
    code, output = scep.enroll(scep.key("waiting"), out, endpoint="/manual")
    helper.join()
    assert code == 0, output
    assert scep.subject(out) == "subject=CN=strongswan,O=Example,C=US"


def test_old_http_and_slashes_too_many_are_answered(scep: ScepSite) -> None:
    """HTTP/1.0 without Host, as routers write it, at whatever they make of the address."""
    import socket
    from urllib.parse import urlsplit

    place = urlsplit(scep.url)
    for path in ("//scep//pkiclient.exe", "/cgi-bin/pkiclient.exe", "/certsrv/mscep/mscep.dll/pkiclient.exe"):
        with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
            connection.sendall(f"GET {path}?operation=GetCACaps&message=trustpoint HTTP/1.0\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        assert b" 200 " in answer.partition(b"\r\n")[0]
        assert answer.endswith(b"SCEPStandard\n")
