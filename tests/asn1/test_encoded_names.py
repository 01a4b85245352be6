"""Names from their own DER."""

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.asn1.encoded_names import read_general_names, read_name
from emca_daemon.errors import Refused

NAME = x509.Name.from_rfc4514_string("CN=Ü,O=Example")


def test_a_name_comes_back() -> None:
    """Also the empty one."""
    assert read_name(NAME.public_bytes()) == NAME
    assert len(list(read_name(der.sequence()))) == 0


def test_general_names_come_back() -> None:
    """In their order."""
    names = (x509.DNSName("a.example"), x509.DirectoryName(NAME))
    assert read_general_names(x509.SubjectAlternativeName(names).public_bytes()) == names


@pytest.mark.parametrize("data", [b"", b"\x30", der.octet_string(b"x"), der.sequence(der.integer(1))])
def test_what_is_none_is_refused(data: bytes) -> None:
    """MALFORMED."""
    with pytest.raises(Refused):
        read_name(data)
    with pytest.raises(Refused):
        read_general_names(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing else happens."""
    for read in (read_name, read_general_names):
        try:
            read(data)
        except Refused as refused:
            assert refused.detail  # noqa: PT017
