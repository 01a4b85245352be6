"""Which critical extensions of somebody else's certificate may be there when a path to an authority is looked for."""

from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CERTIFICATE_POLICIES,
    }
)
"""A path with others (name constraints, say) is refused (RFC 5280 4.2)."""


def has_unknown_extension(certificate: x509.Certificate) -> bool:
    """Whether one of its critical extensions is not understood; raises what `UNREADABLE` lists."""
    return any(one.critical and one.oid not in UNDERSTOOD for one in certificate.extensions)
