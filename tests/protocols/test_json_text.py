"""Strict JSON and base64url."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.json_text import read_base64url, read_object, write_object


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'"text"',
        b"1",
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":"\\ud800"}',
        b'{"a":1}x',
        b"\xff{}",
        b'{"a":' + b"[" * 60_000,
        b'{"a":' + b"1" * 10_000 + b"}",
    ],
)
def test_odd_json_is_refused(text: bytes) -> None:
    """Other values, duplicate members, lone surrogates, depth and length beyond reason are all MALFORMED."""
    with pytest.raises(Refused) as refused:
        read_object(text, "the text")
    assert refused.value.reason is Reason.MALFORMED
    assert "the text" in refused.value.detail


@given(st.binary(max_size=200))
def test_any_bytes_give_an_object_or_a_refusal(data: bytes) -> None:
    """Nothing else comes out."""
    with suppress(Refused):
        assert isinstance(read_object(data, "it"), dict)


def test_escaped_text_is_read() -> None:
    """A surrogate pair is one character."""
    assert read_object(b'{"a":"\\ud83d\\ude00"}', "it") == {"a": "\U0001f600"}


@given(st.binary())
def test_base64url_is_read_back(data: bytes) -> None:
    """Encoding without padding is the inverse."""
    assert read_base64url(base64.urlsafe_b64encode(data).rstrip(b"=").decode(), "it") == data


@pytest.mark.parametrize("text", ["QQ==", "QQ=", "a b", "a+/b", "A", "AAAAA", "é", "QQ\n", None, 7, b"QQ"])
def test_base64url_is_strict(text: object) -> None:
    """Padding, the other alphabet, whitespace, impossible lengths and other types are refused."""
    with pytest.raises(Refused) as refused:
        read_base64url(text, "it", Reason.BAD_PROOF_OF_POSSESSION)
    assert refused.value.reason is Reason.BAD_PROOF_OF_POSSESSION


def test_answers_are_compact() -> None:
    """No white space."""
    assert write_object({"a": [1, 2]}) == b'{"a":[1,2]}'
