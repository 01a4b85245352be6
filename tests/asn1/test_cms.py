"""Tests of emca_daemon.asn1.cms."""

import pytest
from cryptography import x509

from emca_daemon.asn1 import cms, der
from emca_daemon.errors import Reason, Refused
from tests.support.cms_world import certificate


def test_content_info_is_read_and_written() -> None:
    """Type and content, whatever lengths it came with."""
    written = cms.write_content_info(cms.DATA, der.octet_string(b"x"))
    assert cms.read_content_info(written) == (cms.DATA, der.octet_string(b"x"))
    streamed = b"\x30\x80" + der.oid(cms.DATA) + b"\xa0\x80\x24\x80\x04\x01x\0\0\0\0\0\0"
    assert cms.read_content_info(streamed) == (cms.DATA, der.octet_string(b"x"))


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"\x05\x00", der.sequence(der.oid(cms.DATA))])
def test_what_is_no_content_info_is_refused(data: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(Refused) as caught:
        cms.read_content_info(data)
    assert caught.value.reason is Reason.MALFORMED


def test_algorithms_tell_absent_parameters_from_null() -> None:
    """Both are met."""
    for algorithm in (cms.Algorithm("1.2.3"), cms.Algorithm("1.2.3", der.NULL)):
        assert cms.read_algorithm(cms.write_algorithm(algorithm)) == algorithm
    for wrong in (der.sequence(), der.sequence(der.NULL), der.sequence(der.NULL, der.NULL, der.NULL)):
        with pytest.raises(Refused):
            cms.read_algorithm(wrong)


def test_certificates_are_named_in_two_ways() -> None:
    """By issuer and serial number, by key identifier; nobody else is meant."""
    own, other = certificate("p-256"), certificate("p-384")
    by_serial = cms.IssuerAndSerial(own.issuer.public_bytes(), own.serial_number)
    by_key = cms.KeyIdentifier(x509.SubjectKeyIdentifier.from_public_key(own.public_key()).digest)
    for identifier in (by_serial, by_key):
        assert cms.names(identifier, own)
        assert not cms.names(identifier, other)
    assert not cms.names(cms.IssuerAndSerial(own.issuer.public_bytes(), 1), own)


def test_a_missing_key_identifier_is_computed() -> None:
    """As RFC 5280 4.2.1.2 does it."""
    bare = certificate("p-256", identifier=False)
    assert cms.key_identifier(bare) == x509.SubjectKeyIdentifier.from_public_key(bare.public_key()).digest


def test_a_key_identifier_that_cannot_be_told_names_nobody() -> None:
    """Extensions that cannot be read, or a key that cannot."""

    class Unreadable:
        @property
        def extensions(self) -> x509.Extensions:
            raise ValueError

    class Unusable:
        extensions = x509.Extensions([])

        def public_key(self) -> None:
            raise ValueError

    for odd in (Unreadable(), Unusable()):
        assert cms.key_identifier(odd) is None  # type: ignore[arg-type]
