"""Changed terms of service (blocked keys: operations/test_finalize.py)."""

from dataclasses import replace

from emca_daemon.protocols.acme.responder import AcmeResponder
from tests.support.acme_client import AcmeClient
from tests.support.acme_world import SETTINGS, AcmeWorld

OLD, NEW = "https://ca.test/terms/1", "https://ca.test/terms/2"


def under_terms(world: AcmeWorld, client: AcmeClient, terms: str | None, *, required: bool = True) -> AcmeClient:
    """The same client at an endpoint with these terms."""
    settings = replace(SETTINGS, terms_of_service=terms, require_new_terms=required)
    moved = AcmeClient(AcmeResponder(world.make_endpoint(settings=settings)).respond, SETTINGS.base_url, client.key)
    moved.kid = client.kid
    return moved


def test_new_terms_must_be_agreed_to_before_the_next_order() -> None:
    """403 userActionRequired with instance and link; an update of the account agrees, in other processes too."""
    world = AcmeWorld(replace(SETTINGS, terms_of_service=OLD, require_new_terms=True))
    client = world.account()
    assert client.order("a.example.com").status == 201
    here, elsewhere = under_terms(world, client, NEW), under_terms(world, client, NEW)
    for one in (here, elsewhere):
        refused = one.order("a.example.com")
        assert refused.problem == "403 userActionRequired"
        assert (refused.json["instance"], refused.links("terms-of-service")) == (NEW, [NEW])
    assert here.post(here.kid or "", {"termsOfServiceAgreed": False}).status == 200
    assert here.order("a.example.com").status == 403
    assert here.post(here.kid or "", {"termsOfServiceAgreed": True}).json["termsOfServiceAgreed"] is True
    assert here.order("a.example.com").status == 201
    assert elsewhere.order("a.example.com").status == 201


def test_new_terms_change_nothing_unless_required() -> None:
    """Nor do terms that are there no more."""
    world = AcmeWorld(replace(SETTINGS, terms_of_service=OLD))
    client = world.account()
    assert under_terms(world, client, NEW, required=False).order("a.example.com").status == 201
    assert under_terms(world, client, None).order("a.example.com").status == 201
