"""What EST needs of others: users' rows, and the CA's services by the few methods that are called."""

from collections.abc import Sequence
from typing import Protocol

from cryptography import x509

from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.ca.credentials import Credential, CredentialStore, Reading, Writing

__all__ = ("Credential", "CredentialStore", "Reading", "RevocationLists", "Signer", "Writing")


class Signer(Protocol):
    """Who signs what we say ourselves: generated keys, full CMC responses."""

    def __call__(self) -> SigningIdentity:
        """The certificate and its key; raises Refused(UNAVAILABLE), NOT_FOUND where there is no such thing."""


class RevocationLists(Protocol):
    """Where the CRLs of foreign authorities come from."""

    def __call__(self) -> Sequence[x509.CertificateRevocationList]:
        """The CRLs as they are now."""
