"""/csrattrs."""

from base64 import b64decode

from emca_daemon.asn1 import der
from tests.support.est_world import EstWorld, settings


def test_what_is_configured_is_listed() -> None:
    """To anybody, with its own media type."""
    world = EstWorld()
    world.label(settings(csr_attributes=("1.2.840.113549.1.9.1",)))
    response = world.send("csrattrs", method="GET")
    assert response.status == 200
    assert dict(response.headers)["Content-Type"] == "application/csrattrs"
    assert b64decode(response.body) == der.sequence(der.oid("1.2.840.113549.1.9.1"))


def test_nothing_to_say_is_204() -> None:
    """RFC 7030 4.5.2."""
    world = EstWorld()
    world.label()
    response = world.send("csrattrs", method="GET")
    assert (response.status, response.body) == (204, b"")
