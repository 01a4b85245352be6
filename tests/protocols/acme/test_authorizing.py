"""Which authorizations are used again (see also `operations/test_new_order.py` and `test_new_authorization.py`)."""

from dataclasses import replace

from emca_daemon.protocols.acme.account_keys import known_account
from emca_daemon.protocols.acme.records import Binding
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.ca_world import START


def test_a_name_that_is_vouched_for_lives_as_long_as_a_proved_one() -> None:
    """And is used again by the next order."""
    world = AcmeWorld(replace(SETTINGS, external_accounts="optional"))
    with world.store.writing() as tx:
        tx.acme.add_binding(Binding("k", None, b"s", START, proved_names=("*",)))
    client = world.account()
    with world.store.writing() as tx:
        account = tx.acme.account((client.kid or "").rpartition("/")[2])
        assert account is not None
    world.endpoint.keys.put(known_account(replace(account, binding="k")))
    first = client.order("a.example.com")
    authorization = client.post(first.json["authorizations"][0]).json
    assert authorization["expires"] == "2026-07-01T12:00:00Z"
    assert client.order("a.example.com").json["authorizations"] == first.json["authorizations"]
