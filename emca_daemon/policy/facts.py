"""What is known of a request before policy decides on it: values only, nothing to call."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.names import AlternativeName, IssuerName, Subject

RequesterProtocol = Literal["acme", "est", "scep", "cmp", "cli", "daemon"]
"""The ways in which certificates are asked for; `daemon` is the CA itself."""

Proof = Literal[
    "jws",
    "auto-renewal",
    "password",
    "token",
    "secret",
    "tls-certificate",
    "tls-certificate+password",
    "tls-certificate+token",
    "tls-certificate+secret",
    "challenge",
    "one-time-challenge",
    "device-challenge",
    "webhook",
    "intune",
    "certificate",
    "none",
    "shared-secret",
    "signature",
    "vendor-certificate",
    "registration-authority",
    "local",
]
"""How those who ask for certificates prove who they are: by ACME, by EST, by SCEP, by CMP, and here."""


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, how that was proved, and from where.

    `identity` is an account URL, a user or a certificate's subject; `proof` how the identity was proved (a `Proof`
    where a certificate is asked for); `origin` the peer's address;
    `application` the endpoint or registered application; `request_id` the request in the logs.
    """

    protocol: RequesterProtocol
    identity: str
    proof: str
    origin: str
    request_id: str
    application: str = ""
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What is known of the key to be certified.

    `algorithm` is one of `rsa`, `ec`, `ed25519`, `ed448`, `ml-dsa`, `x25519`, `x448`, `ml-kem`; `parameter` names the
    curve or parameter set (`p-256`, `p-384`, `p-521`, `ml-dsa-65`, `ml-kem-768`; empty for the others); `bits` the
    size; `exponent` the RSA public exponent (0 for others); `fingerprint` SHA-256 over the SubjectPublicKeyInfo;
    `weaknesses` one sentence for each known weakness found (ROCA, Debian, close primes ...).
    """

    public_key: CertificatePublicKeyTypes
    algorithm: str
    parameter: str
    bits: int
    exponent: int
    fingerprint: bytes
    weaknesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestedExtension:
    """An extension that the requester asked for; `value` is the DER inside the OCTET STRING."""

    oid: str
    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """Everything that policy looks at.

    `names` are the alternative names asked for; `request_signature` the name of the algorithm that signed the
    request (`ecdsa-with-SHA256`; empty when nothing did); `not_before` and `not_after` what validity was asked for,
    if any; `key_certified_before` how many certificates with this key exist already, `key_certified_for_others` how
    many of those belong to another requester; `key_blocked` whether the key was reported as compromised.
    """

    requester: Requester
    subject: Subject
    names: tuple[AlternativeName, ...]
    key: KeyFacts
    request_signature: str = ""
    extensions: tuple[RequestedExtension, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    key_certified_before: int = 0
    key_certified_for_others: int = 0
    key_blocked: bool = False


@dataclass(frozen=True, slots=True)
class IssuerFacts:
    """What policy must know of the issuer: its certificate and the addresses that go into what it issues.

    `constraints_above` are the name constraints in the certificates above its own, as far as we know them,
    `path_length` says how many CAs its whole chain allows beneath it (None: no limit), and `not_after` until when the
    whole chain is valid (None: as long as its own certificate).
    """

    name: IssuerName
    certificate: x509.Certificate
    ocsp_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    alternative_names: tuple[AlternativeName, ...] = field(default=())
    constraints_above: tuple[x509.NameConstraints, ...] = ()
    path_length: int | None = None
    not_after: datetime | None = None
