"""The forms of a downloaded certificate."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from emca_daemon.protocols.acme.chains import FORMATS, PEM_CHAIN, chosen_format, written_chain
from tests.support.acme_world import AcmeWorld

PKIX, PKCS7 = "application/pkix-cert", "application/pkcs7-mime"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, PEM_CHAIN),
        ("", PEM_CHAIN),
        ("*/*", PEM_CHAIN),
        ("application/*", PEM_CHAIN),
        (PEM_CHAIN, PEM_CHAIN),
        (PKIX, PKIX),
        (f"{PKIX};q=0.5, {PKCS7}", PKCS7),
        (f"*/*, {PEM_CHAIN};q=0", PKIX),
        (f"*/*;q=0.1, {PKCS7};q=0.2", PKCS7),
        ("text/html", None),
        (f"{PEM_CHAIN};q=0", None),
        (f"{PEM_CHAIN};q=nonsense", None),
        ("text/html, */*;q=0.1", PEM_CHAIN),
        (",;=,", None),
        ("application/json", PEM_CHAIN),
        ("application/json, application/jose+json;q=0.5", PEM_CHAIN),
        ("application/json, application/pkix-cert", "application/pkix-cert"),
    ],
)
def test_the_accept_header_is_heard(accept: str | None, chosen: str | None) -> None:
    """RFC 9110 12.5.1: the most specific range counts."""
    assert chosen_format(accept) == chosen


def test_a_chain_in_every_form() -> None:
    """PEM and PKCS #7 hold the whole chain, leaf first; pkix-cert the leaf."""
    world = AcmeWorld()
    chain = world.authorities.known()[0].record.chain
    assert FORMATS == (PEM_CHAIN, PKIX, PKCS7)
    loaded = [x509.load_der_x509_certificate(der) for der in chain]
    pem = written_chain(chain, PEM_CHAIN)
    assert x509.load_pem_x509_certificates(pem) == loaded
    assert max(map(len, pem.decode().splitlines())) == 64
    assert written_chain(chain, PKIX) == chain[0]
    assert set(pkcs7.load_der_pkcs7_certificates(written_chain(chain, PKCS7))) == set(loaded)
