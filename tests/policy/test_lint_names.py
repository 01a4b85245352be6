"""The syntax of names in certificates."""

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, SubjectInformationAccessOID
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.policy.lint_names import (
    alternative_name_faults,
    constraint_faults,
    is_address,
    location_faults,
    uri_fault,
)


def uri(text: str) -> x509.UniformResourceIdentifier:
    """A URI as a general name."""
    return x509.UniformResourceIdentifier(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://ca.example.com/ca.cer",
        "http://localhost:8080/ocsp",
        "http://127.0.0.1:8080/crl/a.crl",
        "http://[2001:db8::1]:80/x?y=z#f",
        "https://user@ca.example/",
        "http://CA.Example/",
        "ldap://directory.example/cn=CA?certificateRevocationList",
        "ldap:///cn=CA",
    ],
)
def test_addresses_to_fetch_from(text: str) -> None:
    """What AIA and distribution points may hold is also a URI anywhere else."""
    assert uri_fault(text, location=True) is None
    assert uri_fault(text) is None


@pytest.mark.parametrize("text", ["spiffe://trust.domain/workload", "urn:uuid:1234", "tag:a,2020:b", "file:///x"])
def test_uris_that_name_something(text: str) -> None:
    """Other schemes are right among alternative names, where nothing is fetched."""
    assert uri_fault(text) is None
    assert uri_fault(text, location=True) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ca.example/x",
        "//ca.example/x",
        "http:",
        "http://",
        "http:///x",
        "http://a b/",
        "http://a/%zz",
        "http://bücher.example/",
        "http://under score/",
        "http://[::1/",
        "http://[nonsense]/",
        "http://a:b/",
        "http://a:123456/",
        "http://-a.example/",
        "http://*.example/",
        "http://1.2.3/",
        "HTTP://ca.example/",
        "spiffe:///x",
    ],
)
def test_what_is_no_uri(text: str) -> None:
    """Relative references, wrong characters, hosts that are none."""
    assert uri_fault(text) is not None
    assert uri_fault(text, location=True) is not None


def test_a_location_needs_a_host() -> None:
    """`http:x` leads nowhere."""
    assert uri_fault("http:x") is None
    assert uri_fault("http:x", location=True) == "the URI names no host"


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    """Any text gets an answer."""
    uri_fault(text)
    uri_fault("http://" + text, location=True)


@pytest.mark.parametrize(("text", "expected"), [("192.0.2.1", True), ("::1", True), ("1.2.3", False), ("a", False)])
def test_addresses_are_told_from_names(text: str, expected: bool) -> None:
    """Addresses of both versions."""
    assert is_address(text) is expected


def test_alternative_names_are_checked_each() -> None:
    """DNS names and URIs; other kinds are the profile's affair."""
    names = [
        x509.DNSName("*.example.com"),
        x509.DNSName("host"),
        x509.DNSName("a_b.example"),
        x509.DNSName("Upper.example"),
        x509.DNSName("a.*.example"),
        uri("urn:x:y"),
        uri("nonsense"),
        x509.RFC822Name("a@b"),
    ]
    fields = [fault.field for fault in alternative_name_faults(names, "san")]
    assert fields == ["san: Upper.example", "san: a.*.example", "san: nonsense"]


def test_name_constraints_are_checked_each() -> None:
    """Subtrees name domains; an empty one is everything, and a URI's may start with a dot."""
    constraints = x509.NameConstraints(
        permitted_subtrees=[x509.DNSName("example.com"), x509.DNSName(""), uri(".example.com"), uri("host.example")],
        excluded_subtrees=[x509.DNSName("-.example.com"), uri("http://x/"), x509.RFC822Name("example.com"), uri(".")],
    )
    fields = [fault.field for fault in constraint_faults(constraints)]
    assert fields == ["name-constraints: -.example.com", "name-constraints: http://x/"]
    assert list(constraint_faults(x509.NameConstraints([x509.DNSName("a.example")], None))) == []


def test_locations_are_checked_each() -> None:
    """AIA, SIA, distribution points, freshest CRL and CPS pointers."""
    wrong, right = uri("gopher://x/"), uri("http://ca.example/x")
    description = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, wrong)
    repository = x509.AccessDescription(SubjectInformationAccessOID.CA_REPOSITORY, wrong)
    directory = x509.DirectoryName(x509.Name([]))
    relative = x509.RelativeDistinguishedName([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    points = [
        x509.DistributionPoint([wrong, right, directory], None, None, None),
        x509.DistributionPoint(None, relative, None, None),
    ]
    notice = x509.UserNotice(None, "text")
    policies = [
        x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), ["gopher://x/", notice]),
        x509.PolicyInformation(x509.ObjectIdentifier("1.2.4"), None),
    ]
    for extension in (
        x509.AuthorityInformationAccess([description]),
        x509.SubjectInformationAccess([repository]),
        x509.CRLDistributionPoints(points),
        x509.FreshestCRL(points),
        x509.CertificatePolicies(policies),
    ):
        assert [fault.field for fault in location_faults(extension)] == ["location: gopher://x/"]
    assert list(location_faults(x509.OCSPNoCheck())) == []
