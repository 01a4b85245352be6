"""Templates of CSRs, and what follows them."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.csr import read_csr
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.acme.csr_template import read_template
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support.acme_delegation import EC_KEY, NAME, RSA_KEY, SERVER, SIGNING, csr, template

REQUESTER = Requester("acme", "account", "jws", "192.0.2.1", "req-1")


def faults(document: dict[str, Any], der: bytes) -> str:
    """What keeps a CSR from following a template; empty if nothing does."""
    try:
        read_template(document).check(read_csr(der, REQUESTER))
    except AcmeRefusal as error:
        problem = error.problem
    else:
        return ""
    assert (problem.type, problem.status) == ("badCSR", 403)
    return problem.detail.partition(": ")[2]


def test_a_csr_that_follows_it() -> None:
    """Names, usages and subject to the letter; purposes in whatever order."""
    document = template(
        {"country": "CA", "locality": "**", "organization": "*"},
        keyUsage=["digitalSignature"],
        extendedKeyUsage=["serverAuth"],
    )
    subject = [(NameOID.COUNTRY_NAME, "CA"), (NameOID.LOCALITY_NAME, "Anywhere")]
    assert faults(document, csr(NAME, subject=subject, more=(SIGNING, SERVER))) == ""
    more = [*subject, (NameOID.ORGANIZATION_NAME, "Any")]
    assert faults(document, csr(NAME.upper(), subject=more, more=(SIGNING, SERVER))) == ""


@pytest.mark.parametrize(
    ("subject", "found", "fault"),
    [
        ({"country": "CA"}, [], "the countryName of its subject is not `CA`"),
        ({"country": "CA"}, [(NameOID.COUNTRY_NAME, "DE")], "the countryName of its subject is not `CA`"),
        ({"locality": "**"}, [], "its subject lacks localityName"),
        ({"locality": "*"}, [(NameOID.LOCALITY_NAME, "a")] * 2, "its subject has localityName more than once"),
        ({"locality": "*"}, [(NameOID.SURNAME, "a")], "its subject has surname"),
        (None, [(NameOID.COMMON_NAME, NAME)], "its subject has commonName"),
        (None, [(x509.ObjectIdentifier("1.2.3.4"), "a")], "its subject has 1.2.3.4"),
        ({"locality": "***"}, [(NameOID.LOCALITY_NAME, "a")], "the localityName of its subject is not `***`"),
    ],
)
def test_subjects_that_do_not(
    subject: dict[str, Any] | None, found: list[tuple[x509.ObjectIdentifier, str]], fault: str
) -> None:
    """Literals must be there as they are, `**` asks for any text, `*` allows one; all others are refused."""
    assert faults(template(subject), csr(NAME, subject=found)) == fault


@pytest.mark.parametrize(
    ("texts", "names", "fault"),
    [
        ([NAME], [NAME, "b.example"], "dns:b.example is not in the template"),
        ([NAME, "b.example"], [NAME], "dns:b.example is not in the CSR"),
        (["*.example.com"], [NAME], "dns:cdn.example.com is not in the template; dns:*.example.com is not in the CSR"),
        ([NAME, "**"], [NAME], "it lacks a name of the type dns"),
        ([NAME, "**"], [NAME, "b.example"], ""),
        ([NAME, "*"], [NAME], ""),
        (["*"], [NAME, "b.example"], ""),
        (["*"], [], ""),
    ],
)
def test_names(texts: list[str], names: list[str], fault: str) -> None:
    """Each literal, and no others unless there is a wildcard; a wildcard certificate's name is a literal."""
    assert faults(template(subjectAltName={"DNS": texts}), csr(*names)) == fault


