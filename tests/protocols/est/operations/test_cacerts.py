"""/cacerts."""

from tests.support.est_world import EstWorld, certificates


def test_everybody_gets_the_chain_up_to_the_root() -> None:
    """Unauthenticated, the self-signed root included (RFC 7030 4.1.3), with the media type to the octet."""
    world = EstWorld()
    world.label()
    response = world.send("cacerts", method="GET")
    found = certificates(response)
    assert set(found) == set(world.endpoints["default"].authority.chain)
    assert any(one.subject == one.issuer for one in found)
    assert dict(response.headers)["Content-Type"] == "application/pkcs7-mime"


def test_head_is_answered_like_get() -> None:
    """The listener leaves the body out."""
    world = EstWorld()
    world.label()
    assert world.send("cacerts", method="HEAD").status == 200
