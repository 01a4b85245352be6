"""The SMTP server for answers."""

from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError, ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from emca_daemon.errors import Reason, Refused
from emca_daemon.listeners.mail import BIND_SECONDS, MailFactory, MailListener, MailSession
from emca_daemon.protocols.acme.email_desk import Receipt
from tests.support.mail import CA, SETTINGS

ENVELOPE = f"HELO mx\r\nMAIL FROM:<>\r\nRCPT TO:<{CA}>\r\n"


class Stage:
    """A factory whose mails are judged as the test has it."""

    def __init__(self, outcome: Receipt | Exception | None = None, **changes: Any) -> None:
        self.outcome = outcome or Receipt()
        self.mails: list[bytes] = []
        self.factory = MailFactory(replace(SETTINGS, **changes), self.receive)

    def receive(self, raw: bytes) -> "Deferred[Receipt]":
        """Keep a mail."""
        self.mails.append(raw)
        return fail(self.outcome) if isinstance(self.outcome, Exception) else succeed(self.outcome)

    def connect(self, peer: str = "127.0.0.1") -> tuple[MailSession | None, StringTransport]:
        """A session with a peer."""
        transport = StringTransport()  # type: ignore[no-untyped-call]
        session = self.factory.buildProtocol(IPv4Address("TCP", peer, 1))
        if session is not None:
            session.makeConnection(transport)  # type: ignore[no-untyped-call]
        return session, transport

    def says(self, text: str) -> list[str]:
        """The codes of the answers to what a client says."""
        session, transport = self.connect()
        assert session is not None
        session.dataReceived(text.encode())  # type: ignore[no-untyped-call]
        answers = [line[:3] for line in transport.value().decode().splitlines()]  # type: ignore[no-untyped-call]
        session.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
        return answers


def test_a_mail_is_taken() -> None:
    """With an empty sender too; its dots are those that were sent."""
    stage = Stage()
    assert stage.says(f"{ENVELOPE}DATA\r\nX: y\r\n\r\n..one\r\n.\r\nQUIT\r\n")[-2:] == ["250", "221"]
    assert stage.mails == [b"X: y\r\n\r\n.one\r\n"]
    assert stage.factory.sessions == 0


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Receipt("wrong\r\nanswer", "wrong"), "550"),
        (Refused(Reason.UNAVAILABLE, "no store"), "451"),
    ],
)
def test_what_became_of_it_is_told(outcome: Receipt | Exception, code: str) -> None:
    """A wrong answer for good, an outage for now."""
    assert Stage(outcome).says(f"{ENVELOPE}DATA\r\n\r\n.\r\n")[5] == code


def test_a_bug_is_an_outage() -> None:
    """It is logged, and the mail is not lost."""
    events: list[object] = []
    globalLogPublisher.addObserver(events.append)  # type: ignore[arg-type]
    try:
        assert Stage(ValueError("bug")).says(f"{ENVELOPE}DATA\r\n\r\n.\r\n")[5] == "451"
    finally:
        globalLogPublisher.removeObserver(events.append)  # type: ignore[arg-type]
    assert "judging a mail" in str(events)


def test_only_our_mailbox_and_once() -> None:
    """No relay for others, and no mail many times over."""
    stage = Stage()
    assert stage.says("HELO mx\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<postmaster@ca.test>\r\nDATA\r\n")[-2:] == [
        "550",
        "503",
    ]
    assert stage.says(f"{ENVELOPE}RCPT TO:<{CA.upper()}>\r\n")[-1] == "452"


def test_big_mails_are_refused() -> None:
    """By many lines, or by one that does not end."""
    stage = Stage(max_message=1_024)
    assert stage.says(f"{ENVELOPE}DATA\r\n" + "x\r\n" * 1_000 + ".\r\n")[5] == "552"
    session, transport = stage.connect()
    assert session is not None
    session.dataReceived(f"{ENVELOPE}DATA\r\n".encode() + b"x" * 100_000)  # type: ignore[no-untyped-call]
    assert transport.disconnecting
    session.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
    assert stage.mails == []


def test_strangers_and_crowds_are_not_talked_to() -> None:
    """Peers of the settings only, and so many at a time."""
    stage = Stage(connections=1)
    assert stage.connect("192.0.2.1")[0] is None
    assert stage.connect()[0] is not None
    assert stage.connect()[0] is None


class Reactor(MemoryReactorClock):
    """A reactor in memory on which a port may be taken."""

    taken = False

    def listenTCP(self, *arguments: Any, **named: Any) -> Any:  # noqa: N802
        """As the test has it."""
        if self.taken:
            raise CannotListenError("127.0.0.1", 2525, OSError("in use"))  # type: ignore[no-untyped-call]
        return super().listenTCP(*arguments, **named)  # type: ignore[no-untyped-call]


def test_a_port_that_is_taken_is_waited_for() -> None:
    """As when the daemon is replaced by a newer one."""
    reactor = Reactor()  # type: ignore[no-untyped-call]
    listener = MailListener(reactor, SETTINGS, Stage().receive)
    reactor.taken = True
    listener.startService()
    assert listener.port == 0
    reactor.taken = False
    reactor.advance(BIND_SECONDS)
    assert [(one[0], one[3]) for one in reactor.tcpServers] == [(2525, "127.0.0.1")]
    assert listener.port
    listener.stopService()
    assert listener.port == 0
    idle = MailListener(reactor, SETTINGS, Stage().receive)
    reactor.taken = True
    idle.startService()
    assert idle.stopService() is None
