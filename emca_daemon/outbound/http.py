"""Fetching an http-01 answer (RFC 8555 8.3): look up, judge the address, connect to it and no other, follow redirects.

The name is resolved once for each request and the connection goes to an address that was judged, so that a name whose
answers change between two look-ups (DNS rebinding) gains nothing. No proxy is used, whatever the environment says.
"""

from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import CancelledError
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers

from emca_daemon.errors import Refused
from emca_daemon.outbound.addresses import is_address, networks, refused_address
from emca_daemon.outbound.dns import Lookups
from emca_daemon.outbound.http_connection import Beginning, LimitedEndpoint, PinnedEndpoints
from emca_daemon.outbound.looking import Ways
from emca_daemon.outbound.redirects import Target, address_target, redirected, target
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.challenges import MAX_HTTP_BODY, FetchFailure, HttpAnswer

MAX_REDIRECTS = 10
MAX_ADDRESSES = 4
"""How many addresses of a name are tried before we call it unreachable."""

_REDIRECTS = (301, 302, 303, 307, 308)
_PATIENCE = 4.0
"""Seconds to connect to one address, so that time is left for the next."""

_HEADERS = {"User-Agent": ["emca-daemon (ACME validation)"], "Accept": ["*/*"]}


class HttpFetcher:
    """Fetches as the settings of one ACME endpoint allow."""

    def __init__(self, reactor: Any, lookups: Lookups, settings: Ways) -> None:
        """`reactor` provides IReactorTime and IReactorTCP."""
        self._reactor = reactor
        self._lookups = lookups
        self._allowed = networks(settings.network.allow_networks)
        self._ports = frozenset({80, 443, settings.http_port, settings.tls_port})
        self._http_port = settings.http_port
        self._timeout = settings.network.timeout.total_seconds()

    async def fetch(self, host: str, path: str) -> HttpAnswer | FetchFailure:
        """What is at that path of a host or IP address, on the endpoint's http port, after all redirects."""
        deadline = Deadline(self._reactor, self._timeout)
        try:
            if is_address(host):
                here = address_target(host, self._http_port, path)
            else:
                here = target(f"http://{host}:{self._http_port}{path}", self._ports)
            for _ in range(MAX_REDIRECTS + 1):
                answer = await self._hop(here, deadline)
                if isinstance(answer, HttpAnswer | FetchFailure):
                    return answer
                here = redirected(here, answer, self._ports)
        except Refused as refused:
            return FetchFailure("connection", refused.detail)
        return FetchFailure("connection", f"{host} redirects more than {MAX_REDIRECTS} times")

    async def _hop(self, here: Target, deadline: Deadline) -> HttpAnswer | FetchFailure | str:
        """One request: its answer, or where it redirects to."""
        addresses: tuple[str, ...] = (here.host,)
        if not is_address(here.host):
            try:
                addresses = await self._lookups.addresses(here.host, deadline)
            except Refused as refused:
                return FetchFailure("dns", refused.detail)
        refusals = {address: refused_address(address, self._allowed) for address in addresses}
        permitted = [address for address, refusal in refusals.items() if refusal is None]
        if not permitted:
            return FetchFailure("refused-address", f"{here.host}: {refusals[addresses[0]]}")
        outcome: HttpAnswer | FetchFailure | str = FetchFailure("connection", "no address was tried")
        for address in permitted[:MAX_ADDRESSES]:
            outcome = await self._request(here, address, deadline)
            if not isinstance(outcome, FetchFailure) or deadline.passed:
                break
        return outcome

    async def _request(self, here: Target, address: str, deadline: Deadline) -> HttpAnswer | FetchFailure | str:
        """One request to one address."""
        tls_name = here.host if here.scheme == "https" else None
        endpoint = LimitedEndpoint(self._reactor, address, here.port, min(_PATIENCE, self._timeout), tls_name)
        pool = HTTPConnectionPool(self._reactor, persistent=False)  # type: ignore[no-untyped-call]
        pinned = PinnedEndpoints(endpoint)
        agent = Agent.usingEndpointFactory(self._reactor, pinned, pool)  # type: ignore[no-untyped-call]
        try:
            request = agent.request(b"GET", here.url.encode("ascii"), Headers(_HEADERS))
            response = await deadline.within(request)
            locations = response.headers.getRawHeaders("Location", [])
            if response.code in _REDIRECTS and locations:
                return str(locations[0])
            beginning = Beginning(MAX_HTTP_BODY)
            response.deliverBody(beginning)
            body = await deadline.within(beginning.taken)
        except (TimedOut, ConnectError, ConnectionClosed, ResponseFailed) as error:
            if any(isinstance(reason, CancelledError) for reason in _reasons(error)):
                raise CancelledError from error
            return _failure(here, address, error, late=deadline.passed)
        finally:
            endpoint.cut()
        return HttpAnswer(response.code, body, here.url, address)


def _failure(here: Target, address: str, error: Exception, *, late: bool) -> FetchFailure:
    """What went wrong with a request, in a sentence that tells nothing of our own side."""
    where = f"{here.url} at {address}"
    if late or isinstance(error, TimedOut):
        return FetchFailure("connection", f"{where} did not answer in time")
    if any(isinstance(reason, SSL.Error) for reason in _reasons(error)):
        return FetchFailure("tls", f"{where} does not speak TLS with us")
    if isinstance(error, ConnectError):
        return FetchFailure("connection", f"{where} cannot be reached")
    return FetchFailure("connection", f"{where} did not give a complete HTTP answer")


def _reasons(error: Exception) -> list[object]:
    """What twisted gives as the reasons of a request's failure."""
    return [reason.value for reason in getattr(error, "reasons", ()) if isinstance(reason, Failure)]
