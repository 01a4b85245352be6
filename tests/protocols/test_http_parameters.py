"""The Authorization field."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Refused
from emca_daemon.protocols.http_parameters import read_authorization, read_parameters


def test_scheme_and_rest() -> None:
    """The scheme in lower case."""
    assert read_authorization(" BASIC  abc ") == ("basic", "abc")
    assert read_authorization("Basic") == ("basic", "")


@pytest.mark.parametrize("field", ["", "  ", "Basic " + "x" * 9000])
def test_nothing_and_too_much_are_refused(field: str) -> None:
    """MALFORMED."""
    with pytest.raises(Refused):
        read_authorization(field)


def test_parameters_quoted_or_not() -> None:
    """Names in lower case; escapes are undone."""
    text = 'Username="a\\"b", qop=auth,nc="00000001" , empty=""'
    assert read_parameters(text) == {"username": 'a"b', "qop": "auth", "nc": "00000001", "empty": ""}


@pytest.mark.parametrize("text", ["a", "a=", 'a="x', "a=1, a=2", "a=1 b=2", "=1"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    """A parameter twice, too."""
    with pytest.raises(Refused):
        read_parameters(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else happens."""
    with suppress(Refused):
        read_parameters(text)
