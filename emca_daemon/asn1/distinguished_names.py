"""Distinguished names that come alone, in DER (RFC 5280 4.1.2.4)."""

from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.asn1.names import name_to_subject
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import Subject

_NO_KEY = der.sequence(der.sequence(der.oid("1.3.101.112")), der.bit_string(bytes(32)))
_NO_SIGNATURE = der.sequence(der.oid("1.3.6.1.5.5.7.6.2"))


def subject_of(name: bytes) -> Subject:
    """The attributes of a Name; raises Refused(MALFORMED).

    cryptography has no reader for a name alone, but reads the one in a certification request.
    """
    request = der.sequence(der.integer(0), name, _NO_KEY, der.explicit(0, b""))
    try:
        return name_to_subject(x509.load_der_x509_csr(der.assemble(request, _NO_SIGNATURE, b"")).subject)
    except (ValueError, TypeError) as error:
        raise Refused(Reason.MALFORMED, "not a distinguished name in DER") from error
