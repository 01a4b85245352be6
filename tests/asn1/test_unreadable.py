"""What the library raises for what it cannot read."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519

from emca_daemon.asn1.unreadable import UNREADABLE


@pytest.mark.parametrize(
    ("oid", "value"),
    [("1.3.6.1.5.5.7.1.24", "3003020107"), ("2.5.29.17", "3006a30430023000"), ("2.5.29.15", "0500")],
)
def test_odd_extensions_raise_what_is_listed(oid: str, value: str) -> None:
    """Each of these raises something else; whatever it is, callers catch it."""
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), bytes.fromhex(value))
    builder = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(odd, critical=True)
    request = builder.sign(ed25519.Ed25519PrivateKey.generate(), None)
    with pytest.raises(UNREADABLE):
        _ = request.extensions
