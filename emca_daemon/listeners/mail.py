"""The SMTP server for answers to challenge mails: one mailbox, few peers, small mails (RFC 5321).

It stands behind the mail server that faces the Internet, whose verdict on each mail it relies on: so it listens on the
loopback unless told otherwise and talks to nobody but the peers of the settings.
"""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.mail.smtp import SMTP, Address, IMessage, SMTPBadRcpt, SMTPServerError, User
from zope.interface import implementer  # type: ignore[import-untyped]

from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.email_desk import Receipt
from emca_daemon.settings.acme_email import AcmeEmailSettings

BIND_SECONDS = 2.0
SESSION_SECONDS = 60

Receive = Callable[[bytes], "Deferred[Receipt]"]
"""Judges a mail; fails with Refused where that cannot be done now."""


class MailListener(Service):
    """Listens as long as it runs; where the port is taken (by the process that ours follows) it tries again."""

    _log = Logger()

    def __init__(self, reactor: Any, settings: AcmeEmailSettings, receive: Receive) -> None:
        """`reactor` provides IReactorTCP and IReactorTime."""
        self._reactor = reactor
        self._settings = settings
        self._factory = MailFactory(settings, receive)
        self._port: Any = None
        self._binding = LoopingCall(self._bind)
        self._binding.clock = reactor

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        return 0 if self._port is None else int(self._port.getHost().port)

    def startService(self) -> None:  # noqa: N802 - twisted's name
        """Begin to listen."""
        super().startService()  # type: ignore[no-untyped-call]
        self._binding.start(BIND_SECONDS)

    def stopService(self) -> "Deferred[None] | None":  # noqa: N802
        """Listen no more."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._binding.running:
            self._binding.stop()
        port, self._port = self._port, None
        return None if port is None else port.stopListening()

    def _bind(self) -> None:
        settings = self._settings
        try:
            self._port = self._reactor.listenTCP(settings.listen_port, self._factory, interface=settings.listen_address)
        except CannotListenError as error:
            self._log.warn("cannot listen for answers by mail: {why}", why=str(error))
            return
        self._binding.stop()


class MailFactory(ServerFactory):
    """Makes sessions, for the peers of the settings and only so many at a time."""

    noisy = False

    def __init__(self, settings: AcmeEmailSettings, receive: Receive) -> None:
        self.settings = settings
        self.receive = receive
        self.sessions = 0
        self._networks = [ip_network(text) for text in settings.peers]

    def buildProtocol(self, addr: Any) -> "MailSession | None":  # noqa: N802 - twisted's name
        """A session, or none at all."""
        peer = ip_address(addr.host)
        if self.sessions >= self.settings.connections or not any(peer in network for network in self._networks):
            return None
        session = MailSession(self)
        session.factory = self
        return session


class MailSession(SMTP):
    """One conversation."""

    noisy = False
    timeout = SESSION_SECONDS
    _log = Logger()

    def __init__(self, box: MailFactory) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._box = box

    def connectionMade(self) -> None:  # noqa: N802 - twisted's name
        """It counts from now on."""
        self._box.sessions += 1
        super().connectionMade()  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Any) -> None:  # type: ignore[override]  # noqa: N802
        """It counts no more."""
        self._box.sessions -= 1
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def validateFrom(self, helo: object, origin: Address) -> Address:  # noqa: ARG002, N802
        """The envelope's sender proves nothing: anybody may say anything."""
        return origin

    def validateTo(self, user: User) -> Callable[[], "Incoming"]:  # noqa: N802
        """Our one mailbox, once a mail."""
        if str(user.dest).lower() != (self._box.settings.address or "").lower():
            raise SMTPBadRcpt(user)  # type: ignore[no-untyped-call]
        if self._to:
            raise SMTPServerError(452, "One recipient is enough")  # type: ignore[no-untyped-call]
        return lambda: Incoming(self._box)

    def receivedHeader(self, helo: object, origin: object, recipients: object) -> bytes:  # noqa: ARG002, N802
        """Nobody reads it."""
        return b""

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802
        """Nobody honest sends that."""
        self._buffer = b""
        self.sendCode(500, b"Line too long")  # type: ignore[no-untyped-call]
        transport: Any = self.transport
        transport.loseConnection()

    def _messageHandled(self, results: Any) -> None:  # noqa: N802
        """Tell what became of it."""
        for success, result in results:
            if success:
                continue
            if result.check(SMTPServerError):
                self.sendCode(result.value.code, result.value.resp)  # type: ignore[no-untyped-call]
                return
            self._log.failure("judging a mail", failure=result)
            self.sendCode(451, b"Try again later")  # type: ignore[no-untyped-call]
            return
        self.sendCode(250, b"Received")  # type: ignore[no-untyped-call]


@implementer(IMessage)
class Incoming:
    """A mail that is coming in."""

    _log = Logger()

    def __init__(self, box: MailFactory) -> None:
        self._box = box
        self._lines: list[bytes] = []
        self._size = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - twisted's name
        """Keep a line; raises SMTPServerError for a mail that gets too big."""
        self._size += len(line) + 2
        if self._size > self._box.settings.max_message:
            self._lines.clear()
            raise SMTPServerError(552, b"The mail is too big")  # type: ignore[no-untyped-call]
        self._lines.append(line)

    def eomReceived(self) -> "Deferred[None]":  # noqa: N802
        """The mail is whole: have it judged; fails with SMTPServerError where its sender is to be told."""
        return Deferred.fromCoroutine(self._judged(b"\r\n".join([*self._lines, b""])))

    def connectionLost(self) -> None:  # noqa: N802
        """There will be no more of it."""
        self._lines.clear()

    async def _judged(self, raw: bytes) -> None:
        try:
            receipt = await self._box.receive(raw)
        except Refused as refused:
            self._log.warn("cannot judge a mail: {why}", why=refused.detail)
            raise SMTPServerError(451, b"Try again later") from refused  # type: ignore[no-untyped-call]
        self._log.info("mail: {note}", note=receipt.note)
        if receipt.refusal:
            words = receipt.refusal.encode("ascii", "replace")[:300]
            raise SMTPServerError(550, words)  # type: ignore[no-untyped-call]
