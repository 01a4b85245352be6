"""Challenges by mail in one process."""

from pathlib import Path

from twisted.internet.defer import succeed
from twisted.internet.testing import MemoryReactorClock

from emca_daemon.cli.demo import demo_settings
from emca_daemon.composition.acme_email import email_desks, email_services, mailed
from emca_daemon.composition.core import open_core
from emca_daemon.listeners.mail import MailListener
from emca_daemon.outbound.acme_mail import MailedFetches, Mailing
from emca_daemon.settings.checking import load_settings
from tests.support.cli_world import new_folder

MAIL = """
[acme.mail]
base_url = "https://localhost:8443/mail"
profile = "smime"
issuer = "demo-issuing"
caa = "on"
caa_identities = ["ca.test"]
challenges = ["email-reply-00"]

[acme.mail.email]
address = "acme@ca.test"
relay = "127.0.0.1"
relay_tls = "off"
authserv_id = "mx.ca.test"
"""


def run(call: object) -> object:
    """At once."""
    return succeed(call())  # type: ignore[operator]


def test_endpoints_with_mail_have_a_sender_and_a_listener(tmp_path: Path) -> None:
    """The first process of a host listens, all of them send; an endpoint without mail has neither."""
    commands = new_folder(tmp_path)
    commands.config.write_text(demo_settings(tmp_path, 8080, 8443) + MAIL)
    core = open_core(load_settings(commands.config))
    desks = email_desks(core)
    assert list(desks) == ["mail"]
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    sending, listening = email_services(core, reactor, run, desks, {})  # type: ignore[arg-type]
    assert isinstance(sending, Mailing)
    assert isinstance(listening, MailListener)
    (only,) = email_services(core, reactor, run, desks, {"EMCA_WORKER": "2"})  # type: ignore[arg-type]
    assert isinstance(only, Mailing)
    listening.startService()
    (_, factory, *_) = reactor.tcpServers[0]
    results: list[object] = []
    factory.receive(b"nothing").addCallback(results.append)
    assert len(results) == 1
    settings = core.settings.acme["mail"]
    assert isinstance(mailed(core, reactor, settings, None, desks["mail"], run), MailedFetches)  # type: ignore[arg-type]
    core.store.close()


def test_without_mail_there_is_nothing(tmp_path: Path) -> None:
    """As in the demonstration."""
    commands = new_folder(tmp_path)
    commands.config.write_text(demo_settings(tmp_path, 8080, 8443))
    core = open_core(load_settings(commands.config))
    assert email_desks(core) == {}
    core.store.close()
