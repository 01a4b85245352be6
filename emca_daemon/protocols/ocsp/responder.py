"""OCSP over HTTP (RFC 6960 appendix A, RFC 9919 sections 6 and 7)."""

from datetime import UTC, datetime

from emca_daemon.clock import Clock
from emca_daemon.errors import Refused
from emca_daemon.protocols.caching import http_date, is_unchanged
from emca_daemon.protocols.http import Headers, Request, Response
from emca_daemon.protocols.ocsp.errors import STATUS_OF, ResponseStatus
from emca_daemon.protocols.ocsp.get_path import read_get_path
from emca_daemon.protocols.ocsp.kept import Answer
from emca_daemon.protocols.ocsp.operations import Answering
from emca_daemon.protocols.ocsp.responses import encode_error

_MAX_BODY = 8192
_TYPE = ("content-type", "application/ocsp-response")
_NOT_CACHED = ("cache-control", "no-store")
_ALLOWED = "GET, HEAD, POST"
_BUSY_SECONDS = 2


class OcspResponder:
    """Answers OCSP requests by GET and POST below its own path."""

    max_body = _MAX_BODY

    def __init__(self, answering: Answering, *, path: str, clock: Clock, waits: bool = True) -> None:
        """`path` is where it is mounted, without a trailing slash; `waits` whether its store or key may take long."""
        self._answering = answering
        self._path = path
        self._clock = clock
        self._waits = waits

    def respond(self, request: Request) -> Response:
        """An OCSP response, errors among them, is always HTTP 200 (RFC 6960 A.2)."""
        rest = request.path[len(self._path) :]
        if request.method not in ("GET", "HEAD", "POST"):
            return Response(405, headers=(("allow", _ALLOWED),))
        if request.method == "POST" and rest.strip("/"):
            return Response(404)
        if request.method != "POST" and not rest.strip("/"):
            return self._failure(ResponseStatus.MALFORMED_REQUEST, http_status=400)
        try:
            data = request.body if request.method == "POST" else read_get_path(rest, _MAX_BODY)
            answer = self._answering.answer(data)
        except Refused as refusal:
            return self._failure(STATUS_OF[refusal.reason])
        return self._success(request, answer)

    def waits(self, _request: Request) -> bool:
        """As it was told: composition knows how long the store and the keys take."""
        return self._waits

    def failed(self, _request: Request) -> Response:
        """`internalError`; the request id is in the log, OCSP has no place for it."""
        return self._failure(ResponseStatus.INTERNAL_ERROR)

    def busy(self, _request: Request) -> Response:
        """`tryLater`, and 503 for whatever stands in front."""
        return self._failure(ResponseStatus.TRY_LATER, http_status=503, extra=(("retry-after", str(_BUSY_SECONDS)),))

    def _success(self, request: Request, answer: Answer) -> Response:
        headers = (_TYPE, *(_cached(answer, self._clock()) if answer.shared else (_NOT_CACHED,)))
        if answer.shared and is_unchanged(request, answer.tag, answer.this_update):
            return Response(304, headers=headers)
        return Response(200, answer.body, headers)

    def _failure(self, status: ResponseStatus, *, http_status: int = 200, extra: Headers = ()) -> Response:
        return Response(http_status, encode_error(status), (_TYPE, _NOT_CACHED, *extra))


def _cached(answer: Answer, now: datetime) -> Headers:
    """Caching headers as RFC 9919 section 7.2 wants them.

    max-age ends halfway to nextUpdate, so that no cache serves an answer until the second in which it ends.
    """
    left = max(0, int((answer.next_update - now.astimezone(UTC)).total_seconds()))
    return (
        ("last-modified", http_date(answer.this_update)),
        ("expires", http_date(answer.next_update)),
        ("etag", answer.tag),
        ("cache-control", f"max-age={left // 2}, public, no-transform, must-revalidate"),
    )
