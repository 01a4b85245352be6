"""What the X.509 library raises for what others wrote."""

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

UNREADABLE: Final = (
    ValueError,
    TypeError,
    KeyError,
    NotImplementedError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""Of a certificate, a request or an extension that cannot be read; more than its documentation says.

KeyError is for features of TLS that it does not know (RFC 7633), NotImplementedError for a few forms of names.
"""
