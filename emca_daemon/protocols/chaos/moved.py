"""A directory at its known address whose resources are somewhere else: clients must not know their addresses."""

import json
from dataclasses import replace

from emca_daemon.protocols.http import Request, Responder, Response


class MovedDirectory:
    """Answers for the directory of an endpoint that is mounted at another path."""

    def __init__(self, inner: Responder, *, entrance: str, directory: str, unknown_entry: str = "") -> None:
        """`entrance` is the path that clients know, `directory` the one that `inner` answers.

        With `unknown_entry` the directory has one more entry, of that name.
        """
        self.max_body = inner.max_body
        self._inner = inner
        self._entrance = entrance
        self._directory = directory
        self._unknown_entry = unknown_entry

    def respond(self, request: Request) -> Response:
        """The directory; below the entrance there is nothing else."""
        if request.path != self._entrance:
            return self._inner.respond(request)
        response = self._inner.respond(replace(request, path=self._directory))
        if not self._unknown_entry or response.status != 200 or not response.body:
            return response
        document = {self._unknown_entry: "https://example.com/an-entry-that-no-client-knows"}
        document |= json.loads(response.body)
        return replace(response, body=json.dumps(document).encode())

    def waits(self, request: Request) -> bool:
        """As the endpoint does."""
        return self._inner.waits(request)

    def failed(self, request: Request) -> Response:
        """The endpoint's own."""
        return self._inner.failed(request)

    def busy(self, request: Request) -> Response:
        """The endpoint's own."""
        return self._inner.busy(request)
