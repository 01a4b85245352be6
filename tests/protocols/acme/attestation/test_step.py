"""What `step` sends for security keys."""

import pytest
from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.asn1.cbor import Value
from emca_daemon.protocols.acme.attestation.statements import Asked, Attested, Statement, read_statement
from emca_daemon.protocols.acme.attestation.step import step
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support import attester
from tests.support.attester import Key, Maker, cbor, new_key, raw, rsa_key, signed

ASKED = Asked("token", "token.thumbprint")
OID = "1.3.6.1.4.1.41482.3.7"


def judged(statement: Statement) -> Attested:
    """The statement, its chain trusted."""
    return step(statement, x509.load_der_x509_certificate(statement.certificates[0]), ASKED)


@pytest.mark.parametrize("key", [new_key(), rsa_key()])
def test_the_serial_number(key: Key) -> None:
    """In decimal digits; the attested key signs the key authorization."""
    found = judged(read_statement(attester.step(Maker(), b"token.thumbprint", key=key)))
    assert (found.serials, found.key) == (frozenset({"4711"}), key.public_key())


def statement(serial: bytes | None, sig: Value) -> Statement:
    """One with an extension and a signature of one's own."""
    leaf = Maker().leaf(new_key(), *([] if serial is None else [raw(OID, serial)]))
    return Statement("step", {"sig": sig, "x5c": [leaf]})


def test_odd_statements() -> None:
    """Signatures that are none, not wrapped, or of something else; serial numbers that are none, or missing."""
    good = cbor(signed(new_key(), b"token.thumbprint"))
    assert judged(statement(None, good)).serials == frozenset()
    for serial in (b"", der.octet_string(b"1"), b"\x02\x00", der.integer(1 << 200)):
        with pytest.raises(AcmeRefusal):
            judged(statement(serial, good))
    for sig in (None, signed(new_key(), b"token.thumbprint"), cbor("text"), cbor(signed(new_key(), b"token"))):
        with pytest.raises(AcmeRefusal):
            judged(statement(der.integer(1), sig))
