"""What Apple's devices send."""

from typing import Any

import pytest
from cryptography import x509

from emca_daemon.protocols.acme.attestation.apple import apple
from emca_daemon.protocols.acme.attestation.statements import Asked, Attested, read_statement
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support import attester
from tests.support.attester import SERIAL, Maker, new_key

ASKED = Asked("token", "token.thumbprint")


def judged(freshness: bytes = b"token", **more: Any) -> Attested:
    """The statement, its chain trusted."""
    statement = read_statement(attester.apple(Maker(), freshness, **more))
    return apple(statement, x509.load_der_x509_certificate(statement.certificates[0]), ASKED)


def test_serial_number_and_udid() -> None:
    """Both name the device; the key is that of the certificate."""
    found = judged()
    assert found.serials == {SERIAL, "0000-UDID"}
    assert found.key == new_key().public_key()


def test_the_challenge_is_in_it() -> None:
    """By its token, as devices do it, or by the key authorization."""
    assert judged(b"token.thumbprint").serials
    for other in (b"", b"other"):
        with pytest.raises(AcmeRefusal) as refused:
            judged(other)
        assert "this challenge" in refused.value.detail


def test_devices_without_names() -> None:
    """Who hides serial number and UDID is nobody; so is who writes them oddly."""
    assert judged(serial="", udid="\xe9").serials == frozenset()
