"""email-reply-00 (RFC 8823) end to end: a daemon, a relay that takes its mails, and answers by SMTP."""

import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from emca_daemon.protocols.http import Request, Response
from tests.support.acme_client import AcmeClient, Transport, csr_for, thumbprint_of
from tests.support.daemon import Daemon, free_port, wait_for
from tests.support.mail import ALICE, CA, MX, Mailbox, block
from tests.support.relay import Relay

pytestmark = pytest.mark.interop

ENDPOINT = """
[acme.mail]
base_url = "https://localhost:{tls_port}/mail"
profile = "smime"
issuer = "demo-issuing"
challenges = ["email-reply-00"]

[acme.mail.email]
address = "{address}"
relay = "127.0.0.1"
relay_port = {relay_port}
relay_tls = "off"
listen_port = {listen_port}
authserv_id = "{authserv_id}"
max_message = 65536
"""


class Site:
    """The daemon, its relay, and its port for answers."""

    def __init__(self, daemon: Daemon, relay: Relay, port: int) -> None:
        self.daemon, self.relay, self.port = daemon, relay, port

    def client(self) -> AcmeClient:
        """An account."""
        transport = over_https(self.daemon)
        return AcmeClient(transport, f"https://localhost:{self.daemon.tls_port}/mail").register()

    def send(self, mail: bytes, recipient: str = CA) -> None:
        """Hand a mail in as the mail server in front would; raises what smtplib does."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as session:
            session.sendmail("mx@ca.test", [recipient], mail)


def over_https(daemon: Daemon) -> Transport:
    """Requests to a daemon."""
    context = ssl.create_default_context(cafile=str(daemon.ca_bundle))

    def transport(request: Request) -> Response:
        url = f"https://localhost:{daemon.tls_port}{request.path}"
        asked = urllib.request.Request(url, request.body or None, dict(request.headers), method=request.method)
        try:
            with urllib.request.urlopen(asked, context=context, timeout=10) as answer:
                return Response(answer.status, answer.read(), tuple(answer.headers.items()))
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, error.read(), tuple(error.headers.items()))

    return transport


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A daemon that proves mailboxes."""
    with Relay() as relay, Daemon(tmp_path / "home") as daemon:
        port = free_port()
        added = ENDPOINT.format(
            tls_port=daemon.tls_port, address=CA, relay_port=relay.port, listen_port=port, authserv_id=MX
        )
        daemon.make_home(daemon.settings() + added)
        daemon.serve()
        yield Site(daemon, relay, port)
        daemon.stop()
        daemon.assert_quiet()


def test_a_mailbox_is_certified(site: Site) -> None:
    """The mail comes before the client says that it is ready; wrong answers change nothing, the right one counts."""
    client = site.client()
    order = client.post(client.url("/new-order"), {"identifiers": [{"type": "email", "value": ALICE}]})
    assert order.status == 201, order
    challenge = client.challenge(order, "email-reply-00")
    assert challenge["from"] == CA
    wait_for(lambda: bool(site.relay.mails), "the challenge mail")
    assert site.relay.recipients == [ALICE]
    alice = Mailbox(site.relay.mails[0], challenge["token"], thumbprint_of(client.key))
    assert client.post(challenge["url"], {}).json["status"] == "processing"
    site.send(alice.answer(From="mallory@example.com"))
    site.send(alice.answer(Authentication_Results=None))
    with pytest.raises(smtplib.SMTPDataError) as refused:
        site.send(alice.answer(block("A" * 43)))
    assert refused.value.smtp_code == 550
    with pytest.raises(smtplib.SMTPDataError) as refused:
        site.send(alice.answer("x" * 70 + "\n" * 70_000))
    assert refused.value.smtp_code == 552
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        site.send(alice.answer(), recipient="postmaster@ca.test")
    assert client.post(order.json["authorizations"][0]).json["status"] == "pending"
    site.send(alice.answer())
    wait_for(lambda: client.post(order.location).json["status"] == "ready", "the authorization")
    site.send(alice.answer())
    key = rsa.generate_private_key(65537, 2048)
    done = client.finalize(order, csr_for(others=(x509.RFC822Name(ALICE),), key=key))
    assert done.json["status"] == "valid"
    leaf = x509.load_pem_x509_certificates(client.post(done.json["certificate"]).response.body)[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == [ALICE]
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    assert site.daemon.command("audit", "verify").code == 0


def test_an_answer_before_the_client_is_ready(site: Site) -> None:
    """Counts as soon as it is; a relay that refuses for good is told in the challenge."""
    client = site.client()
    order = client.post(client.url("/new-order"), {"identifiers": [{"type": "email", "value": ALICE}]})
    challenge = client.challenge(order, "email-reply-00")
    wait_for(lambda: bool(site.relay.mails), "the challenge mail")
    site.send(Mailbox(site.relay.mails[0], challenge["token"], thumbprint_of(client.key)).answer())
    client.post(challenge["url"], {})
    wait_for(lambda: client.post(order.location).json["status"] == "ready", "the authorization")
    site.relay.answer = "550 no such user"
    order = client.post(client.url("/new-order"), {"identifiers": [{"type": "email", "value": "bob@example.com"}]})
    challenge = client.challenge(order, "email-reply-00")
    wait_for(lambda: site.relay.recipients[-1] == "bob@example.com", "the second mail")
    wait_for(lambda: "not sent" in site.daemon.log, "the refusal")
    client.post(challenge["url"], {})
    wait_for(lambda: client.post(challenge["url"]).json["status"] == "invalid", "the failure")
    assert "550 no such user" in client.post(challenge["url"]).json["error"]["detail"]
