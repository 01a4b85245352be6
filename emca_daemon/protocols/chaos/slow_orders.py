"""Orders that stay `processing` for a while after their finalization, although their certificate is there."""

import json
from datetime import datetime, timedelta
from math import ceil

from emca_daemon.clock import Clock
from emca_daemon.protocols.http import Request, Response

_MOST = 10_000
"""Orders that are held back at a time; beyond that they are done at once."""

_FINALIZE = "/finalize"


class SlowOrders:
    """Shows finished orders as unfinished ones until their time has come; a process remembers its own only."""

    def __init__(self, delay: timedelta, clock: Clock) -> None:
        self._delay = delay
        self._clock = clock
        self._until: dict[str, datetime] = {}

    def shown(self, request: Request, response: Response) -> Response:
        """The answer as the client sees it."""
        order = response.header("location")
        if not self._delay or order is None or response.status != 200:
            return response
        now = self._clock()
        if request.path.endswith(_FINALIZE) and order not in self._until:
            self._forget(now)
            if len(self._until) < _MOST:
                self._until[order] = now + self._delay
        until = self._until.get(order, now)
        return _processing(response, until - now) if until > now else response

    def _forget(self, now: datetime) -> None:
        """Drop those whose time is long over: a repeated finalization shall not begin anew."""
        for order in [one for one, until in self._until.items() if until + self._delay * 10 < now]:
            del self._until[order]


def _processing(response: Response, left: timedelta) -> Response:
    """The same order before its certificate was there (RFC 8555 7.4); other objects, other statuses as they are."""
    document = json.loads(response.body)
    if document.get("status") != "valid" or "finalize" not in document:
        return response
    unfinished = {name: value for name, value in document.items() if name != "certificate"}
    headers = tuple((name, value) for name, value in response.headers if name.lower() != "retry-after")
    wait = str(max(1, ceil(left.total_seconds())))
    return Response(200, json.dumps({**unfinished, "status": "processing"}).encode(), (*headers, ("Retry-After", wait)))
