"""Handing a mail to the relay."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.relay import Relay
from tests.support.mail import ALICE, SETTINGS

PLAIN = replace(SETTINGS, relay="127.0.0.1", relay_tls="off")
GREETING = b"220 relay\r\n"


class Transport(StringTransport):
    """A connection that can be cut."""

    def abortConnection(self) -> None:  # noqa: N802
        """Cut it."""
        self.loseConnection()  # type: ignore[no-untyped-call]


class Sending:
    """One mail under way."""

    def __init__(self, **changes: Any) -> None:
        self.reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
        relay = Relay(self.reactor, replace(PLAIN, **changes))
        self.results: list[Any] = []
        sent = relay.send(ALICE, b"Subject: x\r\n\r\n.dot\r\n")
        Deferred.fromCoroutine(sent).addBoth(self.results.append)
        self.transport = Transport()  # type: ignore[no-untyped-call]
        self.protocol: Any = None

    def connect(self) -> None:
        """The relay is there."""
        host, port, factory, *_ = self.reactor.tcpClients[0]
        assert (host, port) == ("127.0.0.1", 587)
        self.protocol = factory.buildProtocol(None)
        self.protocol.makeConnection(self.transport)

    def say(self, *lines: bytes) -> bytes:
        """What we answer to the relay's lines."""
        self.transport.clear()  # type: ignore[no-untyped-call]
        for line in lines:
            self.protocol.dataReceived(line)
        return self.transport.value()  # type: ignore[no-any-return, no-untyped-call]

    @property
    def refused(self) -> Refused:
        """How it ended."""
        (failure,) = self.results
        assert isinstance(failure.value, Refused)
        return failure.value


def test_a_mail_is_sent() -> None:
    """Whole, with lines as SMTP wants them."""
    sending = Sending()
    sending.connect()
    assert sending.say(GREETING).startswith(b"EHLO ")
    assert sending.say(b"250 relay\r\n") == b"MAIL FROM:<acme@ca.test>\r\n"
    assert sending.say(b"250 ok\r\n") == b"RCPT TO:<alice@example.com>\r\n"
    assert sending.say(b"250 ok\r\n") == b"DATA\r\n"
    sent = sending.say(b"354 go\r\n")
    sending.reactor.advance(1)
    for _ in range(5):
        producer = sending.transport.producer
        if producer is not None:
            producer.resumeProducing()
    sent = sending.transport.value()  # type: ignore[no-untyped-call]
    assert b"Subject: x\r\n\r\n..dot\r\n" in sent
    sending.say(b"250 taken\r\n")
    assert sending.results == [None]
    assert sending.transport.disconnecting


@pytest.mark.parametrize(("code", "reason"), [(b"550", Reason.NOT_PERMITTED), (b"451", Reason.UNAVAILABLE)])
def test_a_mail_that_is_not_taken(code: bytes, reason: Reason) -> None:
    """For good, or for now; the relay's words are told."""
    sending = Sending()
    sending.connect()
    sending.say(GREETING, b"250 relay\r\n", b"250 ok\r\n", code + b" no such user\r\n")
    assert sending.refused.reason is reason
    assert "no such user" in sending.refused.detail


def test_a_relay_without_tls_is_not_trusted() -> None:
    """Where the settings want STARTTLS nothing is sent without it."""
    sending = Sending(relay_tls="starttls")
    sending.connect()
    said = sending.say(GREETING, b"250 relay\r\n")
    assert b"MAIL" not in said
    assert sending.refused.reason is Reason.UNAVAILABLE


def test_starttls_is_begun() -> None:
    """As soon as it is offered."""
    sending = Sending(relay_tls="starttls")
    sending.connect()
    assert sending.say(GREETING, b"250-relay\r\n250 STARTTLS\r\n").endswith(b"STARTTLS\r\n")


def test_nobody_there() -> None:
    """A refused connection, a lost one, none in time, no answer in time."""
    refused = Sending()
    refused.reactor.tcpClients[0][2].clientConnectionFailed(None, Failure(ConnectError()))  # type: ignore[arg-type, no-untyped-call]
    refused.reactor.advance(1)
    lost = Sending()
    lost.connect()
    lost.protocol.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
    late, silent = Sending(), Sending()
    late.reactor.advance(31)
    silent.connect()
    silent.reactor.advance(31)
    for sending in (refused, lost, late, silent):
        assert sending.refused.reason is Reason.UNAVAILABLE


def test_secrets_and_roots_are_read_at_the_start(tmp_path: Path) -> None:
    """A relay that cannot be talked to as the settings say is none."""
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    with pytest.raises(Refused):
        Relay(reactor, replace(PLAIN, relay_user="a", relay_password_file=tmp_path / "none"))
    for file in (tmp_path / "none", tmp_path / "odd"):
        (tmp_path / "odd").write_text("no certificate")
        with pytest.raises(Refused):
            Relay(reactor, replace(PLAIN, relay_tls="tls", relay_ca_file=file))
