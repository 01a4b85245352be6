"""Private keys on their way to somebody: AsymmetricKeyPackage (RFC 5958), signed by who made the key."""

from collections.abc import Sequence
from typing import Final

from emca_daemon.asn1 import der
from emca_daemon.asn1.cms import read_content_info
from emca_daemon.asn1.cms_signing import SigningIdentity, sign_data

KEY_PACKAGE: Final = "2.16.840.1.101.2.1.2.78.5"
"""id-ct-KP-aKeyPackage."""


def signed_key_package(
    private_key: bytes, signer: SigningIdentity, certificates: Sequence[bytes], *, bare: bool = False
) -> bytes:
    """SignedData over the package with that one PKCS #8 key; `certificates` (DER) are enclosed.

    With `bare` the key is signed without the package around it, as OpenSSL's CMP client (3.5 to 4.0) wants it.

    It is SignedData itself, as it is to be enveloped (RFC 5652 6.1), not a ContentInfo. Raises Refused(UNAVAILABLE)
    when the signer's key cannot be reached.
    """
    package = private_key if bare else der.sequence(private_key)
    signed = sign_data(package, signer, content_type=KEY_PACKAGE, certificates=certificates)
    return read_content_info(signed)[1]
