"""A TLS handshake for tls-alpn-01 (RFC 8737 3): to a judged address, for exactly one protocol; nothing is sent."""

from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.addresses import networks, refused_address
from emca_daemon.outbound.dns import Lookups
from emca_daemon.outbound.http_connection import LimitedEndpoint
from emca_daemon.outbound.looking import Ways
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.challenges import FetchFailure
from emca_daemon.protocols.acme.tls_alpn import PROTOCOL, TlsAnswer, server_name

MAX_ADDRESSES = 4
_PATIENCE = 4.0
"""Seconds to connect to one address, so that time is left for the next."""


class TlsProbe:
    """Shakes hands as the settings of one ACME endpoint allow."""

    def __init__(self, reactor: Any, lookups: Lookups, settings: Ways) -> None:
        """`reactor` provides IReactorTime and IReactorTCP."""
        self._reactor = reactor
        self._lookups = lookups
        self._allowed = networks(settings.network.allow_networks)
        self._port = settings.tls_port
        self._timeout = settings.network.timeout.total_seconds()

    async def probe(self, identifier: AlternativeName) -> TlsAnswer | FetchFailure:
        """What the server of a name, or at an address, shows."""
        deadline = Deadline(self._reactor, self._timeout)
        addresses: tuple[str, ...] = (identifier.value,)
        if identifier.type is not NameType.IP:
            try:
                addresses = await self._lookups.addresses(identifier.value, deadline)
            except Refused as refused:
                return FetchFailure("dns", refused.detail)
        refusals = {address: refused_address(address, self._allowed) for address in addresses}
        permitted = [address for address, refusal in refusals.items() if refusal is None]
        if not permitted:
            return FetchFailure("refused-address", f"{identifier.value}: {refusals[addresses[0]]}")
        outcome: TlsAnswer | FetchFailure = FetchFailure("connection", "no address was tried")
        for address in permitted[:MAX_ADDRESSES]:
            outcome = await self._shake(identifier, address, deadline)
            if isinstance(outcome, TlsAnswer) or deadline.passed:
                break
        return outcome

    async def _shake(self, identifier: AlternativeName, address: str, deadline: Deadline) -> TlsAnswer | FetchFailure:
        """One handshake with one address."""
        name = server_name(identifier)
        patience = min(_PATIENCE, self._timeout)
        endpoint = LimitedEndpoint(self._reactor, address, self._port, patience, name, protocols=(PROTOCOL,))
        shaking = Handshake()
        factory: Any = _Once(shaking)
        try:
            await deadline.within(endpoint.connect(factory))
            protocol, certificate = await deadline.within(shaking.done)
        except (TimedOut, ConnectError, ConnectionClosed, SSL.Error) as error:
            if isinstance(error, CancelledError):
                raise
            return _failure(f"{identifier.value} at {address}, port {self._port},", error, late=deadline.passed)
        finally:
            endpoint.cut()
        return TlsAnswer(protocol, certificate, address)


class _Once(Factory):
    """Makes the one protocol."""

    noisy = False

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: Any) -> Protocol:  # noqa: ARG002, N802 - twisted's name
        """The protocol."""
        return self._protocol


@implementer(IHandshakeListener)
class Handshake(Protocol):
    """Notes what the server showed, and sends nothing."""

    transport: Any

    def __init__(self) -> None:
        self.done: Deferred[tuple[bytes, bytes]] = Deferred()

    def handshakeCompleted(self) -> None:  # noqa: N802
        """The protocol that was agreed on, and the server's certificate in DER."""
        certificate = self.transport.getPeerCertificate()
        der = b"" if certificate is None else crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        if not self.done.called:
            self.done.callback((self.transport.negotiatedProtocol or b"", der))

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802
        """The handshake failed."""
        if not self.done.called:
            self.done.errback(reason)


def _failure(where: str, error: Exception, *, late: bool) -> FetchFailure:
    """What went wrong, in a sentence that tells nothing of our own side."""
    if late or isinstance(error, TimedOut):
        return FetchFailure("connection", f"{where} did not answer in time")
    if isinstance(error, ConnectError):
        return FetchFailure("connection", f"{where} cannot be reached")
    return FetchFailure("tls", f"{where} did not complete a TLS handshake for acme-tls/1")
