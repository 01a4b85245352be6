"""One connection for one request: to exactly one address, limited in what it may send us, with no trust in its TLS."""

from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import CertificateOptions
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer  # type: ignore[import-untyped]

MAX_RECEIVED = 65_536
"""Octets of headers, body and TLS together after which a connection is cut."""


@implementer(IAgentEndpointFactory)
class PinnedEndpoints:
    """Gives twisted's Agent one endpoint whatever the URI says: the name was resolved and its address judged before."""

    def __init__(self, endpoint: Any) -> None:
        self._endpoint = endpoint

    def endpointForURI(self, uri: Any) -> Any:  # noqa: ARG002, N802 - twisted's name
        """The endpoint."""
        return self._endpoint


@implementer(IStreamClientEndpoint)
class LimitedEndpoint:
    """An endpoint at an address, whose connection is cut after MAX_RECEIVED octets and can be cut at any time."""

    def __init__(
        self,
        reactor: Any,
        address: str,
        port: int,
        seconds: float,
        tls_name: str | None = None,
        *,
        protocols: tuple[bytes, ...] = (),
    ) -> None:
        """`reactor` provides IReactorTCP and IReactorTime; `seconds` is how long connecting may take.

        With `tls_name` the connection speaks TLS and names that server, whatever certificate it shows (RFC 8555 8.3).
        `protocols` are offered by ALPN.
        """
        self._reactor = reactor
        self._protocols = protocols
        self._tls_name = tls_name
        kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
        self._endpoint = kind(reactor, address, port, timeout=seconds)
        self._connection: _Limited | None = None

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:  # noqa: N803 - twisted's name
        """The protocol that the factory makes, connected."""
        inner: Any = protocolFactory
        if self._tls_name is not None:
            creator: Any = UnverifiedTls(self._tls_name, self._protocols)
            inner = TLSMemoryBIOFactory(creator, True, inner, self._reactor)
        factory: Any = WrappingFactory(inner)  # type: ignore[no-untyped-call]
        factory.noisy = False
        factory.protocol = _Limited
        return self._endpoint.connect(factory).addCallback(self._connected)

    def _connected(self, connection: "_Limited") -> Any:
        self._connection = connection
        inner: Any = connection.wrappedProtocol
        return inner if self._tls_name is None else inner.wrappedProtocol

    def cut(self) -> None:
        """Close the connection, if there is one, without waiting for the other side."""
        if self._connection is not None:
            self._connection.abortConnection()


class _Limited(ProtocolWrapper):
    """Counts what comes in."""

    received = 0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Hand on what is within the limit."""
        room = MAX_RECEIVED - self.received
        self.received += len(data)
        super().dataReceived(data[:room])  # type: ignore[no-untyped-call]
        if self.received >= MAX_RECEIVED:
            self.abortConnection()


@implementer(IOpenSSLClientConnectionCreator)
class UnverifiedTls:
    """TLS client connections that trust any certificate: who asks for a first one has nothing better yet."""

    def __init__(self, host: str, protocols: tuple[bytes, ...] = ()) -> None:
        self._host = host.encode("ascii")
        self._context = CertificateOptions().getContext()
        self._protocols = list(protocols)

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: ARG002, N802, N803 - twisted's names
        """A connection that names its server."""
        connection = SSL.Connection(self._context, None)
        connection.set_tlsext_host_name(self._host)
        if self._protocols:
            connection.set_alpn_protos(self._protocols)
        return connection


class Beginning(Protocol):
    """Takes the beginning of a response's body, up to a limit, and leaves the rest."""

    def __init__(self, limit: int) -> None:
        """`limit` in octets."""
        self._limit = limit
        self._taken = bytearray()
        self.taken: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Take what is within the limit; done once it is reached."""
        self._taken += data[: self._limit - len(self._taken)]
        if len(self._taken) >= self._limit and not self.taken.called:
            self.taken.callback(bytes(self._taken))

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802
        """The end of the body, or of the connection before it."""
        if self.taken.called:
            return
        if isinstance(reason.value, ResponseDone | PotentialDataLoss):
            self.taken.callback(bytes(self._taken))
        else:
            self.taken.errback(reason)
