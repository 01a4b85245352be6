"""Every way in which clients and proxies write a request into a path is read; nothing else is."""

from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.ocsp.get_path import read_get_path

# Every character of the base64 alphabet that causes trouble, in its last octets: `/`, `+` and padding.
DATA = b"\x30\x05\xff\xfb\xef\xbe\xff"
TEXT = b64encode(DATA).decode()
ENCODED = quote(TEXT, safe="")


@pytest.mark.parametrize(
    "rest",
    [
        f"/{ENCODED}",
        f"/{TEXT}",
        f"//{TEXT}",
        f"///{ENCODED}",
        f"/{ENCODED.replace('%2F', '%2f').replace('%2B', '%2b').replace('%3D', '%3d')}",
        f"/%2F{ENCODED}",
        f"/{TEXT.rstrip('=')}",
        f"/{ENCODED.replace('%3D', '')}",
        TEXT,
    ],
)
def test_all_forms_are_read(rest: str) -> None:
    """Encoded or raw, upper or lower case, one slash or more, padded or not."""
    assert read_get_path(rest, 100) == DATA


def test_the_sample_has_what_causes_trouble() -> None:
    """The sample text has a slash, a plus and padding."""
    assert set("/+=") <= set(TEXT)


@pytest.mark.parametrize(
    "rest",
    [
        "/" + urlsafe_b64encode(b"\x30\xfb\xff\xfe").decode(),
        "/MAUA AA",
        "/MAUA%20AA",
        "/MAUA%0AAA",
        "/M",
        "/MAUAAA===",
        "/MA=AAA",
        "/MAUA%252F",
        "/\N{SNOWMAN}",
        "/%",
        "/%ff%fe",
    ],
)
def test_what_is_not_base64_is_refused(rest: str) -> None:
    """URL-safe text, white space, bad lengths and padding, text encoded twice, and nonsense are malformed."""
    with pytest.raises(Refused) as caught:
        read_get_path(rest, 100)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("size", [101, 5000])
def test_long_requests_are_refused(size: int) -> None:
    """What is longer than a request may be is malformed, however much longer."""
    with pytest.raises(Refused) as caught:
        read_get_path("/" + b64encode(bytes(size)).decode(), 100)
    assert caught.value.reason is Reason.MALFORMED


@given(st.binary(min_size=1, max_size=100).map(lambda data: b"\x30" + data), st.booleans())
def test_every_request_reads_back(data: bytes, raw: bool) -> None:
    """Whatever the octets after the first, both forms read back."""
    text = b64encode(data).decode()
    assert read_get_path("/" + (text if raw else quote(text, safe="")), 200) == data


@given(st.text(max_size=60))
def test_any_text_gives_octets_or_a_refusal(rest: str) -> None:
    """The reader never fails in any other way."""
    try:
        assert isinstance(read_get_path(rest, 100), bytes)
    except Refused as caught:
        assert "path" in caught.detail  # noqa: PT017 - both outcomes are right
