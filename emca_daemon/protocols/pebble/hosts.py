"""One endpoint under whatever host name its clients use: addresses in answers are those of the request's Host."""

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from emca_daemon.protocols.http import Request, Responder, Response

_HOST: Final = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_REMEMBERED: Final = 64


class HostResponders:
    """Answers by a responder for each host."""

    def __init__(self, make: Callable[[str], Responder], usual: str) -> None:
        """`make` builds the responder for a Host; `usual` stands in for what is none, and must do."""
        self._make = make
        self._usual = usual
        self._made: OrderedDict[str, Responder] = OrderedDict()
        self.max_body = self._of(usual).max_body

    def respond(self, request: Request) -> Response:
        """The answer with the addresses of its host."""
        return self._of(self._host(request)).respond(request)

    def waits(self, request: Request) -> bool:
        """As for every host."""
        return self._of(self._usual).waits(request)

    def failed(self, request: Request) -> Response:
        """The host's own."""
        return self._of(self._host(request)).failed(request)

    def busy(self, request: Request) -> Response:
        """The host's own."""
        return self._of(self._host(request)).busy(request)

    def _host(self, request: Request) -> str:
        given = (request.header("host") or "").lower()
        return given if _HOST.fullmatch(given) else self._usual

    def _of(self, host: str) -> Responder:
        """The responder of a host; those not asked for longest are made anew when they are."""
        responder = self._made.get(host)
        if responder is None:
            responder = self._made[host] = self._make(host)
            if len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        self._made.move_to_end(host)
        return responder
