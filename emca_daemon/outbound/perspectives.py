"""Asking one perspective: over HTTPS with our certificate, trusting the one certificate that the settings pin."""

from pathlib import Path
from typing import Any, cast

from cryptography import x509
from OpenSSL import SSL, crypto
from twisted.internet.defer import Deferred, succeed
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.ssl import Certificate, PrivateCertificate, optionsForClientTLS, trustRootFromCertificates
from twisted.web.client import Agent, HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer, IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.addresses import is_address
from emca_daemon.outbound.http_connection import Beginning
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.caa import TYPE
from emca_daemon.protocols.acme.challenges import HTTP_PATH, FetchFailure, HttpAnswer
from emca_daemon.protocols.acme.perspective_messages import (
    CAA,
    HTTP,
    MAX_ANSWER,
    PATH,
    TLS,
    TXT,
    Question,
    Seen,
    read_seen,
    write_question,
)
from emca_daemon.protocols.acme.tls_alpn import TlsAnswer

_TYPE = {"content-type": ["application/json"], "user-agent": ["emca-daemon (primary)"]}


@implementer(IPolicyForHTTPS)
class PinnedTls:
    """TLS to one perspective: our certificate, and no other trust than the pinned certificate."""

    def __init__(self, certificate: Path, key: Path, pinned: Path) -> None:
        """PEM files; raises Refused(UNAVAILABLE) for those that cannot be used."""
        try:
            own = PrivateCertificate.loadPEM(certificate.read_bytes() + b"\n" + key.read_bytes())  # type: ignore[no-untyped-call]
            trusted = x509.load_pem_x509_certificates(pinned.read_bytes())
            roots = [Certificate(crypto.X509.from_cryptography(one)) for one in trusted]  # type: ignore[no-untyped-call]
        except (OSError, ValueError, SSL.Error, crypto.Error) as error:
            detail = f"{certificate}, {key} and {pinned} are not a certificate, its key and a certificate to trust"
            raise Refused(Reason.UNAVAILABLE, f"{detail}: {error}") from error
        self._own = own
        self._roots = trustRootFromCertificates(roots)  # type: ignore[no-untyped-call]

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: ARG002, N802 - twisted's name
        """Connections to that host, whose certificate must name it."""
        return optionsForClientTLS(hostname.decode("ascii"), self._roots, self._own)


@implementer(IBodyProducer)
class _Body:
    """A short request body, written in one piece."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.length = len(data)

    def startProducing(self, consumer: Any) -> "Deferred[None]":  # noqa: N802 - twisted's names
        """Write it."""
        consumer.write(self._data)
        return succeed(None)

    def pauseProducing(self) -> None:  # noqa: N802
        """There is nothing left to hold back."""

    def stopProducing(self) -> None:  # noqa: N802
        """It is written already."""


class SilentPerspective(Exception):  # noqa: N818 - neither a refusal nor a bug
    """A perspective cannot be asked, which says nothing about the name that it was asked about."""


class RemoteEyes:
    """Looks through a perspective; fulfils every protocol of `looking`.

    Everything raises SilentPerspective where the perspective cannot be asked, or answers what is no answer.
    """

    def __init__(self, reactor: Any, address: str, tls: Any, seconds: float) -> None:
        """`reactor` provides IReactorTime and IReactorTCP, `tls` IPolicyForHTTPS; `seconds` are for one look."""
        self._reactor = reactor
        self._url = (address + PATH).encode("ascii")
        self._seconds = seconds
        pool = HTTPConnectionPool(reactor)  # type: ignore[no-untyped-call]
        pool.maxPersistentPerHost = 8
        self._agent = Agent(reactor, tls, connectTimeout=seconds, pool=pool)  # type: ignore[no-untyped-call]

    async def fetch(self, host: str, path: str) -> HttpAnswer | FetchFailure:
        """An http-01 answer, as the perspective sees it."""
        kind = NameType.IP if is_address(host) else NameType.DNS
        seen = await self._ask(Question(HTTP, AlternativeName(kind, host), path.removeprefix(HTTP_PATH)))
        return cast("HttpAnswer | FetchFailure", seen)

    async def probe(self, identifier: AlternativeName) -> TlsAnswer | FetchFailure:
        """A handshake, as the perspective sees it."""
        seen = await self._ask(Question(TLS, identifier))
        return cast("TlsAnswer | FetchFailure", seen)

    async def texts(self, name: str, deadline: Deadline) -> tuple[bytes, ...]:  # noqa: ARG002 - ours is our own
        """TXT records, as the perspective sees them."""
        return await self._records(Question(TXT, AlternativeName(NameType.DNS, name)))

    async def raw(self, name: str, kind: int, deadline: Deadline) -> tuple[bytes, ...]:  # noqa: ARG002
        """CAA records, as the perspective sees them; it is asked for no others."""
        if kind != TYPE:
            raise Refused(Reason.INTERNAL, "a perspective is asked for CAA and TXT records only")
        return await self._records(Question(CAA, AlternativeName(NameType.DNS, name)))

    async def _records(self, question: Question) -> tuple[bytes, ...]:
        seen = await self._ask(question)
        if isinstance(seen, FetchFailure):
            raise Refused(Reason.UNAVAILABLE, seen.detail)
        return cast("tuple[bytes, ...]", seen)

    async def _ask(self, question: Question) -> Seen:
        """What it sees; raises SilentPerspective where it does not say."""
        deadline = Deadline(self._reactor, self._seconds)
        body: Any = _Body(write_question(question))
        try:
            response: Any = await deadline.within(self._agent.request(b"POST", self._url, Headers(_TYPE), body))
            beginning = Beginning(MAX_ANSWER + 1)
            response.deliverBody(beginning)
            answer = await deadline.within(beginning.taken)
        except (TimedOut, ConnectError, ConnectionClosed, ResponseFailed) as error:
            raise SilentPerspective(f"it cannot be asked ({type(error).__name__})") from error
        if response.code != 200 or len(answer) > MAX_ANSWER:
            raise SilentPerspective(f"it answered with status {response.code}")
        try:
            return read_seen(answer, question.kind)
        except Refused as refused:
            raise SilentPerspective(refused.detail) from refused
