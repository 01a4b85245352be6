"""Every form of a CRL and of a chain is what its name says."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from emca_daemon.protocols.downloads.documents import (
    CertificateForm,
    CrlForm,
    certificate_document,
    crl_document,
)
from tests.support.downloads_world import CERTIFICATE, CHAIN, NOW, ROOT_CERTIFICATE, make_crl


@pytest.mark.parametrize("form", CrlForm)
def test_crls(form: CrlForm) -> None:
    """DER as it was signed, PEM that reads back to it; both changed when the CRL was issued."""
    crl = make_crl(7)
    document = crl_document(crl, form)
    load = x509.load_der_x509_crl if form is CrlForm.DER else x509.load_pem_x509_crl
    assert load(document.body) == x509.load_der_x509_crl(crl.der)
    assert document.modified == NOW
    assert document.media_type == ("application/pkix-crl" if form is CrlForm.DER else "application/x-pem-file")


def test_a_certificate_in_der() -> None:
    """The issuer's own certificate, as it is."""
    document = certificate_document(CHAIN, CertificateForm.DER)
    assert (document.body, document.media_type) == (CHAIN[0], "application/pkix-cert")


def test_a_certificate_in_pem() -> None:
    """The issuer's own certificate alone."""
    document = certificate_document(CHAIN, CertificateForm.PEM)
    assert x509.load_pem_x509_certificates(document.body) == [CERTIFICATE]
    assert document.media_type == "application/x-pem-file"


def test_a_chain_in_pem() -> None:
    """From the issuer to the root."""
    document = certificate_document(CHAIN, CertificateForm.CHAIN)
    assert x509.load_pem_x509_certificates(document.body) == [CERTIFICATE, ROOT_CERTIFICATE]
    assert document.media_type == "application/pem-certificate-chain"


def test_a_chain_in_pkcs7() -> None:
    """A certificates-only message with all of them (RFC 5280 4.2.2.1)."""
    document = certificate_document(CHAIN, CertificateForm.PKCS7)
    assert set(pkcs7.load_der_pkcs7_certificates(document.body)) == {CERTIFICATE, ROOT_CERTIFICATE}
    assert document.media_type == "application/pkcs7-mime"


def test_a_chain_changed_when_its_newest_certificate_began() -> None:
    """Whichever of them that is."""
    for chain in (CHAIN, CHAIN[::-1]):
        assert certificate_document(chain, CertificateForm.DER).modified == NOW - timedelta(days=30)


def test_the_longest_ending_comes_first() -> None:
    """So that `NAME.chain.pem` is not the issuer `NAME.chain`."""
    for forms in (CrlForm, CertificateForm):
        endings = [form.value for form in forms]
        assert endings == sorted(endings, key=lambda ending: -len(ending))
