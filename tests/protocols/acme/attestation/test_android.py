"""What clients on Android send."""

from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.protocols.acme.attestation.android import android_key
from emca_daemon.protocols.acme.attestation.statements import Asked, Attested, Statement, read_statement
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support import attester
from tests.support.attester import SERIAL, Maker, key_description, new_key, signed, tagged

ASKED = Asked("token", "token.thumbprint")
DIGEST = sha256(b"token.thumbprint").digest()


def judged(description: bytes | None = None) -> Attested:
    """The statement, its chain trusted."""
    statement = read_statement(attester.android(Maker(), b"token.thumbprint", description))
    return android_key(statement, x509.load_der_x509_certificate(statement.certificates[0]), ASKED)


def refusal(description: bytes) -> str:
    """Why it is refused."""
    with pytest.raises(AcmeRefusal) as refused:
        judged(description)
    return refused.value.detail


def test_the_serial_number() -> None:
    """As the hardware vouches for it; what software says does not count."""
    assert judged().serials == {SERIAL}
    assert judged(key_description(DIGEST, level=2)).serials == {SERIAL}
    software = tagged(713, der.octet_string(b"claimed"))
    assert judged(key_description(DIGEST, serial=None, software=software)).serials == frozenset()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"challenge": b"other"}, "challenge"),
        ({"level": 0}, "software"),
        ({"origin": 2}, "not made"),
        ({"software": tagged(600, b"\x05\x00")}, "everybody"),
        ({"software": b"\x04\x00"}, "cannot be read"),
        ({"software": b"\xbf\x85"}, "cannot be read"),
        ({"software": b"\xbf\x85\x85\x85\x01"}, "cannot be read"),
        ({"software": b"\xa1\x84\x01\x01\x01\x01"}, "cannot be read"),
        ({"software": b"\xa1"}, "cannot be read"),
        ({"software": b"\xa1\x05\x01"}, "cannot be read"),
        ({"software": b"".join(tagged(number, b"") for number in range(100))}, "cannot be read"),
        ({"serial": "\xe9"}, "cannot be read"),
    ],
)
def test_odd_descriptions(changes: dict[str, Any], why: str) -> None:
    """Another challenge, keys in software or imported, lists that cannot be read."""
    assert why in refusal(key_description(changes.pop("challenge", DIGEST), **changes))


@given(st.binary(min_size=1, max_size=80))
def test_garbage_is_refused(data: bytes) -> None:
    """Instead of a description, or in its lists."""
    assert refusal(data)
    assert refusal(key_description(b"", software=data))


def test_it_is_signed_by_the_key() -> None:
    """And has a description at all."""
    leaf = x509.load_der_x509_certificate(Maker().leaf(new_key()))
    with pytest.raises(AcmeRefusal):
        android_key(Statement("android-key", {}), leaf, ASKED)
    good = read_statement(attester.android(Maker(), b"token.thumbprint"))
    leaf = x509.load_der_x509_certificate(good.certificates[0])
    for sig in (b"garbage", signed(new_key("another"), b"token.thumbprint"), None):
        with pytest.raises(AcmeRefusal):
            android_key(Statement("android-key", {**good.members, "sig": sig}), leaf, ASKED)
