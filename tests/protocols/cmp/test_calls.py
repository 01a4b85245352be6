"""One message on its way."""

from emca_daemon.asn1.cmp import Body
from emca_daemon.protocols.cmp.calls import Answer, Origin


def test_answers_and_origins_are_bare_without_more() -> None:
    """No certificates, no information; no label, no operation."""
    assert not Answer(Body.PKICONF, b"").certificates
    assert not Answer(Body.PKICONF, b"").information
    assert (Origin("a", "r").label, Origin("a", "r").operation) == ("", "")
