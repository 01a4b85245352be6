"""A certificate profile: everything that decides whether and how a certificate of one sort is issued.

Every field is a key of a TOML file in the profiles folder; `docs/profiles.md` lists them with their defaults.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.policy.facts import Proof, RequesterProtocol
from emca_daemon.policy.patterns import TextPattern
from emca_daemon.policy.profile_extensions import (
    BUILT_HERE,
    AuthorityRules,
    BasicConstraintsRules,
    CustomExtension,
    ExtendedKeyUsageRules,
    KeyUsageRules,
    NameConstraintsRules,
    PolicyRule,
    RequestedExtensionRules,
    UsageBit,
)
from emca_daemon.policy.profile_names import NameRules
from emca_daemon.policy.profile_subject import SubjectRules
from emca_daemon.policy.rules import CelRule
from emca_daemon.policy.tokens import CertificateKind
from emca_daemon.toml_reading import between, checked

Algorithm = Literal[
    "rsa",
    "p-256",
    "p-384",
    "p-521",
    "ed25519",
    "ed448",
    "ml-dsa-44",
    "ml-dsa-65",
    "ml-dsa-87",
    "x25519",
    "x448",
    "ml-kem-768",
    "ml-kem-1024",
]

USAGE_WITHOUT_SIGNATURES: Mapping[Algorithm, UsageBit] = {
    "x25519": "key-agreement",
    "x448": "key-agreement",
    "ml-kem-768": "key-encipherment",
    "ml-kem-1024": "key-encipherment",
}
"""The kinds of key that cannot sign, each with the usage that it has instead (RFC 8410 5, RFC 9935 5)."""

SOUND_SIGNATURES = (
    "ecdsa-with-SHA256",
    "ecdsa-with-SHA384",
    "ecdsa-with-SHA512",
    "sha256WithRSAEncryption",
    "sha384WithRSAEncryption",
    "sha512WithRSAEncryption",
    "RSASSA-PSS-SHA256",
    "RSASSA-PSS-SHA384",
    "RSASSA-PSS-SHA512",
    "ecdsa-with-SHA3-256",
    "ecdsa-with-SHA3-384",
    "ecdsa-with-SHA3-512",
    "ecdsa-with-shake128",
    "ecdsa-with-shake256",
    "sha3-256WithRSAEncryption",
    "sha3-384WithRSAEncryption",
    "sha3-512WithRSAEncryption",
    "RSASSA-PSS-SHA3-256",
    "RSASSA-PSS-SHA3-384",
    "RSASSA-PSS-SHA3-512",
    "ed25519",
    "ed448",
    "ml-dsa-44",
    "ml-dsa-65",
    "ml-dsa-87",
)
"""What a request may be signed with unless a profile says otherwise: SHA-1 and MD5 are not among them."""

WEAK_SIGNATURES = (
    "md5WithRSAEncryption",
    "sha1WithRSAEncryption",
    "sha224WithRSAEncryption",
    "RSASSA-PSS-SHA1",
    "RSASSA-PSS-SHA224",
    "ecdsa-with-SHA1",
    "ecdsa-with-SHA224",
)
"""What else a profile may accept, for old devices."""

_AUTHORITIES = (CertificateKind.ROOT, CertificateKind.SUB_CA)
_PURPOSE_OF = {
    CertificateKind.OCSP_SIGNER: ("1.3.6.1.5.5.7.3.9", "ocsp-signing"),
    CertificateKind.TSA: ("1.3.6.1.5.5.7.3.8", "time-stamping"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidityRules:
    """How long a certificate is valid. Its last second lies one second before start + duration (RFC 5280 4.1.2.5)."""

    duration: timedelta = timedelta(days=90)
    """The whole validity, back-dating included."""
    backdate: timedelta = timedelta(minutes=5)
    """How far before now it begins, for clocks that are late."""
    beyond_issuer: Literal["shorten", "refuse"] = "shorten"
    """What happens when the certificate would outlive its issuer's, or one above."""
    requested: Literal["refuse", "ignore", "allow"] = "refuse"
    """What happens to a validity that the requester asks for."""
    maximum: timedelta | None = None
    """The longest validity that a requester may ask for; left out: `duration`."""
    latest_start: timedelta = timedelta(days=1)
    """How far in the future a validity asked for may begin."""

    @property
    def longest(self) -> timedelta:
        """The longest validity that this profile gives."""
        allowed = self.maximum if self.requested == "allow" and self.maximum is not None else self.duration
        return max(allowed, self.duration)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Durations that leave no validity."""
        if self.duration <= self.backdate:
            yield "duration", "expected more than backdate"
        if self.maximum is not None and self.maximum < self.duration:
            yield "maximum", "expected no less than duration"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRules:
    """Which keys are certified. A key with a known weakness (ROCA, Debian, close primes ...) never is."""

    algorithms: tuple[Algorithm, ...] = ("rsa", "p-256", "p-384", "p-521")
    """The kinds of key. Those that cannot sign (X25519, X448, ML-KEM) get certificates by CMP alone."""
    rsa_minimum: int = field(default=2048, metadata=checked(between(1024, 16384)))
    """The least number of bits of an RSA key."""
    rsa_maximum: int = field(default=8192, metadata=checked(between(1024, 16384)))
    """The greatest number of bits of an RSA key."""
    rsa_exponent_minimum: int = field(default=65537, metadata=checked(between(3, 2**32)))
    """The least public exponent of an RSA key."""
    duplicates: Literal["allow", "same-requester", "refuse"] = "same-requester"
    """Whether a key that has a certificate already gets another: always, for the same requester, or never."""
    request_signatures: tuple[str, ...] = SOUND_SIGNATURES
    """The algorithms that a request may be signed with."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Bounds that no key satisfies."""
        if self.rsa_minimum > self.rsa_maximum:
            yield "rsa_minimum", "expected no more than rsa_maximum"
        if not self.algorithms:
            yield "algorithms", "expected at least one kind of key"
        known = (*SOUND_SIGNATURES, *WEAK_SIGNATURES)
        if not self.request_signatures or not set(self.request_signatures) <= set(known):
            yield "request_signatures", f"expected some of {', '.join(known)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterRules:
    """Who may ask. Every list that is not empty must be satisfied; expressions must match the whole text."""

    protocols: tuple[RequesterProtocol, ...] = ()
    """The protocols (`acme`, `est`, `cli` ...); none: every one."""
    identities: tuple[TextPattern, ...] = ()
    """Regular expressions for the identity (account, user, certificate subject); none: everybody."""
    applications: tuple[str, ...] = ()
    """The endpoints or registered applications; none: every one."""
    proofs: tuple[Proof, ...] = ()
    """How the identity must have been proved (`jws`, `tls-certificate`, `password`, `local` ...); none: any way."""
    groups: tuple[str, ...] = ()
    """Groups, one of which the requester must be in; none: no group is needed."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One sort of certificate."""

    name: ProfileName
    """The file's name without `.toml`; not a key."""
    kind: CertificateKind = CertificateKind.END_ENTITY
    """What the certificate is for."""
    description: str = ""
    """A sentence for people."""
    issuer: IssuerName | None = None
    """The issuer unless the request's path names another; a root has none."""
    approval: Literal["automatic", "manual"] = "automatic"
    """Whether a person must approve every request."""
    lint: Literal["none", "pkix", "serverauth"] = "pkix"
    """Which linters must be content: RFC 5280's, or those of the CA/Browser Forum's TLS server certificates, too."""
    ct: bool = False
    """Whether certificates shall be logged in Certificate Transparency logs first; noted, and not done yet."""
    key_recovery: bool = False
    """Whether the holder's key shall be kept for recovery; noted, and not done yet."""
    validity: ValidityRules = field(default_factory=ValidityRules)
    subject: SubjectRules = field(default_factory=SubjectRules)
    names: NameRules = field(default_factory=NameRules)
    key: KeyRules = field(default_factory=KeyRules)
    key_usage: KeyUsageRules = field(default_factory=KeyUsageRules)
    extended_key_usage: ExtendedKeyUsageRules = field(default_factory=ExtendedKeyUsageRules)
    basic_constraints: BasicConstraintsRules = field(default_factory=BasicConstraintsRules)
    name_constraints: NameConstraintsRules = field(default_factory=NameConstraintsRules)
    policies: tuple[PolicyRule, ...] = ()
    """Certificate policies, each with its qualifiers."""
    authority: AuthorityRules = field(default_factory=AuthorityRules)
    ocsp_no_check: bool = False
    """Whether id-pkix-ocsp-nocheck is written (RFC 6960 4.2.2.2.1)."""
    custom_extensions: tuple[CustomExtension, ...] = ()
    """Extensions given as they are."""
    requested_extensions: RequestedExtensionRules = field(default_factory=RequestedExtensionRules)
    requesters: RequesterRules = field(default_factory=RequesterRules)
    rules: tuple[CelRule, ...] = ()
    """Rules of one's own, in CEL."""

    @property
    def is_authority(self) -> bool:
        """Whether certificates of this profile are a CA's."""
        return self.kind in _AUTHORITIES

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Parts that do not fit one another."""
        yield from self._kind_contradictions()
        yield from self._key_contradictions()
        policies = [policy.oid for policy in self.policies]
        if len(set(policies)) < len(policies):
            yield "policies", "expected each policy once (RFC 5280 4.2.1.4)"
        known: set[str] = set(BUILT_HERE)
        for place, custom in enumerate(self.custom_extensions):
            if custom.oid.dotted in known:
                yield f"custom_extensions[{place}].oid", "expected an extension that has no keys of its own, once"
            known.add(custom.oid.dotted)
        for place, oid in enumerate(self.requested_extensions.copy):
            if oid.dotted in known:
                yield f"requested_extensions.copy[{place}]", "expected an extension that the profile does not write"

    def _kind_contradictions(self) -> Iterator[tuple[str, str]]:
        kind, bits = self.kind.value, self.key_usage.bits
        if self.is_authority and not {"key-cert-sign", "crl-sign"} <= set(bits):
            yield "key_usage.bits", f'expected key-cert-sign and crl-sign where kind = "{kind}" (RFC 5280 4.2.1.3)'
        if not self.is_authority and {"key-cert-sign", "crl-sign"} & set(bits):
            yield "key_usage.bits", f'expected neither key-cert-sign nor crl-sign where kind = "{kind}"'
        if not self.is_authority and (self.name_constraints.permitted or self.name_constraints.excluded):
            yield "name_constraints", 'expected none where kind is neither "root" nor "sub-ca" (RFC 5280 4.2.1.10)'
        if self.kind is CertificateKind.ROOT and self.issuer is not None:
            yield "issuer", 'expected none where kind = "root"'
        wanted = _PURPOSE_OF.get(self.kind)
        purposes = [purpose.oid for purpose in self.extended_key_usage.purposes]
        if wanted is not None and wanted[0] not in purposes:
            yield "extended_key_usage.purposes", f'expected {wanted[1]} where kind = "{kind}"'
        if self.kind is CertificateKind.TSA and (len(purposes) != 1 or not self.extended_key_usage.critical):
            yield "extended_key_usage", "expected time-stamping alone and critical (RFC 3161 2.3)"

    def _key_contradictions(self) -> Iterator[tuple[str, str]]:
        """Keys that cannot sign, where the certificate is for signing or has no usage left for them."""
        bits = self.key_usage.bits
        for algorithm in self.key.algorithms:
            usage = USAGE_WITHOUT_SIGNATURES.get(algorithm)
            if usage is None:
                continue
            if self.kind is not CertificateKind.END_ENTITY:
                yield "key.algorithms", f'expected no {algorithm} where kind = "{self.kind.value}", which signs'
            elif bits and usage not in bits:
                yield "key_usage.bits", f"expected {usage} where key.algorithms has {algorithm}"
