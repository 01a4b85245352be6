"""HTTP Basic."""

from base64 import b64encode

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.basic import challenge, is_tried, read_basic
from emca_daemon.protocols.http import Peer, Request


def test_user_and_password_in_utf_8() -> None:
    """The first colon divides them."""
    assert read_basic(b64encode("ä:b:c".encode()).decode()) == ("ä", "b:c")
    assert challenge("est") == 'Basic realm="est"'


@pytest.mark.parametrize(
    ("field", "tried"),
    [("Basic eA==", True), (" BASIC", True), (None, False), ("", False), ("Bearer x", False), ("basically", False)],
)
def test_whether_there_is_a_password(field: str | None, *, tried: bool) -> None:
    """By the scheme alone, in any case."""
    headers = () if field is None else (("authorization", field),)
    assert is_tried(Request("GET", "/", "", headers, b"", Peer("192.0.2.9"), "r-1")) is tried


@pytest.mark.parametrize("token", ["", "!", "YQ==", b64encode(b"\xff:x").decode(), b64encode(b"a\0:x").decode(), "ÄÖ"])
def test_what_is_none_is_a_wrong_password(token: str) -> None:
    """One refusal for everything."""
    with pytest.raises(Refused) as refused:
        read_basic(token)
    assert refused.value.reason is Reason.NOT_AUTHENTICATED
