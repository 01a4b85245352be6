"""A web server on the port of http-01, for clients that only put files into a folder."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class QuietFiles(SimpleHTTPRequestHandler):
    """Serves a folder and tells nobody."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Not a word."""


@contextmanager
def webroot(port: int, folder: Path) -> Iterator[Path]:
    """Where the answers are to be put while the block runs."""
    answers = folder / "www" / ".well-known" / "acme-challenge"
    answers.mkdir(parents=True)
    with ThreadingHTTPServer(("127.0.0.1", port), partial(QuietFiles, directory=folder / "www")) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join(10)
