"""What a perspective does when it is asked: one look, with its own resolvers, from where it stands."""

from typing import Any

from emca_daemon.errors import Refused
from emca_daemon.outbound.dns import Lookups
from emca_daemon.outbound.dns_exchange import Exchange
from emca_daemon.outbound.http import HttpFetcher
from emca_daemon.outbound.looking import Handshakes, Pages, Records, Ways
from emca_daemon.outbound.tls_alpn import TlsProbe
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.caa import TYPE
from emca_daemon.protocols.acme.challenges import HTTP_PATH, FetchFailure
from emca_daemon.protocols.acme.perspective_messages import CAA, HTTP, TLS, Question, Seen
from emca_daemon.randomness import RandomBytes


class Looks:
    """Looks at names."""

    def __init__(self, reactor: Any, records: Records, pages: Pages, handshakes: Handshakes, seconds: float) -> None:
        """`reactor` provides IReactorTime; `seconds` is how long one look-up of records may take."""
        self._reactor = reactor
        self._records = records
        self._pages = pages
        self._handshakes = handshakes
        self._seconds = seconds

    @classmethod
    def of(cls, reactor: Any, ways: Ways, random: RandomBytes) -> "Looks":
        """As settings have it; `reactor` also provides IReactorTCP and IReactorUDP."""
        lookups = Lookups(ways.network, Exchange(reactor, random))
        pages, handshakes = HttpFetcher(reactor, lookups, ways), TlsProbe(reactor, lookups, ways)
        return cls(reactor, lookups, pages, handshakes, ways.network.timeout.total_seconds())

    async def look(self, question: Question) -> Seen:
        """What the question asks for."""
        if question.kind == HTTP:
            return await self._pages.fetch(question.name.value, HTTP_PATH + question.token)
        if question.kind == TLS:
            return await self._handshakes.probe(question.name)
        deadline = Deadline(self._reactor, self._seconds)
        try:
            if question.kind == CAA:
                return await self._records.raw(question.name.value, TYPE, deadline)
            return await self._records.texts(question.name.value, deadline)
        except Refused as refused:
            return FetchFailure("dns", refused.detail)
