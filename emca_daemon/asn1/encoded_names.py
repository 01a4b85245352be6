"""Names and general names from their own DER, which `cryptography` reads only inside of something larger."""

from typing import Final

from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused

_ED25519: Final = der.sequence(der.oid("1.3.101.112"))
_KEY: Final = der.sequence(_ED25519, der.bit_string(bytes(32)))
_EXTENSION_REQUEST: Final = der.oid("1.2.840.113549.1.9.14")
_ALTERNATIVE_NAME: Final = der.oid("2.5.29.17")
_EMPTY_NAME: Final = der.sequence()


def read_name(encoded: bytes) -> x509.Name:
    """A Name; raises Refused(MALFORMED)."""
    try:
        return _carrier(encoded, b"").subject
    except (ValueError, TypeError):
        raise Refused(Reason.MALFORMED, "a name cannot be read") from None


def read_general_names(encoded: bytes) -> tuple[x509.GeneralName, ...]:
    """GeneralNames; raises Refused(MALFORMED)."""
    extensions = der.sequence(der.extension(_ALTERNATIVE_NAME, encoded))
    attribute = der.sequence(_EXTENSION_REQUEST, der.tlv(0x31, extensions))
    try:
        found = _carrier(_EMPTY_NAME, attribute).extensions
        return tuple(found.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (ValueError, TypeError, x509.UnsupportedGeneralNameType, x509.ExtensionNotFound):
        raise Refused(Reason.MALFORMED, "alternative names cannot be read") from None


def _carrier(name: bytes, attributes: bytes) -> x509.CertificateSigningRequest:
    """A certification request that nobody signed, around what is to be read."""
    info = der.sequence(der.integer(0), name, _KEY, der.explicit(0, attributes))
    return x509.load_der_x509_csr(der.assemble(info, _ED25519, bytes(64)))
