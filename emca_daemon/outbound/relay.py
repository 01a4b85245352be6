"""Handing a mail to the SMTP server that the settings name, over TLS unless they say otherwise (RFC 5321, RFC 3207)."""

from io import BytesIO
from typing import Any

from OpenSSL import SSL, crypto
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeoutError
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, ConnectingCancelledError, ConnectionClosed, DNSLookupError
from twisted.internet.ssl import Certificate, optionsForClientTLS, platformTrust, trustRootFromCertificates
from twisted.mail.smtp import ESMTPSender, ESMTPSenderFactory, SMTPClientError, SMTPDeliveryError
from twisted.python.failure import Failure

from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.acme_email import AcmeEmailSettings
from emca_daemon.settings.secrets import read_secret

_PEM_END = b"-----END CERTIFICATE-----"
_FAULTS = (
    *(CancelledError, ConnectError, ConnectingCancelledError, ConnectionClosed, DNSLookupError),
    *(DeferredTimeoutError, OSError),
    *(SMTPClientError, SSL.Error, VerificationError),
)


class Relay:
    """The way out for the mails of one endpoint; nothing is sent anywhere else."""

    def __init__(self, reactor: Any, settings: AcmeEmailSettings) -> None:
        """`reactor` provides IReactorTCP, IReactorTime and name resolution; `settings` name a relay.

        Raises Refused(UNAVAILABLE) where the password or the roots cannot be read.
        """
        self._reactor = reactor
        self._settings = settings
        self._host = settings.relay or ""
        file = settings.relay_password_file
        self._password = None if file is None else read_secret(file)
        self._tls: Any = None
        if settings.relay_tls != "off":
            self._tls = optionsForClientTLS(self._host, trustRoot=self._roots())
        endpoint: Any = HostnameEndpoint(reactor, self._host.encode("ascii"), settings.relay_port)
        self._endpoint: Any = wrapClientTLS(self._tls, endpoint) if settings.relay_tls == "tls" else endpoint

    def _roots(self) -> Any:
        if self._settings.relay_ca_file is None:
            return platformTrust()  # type: ignore[no-untyped-call]
        try:
            content = self._settings.relay_ca_file.read_bytes()
            texts = [part + _PEM_END for part in content.split(_PEM_END) if part.strip()]
            roots = [Certificate.loadPEM(text) for text in texts]
            return trustRootFromCertificates(roots)  # type: ignore[no-untyped-call]
        except (OSError, crypto.Error) as error:
            raise Refused(Reason.UNAVAILABLE, f"{self._settings.relay_ca_file} has no roots for the relay") from error

    async def send(self, recipient: str, message: bytes) -> None:
        """Send one mail; raises Refused(NOT_PERMITTED) for what the relay will not take, UNAVAILABLE otherwise."""
        seconds = self._settings.send_timeout.total_seconds()
        result: Deferred[object] = Deferred()
        factory = self._factory(recipient, message, result)
        protocol: Any = None
        try:
            protocol = await self._endpoint.connect(factory).addTimeout(seconds, self._reactor)
            await result.addTimeout(seconds, self._reactor)
        except _FAULTS as fault:
            permanent = isinstance(fault, SMTPDeliveryError) and 500 <= fault.code < 600
            reason = Reason.NOT_PERMITTED if permanent else Reason.UNAVAILABLE
            raise Refused(reason, _told(self._host, fault)) from fault
        finally:
            if protocol is not None:
                protocol.transport.abortConnection()

    def _factory(self, recipient: str, message: bytes, result: "Deferred[object]") -> ESMTPSenderFactory:
        user, seconds = self._settings.relay_user, self._settings.send_timeout.total_seconds()
        factory = ESMTPSenderFactory(  # type: ignore[no-untyped-call]
            None if user is None else user.encode(),
            self._password,
            self._settings.address,
            recipient,
            BytesIO(message.replace(b"\r\n", b"\n")),  # twisted makes CRLF of every LF
            result,
            retries=0,
            timeout=seconds,
            contextFactory=self._tls if self._settings.relay_tls == "starttls" else None,
            heloFallback=False,
            requireAuthentication=user is not None,
            requireTransportSecurity=self._settings.relay_tls == "starttls",
            hostname=self._host,
        )
        factory.protocol = _Sender
        return factory


class _Sender(ESMTPSender):
    """A sender whose result comes even where the connection just ends."""

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802 - twisted's name
        """The server, or we, closed it."""
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        result = getattr(self.factory, "result", None)
        if result is not None and not result.called and not self.factory.sendFinished:
            self.factory.sendFinished = True
            result.errback(reason)


def _told(host: str, fault: BaseException) -> str:
    """What happened, in a line: the server's own words only where it answered."""
    if isinstance(fault, SMTPClientError):
        words = fault.resp if isinstance(fault.resp, bytes) else str(fault.resp).encode()
        addresses: Any = fault.addresses
        words = next((told for _, code, told in addresses or () if code == fault.code), words)
        return f"{host} says {fault.code} {words[:120].decode('ascii', 'replace')}".replace("\n", " ")
    return f"{host} cannot be talked to ({type(fault).__name__})"
