"""Permission as objects: what each step of the issuance cycle hands to the next.

`Approved` and `AwaitsApproval` are made only in `policy/decision.py`, `Linted` only in `policy/lint.py`; an
architecture test holds that, and nothing is signed without a `Linted`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.names import AlternativeName, IssuerName, ProfileName, SerialNumber
from emca_daemon.policy.facts import Requester


class CertificateKind(Enum):
    """What a certificate is for."""

    ROOT = "root"
    SUB_CA = "sub-ca"
    END_ENTITY = "end-entity"
    OCSP_SIGNER = "ocsp-signer"
    TSA = "tsa"


@dataclass(frozen=True, slots=True)
class Approved:
    """A certificate that policy allows, whole: everything but the serial number, the issuer's name and the signature.

    `issuer` is None for a self-signed root; `extensions` are complete and in order, key identifiers included;
    `lint` is the profile's lint level; `approver` names the person who approved, empty where policy did.
    """

    profile: ProfileName
    kind: CertificateKind
    issuer: IssuerName | None
    subject: x509.Name
    names: tuple[AlternativeName, ...]
    public_key: CertificatePublicKeyTypes
    key_fingerprint: bytes
    not_before: datetime
    not_after: datetime
    extensions: tuple[x509.Extension[x509.ExtensionType], ...]
    lint: str
    requester: Requester
    approver: str = ""


@dataclass(frozen=True, slots=True)
class AwaitsApproval:
    """Policy has nothing against it, but the profile wants a person to approve."""

    profile: ProfileName
    summary: str


@dataclass(frozen=True, slots=True)
class ToBeSigned:
    """A built certificate before its signature.

    `tbs` is the DER of the TBSCertificate and `algorithm` that of the signature's AlgorithmIdentifier; `specimen` is
    the same certificate with the signature of a throw-away key, for the linters to read.
    """

    approved: Approved
    issuer: IssuerName
    serial: SerialNumber
    tbs: bytes
    algorithm: bytes
    specimen: x509.Certificate


@dataclass(frozen=True, slots=True)
class Linted:
    """A built certificate in which the linters found nothing that refuses it: what a signing key may be used on."""

    to_be_signed: ToBeSigned
