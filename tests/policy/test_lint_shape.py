"""The shape of certificates: what is in it, and that the PKIX validators depend on nothing else."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type as Asn1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from pkilint.loader import RFC5280CertificateDocumentLoader

from emca_daemon.names import SerialNumber
from emca_daemon.policy.invariants import breaches
from emca_daemon.policy.lint_parts import take_apart
from emca_daemon.policy.lint_pkilint import PkixLinter
from emca_daemon.policy.lint_shape import shape_of
from emca_daemon.policy.tokens import ToBeSigned
from tests.support.certificates import Draft, extension, new_key, subject_name

LINTER = PkixLinter()
ISSUER = new_key()
ISSUER_RSA = rsa.generate_private_key(65537, 2048)
KEYS = [new_key().public_key() for _ in range(6)]
RSA_KEYS = [rsa.generate_private_key(65537, 2048).public_key() for _ in range(2)]
KINDS: dict[str, Sequence[CertificateIssuerPublicKeyTypes]] = {
    "ec": KEYS,
    "rsa": RSA_KEYS,
    "ed25519": [ed25519.Ed25519PrivateKey.generate().public_key() for _ in range(3)],
}
START = datetime(2026, 3, 1, tzinfo=UTC)


def shape(built: ToBeSigned) -> bytes:
    """The shape of a built certificate."""
    return shape_of(take_apart(built.tbs), built.algorithm, built.approved.kind.value)


def every_finding(built: ToBeSigned) -> list[tuple[str, str, str]]:
    """Everything that pkilint says, notices included: where, what and how grave."""
    load = RFC5280CertificateDocumentLoader().load_der_document
    results = LINTER._validators.validate(load(built.specimen.public_bytes(Encoding.DER)).root)
    return [
        (str(result.node.path), found.finding.code, found.finding.severity.name)
        for result in results
        for found in result.finding_descriptions
        if found.finding.code not in ("pkix.invalid_domain_name_syntax", "pkix.invalid_uri_syntax")
    ]


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter(lambda text: text[2:4] != "--")
HOSTS = st.builds(
    lambda star, labels, top: "*." * star + ".".join([*labels, top]),
    st.booleans(),
    st.lists(LABELS, min_size=1, max_size=5),
    st.sampled_from(["example", "test", "com", "internal", "xn--fiqs8s"]),
).filter(lambda text: len(text) <= 64)
SERIALS = st.integers(min_value=1 << 63, max_value=(1 << 159) - 1).map(SerialNumber)
TIMES = st.integers(946_684_800, 2_400_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@st.composite
def twins(draw: st.DrawFn) -> tuple[Draft, Draft]:
    """Two drafts that differ in nothing but what the shape leaves out."""
    count = draw(st.integers(1, 4))
    with_name = draw(st.booleans())
    organization = draw(st.sampled_from(["", "Example Ltd", "Bad\x00Text"]))
    kind = draw(st.sampled_from(sorted(KINDS)))
    usage = draw(st.sampled_from([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.TIME_STAMPING]))
    oddity = draw(st.sampled_from([(), (extension(x509.PolicyConstraints(0, None), critical=True),)]))
    missing = draw(st.sampled_from([(), (ExtensionOID.SUBJECT_KEY_IDENTIFIER,), (ExtensionOID.KEY_USAGE,)]))
    found = []
    for _ in range(2):
        names = draw(st.lists(HOSTS.filter(lambda text: not text.startswith("*")), min_size=count, max_size=count))
        attributes = {"organization_name": organization} if organization else {}
        found.append(
            Draft(
                subject=subject_name(names[0] if with_name else "", **attributes),
                dns=names,
                general_names=[x509.IPAddress(ip_address("192.0.2.1"))],
                public_key=draw(st.sampled_from(KINDS[kind])),
                issuer_key=ISSUER,
                serial=draw(SERIALS),
                not_before=draw(TIMES),
                lifetime=timedelta(seconds=draw(st.integers(1, 50_000_000))),
                usages=(usage,),
                extra=oddity,
                without=missing,
            )
        )
    return found[0], found[1]


@given(twins())
@settings(max_examples=40, deadline=None)
def test_twins_have_one_shape_and_get_the_same_findings(pair: tuple[Draft, Draft]) -> None:
    """Names, serial numbers, keys and dates change neither the shape nor anything that the PKIX validators say."""
    left, right = (draft.built() for draft in pair)
    assert breaches(left, take_apart(left.tbs)) == breaches(right, take_apart(right.tbs)) == ()
    assert shape(left) == shape(right)
    assert every_finding(left) == every_finding(right)


@given(HOSTS, SERIALS, st.sampled_from(KEYS), TIMES)
@settings(max_examples=30, deadline=None)
def test_a_clean_shape_stays_clean(
    host: str, serial: SerialNumber, key: ec.EllipticCurvePublicKey, at: datetime
) -> None:
    """Whatever values our invariants let pass, the PKIX validators find nothing to refuse in this shape."""
    draft = Draft(subject=subject_name(host), dns=(host,), serial=serial, public_key=key, not_before=at)
    built = draft.built()
    assert breaches(built, take_apart(built.tbs)) == ()
    assert LINTER.findings(built.specimen.public_bytes(Encoding.DER)) == ()


BASE: dict[str, object] = {"issuer_key": ISSUER, "public_key": KEYS[0], "not_before": START}

DIFFERENT: list[dict[str, object]] = [
    {"subject": subject_name("www.example.com", organization_name="Example")},
    {"subject": subject_name("other.example.com")},
    {"subject": x509.Name([])},
    {"subject": x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www.example.com", Asn1Type.PrintableString)])},
    {"subject": x509.Name([x509.NameAttribute(NameOID.SURNAME, "www.example.com")])},
    {"dns": ("www.example.com", "second.example.com")},
    {"dns": ()},
    {"general_names": (x509.IPAddress(ip_address("192.0.2.1")),)},
    {"general_names": (x509.IPAddress(ip_address("192.0.2.2")),)},
    {"general_names": (x509.RFC822Name("a@example.com"),)},
    {"public_key": ec.generate_private_key(ec.SECP384R1()).public_key()},
    {"public_key": RSA_KEYS[0]},
    {"issuer_key": ISSUER_RSA},
    {"issuer_key": new_key()},
    {"issuer_subject": subject_name("Another Issuer")},
    {"issuer_subject": subject_name("www.example.com")},
    {"not_before": datetime(2050, 1, 1, tzinfo=UTC)},
    {"lifetime": timedelta(days=40 * 365)},
    {"usages": (ExtendedKeyUsageOID.CLIENT_AUTH,)},
    {"usages": ()},
    {"extra": (extension(x509.OCSPNoCheck()),)},
    {"extra": (extension(x509.OCSPNoCheck(), critical=True),)},
    {"without": (ExtensionOID.SUBJECT_KEY_IDENTIFIER,)},
    {"without": (ExtensionOID.KEY_USAGE,)},
]


def drafted(**changes: object) -> ToBeSigned:
    """The base, changed."""
    return Draft(**{**BASE, **changes}).built()  # type: ignore[arg-type]


def test_everything_else_is_in_the_shape() -> None:
    """Each of these differs from the base and from every other."""
    shapes = [shape(drafted(**change)) for change in ({}, *DIFFERENT)]
    assert len(set(shapes)) == len(shapes)


def test_the_shape_leaves_the_rest_out() -> None:
    """The base has one shape for any name and serial number."""
    name = "xn--bcher-kva.example"
    change = {"dns": (name,), "subject": subject_name(name), "serial": SerialNumber(1 << 70)}
    assert shape(drafted()) == shape(drafted(**change))


def test_long_common_names_do_not_hide_behind_short_ones() -> None:
    """RFC 5280 allows 64 characters, and a wildcard is not everywhere a printable character."""
    long = "a" * 60 + ".example"
    shapes = {shape(drafted(dns=(name,), subject=subject_name(name))) for name in ("www.example.com", "*.example.com")}
    assert len(shapes) == 2
    with pytest.warns(UserWarning, match="length"):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, long, _validate=False)])
    assert shape(drafted(dns=(long,), subject=name)) not in shapes


def test_outer_algorithm_and_kind_are_in_the_shape() -> None:
    """What surrounds the TBSCertificate counts, too."""
    parts = take_apart(drafted().tbs)
    assert len({shape_of(parts, b"a", "x"), shape_of(parts, b"b", "x"), shape_of(parts, b"a", "y")}) == 3
