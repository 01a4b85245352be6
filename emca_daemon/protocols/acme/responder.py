"""The ACME protocol as a listener sees it."""

from urllib.parse import urlsplit

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem
from emca_daemon.protocols.acme.replies import RETRY_AFTER, Reply, refusal
from emca_daemon.protocols.acme.routes import PUBLIC_CERTIFICATES, ROUTES, RouteTable
from emca_daemon.protocols.http import Request, Response
from emca_daemon.protocols.json_text import write_object

_PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Content-Type"),
    ("Access-Control-Max-Age", "86400"),
)
_NEW_NONCE = "/new-nonce"


class AcmeResponder:
    """Answers the requests of one endpoint; fulfils `protocols.http.Responder` and `Limiting`.

    Nonces come with the answers that spent one, and where they are asked for (RFC 8555 6.5): some clients have nowhere
    to keep one while they read the directory (acme-client of Ruby).
    """

    max_body = 65_536

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._table = RouteTable(ROUTES + PUBLIC_CERTIFICATES * endpoint.settings.allow_certificate_get)
        self._mount = urlsplit(endpoint.settings.base_url).path
        asking = ("renewal-info", "star-certificate", "certificate")
        self._asking = tuple(f"{self._mount}/{one}/" for one in asking)
        self._index = f'<{endpoint.url("/directory")}>;rel="index"'

    def respond(self, request: Request) -> Response:
        """Answer; every refusal is a problem document, and every answer to a POST carries a fresh nonce."""
        path = request.path.removeprefix(self._mount)
        if request.method == "OPTIONS":
            return self._finish(request.method, path, Reply(204), _PREFLIGHT)
        try:
            served, parameters = self._table.find(request.method, path)
            reply = served(self._endpoint, request, parameters)
        except Refused as refused:
            reply = refusal(refused)
        return self._finish(request.method, path, reply)

    def waits(self, request: Request) -> bool:
        """Directory and nonces come from memory; whatever is signed asks the store, and so do some downloads."""
        return request.method == "POST" or request.path.startswith(self._asking)

    def failed(self, request: Request) -> Response:
        """The answer to a bug: the request's id and nothing else."""
        refused = Refused(Reason.INTERNAL, f"the server failed; tell the operator the request id {request.id}")
        return self._finish(request.method, request.path, refusal(refused))

    def too_large(self, _request: Request) -> Response:
        """The answer to a body that nobody read, which only a POST has."""
        problem = Problem("malformed", "the body of the request is larger than this server reads", 413)
        return self._finish("POST", self._mount, refusal(AcmeRefusal(problem)))

    def busy(self, request: Request) -> Response:
        """The answer when no worker is free."""
        refused = Refused(Reason.UNAVAILABLE, "the server is busy; try again later", retry_after=RETRY_AFTER)
        return self._finish(request.method, request.path, refusal(refused))

    def _finish(self, method: str, path: str, reply: Reply, more: tuple[tuple[str, str], ...] = ()) -> Response:
        body = reply.body if reply.document is None else write_object(dict(reply.document))
        headers = [
            ("Cache-Control", "no-store"),
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Expose-Headers", "Link, Replay-Nonce, Location, Retry-After"),
            *reply.headers.items(),
            *more,
            *(("Link", f'<{url}>;rel="{relation}"') for url, relation in reply.links),
        ]
        if method == "POST" or path == _NEW_NONCE:
            headers.append(("Replay-Nonce", self._endpoint.nonces.fresh()))
        if path != "/directory":
            headers.append(("Link", self._index))
        if body:
            headers.append(("Content-Type", reply.content_type))
        return Response(reply.status, body, tuple(headers))
