"""EST over HTTP: finds the label and the operation, and turns refusals into statuses."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from emca_daemon.errors import Refused
from emca_daemon.protocols import basic
from emca_daemon.protocols.est.authentication import Challenge, challenges
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.endpoint import Endpoint
from emca_daemon.protocols.est.errors import BUSY_SECONDS, EstRefusal, retry_after_of, status_of
from emca_daemon.protocols.est.operations.cacerts import cacerts
from emca_daemon.protocols.est.operations.csrattrs import csrattrs
from emca_daemon.protocols.est.operations.fullcmc import fullcmc
from emca_daemon.protocols.est.operations.serverkeygen import serverkeygen
from emca_daemon.protocols.est.operations.simpleenroll import simpleenroll
from emca_daemon.protocols.est.operations.simplereenroll import simplereenroll
from emca_daemon.protocols.est.paths import Target, check_method, read_target
from emca_daemon.protocols.est.replies import Reply
from emca_daemon.protocols.http import Request, Response

OPERATIONS: Final[Mapping[str, Callable[[Call], Reply]]] = {
    "cacerts": cacerts,
    "csrattrs": csrattrs,
    "fullcmc": fullcmc,
    "serverkeygen": serverkeygen,
    "simpleenroll": simpleenroll,
    "simplereenroll": simplereenroll,
}

MAX_BODY: Final = 262_144

_LABORIOUS: Final = frozenset(("fullcmc", "serverkeygen"))
_Carrying = Callable[[Call, Target], Reply]

_WRAPPING: Final = re.compile(r"libest", re.IGNORECASE)
"""User-Agents of clients that cannot read base64 without line breaks."""


class EstResponder:
    """Answers everything below /.well-known/est; fulfils `protocols.http.Responder`, `Limiting` and `Toiling`."""

    max_body = MAX_BODY

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        """The labels, by name."""
        self._endpoints = endpoints

    def respond(self, request: Request) -> Response:
        """Answer; nobody caches anything of this."""
        return self._answer(request, _carry_out)

    def too_large(self, request: Request) -> Response:
        """413, which the audit chain hears of as of every refusal."""
        return self._answer(request, _refuse_body)

    def waits(self, _request: Request) -> bool:
        """Every answer asks the store."""
        return True

    def toils(self, request: Request) -> bool:
        """Argon2 stands behind each password, keys are looked for, and a full CMC request may ask for many things."""
        if basic.is_tried(request):
            return True
        try:
            return read_target(request.path, self._endpoints).operation in _LABORIOUS
        except EstRefusal:
            return False

    def _answer(self, request: Request, carry_out: _Carrying) -> Response:
        try:
            target = read_target(request.path, self._endpoints)
        except EstRefusal as refused:
            return _finish(refusal(refused), request)
        call = Call.of(self._endpoints[target.label], request)
        try:
            reply = _answered(call, target, carry_out)
        except Refused as refused:
            reply = refusal(refused)
        return _finish(reply, request, call.endpoint)

    def failed(self, request: Request) -> Response:
        """The answer to a bug: the request's id and nothing else."""
        text = f"the server failed; tell the operator the request id {request.id}"
        return _finish(Reply(500, text=text), request)

    def busy(self, request: Request) -> Response:
        """The answer when no worker is free."""
        headers = (("Retry-After", str(BUSY_SECONDS)),)
        return _finish(Reply(503, text="the server is busy", headers=headers), request)


def _carry_out(call: Call, target: Target) -> Reply:
    check_method(call.request.method, target)
    return OPERATIONS[target.operation](call)


def _refuse_body(_call: Call, _target: Target) -> Reply:
    raise EstRefusal(413, "the body is larger than this server reads")


def _answered(call: Call, target: Target, carry_out: _Carrying) -> Reply:
    """The answer of the operation; what is refused is audited first, else raises Refused(UNAVAILABLE) instead."""
    try:
        return carry_out(call, target)
    except Challenge as challenge:
        if not challenge.first:
            call.note(target.operation, challenge)
        return Reply(401, headers=challenges(call.endpoint, stale=challenge.stale))
    except Refused as refused:
        call.note(target.operation, refused)
        return refusal(refused)


def refusal(refused: Refused) -> Reply:
    """The status with the reason as plain text (RFC 8951 section 4); 401 has no body, which some clients choke on."""
    status = status_of(refused)
    headers = refused.headers if isinstance(refused, EstRefusal) else ()
    if (seconds := retry_after_of(refused)) is not None:
        headers = (*headers, ("Retry-After", str(seconds)))
    return Reply(status, text="" if status == 401 else str(refused), headers=headers)


def _finish(reply: Reply, request: Request, endpoint: Endpoint | None = None) -> Response:
    wrap = endpoint.settings.wrap if endpoint is not None else "never"
    agent = request.header("user-agent") or ""
    wrapped = wrap == "always" or (wrap == "auto" and _WRAPPING.match(agent) is not None)
    response = reply.response(wrapped=wrapped, boundary=f"est-{request.id}")
    return Response(response.status, response.body, (*response.headers, ("Cache-Control", "no-store")))
