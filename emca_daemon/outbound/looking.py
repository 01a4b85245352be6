"""The ways in which an attempt looks at a name, whether from here or from a perspective elsewhere."""

from typing import Protocol

from emca_daemon.names import AlternativeName
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.challenges import FetchFailure, HttpAnswer
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.tls_alpn import TlsAnswer
from emca_daemon.settings.acme import NetworkSettings


class Records(Protocol):
    """Looks up DNS records."""

    async def texts(self, name: str, deadline: Deadline) -> tuple[bytes, ...]:
        """TXT records, none if there are none; raises Refused(UNAVAILABLE) where that cannot be found out."""

    async def raw(self, name: str, kind: int, deadline: Deadline) -> tuple[bytes, ...]:
        """The data of records of a kind; the same."""


class Pages(Protocol):
    """Fetches by HTTP."""

    async def fetch(self, host: str, path: str) -> HttpAnswer | FetchFailure:
        """What is at that path of a host or address."""


class Handshakes(Protocol):
    """Shakes hands by TLS."""

    async def probe(self, identifier: AlternativeName) -> TlsAnswer | FetchFailure:
        """What the server of a name, or at an address, shows."""


class CaaAsking(Protocol):
    """Asks for the CAA records that count for a name."""

    async def problem(self, identifier: AlternativeName, asking: Asking) -> Problem | None:
        """What keeps us from issuing."""


class Ways(Protocol):
    """Settings of what may be asked on the network, and where."""

    @property
    def network(self) -> NetworkSettings:
        """Resolvers, fixed names, networks, time-outs."""

    @property
    def http_port(self) -> int:
        """Where http-01 is looked for."""

    @property
    def tls_port(self) -> int:
        """Where tls-alpn-01 is looked for."""
