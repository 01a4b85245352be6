"""Certificates to be signed, for tests: what policy and the CA would hand to the linter, with every part adjustable."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificateIssuerPublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from emca_daemon.names import AlternativeName, IssuerName, NameType, ProfileName, SerialNumber
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.tokens import Approved, CertificateKind, ToBeSigned

SERIAL = SerialNumber(0x4A6B_7C8D_9EAF_B0C1_D2E3_F405_1627_3849_5A6B_7C8D)
REQUESTER = Requester("acme", "https://ca.example/acme/account/1", "jws", "192.0.2.7", "request-1")

_USAGE_BITS = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)

Extension = x509.Extension[x509.ExtensionType]


def subject_name(common_name: str = "", **attributes: str) -> x509.Name:
    """A distinguished name: `organization_name="..."` and the like, then the common name if there is one."""
    oids = {key.lower(): getattr(NameOID, key.upper()) for key in attributes}
    parts = [x509.NameAttribute(oids[key.lower()], value) for key, value in attributes.items()]
    if common_name:
        parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(parts)


def key_usage(*names: str) -> x509.KeyUsage:
    """Key usage with those bits set: `digital_signature`, `key_cert_sign` ..."""
    return x509.KeyUsage(**{bit: bit in names for bit in _USAGE_BITS})


def extension(value: x509.ExtensionType, *, critical: bool = False) -> Extension:
    """An extension."""
    return x509.Extension(value.oid, critical, value)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Draft:
    """A certificate to be: a server certificate of a public kind unless told otherwise.

    `extra` extensions come last; `without` names extension OIDs to leave out.
    """

    kind: CertificateKind = CertificateKind.END_ENTITY
    subject: x509.Name = field(default_factory=lambda: subject_name("www.example.com"))
    dns: Sequence[str] = ("www.example.com",)
    general_names: Sequence[x509.GeneralName] = ()
    public_key: CertificateIssuerPublicKeyTypes = field(default_factory=lambda: new_key().public_key())
    issuer_key: CertificateIssuerPrivateKeyTypes = field(default_factory=new_key)
    issuer_subject: x509.Name = field(default_factory=lambda: subject_name("Demo Issuing", country_name="DE"))
    not_before: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    lifetime: timedelta = timedelta(days=90)
    serial: SerialNumber = SERIAL
    lint: str = "pkix"
    usages: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.SERVER_AUTH,)
    extra: Sequence[Extension] = ()
    without: Sequence[x509.ObjectIdentifier] = ()

    def extensions(self) -> tuple[Extension, ...]:
        """What the certificate contains."""
        authority = self.kind in (CertificateKind.ROOT, CertificateKind.SUB_CA)
        identified = self.public_key if self.kind is CertificateKind.ROOT else self.issuer_key.public_key()
        usage = key_usage("key_cert_sign", "crl_sign") if authority else key_usage("digital_signature")
        found = [
            extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True),
            extension(usage, critical=True),
            extension(x509.SubjectKeyIdentifier.from_public_key(self.public_key)),
            extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(identified)),
        ]
        if self.usages and not authority:
            found.append(extension(x509.ExtendedKeyUsage(self.usages)))
        names = [*(x509.DNSName(name) for name in self.dns), *self.general_names]
        if names and not authority:
            found.append(extension(x509.SubjectAlternativeName(names), critical=not self.subject.rdns))
        if not authority:
            address = x509.UniformResourceIdentifier("http://ca.example.com/ocsp")
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, address)
            found.append(extension(x509.AuthorityInformationAccess([access])))
        return (*(one for one in found if one.oid not in self.without), *self.extra)

    def approved(self) -> Approved:
        """The approval of the certificate."""
        root = self.kind is CertificateKind.ROOT
        authority = root or self.kind is CertificateKind.SUB_CA
        key = self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Approved(
            profile=ProfileName("server"),
            kind=self.kind,
            issuer=None if root else IssuerName("demo-issuing"),
            subject=self.subject,
            names=() if authority else tuple(AlternativeName(NameType.DNS, name) for name in self.dns),
            public_key=self.public_key,
            key_fingerprint=sha256(key).digest(),
            not_before=self.not_before,
            not_after=self.not_before + self.lifetime,
            extensions=self.extensions(),
            lint=self.lint,
            requester=REQUESTER,
        )

    def built(self) -> ToBeSigned:
        """The certificate as built, with the signature of `issuer_key` on its specimen."""
        return build(self.approved(), self)


def build(approved: Approved, draft: Draft) -> ToBeSigned:
    """Build exactly what is approved, under the issuer that the draft names."""
    builder = x509.CertificateBuilder(
        issuer_name=draft.subject if approved.issuer is None else draft.issuer_subject,
        subject_name=approved.subject,
        public_key=approved.public_key,
        serial_number=draft.serial,
        not_valid_before=approved.not_before.replace(tzinfo=None),
        not_valid_after=approved.not_after.replace(tzinfo=None),
        extensions=list(approved.extensions),
    )
    algorithm = None if isinstance(draft.issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    specimen = builder.sign(draft.issuer_key, algorithm)
    return ToBeSigned(
        approved=approved,
        issuer=IssuerName("demo-issuing"),
        serial=draft.serial,
        tbs=specimen.tbs_certificate_bytes,
        algorithm=_algorithm(draft.issuer_key),
        specimen=specimen,
    )


def _algorithm(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """The AlgorithmIdentifier of signatures with SHA-256, or of Ed25519."""
    if isinstance(key, rsa.RSAPrivateKey):
        return bytes.fromhex("300d06092a864886f70d01010b0500")
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return bytes.fromhex("300506032b6570")
    return bytes.fromhex("300a06082a8648ce3d040302")


def changed(to_be_signed: ToBeSigned, **changes: object) -> ToBeSigned:
    """The same certificate under an approval that differs."""
    return replace(to_be_signed, approved=replace(to_be_signed.approved, **changes))  # type: ignore[arg-type]
