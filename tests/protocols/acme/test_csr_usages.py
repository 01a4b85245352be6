"""Usages in the words of CSR templates."""

import pytest
from cryptography import x509

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import RequestedExtension
from emca_daemon.protocols.acme.csr_usages import EXTENDED_KEY_USAGE, KEY_USAGE, PURPOSES, USAGES, purposes, usages


@pytest.mark.parametrize("place", range(9))
def test_each_bit_has_its_name(place: int) -> None:
    """Those that go with key agreement bring it along."""
    bits = [one == place or (place > 6 and one == 4) for one in range(9)]
    extension = RequestedExtension(KEY_USAGE, False, x509.KeyUsage(*bits).public_bytes())
    assert usages((extension,)) == frozenset(word for word, bit in zip(USAGES, bits, strict=True) if bit)


def test_purposes_have_names_or_numbers() -> None:
    """In whatever order."""
    found = [x509.ObjectIdentifier(oid) for oid in (*PURPOSES.values(), "1.3.6.1.4.1.99999.1")]
    extension = RequestedExtension(EXTENDED_KEY_USAGE, False, x509.ExtendedKeyUsage(found).public_bytes())
    assert purposes((extension,)) == frozenset((*PURPOSES, "1.3.6.1.4.1.99999.1"))


def test_no_extension_is_something_else_than_an_empty_one() -> None:
    """None."""
    other = RequestedExtension("2.5.29.17", False, b"")
    assert (usages((other,)), purposes((other,))) == (None, None)
    assert usages((RequestedExtension(KEY_USAGE, False, b"\x03\x01\x00"),)) == frozenset()


def test_what_is_none_is_malformed() -> None:
    """Other bytes."""
    for read, oid in ((usages, KEY_USAGE), (purposes, EXTENDED_KEY_USAGE)):
        with pytest.raises(Refused) as caught:
            read((RequestedExtension(oid, False, b"\x30\x05"),))
        assert caught.value.reason is Reason.MALFORMED