def test_names_of_another_type() -> None:
    """They are refused, and what the template has of them is lacking."""
    wanted = template(subjectAltName={"Email": ["a@example.com"], "URI": ["*"]})
    assert faults(wanted, csr(NAME)) == f"dns:{NAME} is not in the template; email:a@example.com is not in the CSR"
    assert read_template(wanted).allows(AlternativeName(NameType.URI, "https://example.com"))
    assert not read_template(wanted).allows(AlternativeName(NameType.IP, "192.0.2.1"))


def test_extensions_that_do_not() -> None:
    """One more, one less, another one, an extension of which templates know nothing."""
    usage = template(keyUsage=["digitalSignature", "keyEncipherment"], extendedKeyUsage=["serverAuth", "1.2.3.4"])
    both = "its key usage is another one; its extended key usage is another one"
    assert faults(usage, csr(NAME)) == both
    assert faults(usage, csr(NAME, more=(SIGNING, SERVER))) == both
    assert faults(template(), csr(NAME, more=(SIGNING, SERVER))) == both
    stapling = x509.TLSFeature([x509.TLSFeatureType.status_request])
    assert faults(template(), csr(NAME, more=(stapling,))) == "it has the extension 1.3.6.1.5.5.7.1.24"


def test_keys() -> None:
    """Kind, size or curve, and how the CSR is signed: all of one `keyTypes` element."""
    fault = "its key, or how it is signed, is none of `keyTypes`"
    small, large = (rsa.generate_private_key(65537, bits) for bits in (2048, 3072))
    assert faults(template(), csr(NAME, key=small)) == ""
    assert faults(template(), csr(NAME, key=large)) == fault
    assert faults(template(), csr(NAME, key=small, digest=hashes.SHA384())) == fault
    assert faults(template(), csr(NAME, key=ec.generate_private_key(ec.SECP384R1()))) == fault
    assert faults({**template(), "keyTypes": [RSA_KEY]}, csr(NAME)) == fault
    pss = {**template(), "keyTypes": [{**RSA_KEY, "SignatureType": "sha256WithRSAandMGF1"}]}
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    assert faults(pss, builder.sign(small, hashes.SHA256(), rsa_padding=scheme).public_bytes(Encoding.DER)) == ""


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"keyTypes": [EC_KEY]},
        {**template(), "other": 1},
        {**template(), "keyTypes": []},
        {**template(), "keyTypes": ["x"]},
        {**template(), "keyTypes": [{**EC_KEY, "namedCurve": "secp256k1"}]},
        {**template(), "keyTypes": [{**EC_KEY, "SignatureType": "ecdsa-with-SHA1"}]},
        {**template(), "keyTypes": [{**EC_KEY, "PublicKeyLength": 256}]},
        {**template(), "keyTypes": [{**RSA_KEY, "PublicKeyLength": True}]},
        {**template(), "keyTypes": [{**RSA_KEY, "SignatureType": "sha1WithRSAEncryption"}]},
        template({}),
        template({"surname": "x"}),
        template({"country": 1}),
        template({"country": ""}),
        template(subjectAltName={}),
        template(subjectAltName={"DNS": []}),
        template(subjectAltName={"DNS": "x"}),
        template(subjectAltName={"IP": ["192.0.2.1"]}),
        template(keyUsage=["serverAuth"]),
        template(keyUsage=["1.2.3"]),
        template(extendedKeyUsage=["anyPurpose"]),
        template(basicConstraints=[]),
    ],
)
def test_what_is_no_template_is_malformed(document: object) -> None:
    """The schema of RFC 9115 4, with nothing beside it."""
    with pytest.raises(Refused) as caught:
        read_template(document)
    assert caught.value.reason is Reason.MALFORMED


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["keyTypes", "subject", "extensions", "subjectAltName", "DNS", "PublicKeyType", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(_JSON)
def test_any_json_is_a_template_or_malformed(value: object) -> None:
    """Nothing else is ever raised."""
    try:
        read_template(value)
    except Refused as refused:
        reason = refused.reason
    else:
        reason = Reason.MALFORMED
    assert reason is Reason.MALFORMED
