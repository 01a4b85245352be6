"""What an operation answers, before the endpoint's way of writing base64 is known."""

from dataclasses import dataclass
from typing import Final

from emca_daemon.protocols.est.bodies import write_body
from emca_daemon.protocols.http import Headers, Response

CERTS: Final = "application/pkcs7-mime"
CERTS_ONLY: Final = "application/pkcs7-mime; smime-type=certs-only"
"""To the octet: libest compares the whole text."""

_ENCODING: Final = ("Content-Transfer-Encoding", "base64")


@dataclass(frozen=True, slots=True)
class Part:
    """Some DER and its media type."""

    content_type: str
    der: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, one part or several, further header fields."""

    status: int = 200
    parts: tuple[Part, ...] = ()
    headers: Headers = ()
    text: str = ""

    def response(self, *, wrapped: bool, boundary: str) -> Response:
        """The HTTP response; `boundary` separates several parts (RFC 7030 4.4.2)."""
        if not self.parts:
            if not self.text:
                return Response(self.status, b"", self.headers)
            kind = ("Content-Type", "text/plain; charset=utf-8")
            return Response(self.status, f"{self.text}\n".encode(), (kind, *self.headers))
        if len(self.parts) == 1:
            part = self.parts[0]
            body = write_body(part.der, wrapped=wrapped)
            return Response(self.status, body, (("Content-Type", part.content_type), _ENCODING, *self.headers))
        kind = ("Content-Type", f"multipart/mixed; boundary={boundary}")
        return Response(self.status, self._multipart(boundary, wrapped=wrapped), (kind, *self.headers))

    def _multipart(self, boundary: str, *, wrapped: bool) -> bytes:
        """Each part with its own Content-Transfer-Encoding: libest drops those that have none."""
        lines = []
        for part in self.parts:
            head = f"--{boundary}\r\nContent-Type: {part.content_type}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            lines.append(head.encode() + write_body(part.der, wrapped=wrapped) + b"\r\n")
        return b"".join(lines) + f"--{boundary}--\r\n".encode()
