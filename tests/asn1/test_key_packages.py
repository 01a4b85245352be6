"""Private keys on their way to somebody."""

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import cms, der
from emca_daemon.asn1.cms_signed import read_signed_data
from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.asn1.key_packages import KEY_PACKAGE, signed_key_package
from tests.support.cms_world import certificate, key


def test_a_package_is_signed() -> None:
    """SignedData without a ContentInfo around it: the package's type, one key, the signer's certificate."""
    own = certificate("p-256")
    private = der.sequence(der.integer(0))
    identity = SigningIdentity(own, key("p-256"))
    written = signed_key_package(private, identity, [own.public_bytes(Encoding.DER)])
    assert der.oid(KEY_PACKAGE) in written
    assert der.octet_string(der.sequence(private)) in written
    read = read_signed_data(cms.write_content_info(cms.SIGNED_DATA, written))
    assert read.content == der.sequence(private)
    assert read.certificates == (own.public_bytes(Encoding.DER),)


def test_a_key_without_a_package() -> None:
    """For readers that know none."""
    private = der.sequence(der.integer(0))
    written = signed_key_package(private, SigningIdentity(certificate("p-256"), key("p-256")), [], bare=True)
    assert read_signed_data(cms.write_content_info(cms.SIGNED_DATA, written)).content == private
