"""Tests of emca_daemon.asn1.cms_signing."""

import pytest

from emca_daemon.asn1 import ber, cms, cms_signed, cms_signing, der
from emca_daemon.asn1.cms_algorithms import DIGEST_OIDS
from tests.support.cms_world import certificate, der_of, key


@pytest.mark.parametrize("kind", ["rsa", "p-256", "ed25519", "ml-dsa-44"])
def test_what_is_signed_verifies(kind: str) -> None:
    """With the attributes given, content type and digest beside them, in DER."""
    identity = cms_signing.SigningIdentity(certificate(kind), key(kind))
    written = cms_signing.sign_data(
        b"content",
        identity,
        digest_name="sha384",
        content_type="1.2.3",
        attributes={"1.2.4": der.NULL},
        certificates=[der_of(kind)],
    )
    assert ber.to_der(written) == written
    signed = cms_signed.read_signed_data(written)
    signer = signed.signers[0]
    assert signed.certificate_of(signer) == certificate(kind)
    cms_signed.verify_signer(signed, signer, cms_signed.public_key_of(certificate(kind)), DIGEST_OIDS)
    assert (signed.content, signed.content_type, signer.attribute("1.2.4")) == (b"content", "1.2.3", der.NULL)
    assert signer.digest == ("sha384" if kind in ("rsa", "p-256") else "sha512")
    assert signer.attributes_content == ber.element(cms_signed.in_order(signer.attributes_content)).content


def test_pss_is_a_property_of_the_identity() -> None:
    """For RSA keys that sign so."""
    written = cms_signing.sign_data(b"x", cms_signing.SigningIdentity(certificate(), key(), pss=True))
    assert cms_signed.read_signed_data(written).signers[0].algorithm.oid == "1.2.840.113549.1.1.10"


def test_empty_content_is_there() -> None:
    """A zero-length OCTET STRING, not nothing at all."""
    written = cms_signing.sign_data(b"", cms_signing.SigningIdentity(certificate(), key()), digest_name="sha1")
    assert cms_signed.read_signed_data(written).content == b""
    assert b"\xa0\x02\x04\x00" in written


def test_bundles_hold_certificates_and_crls_only() -> None:
    """In DER order, each once, or in the order given."""
    certificates = sorted((der_of("rsa"), der_of("p-256")), reverse=True)
    bundle = cms_signed.read_signed_data(cms_signing.bundle([*certificates, certificates[0]], [der.sequence()]))
    assert bundle.certificates == tuple(sorted(certificates))
    assert (bundle.crls, bundle.signers, bundle.content) == ((der.sequence(),), (), None)
    given = cms_signed.read_signed_data(cms_signing.bundle(certificates, in_given_order=True))
    assert given.certificates == tuple(certificates)
    assert cms_signed.read_signed_data(cms_signing.bundle([])).certificates == ()


def test_other_content_types_raise_the_version() -> None:
    """RFC 5652 5.1: 3 unless the content is id-data."""
    identity = cms_signing.SigningIdentity(certificate(), key())
    for content_type, version in ((cms.DATA, 1), ("1.2.3", 3)):
        content = cms.read_content_info(cms_signing.sign_data(b"", identity, content_type=content_type))[1]
        assert ber.elements(ber.element(content).content)[0].encoded == der.integer(version)
