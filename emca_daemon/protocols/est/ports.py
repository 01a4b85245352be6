"""What EST needs of others: users' rows, and the CA's services by the few methods that are called."""

from collections.abc import Sequence
from typing import Protocol

from cryptography import x509

from emca_daemon.ca.credentials import Credential, CredentialStore, Reading, Writing

__all__ = ("Credential", "CredentialStore", "Reading", "RevocationLists", "Writing")


class RevocationLists(Protocol):
    """Where the CRLs of foreign authorities come from."""

    def __call__(self) -> Sequence[x509.CertificateRevocationList]:
        """The CRLs as they are now."""
