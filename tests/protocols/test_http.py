"""HTTP as values."""

from emca_daemon.protocols.http import Headers, Peer, Request, Response

HEADERS: Headers = (("accept", "a"), ("x-two", "first"), ("x-two", "second"))


def test_a_request_gives_the_first_header_of_a_name() -> None:
    """Listeners hand names over in lower case; a header that is not there is None."""
    request = Request("GET", "/a", "", HEADERS, b"", Peer("192.0.2.1"), "request-1")
    assert [request.header(name) for name in ("accept", "x-two", "host")] == ["a", "first", None]
    assert not request.secure


def test_a_response_gives_the_first_header_whatever_its_case() -> None:
    """Protocols may write names as they please."""
    response = Response(200, b"", (("Content-Type", "text/plain"), ("content-type", "other")))
    assert response.header("content-type") == "text/plain"
    assert Response(204).header("content-type") is None
    assert Response(204).body == b""
