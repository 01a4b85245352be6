"""Names that come alone."""

import pytest
from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.asn1.distinguished_names import subject_of
from emca_daemon.asn1.names import name_to_subject
from emca_daemon.errors import Reason, Refused


@pytest.mark.parametrize("text", ["", "CN=a", "CN=a,O=Example,C=DE", "CN=ü\\,b"])
def test_a_name_is_what_it_is_in_a_certificate(text: str) -> None:
    """Attribute by attribute."""
    name = x509.Name.from_rfc4514_string(text)
    assert subject_of(name.public_bytes()) == name_to_subject(name)


@pytest.mark.parametrize("data", [b"", b"0", der.NULL, der.sequence(der.NULL), der.sequence() + b"0"])
def test_what_is_no_name_is_refused(data: bytes) -> None:
    """As malformed."""
    with pytest.raises(Refused) as refusal:
        subject_of(data)
    assert refusal.value.reason is Reason.MALFORMED
