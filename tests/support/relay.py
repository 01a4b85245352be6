"""A mail server for tests: a thread that takes whatever it is given, on the loopback."""

import socketserver
import threading
from contextlib import suppress


class Relay:
    """Takes mails; `answer` is what it says to a mail that is whole."""

    def __init__(self, answer: str = "250 taken") -> None:
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.answer = answer
        outer = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(ConnectionError):
                    outer.talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> "Relay":
        """Start it."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def talk(self, session: socketserver.StreamRequestHandler) -> None:
        """One conversation."""

        def say(text: str) -> None:
            session.wfile.write(text.encode() + b"\r\n")

        say("220 relay")
        for line in session.rfile:
            word = line[:4].upper()
            if word == b"RCPT":
                self.recipients.append(line.partition(b"<")[2].partition(b">")[0].decode())
            if word == b"DATA":
                say("354 go on")
                content = b"".join(iter(session.rfile.readline, b".\r\n"))
                if self.answer.startswith("250"):
                    self.mails.append(content)
                say(self.answer)
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 relay")
