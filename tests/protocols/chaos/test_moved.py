"""A directory whose resources are elsewhere."""

from dataclasses import replace

from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.protocols.chaos.moved import MovedDirectory
from emca_daemon.protocols.http import Peer, Request
from tests.support.acme_client import AcmeClient
from tests.support.acme_world import AcmeWorld


def moved(world: AcmeWorld, unknown_entry: str) -> MovedDirectory:
    """The world's endpoint, moved to /acme/xyz."""
    settings = replace(world.settings, base_url=world.settings.base_url + "/xyz")
    inner = AcmeResponder(world.make_endpoint(settings=settings))
    return MovedDirectory(
        inner, entrance="/acme/directory", directory="/acme/xyz/directory", unknown_entry=unknown_entry
    )


def test_the_directory_leads_to_the_resources() -> None:
    """A client that follows the directory gets its account; one more entry is in its way, or none."""
    world = AcmeWorld()
    responder = moved(world, "surprise")
    client = AcmeClient(responder.respond, "https://ca.test/acme")
    directory = client.send("GET", client.url("/directory")).json
    assert directory.pop("surprise").startswith("https://")
    assert directory["newAccount"] == "https://ca.test/acme/xyz/new-account"
    answer = client.send("HEAD", directory["newNonce"])
    assert client.post(directory["newAccount"], {}, nonce=answer.header("replay-nonce")).status == 201
    plain = AcmeClient(moved(world, "").respond, "https://ca.test/acme")
    assert "surprise" not in plain.send("GET", plain.url("/directory")).json
    assert client.send("HEAD", client.url("/directory")).status == 200


def test_usual_addresses_are_nobody_s() -> None:
    """Who knows addresses by heart finds nothing."""
    client = AcmeClient(moved(AcmeWorld(), "").respond, "https://ca.test/acme")
    assert client.send("HEAD", client.url("/new-nonce")).status == 404


def test_the_rest_is_the_endpoint_s() -> None:
    """How it is run, and how it fails."""
    responder = moved(AcmeWorld(), "")
    request = Request("POST", "/acme/new-order", "", (), b"", Peer("192.0.2.1"), "r-1")
    assert responder.max_body == AcmeResponder.max_body
    assert responder.waits(request)
    assert responder.failed(request).status == 500
    assert responder.busy(request).status == 503
