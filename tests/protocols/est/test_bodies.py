"""Bodies in every form that clients send."""

from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.bodies import read_body, write_body

DER = der.sequence(der.octet_string(bytes(range(256))))
TEXT = b64encode(DER)


@pytest.mark.parametrize(
    "body",
    [
        TEXT,
        TEXT + b"\n",
        write_body(DER, wrapped=True),
        TEXT.replace(b"A", b"A\r\n\t "),
        TEXT.rstrip(b"="),
        DER,
        b"-----BEGIN CERTIFICATE REQUEST-----\n"
        + write_body(DER, wrapped=True)
        + b"-----END CERTIFICATE REQUEST-----\n",
        b"-----BEGIN NEW CERTIFICATE REQUEST-----" + TEXT + b"-----END NEW CERTIFICATE REQUEST-----",
    ],
)
def test_every_form_is_read(body: bytes) -> None:
    """Base64 with and without line breaks or padding, PEM, DER."""
    assert read_body(body) == DER


@pytest.mark.parametrize("body", [b"", b" \n", b"!!!!", b"A", b"A===", b"AAAA=AAAA", b"\xff\xfe", b"Zg=\x00"])
def test_what_is_no_base64_is_refused(body: bytes) -> None:
    """MALFORMED, whatever it is."""
    with pytest.raises(Refused) as refused:
        read_body(body)
    assert refused.value.reason is Reason.MALFORMED


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing else happens."""
    with suppress(Refused):
        read_body(body)


@given(st.binary(min_size=1, max_size=300), st.booleans())
def test_what_is_written_is_read(content: bytes, wrapped: bool) -> None:
    """Wrapped lines have 64 characters at the most; unwrapped there is one line without its end."""
    written = write_body(content, wrapped=wrapped)
    assert read_body(written) == content
    lines = written.split(b"\n")
    assert max(map(len, lines)) <= 64 if wrapped else len(lines) == 1
