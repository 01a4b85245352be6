"""An ACME endpoint that refuses good requests now and then, and is slow with its orders."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from emca_daemon.protocols.chaos.chance import Chance
from emca_daemon.protocols.chaos.slow_orders import SlowOrders
from emca_daemon.protocols.http import Request, Responder, Response
from emca_daemon.settings.chaos import ChaosSettings

PROBLEM = "application/problem+json"
_NAMESPACE = "urn:ietf:params:acme:error:"


@dataclass(frozen=True, slots=True)
class _Fault:
    """A refusal that the request did nothing for."""

    status: int
    type: str
    detail: str

    def body(self) -> bytes:
        """The problem document (RFC 9457)."""
        document: Mapping[str, object] = {
            "type": _NAMESPACE + self.type,
            "detail": self.detail + " (this is chaos, [chaos] in the settings)",
            "status": self.status,
        }
        return json.dumps(document).encode()


_BAD_NONCE = _Fault(400, "badNonce", "this nonce is not accepted; take the one that comes with this answer")
_TOO_MANY = _Fault(429, "rateLimited", "too many requests; wait as long as Retry-After says")
_UNAVAILABLE = _Fault(503, "serverInternal", "not available just now; wait as long as Retry-After says")


class ChaoticResponder:
    """Answers for another responder, or refuses in its place; a request that is refused changes nothing."""

    def __init__(
        self, inner: Responder, settings: ChaosSettings, *, mount: str, chance: Chance, slow_orders: SlowOrders
    ) -> None:
        """`mount` is the path of the endpoint that `inner` answers for."""
        self.max_body = inner.max_body
        self._inner = inner
        self._settings = settings
        self._new_nonce = mount + "/new-nonce"
        self._chance = chance
        self._slow_orders = slow_orders

    def respond(self, request: Request) -> Response:
        """Refuse a signed request by chance; else what the endpoint answers, orders perhaps not done yet."""
        fault = self._fault() if request.method == "POST" else None
        if fault is not None:
            return self._refuse(request, fault)
        return self._slow_orders.shown(request, self._inner.respond(request))

    def waits(self, request: Request) -> bool:
        """As the endpoint does."""
        return self._inner.waits(request)

    def failed(self, request: Request) -> Response:
        """The endpoint's own."""
        return self._inner.failed(request)

    def busy(self, request: Request) -> Response:
        """The endpoint's own."""
        return self._inner.busy(request)

    def _fault(self) -> _Fault | None:
        """What is wrong this time."""
        shares = (
            (self._settings.unavailable, _UNAVAILABLE),
            (self._settings.too_many_requests, _TOO_MANY),
            (self._settings.bad_nonces, _BAD_NONCE),
        )
        return next((fault for share, fault in shares if self._chance.falls(share)), None)

    def _refuse(self, request: Request, fault: _Fault) -> Response:
        """The refusal, with the headers that every answer of the endpoint has: a fresh nonce above all."""
        asked = replace(request, method="HEAD", path=self._new_nonce, query="", headers=(), body=b"")
        headers = (*self._inner.respond(asked).headers, ("Content-Type", PROBLEM))
        if fault is not _BAD_NONCE:
            headers += (("Retry-After", str(int(self._settings.retry_after.total_seconds()))),)
        return Response(fault.status, fault.body(), headers)
