"""Answers as bytes."""

from base64 import b64encode

from emca_daemon.protocols.est.replies import Part, Reply


def test_one_part_is_the_body() -> None:
    """With its type and Content-Transfer-Encoding."""
    response = Reply(parts=(Part("application/pkcs8", b"key"),)).response(wrapped=False, boundary="b")
    assert response.body == b64encode(b"key")
    assert response.headers == (("Content-Type", "application/pkcs8"), ("Content-Transfer-Encoding", "base64"))


def test_several_parts_are_multipart() -> None:
    """Each with headers of its own (RFC 7030 4.4.2)."""
    parts = (Part("application/pkcs8", b"key"), Part("application/pkcs7-mime", b"certificate"))
    response = Reply(parts=parts).response(wrapped=True, boundary="b")
    assert response.headers[0] == ("Content-Type", "multipart/mixed; boundary=b")
    assert response.body.startswith(
        b"--b\r\nContent-Type: application/pkcs8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    assert response.body.endswith(b"\r\n--b--\r\n")


def test_text_is_utf_8_and_nothing_has_no_type() -> None:
    """RFC 8951 section 4."""
    response = Reply(400, text="nö").response(wrapped=False, boundary="b")
    assert (response.body, response.headers) == ("nö\n".encode(), (("Content-Type", "text/plain; charset=utf-8"),))
    assert Reply(202, headers=(("Retry-After", "5"),)).response(wrapped=False, boundary="b").headers == (
        ("Retry-After", "5"),
    )
