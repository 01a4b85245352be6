"""CMP over HTTP (RFC 9811, RFC 9483 6.1), as its clients really speak it."""

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import read_message
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp import macs
from emca_daemon.protocols.cmp.calls import Origin
from emca_daemon.protocols.cmp.exchange import Exchange
from emca_daemon.protocols.http import Request, Response
from emca_daemon.settings.cmp import OPERATIONS, CmpSettings

_MAX_BODY = 262_144
_TYPES = frozenset({"application/pkixcmp", "application/pkixcmp-poll"})
_TYPE = ("content-type", "application/pkixcmp")
_NOT_CACHED = ("cache-control", "no-store")
_TEXT = ("content-type", "text/plain; charset=utf-8")
_BUSY_SECONDS = 2
_LABELLED = "p"
_HASHING = (der.oid(macs.PBM), der.oid(macs.PBMAC1))
_MANY_ROUNDS = 10_000
"""About 5 ms of hashing, twice what an answer takes else; clients usually want 500 to 2,000."""


class CmpResponder:
    """Answers CMP messages below one path of an endpoint; fulfils `protocols.http.Responder` and `Toiling`.

    Every message that is answered by a message is answered with 200, errors among them: clients in the field read no
    other.
    """

    max_body = _MAX_BODY

    def __init__(self, exchange: Exchange, *, path: str, settings: CmpSettings, waits: bool = True) -> None:
        """`path` is where it is mounted, without a slash at the end; `waits` whether store or key may take long."""
        self._exchange = exchange
        self._path = path
        self._settings = settings
        self._waits = waits

    def respond(self, request: Request) -> Response:
        """A PKIMessage, or what HTTP says of requests that hold none."""
        place = self._place(request)
        if place is None:
            return _refuse(404, "no CMP endpoint is at this path")
        if request.method != "POST":
            return Response(405, headers=(("allow", "POST"),))
        content_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
        if content_type not in _TYPES:
            return _refuse(415, "expected application/pkixcmp")
        try:
            return Response(200, self._exchange.answer(request.body, place), (_TYPE, _NOT_CACHED))
        except Refused as refusal:
            if refusal.reason is Reason.MALFORMED:
                return _refuse(400, "expected a PKIMessage in DER")
            return self.busy(request)

    def waits(self, _request: Request) -> bool:
        """As it was told: composition knows how long the store and the keys take."""
        return self._waits

    def toils(self, request: Request) -> bool:
        """Where RSA keys may have to be found, or a secret is hashed very often."""
        settings = self._settings
        makes_rsa = any(name.startswith("rsa-") for name in settings.key_generation)
        return makes_rsa or _rounds(request.body, settings.most_iterations) > _MANY_ROUNDS

    def failed(self, request: Request) -> Response:
        """What went wrong is in the log, by the request's id."""
        return _refuse(500, f"internal error {request.id}")

    def busy(self, _request: Request) -> Response:
        """503: there was no time to look at the message."""
        return Response(503, b"busy\n", (_TEXT, _NOT_CACHED, ("retry-after", str(_BUSY_SECONDS))))

    def _place(self, request: Request) -> Origin | None:
        """What the path says of profile and operation; None for one that leads nowhere."""
        parts = [part for part in request.path[len(self._path) :].split("/") if part]
        label = operation = ""
        if len(parts) > 1 and parts[0] == _LABELLED:
            label, parts = parts[1], parts[2:]
            if self._settings.profile_named(label) is None:
                return None
        if parts:
            operation = OPERATIONS.get(parts[0], "")
            if not operation or len(parts) > 1:
                return None
        return Origin(request.peer.address, request.id, label, operation)


def _rounds(body: bytes, most_iterations: int) -> int:
    """How often the MAC of a message hashes; read only (50 µs) where the message may have such a MAC at all."""
    if not any(oid in body for oid in _HASHING):
        return 0
    try:
        protection = read_message(body).header.protection_algorithm
    except Refused:
        return 0
    return 0 if protection is None else macs.rounds(protection, most_iterations)


def _refuse(status: int, words: str) -> Response:
    return Response(status, f"{words}\n".encode(), (_TEXT, _NOT_CACHED))
