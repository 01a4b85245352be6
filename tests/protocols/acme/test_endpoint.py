"""An endpoint's addresses."""

import re

from emca_daemon.protocols.http import Peer, Request
from tests.support.acme_world import AcmeWorld


def test_addresses_are_those_that_clients_see() -> None:
    """The public base, whatever Host header came; the query belongs to the URL."""
    endpoint = AcmeWorld().endpoint
    request = Request("POST", "/acme/account/x/orders", "after=y", (), b"", Peer("192.0.2.1"), "r")
    assert endpoint.url_of(request) == "https://ca.test/acme/account/x/orders?after=y"
    assert endpoint.account_url("x") == "https://ca.test/acme/account/x"
    assert endpoint.mount == "/acme"


def test_ids_cannot_be_guessed() -> None:
    """120 random bits in characters that need no escaping."""
    endpoint = AcmeWorld().endpoint
    ids = {endpoint.new_id() for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{20}", one) for one in ids)
