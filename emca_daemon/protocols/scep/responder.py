"""SCEP over HTTP (RFC 8894 4.1): which operation, by which method, in which form."""

from collections.abc import Callable, Mapping

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http import Headers, Request, Response
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.errors import FAIL_INFO
from emca_daemon.protocols.scep.get_message import query_fields, read_message
from emca_daemon.protocols.scep.operations.ca_information import (
    ca_certificates,
    capabilities,
    next_ca_certificates,
)
from emca_daemon.protocols.scep.operations.pki_operation import answer, note_refusal

_MESSAGE = ("content-type", "application/x-pki-message")
_TEXT = ("content-type", "text/plain; charset=utf-8")
_RETRY_AFTER = 2
_READING = ("GET", "HEAD")
_METHODS = (*_READING, "POST")


class _HttpRefused(Refused):
    """A refusal whose status is not that of its reason; `headers` go with the answer."""

    def __init__(self, status: int, reason: Reason, detail: str, headers: Headers = ()) -> None:
        super().__init__(reason, detail)
        self.status = status
        self.headers = headers


class ScepResponder:
    """Answers for one endpoint, whatever stands behind its path; fulfils `protocols.http.Responder` and `Limiting`."""

    max_body = 262_144

    def __init__(self, endpoint: Endpoint, *, waits: bool, root: str = "") -> None:
        """`waits` is whether the store or the keys may take long.

        Below the path `root` other endpoints have their names: what is none of them is not this one.
        """
        self._endpoint = endpoint
        self._waits = waits
        self._root = root

    def respond(self, request: Request) -> Response:
        """Whatever is a message gets a CertRep; what is none, a line of text, and an event of the audit chain."""
        return self._answered(request, self._answer)

    def too_large(self, request: Request) -> Response:
        """413, which the audit chain hears of as of every refusal."""
        return self._answered(request, _refuse_body)

    def waits(self, request: Request) -> bool:
        """Capabilities come from memory."""
        return self._waits and (
            request.method not in _READING or _operation(query_fields(request.query)) != "getcacaps"
        )

    def failed(self, request: Request) -> Response:
        """The answer to a bug: the request's id and nothing else."""
        return self._text(500, f"the server failed; tell the operator the request id {request.id}")

    def busy(self, _request: Request) -> Response:
        """The answer when no worker is free."""
        return self._refusal(Refused(Reason.UNAVAILABLE, "the server is busy; try again later"))

    def _answered(self, request: Request, answer: Callable[[Request], Response]) -> Response:
        if self._root and _names_another(request.path, self._root):
            return self._text(404, "there is no such endpoint")
        try:
            return answer(request)
        except Refused as refusal:
            return self._refusal(self._noted(request, refusal))

    def _answer(self, request: Request) -> Response:
        if request.method not in _METHODS:
            raise _wrong_method("SCEP is spoken by GET and POST", *_METHODS)
        fields = query_fields(request.query)
        match _operation(fields):
            case "getcacaps":
                return capabilities(self._endpoint)
            case "getcacert":
                return ca_certificates(self._endpoint)
            case "getnextcacert":
                return next_ca_certificates(self._endpoint)
            case "pkioperation":
                return self._message(request, fields.get("message", ""))
        expected = "expected an operation: GetCACaps, GetCACert, GetNextCACert or PKIOperation"
        raise Refused(Reason.MALFORMED, expected)

    def _message(self, request: Request, text: str) -> Response:
        by_get = self._endpoint.settings.get
        if request.method == "HEAD" or (request.method == "GET" and not by_get):
            raise _wrong_method("messages are not sent like that", *(("GET", "POST") if by_get else ("POST",)))
        data = request.body if request.method == "POST" else read_message(text)
        return Response(200, answer(self._endpoint, request, data), (_MESSAGE,))

    def _noted(self, request: Request, refusal: Refused) -> Refused:
        """A refusal once it is written down; an outage is none, but may come of this."""
        if FAIL_INFO[refusal.reason] is None:
            return refusal
        try:
            note_refusal(self._endpoint, request, refusal)
        except Refused as outage:
            return outage
        return refusal

    def _refusal(self, refusal: Refused) -> Response:
        if FAIL_INFO[refusal.reason] is None:
            later = str(refusal.retry_after or _RETRY_AFTER)
            return self._text(503, refusal.detail, ("retry-after", later))
        if isinstance(refusal, _HttpRefused):
            return self._text(refusal.status, str(refusal), *refusal.headers)
        return self._text(404 if refusal.reason is Reason.NOT_FOUND else 400, str(refusal))

    def _text(self, status: int, words: str, *headers: tuple[str, str]) -> Response:
        return Response(status, f"{words}\n".encode(), (_TEXT, *headers))


def _wrong_method(detail: str, *allowed: str) -> Refused:
    """405: by this method nothing is answered, or not this."""
    return _HttpRefused(405, Reason.WRONG_STATE, detail, (("allow", ", ".join(allowed)),))


def _refuse_body(_request: Request) -> Response:
    raise _HttpRefused(413, Reason.MALFORMED, "the body is larger than this server reads")


def _operation(fields: Mapping[str, str]) -> str:
    return fields.get("operation", "").lower()


def _names_another(path: str, root: str) -> bool:
    """Whether something follows the root that is no program's name, as clients append one (`pkiclient.exe`)."""
    below = [part for part in path.split("/") if part][len(root.split("/")) - 1 :]
    return bool(below) and "." not in below[0]
