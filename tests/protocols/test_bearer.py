"""Bearer tokens."""

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.bearer import challenge, read_tokens, verify_bearer
from emca_daemon.protocols.http_users import HttpUser

FILE = "# devices\ngate 0123456789abcdef doors  floors # the gate\n\nmill fedcba9876543210\n"


def test_a_token_says_who_it_is() -> None:
    """With the groups of its line; the token itself is kept nowhere."""
    tokens = read_tokens(FILE)
    assert verify_bearer("0123456789abcdef", tokens) == HttpUser("gate", "token", frozenset({"doors", "floors"}))
    assert verify_bearer("fedcba9876543210", tokens).name == "mill"
    assert "0123456789abcdef" not in repr(tokens)
    assert challenge("est") == 'Bearer realm="est"'


def test_another_token_is_refused() -> None:
    """NOT_AUTHENTICATED."""
    with pytest.raises(Refused) as refused:
        verify_bearer("0123456789abcdee", read_tokens(FILE))
    assert refused.value.reason is Reason.NOT_AUTHENTICATED


@pytest.mark.parametrize("line", ["gate", "gate short"])
def test_a_line_that_is_none_is_refused(line: str) -> None:
    """By its number, without the token."""
    with pytest.raises(Refused, match="line 2"):
        read_tokens(f"# first\n{line}")
