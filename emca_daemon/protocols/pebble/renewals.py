"""Renewal information set by hand, and the shorter waits that Pebble's configuration asks for."""

import re
from base64 import urlsafe_b64decode
from collections import OrderedDict
from typing import Final

from emca_daemon.names import SerialNumber
from emca_daemon.protocols.http import Request, Responder, Response

_MOST: Final = 10_000
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RETRY_AFTER: Final = "21600"
"""Six hours, as ACME servers say it (RFC 9773 4.3)."""


class Renewals:
    """Answers to the question when to renew, by certificate; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._answers: OrderedDict[SerialNumber, str] = OrderedDict()

    def set(self, serial: SerialNumber, answer: str) -> None:
        """From now on this is the answer, verbatim."""
        self._answers[serial] = answer
        if len(self._answers) > _MOST:
            self._answers.popitem(last=False)

    def get(self, serial: SerialNumber) -> str | None:
        """The answer, where one was set."""
        return self._answers.get(serial)


class OverridingResponder:
    """Answers questions about renewals as they were set, and says of others how long to wait."""

    def __init__(self, inner: Responder, renewals: Renewals, *, renewal_path: str, waits: dict[str, int]) -> None:
        """`renewal_path` is where renewal information is; `waits` are seconds of Retry-After by the beginning of paths.

        They take the place of a Retry-After that `inner` says with status 200.
        """
        self.max_body = inner.max_body
        self._inner = inner
        self._renewals = renewals
        self._renewal_path = renewal_path + "/"
        self._waits = waits

    def respond(self, request: Request) -> Response:
        """The answer set, or that of the endpoint."""
        answer = self._set_by_hand(request)
        if answer is not None:
            headers = (("Content-Type", "application/json"), ("Retry-After", _RETRY_AFTER))
            return Response(200, answer.encode(), headers)
        return self._waiting(request, self._inner.respond(request))

    def waits(self, request: Request) -> bool:
        """As the endpoint does."""
        return self._inner.waits(request)

    def failed(self, request: Request) -> Response:
        """The endpoint's own."""
        return self._inner.failed(request)

    def busy(self, request: Request) -> Response:
        """The endpoint's own."""
        return self._inner.busy(request)

    def _set_by_hand(self, request: Request) -> str | None:
        if request.method != "GET" or not request.path.startswith(self._renewal_path):
            return None
        serial = serial_of(request.path.removeprefix(self._renewal_path))
        return None if serial is None else self._renewals.get(serial)

    def _waiting(self, request: Request, response: Response) -> Response:
        wait = next((seconds for path, seconds in self._waits.items() if request.path.startswith(path)), None)
        if wait is None or response.status != 200 or response.header("retry-after") is None:
            return response
        headers = tuple((name, value) for name, value in response.headers if name.lower() != "retry-after")
        return Response(response.status, response.body, (*headers, ("Retry-After", str(wait))))


def serial_of(identifier: str) -> SerialNumber | None:
    """The serial number in a certificate's identifier (RFC 9773 4.1: key identifier, dot, serial, in base64url)."""
    _, _, serial = identifier.partition(".")
    if not _BASE64URL.fullmatch(serial) or len(serial) % 4 == 1:
        return None
    return SerialNumber(int.from_bytes(urlsafe_b64decode(serial + "=" * (-len(serial) % 4))))
