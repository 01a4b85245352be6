"""What the OCSP responder needs of the CA beside its store: signers."""

from collections.abc import Sequence
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.ca.ocsp_signers import OcspSigner


class Signers(Protocol):
    """Who signs the answers of each issuer; `ca.ocsp_signers.OcspSigners` is one."""

    def version(self) -> int:
        """A number that changes whenever an issuer does; raises Refused(UNAVAILABLE)."""

    def all(self) -> Sequence[OcspSigner]:
        """The signer of every issuer that can sign now; raises Refused(UNAVAILABLE)."""

    def key(self, signer: OcspSigner) -> CertificateIssuerPrivateKeyTypes:
        """The signer's private key; raises Refused(UNAVAILABLE)."""
