"""Material for policy tests: keys, requests, issuers and profiles, made in memory."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import der
from emca_daemon.errors import Mismatch, Refused
from emca_daemon.names import AlternativeName, IssuerName, NameType, Subject, SubjectAttribute
from emca_daemon.policy.decision import decide
from emca_daemon.policy.facts import IssuerFacts, KeyFacts, Requester, RequestFacts
from emca_daemon.policy.keys import key_facts
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.tokens import Approved
from emca_daemon.problems import Problem
from emca_daemon.toml_reading import read_dataclass

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
WHO = Requester("acme", "account-1", "jws", "192.0.2.7", "req-1", "acme", frozenset({"staff"}))
PROFILES = Path(__file__).parents[2] / "conf" / "profiles"
SERVER: Mapping[str, object] = {
    "subject": {"common_name": "first-dns-name", "unlisted": "drop"},
    "names": {"minimum": 1, "maximum": 5, "dns": {"wildcards": True, "excluded": [".secret.example"]}, "ip": {}},
    "key_usage": {"bits": ["digital-signature", "key-encipherment"]},
    "extended_key_usage": {"purposes": ["server-auth"]},
}
"""A profile for servers, as a TOML table."""


@cache
def private_key(which: int = 0) -> ec.EllipticCurvePrivateKey:
    """A P-256 key; the same for the same number."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def a_key() -> KeyFacts:
    """The facts of a sound P-256 key."""
    return key_facts(private_key().public_key())


def dns(*values: str) -> tuple[AlternativeName, ...]:
    """DNS names."""
    return tuple(AlternativeName(NameType.DNS, value) for value in values)


def subject(**attributes: str) -> Subject:
    """A subject from `CN="x"`, `O="y"`, `C="z"`, in that order."""
    oids = {"CN": "2.5.4.3", "O": "2.5.4.10", "C": "2.5.4.6", "OU": "2.5.4.11"}
    return tuple(SubjectAttribute(oids[name], value) for name, value in attributes.items())


def facts(names: tuple[AlternativeName, ...] = (), asked: Subject = ()) -> RequestFacts:
    """A request that a sound key signed soundly."""
    return RequestFacts(WHO, asked, names, a_key(), "ecdsa-with-SHA256")


def profile(table: Mapping[str, object] | None = None, **more: object) -> Profile:
    """A profile from a TOML table (the one for servers unless given), with more top-level keys."""
    problems: list[Problem] = []
    whole = {"name": "test", **(SERVER if table is None else table), **more}
    made = read_dataclass(Profile, whole, "test.toml", "", problems)
    assert made is not None, [str(problem) for problem in problems]
    return made


def problems_of(table: Mapping[str, object]) -> list[tuple[str, str]]:
    """Key and sentence of every problem in a profile."""
    problems: list[Problem] = []
    read_dataclass(Profile, {"name": "test", **table}, "test.toml", "", problems)
    return [(problem.key, problem.expected) for problem in problems]


def ca_certificate(
    *extensions: x509.ExtensionType,
    basic: x509.BasicConstraints | None = x509.BasicConstraints(ca=True, path_length=None),  # noqa: B008 - a value
    not_before: datetime = NOW - timedelta(days=100),
    not_after: datetime = NOW + timedelta(days=3650),
    issued_by: str | None = None,
) -> x509.Certificate:
    """A self-signed CA certificate with the extensions given, or one that says that another has issued it."""
    key = private_key(99)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issued_by)]) if issued_by else name
    builder = (
        x509.CertificateBuilder(issuer, name, key.public_key(), 1)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    for value in (*((basic,) if basic is not None else ()), *extensions):
        builder = builder.add_extension(value, critical=False)
    return builder.sign(key, hashes.SHA256())


def issuer(certificate: x509.Certificate | None = None) -> IssuerFacts:
    """An issuer with one address of each kind."""
    return IssuerFacts(
        IssuerName("test-ca"),
        certificate or plain_ca(),
        ocsp_urls=("http://ca.example/ocsp",),
        issuer_urls=("http://ca.example/ca.cer",),
        crl_urls=("http://ca.example/ca.crl",),
        alternative_names=(AlternativeName(NameType.URI, "https://ca.example/"),),
    )


@cache
def plain_ca() -> x509.Certificate:
    """A CA certificate without limits, with a key identifier."""
    return ca_certificate(x509.SubjectKeyIdentifier.from_public_key(private_key(99).public_key()))


def approved(request: RequestFacts, rules: Profile, by: IssuerFacts | None = None) -> Approved:
    """The approval of a request that must get one at once."""
    decision = decide(request, rules, by or issuer(), NOW)
    assert isinstance(decision, Approved)
    return decision


def mismatches(request: RequestFacts, rules: Profile, by: IssuerFacts | None = None) -> tuple[Mismatch, ...]:
    """What is wrong with a request; nothing where it is approved."""
    try:
        decide(request, rules, by or issuer(), NOW)
    except Refused as refused:
        return refused.mismatches
    return ()


def fields(request: RequestFacts, rules: Profile, by: IssuerFacts | None = None) -> list[str]:
    """The fields of what is wrong with a request."""
    return [mismatch.field for mismatch in mismatches(request, rules, by)]


def csr(
    *extensions: x509.ExtensionType, key: ec.EllipticCurvePrivateKey | None = None, name: x509.Name | None = None
) -> bytes:
    """A PKCS #10 request in DER."""
    builder = x509.CertificateSigningRequestBuilder(name or x509.Name([]))
    for value in extensions:
        builder = builder.add_extension(value, critical=False)
    return builder.sign(key or private_key(), hashes.SHA256()).public_bytes(Encoding.DER)


def rsa_key_info(key: rsa.RSAPublicKey, *, pss_alone: bool) -> bytes:
    """SubjectPublicKeyInfo of an RSA key, as one for any use or for RSASSA-PSS alone (RFC 4055 1.2)."""
    any_use = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.10")) if pss_alone else any_use
    return der.sequence(algorithm, der.bit_string(key.public_bytes(Encoding.DER, PublicFormat.PKCS1)))
