"""The parts of a profile that become extensions of a certificate (RFC 5280 4.2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from emca_daemon.policy.patterns import DerValue, Oid
from emca_daemon.policy.subtrees import Subtree
from emca_daemon.toml_reading import between, checked

UsageBit = Literal[
    "digital-signature",
    "content-commitment",
    "key-encipherment",
    "data-encipherment",
    "key-agreement",
    "key-cert-sign",
    "crl-sign",
    "encipher-only",
    "decipher-only",
]

PURPOSES = {
    "server-auth": "1.3.6.1.5.5.7.3.1",
    "client-auth": "1.3.6.1.5.5.7.3.2",
    "code-signing": "1.3.6.1.5.5.7.3.3",
    "email-protection": "1.3.6.1.5.5.7.3.4",
    "time-stamping": "1.3.6.1.5.5.7.3.8",
    "ocsp-signing": "1.3.6.1.5.5.7.3.9",
    "document-signing": "1.3.6.1.5.5.7.3.36",
    "smartcard-logon": "1.3.6.1.4.1.311.20.2.2",
    "kerberos-pkinit-kdc": "1.3.6.1.5.2.3.5",
    "ipsec-ike": "1.3.6.1.5.5.7.3.17",
    "cmc-ca": "1.3.6.1.5.5.7.3.27",
    "cmc-ra": "1.3.6.1.5.5.7.3.28",
    "cm-kga": "1.3.6.1.5.5.7.3.32",
    "any": "2.5.29.37.0",
}
"""The names of key purposes (RFC 5280 4.2.1.12 and others); every other one is written as its OID."""

BUILT_HERE = frozenset(
    oid.dotted_string
    for oid in (
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.OCSP_NO_CHECK,
    )
)
"""Extensions that have keys of their own: neither copied from a request nor given as custom ones."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """A key purpose, from its name (`server-auth`) or its OID."""

    oid: str

    @classmethod
    def parse(cls, text: str) -> "Purpose":
        """From text; raises ValueError."""
        try:
            return cls(PURPOSES.get(text) or Oid.parse(text).dotted)
        except ValueError as error:
            raise ValueError(f"an object identifier or one of {', '.join(PURPOSES)}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUsageRules:
    """Key usage. What a key cannot do is left out: `key-encipherment` and `data-encipherment` unless it is RSA
    (ML-KEM keys have `key-encipherment` and nothing else), `key-agreement` (and what goes with it) unless it is on a
    NIST curve, X25519 or X448 (which have nothing else).
    """

    bits: tuple[UsageBit, ...] = ()
    """The usages; none: no extension."""
    critical: bool = True
    """Whether the extension is critical."""
    requested: Literal["ignore", "narrow"] = "ignore"
    """Whether requests that ask for key usages get those of `bits` alone that they ask for."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Bits that mean nothing alone."""
        if {"encipher-only", "decipher-only"} & set(self.bits) and "key-agreement" not in self.bits:
            yield "bits", "expected key-agreement beside encipher-only or decipher-only"


@dataclass(frozen=True, kw_only=True)
class ExtendedKeyUsageRules:
    """Extended key usage."""

    purposes: tuple[Purpose, ...] = ()
    """The purposes, by name or OID; none: no extension."""
    critical: bool = False
    """Whether the extension is critical."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Purposes said twice."""
        if len(set(self.purposes)) < len(self.purposes):
            yield "purposes", "expected each purpose once"

    @cached_property
    def extension(self) -> x509.Extension[x509.ExtensionType] | None:
        """The extension, ready to be built in; None without purposes."""
        if not self.purposes:
            return None
        value = x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose.oid) for purpose in self.purposes])
        return x509.Extension(value.oid, self.critical, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicConstraintsRules:
    """Basic constraints."""

    path_length: int | None = field(default=None, metadata=checked(between(0, 32)))
    """How many CAs may stand beneath a CA; left out: as many as its issuer allows."""
    end_entity: bool = True
    """Whether certificates of no CA say so (an empty extension) or leave it out."""
    critical: bool = True
    """Whether the extension is critical (a CA's always is)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameConstraintsRules:
    """Name constraints of a CA certificate: `dns:`, `ip:`, `email:`, `uri:` or `directory:`, then the subtree."""

    permitted: tuple[Subtree, ...] = ()
    """The subtrees that names beneath this CA must lie in, where there is one of their type."""
    excluded: tuple[Subtree, ...] = ()
    """The subtrees that names beneath this CA must not lie in."""
    critical: bool = True
    """Whether the extension is critical."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One certificate policy with its qualifiers."""

    oid: Oid
    """The policy's OID."""
    cps: tuple[str, ...] = ()
    """Addresses of certification practice statements."""
    user_notice: str | None = None
    """A text for relying people, at most 200 characters."""

    @property
    def information(self) -> x509.PolicyInformation:
        """The policy as X.509 has it."""
        qualifiers: list[str | x509.UserNotice] = list(self.cps)
        if self.user_notice is not None:
            qualifiers.append(x509.UserNotice(None, self.user_notice))
        return x509.PolicyInformation(self.oid.x509, qualifiers or None)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Texts that the standard does not allow."""
        if self.user_notice is not None and not 0 < len(self.user_notice) <= 200:
            yield "user_notice", "expected 1 to 200 characters (RFC 5280 4.2.1.4)"
        if any(not cps.isascii() or not cps for cps in self.cps):
            yield "cps", "expected addresses in ASCII"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityRules:
    """What the certificate says of its issuer; the addresses are the issuer's, an empty list of them writes nothing."""

    ocsp: bool = True
    """Whether the issuer's OCSP addresses are written."""
    ca_issuers: bool = True
    """Whether the addresses of the issuer's certificate are written."""
    crl: bool = True
    """Whether the issuer's CRL addresses are written."""
    alternative_names: bool = False
    """Whether the issuer's alternative names are written."""


@dataclass(frozen=True, kw_only=True)
class CustomExtension:
    """An extension that the profile gives as it is."""

    oid: Oid
    """The extension's OID."""
    value: DerValue
    """The DER value, in hexadecimal."""
    critical: bool = False
    """Whether the extension is critical."""

    @cached_property
    def extension(self) -> x509.Extension[x509.ExtensionType]:
        """The extension, ready to be built in."""
        return x509.Extension(self.oid.x509, self.critical, x509.UnrecognizedExtension(self.oid.x509, self.value.der))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedExtensionRules:
    """Extensions that a request may bring. Alternative names are names; all other known ones are the profile's."""

    copy: tuple[Oid, ...] = ()
    """OIDs of the extensions that are copied into the certificate as they were asked for."""
    others: Literal["ignore", "refuse"] = "ignore"
    """What happens to the rest."""
    maximum_size: int = field(default=4096, metadata=checked(between(2, 65536)))
    """The largest value copied, in octets."""
