"""Tests of emca_daemon.protocols.scep.get_message."""

from base64 import b64encode, encodebytes, urlsafe_b64encode
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.get_message import query_fields, read_message

OCTETS = bytes(range(256)) + b"\xfb\xff\xfe"
PLAIN = b64encode(OCTETS).decode()


def read(written: str) -> bytes:
    """The message in a query that a client wrote so."""
    return read_message(query_fields(f"operation=PKIOperation&message={written}")["message"])


@pytest.mark.parametrize(
    "written",
    [
        PLAIN,  # jscep, macOS: `+`, `/` and `=` as they are
        quote(PLAIN, safe=""),  # certmonger, Juniper: fully percent-encoded
        encodebytes(OCTETS).decode().replace("\n", "%0A").replace("+", "%2B"),  # strongSwan, sscep, Cisco
        PLAIN.replace("=", "%3D"),  # macOS
        urlsafe_b64encode(OCTETS).decode(),  # scepclient
        urlsafe_b64encode(OCTETS).decode().rstrip("="),  # agents on Android
        PLAIN.replace("+", " "),  # behind a proxy that knows forms
        PLAIN.replace("+", "%20"),
        encodebytes(OCTETS).decode().replace("\n", "%0D%0A").replace("-", "%2D"),
    ],
)
def test_every_form_of_base64_is_read(written: str) -> None:
    """As clients really write it."""
    assert read(written) == OCTETS


@pytest.mark.parametrize("written", ["%21", "A", "ABC*", "%FF%FE", "AAAAA", "é"])
def test_what_is_no_base64_is_refused(written: str) -> None:
    """Characters that are none of it, a length that cannot be."""
    with pytest.raises(Refused) as caught:
        read(written)
    assert caught.value.reason is Reason.MALFORMED


def test_fields_may_come_in_any_order_and_case() -> None:
    """Scepclient writes the message first; the first of two counts."""
    assert query_fields("message=a&Operation=GetCACert&operation=x&empty") == {
        "message": "a",
        "operation": "GetCACert",
        "empty": "",
    }


@given(st.text(max_size=80))
def test_any_text_gives_octets_or_a_refusal(text: str) -> None:
    """Nothing else is raised."""
    with suppress(Refused):
        read_message(text)


@given(st.binary(max_size=100))
def test_what_was_encoded_comes_back(octets: bytes) -> None:
    """Padded or not."""
    assert read_message(b64encode(octets).decode()) == octets
    assert read_message(urlsafe_b64encode(octets).decode().rstrip("=")) == octets
