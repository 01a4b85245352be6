"""Pebble's management interface."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.ca.records import RevocationReason
from emca_daemon.names import SerialNumber
from emca_daemon.protocols.http import Peer, Request, Response
from emca_daemon.protocols.pebble.management import Chain, ManagementResponder
from emca_daemon.protocols.pebble.renewals import Renewals
from tests.support.acme_world import AcmeWorld
from tests.support.ca_world import BY, ISSUING

CHAINS = (Chain("root 0", "root key 0", "ca 0", "ca key 0"), Chain("root 1", "root key 1", "ca 1", "ca key 1"))


class Managed:
    """The interface over a world with one certificate."""

    def __init__(self) -> None:
        self.world = AcmeWorld()
        self.certificate = self.world.issue(self.world.account(), "www.example.com")
        self.pem = self.certificate.public_bytes(Encoding.PEM).decode()
        self.renewals = Renewals()
        self.responder = ManagementResponder(self.world.store, CHAINS, [ISSUING], self.renewals)

    def send(self, path: str, method: str = "GET", body: bytes = b"") -> Response:
        """A request."""
        request = Request(method, path, "", (), body, Peer("192.0.2.1"), "r-1")
        assert self.responder.waits(request) is ("/cert" in path or "renewal" in path)
        return self.responder.respond(request)

    def set_renewal(self, **members: object) -> Response:
        """A POST to /set-renewal-info/."""
        return self.send("/set-renewal-info/", "POST", json.dumps(members).encode())


@pytest.fixture(scope="module")
def managed() -> Managed:
    """One for all tests that change nothing of it."""
    return Managed()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/roots/0", "root 0"),
        ("/root-keys/1", "root key 1"),
        ("/intermediates/1", "ca 1"),
        ("/intermediate-keys/0", "ca key 0"),
    ],
)
def test_certificates_and_keys(managed: Managed, path: str, body: str) -> None:
    """By number, the other chains as alternates."""
    answer = managed.send(path)
    assert (answer.status, answer.body.decode()) == (200, body)
    folder, _, number = path.rpartition("/")
    assert answer.header("link") == f'<{folder}/{1 - int(number)}>;rel="alternate"'


@pytest.mark.parametrize("path", ["/roots/2", "/roots/x", "/roots", "/", "/cert-status-by-serial/1", "/roots/0/"])
def test_what_is_not_there(managed: Managed, path: str) -> None:
    """404 with a problem document."""
    answer = managed.send(path)
    assert answer.status == 404
    assert json.loads(answer.body)["status"] == 404


def test_other_methods(managed: Managed) -> None:
    """Are refused; a bug and a full pool have their own answers."""
    assert managed.send("/roots/0", "DELETE").status == 400
    request = Request("GET", "/roots/0", "", (), b"", Peer("192.0.2.1"), "r-1")
    assert b"r-1" in managed.responder.failed(request).body
    assert managed.responder.busy(request).header("retry-after") == "1"


def test_the_status_of_a_certificate() -> None:
    """Valid, then revoked with reason and date; the serial number in either case, with leading zeros or without."""
    managed = Managed()
    serial = SerialNumber(managed.certificate.serial_number)
    valid = json.loads(managed.send(f"/cert-status-by-serial/{serial:040X}").body)
    assert valid == {"Certificate": managed.pem, "Serial": f"{serial:x}", "Status": "Valid"}
    managed.world.revoking.revoke(ISSUING, serial, RevocationReason.SUPERSEDED, BY)
    revoked = json.loads(managed.send(f"/cert-status-by-serial/{serial:x}").body)
    assert (revoked["Status"], revoked["Reason"]) == ("Revoked", 4)
    assert revoked["RevokedAt"].startswith("20")


def test_renewal_information_is_set(managed: Managed) -> None:
    """For a certificate of this server, names of members in any case."""
    answer = managed.set_renewal(Certificate=managed.pem, ARIResponse="{}")
    assert (answer.status, answer.body) == (200, b"")
    assert managed.renewals.get(SerialNumber(managed.certificate.serial_number)) == "{}"
    assert managed.set_renewal(certificate=managed.pem, ariResponse="x").status == 200


def test_renewal_information_that_is_refused(managed: Managed) -> None:
    """No JSON, no certificate, no text; and the certificate of somebody else."""
    assert managed.send("/set-renewal-info/", "POST", b"{").status == 400
    assert managed.send("/set-renewal-info/", "POST", b"[]").status == 400
    assert managed.send("/set-renewal-info/", "POST", b"[" * 60_000).status == 400
    assert managed.set_renewal(Certificate=managed.pem).status == 400
    assert managed.set_renewal(Certificate="x", ARIResponse="").status == 400
    other = Managed().certificate
    assert isinstance(other, x509.Certificate)
    assert managed.set_renewal(Certificate=other.public_bytes(Encoding.PEM).decode(), ARIResponse="").status == 404
