"""A store that forgets valid authorizations."""

from dataclasses import replace

from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.protocols.chaos.chance import Chance
from emca_daemon.protocols.chaos.forgetting import ForgetfulStore
from tests.support.acme_client import AcmeClient
from tests.support.acme_world import AcmeWorld


class ForgetfulWorld(AcmeWorld):
    """A world whose endpoint forgets a share of its authorizations."""

    def __init__(self, share: float) -> None:
        super().__init__()
        store = ForgetfulStore(self.store, share, Chance(lambda count: b"\x40" * count))
        self.responder = AcmeResponder(replace(self.endpoint, store=store))

    def second_order(self) -> str:
        """The status of a second order for a name that was proved."""
        client: AcmeClient = self.account()
        self.ready_order(client, "www.example.com")
        return str(client.order("www.example.com").json["status"])


def test_orders_prove_their_names_again() -> None:
    """The share decides: never, sometimes, always."""
    assert ForgetfulWorld(0.0).second_order() == "ready"
    assert ForgetfulWorld(0.2).second_order() == "ready"
    assert ForgetfulWorld(0.5).second_order() == "pending"
    assert ForgetfulWorld(1.0).second_order() == "pending"


def test_nothing_is_lost() -> None:
    """The certificate is issued and downloaded all the same."""
    world = ForgetfulWorld(1.0)
    assert world.issue(world.account(), "www.example.com")
