"""The small HTTP client of the benchmarks."""

import pytest

from bench.http_client import Answer, NoAnswerError

NO_JSON = (b"", b"<h1>Bad Gateway</h1>", b"\xff\xfe", b'{"type"')


@pytest.mark.parametrize("body", NO_JSON)
def test_a_body_that_is_no_json_is_no_answer(body: bytes) -> None:
    """Which a load counts among its failures."""
    with pytest.raises(NoAnswerError, match="200 without JSON"):
        Answer(200, {}, body).json()


@pytest.mark.parametrize("body", [*NO_JSON, b"[1]", b"null"])
def test_an_error_without_a_problem_document_has_none(body: bytes) -> None:
    """Proxies, and servers that are overloaded, write what they like."""
    assert Answer(502, {}, body).problem() == {}
    assert Answer(400, {}, b'{"type": "about:blank"}').problem() == {"type": "about:blank"}
