"""Whether the daemon lives, whether it can do its work, and what it has counted: for operators' machines."""

import json
from collections.abc import Callable, Mapping

from emca_daemon.errors import Refused
from emca_daemon.protocols.http import Request, Response

Check = Callable[[], str]
"""Empty when all is well, else the problem in one sentence; may raise Refused."""

_FRESH = ("cache-control", "no-store")
_TEXT = ("content-type", "text/plain; charset=utf-8")
_JSON = ("content-type", "application/json")


class _Reading:
    """What both responders share: they are only read, and have nothing to hide in their errors."""

    max_body = 0

    def failed(self, request: Request) -> Response:
        """Something went wrong; the log knows more."""
        return Response(500, f"internal error {request.id}\n".encode(), (_TEXT, _FRESH))

    def busy(self, request: Request) -> Response:  # noqa: ARG002
        """Try again."""
        return Response(503, b"busy\n", (_TEXT, _FRESH, ("retry-after", "1")))


def _refuse_method(request: Request) -> Response | None:
    """405 for anything that does not read."""
    if request.method in ("GET", "HEAD"):
        return None
    return Response(405, b"", (("allow", "GET, HEAD"),))


class HealthResponder(_Reading):
    """`/healthz`: the process answers. `/readyz`: so do the things it depends on."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """Named checks of the store, the signers, the age of CRLs ..."""
        self._checks = checks

    def respond(self, request: Request) -> Response:
        """200, or 503 with the names of the checks that failed and why."""
        if (refusal := _refuse_method(request)) is not None:
            return refusal
        if request.path == "/healthz":
            return Response(200, b"ok\n", (_TEXT, _FRESH))
        if request.path != "/readyz":
            return Response(404, b"", (_FRESH,))
        problems = {name: problem for name, check in self._checks.items() if (problem := _result(check))}
        body = {"ready": not problems, "checks": sorted(self._checks), "problems": problems}
        return Response(503 if problems else 200, json.dumps(body).encode(), (_JSON, _FRESH))

    def waits(self, request: Request) -> bool:
        """Checks ask the store and the keys; being alive is known without."""
        return request.path == "/readyz"


class MetricsResponder(_Reading):
    """`/metrics`, in Prometheus' text format."""

    def __init__(self, render: Callable[[], bytes]) -> None:
        """`render` writes everything that was counted."""
        self._render = render

    def respond(self, request: Request) -> Response:
        """The numbers as they are now."""
        if (refusal := _refuse_method(request)) is not None:
            return refusal
        content_type = ("content-type", "text/plain; version=0.0.4; charset=utf-8")
        return Response(200, self._render(), (content_type, _FRESH))

    def waits(self, request: Request) -> bool:  # noqa: ARG002
        """The age of CRLs is asked of the store."""
        return True


def _result(check: Check) -> str:
    """What a check says, a refusal included."""
    try:
        return check()
    except Refused as refusal:
        return str(refusal)
