"""newNonce."""

from tests.support.acme_world import AcmeWorld


def test_nonces_by_every_method() -> None:
    """HEAD 200, GET 204, POST-as-GET 204, nothing in the body, never stored (RFC 8555 7.2)."""
    client = AcmeWorld().account()
    url = client.url("/new-nonce")
    for answer, status in ((client.send("HEAD", url), 200), (client.send("GET", url), 204), (client.post(url), 204)):
        assert answer.status == status
        assert answer.response.body == b""
        assert answer.header("cache-control") == "no-store"
        assert answer.header("replay-nonce")
