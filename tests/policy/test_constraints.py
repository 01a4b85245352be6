"""Tests of emca_daemon.policy.constraints."""

import ipaddress

import pytest
from cryptography import x509

from emca_daemon.asn1.names import UPN, subject_to_name
from emca_daemon.names import AlternativeName, NameType, SubjectAttribute
from emca_daemon.policy.constraints import constraint_mismatches
from tests.support.policy_world import dns, subject

D, I, E, U, N = NameType.DNS, NameType.IP, NameType.EMAIL, NameType.URI, NameType.DIRECTORY  # noqa: E741 - a table

DNS = x509.DNSName
MAIL = x509.RFC822Name
URI = x509.UniformResourceIdentifier
NET = x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))
TOP = x509.DirectoryName(x509.Name.from_rfc4514_string("O=Example"))
OTHER = x509.OtherName(x509.ObjectIdentifier(UPN), b"\x05\x00")

WITHIN: list[tuple[x509.GeneralName, NameType, str, bool]] = [
    (DNS("Example.com"), D, "example.com", True),
    (DNS("example.com"), D, "a.example.com", True),
    (DNS("example.com"), D, "*.example.com", True),
    (DNS("example.com"), D, "badexample.com", False),
    (DNS(".example.com"), D, "a.example.com", True),
    (DNS(".example.com"), D, "example.com", False),
    (DNS(""), D, "anything.example", True),
    (NET, I, "10.1.2.3", True),
    (NET, I, "192.0.2.1", False),
    (NET, I, "::1", False),
    (MAIL("example.com"), E, "a@example.com", True),
    (MAIL("example.com"), E, "a@b.example.com", False),
    (MAIL(".example.com"), E, "a@b.example.com", True),
    (MAIL("a@Example.com"), E, "a@example.com", True),
    (MAIL("a@example.com"), E, "b@example.com", False),
    (URI("example.com"), U, "https://example.com/", True),
    (URI("example.com"), U, "https://a.example.com/", False),
    (URI(".example.com"), U, "https://a.example.com/", True),
    (URI(".example.com"), U, "https://a.example.org/", False),
    (TOP, N, "CN=a,O=Example", True),
    (TOP, N, "CN=a,O=Other", False),
]


def outside(
    name: AlternativeName, *, permitted: x509.GeneralName | None = None, excluded: x509.GeneralName | None = None
) -> bool:
    """Whether a constraint keeps the name out."""
    constraints = x509.NameConstraints([permitted] if permitted else None, [excluded] if excluded else None)
    return bool(constraint_mismatches([constraints], [name], None))


@pytest.mark.parametrize(("subtree", "kind", "value", "within"), WITHIN)
def test_names_lie_in_subtrees_or_not(subtree: x509.GeneralName, kind: NameType, value: str, within: bool) -> None:
    """Permitted: inside alone; excluded: outside alone (RFC 5280 4.2.1.10)."""
    name = AlternativeName(kind, value)
    assert outside(name, permitted=subtree) is not within
    assert outside(name, excluded=subtree) is within


def test_a_type_without_a_subtree_is_free() -> None:
    """A DNS constraint says nothing of addresses."""
    assert not outside(AlternativeName(I, "10.0.0.1"), permitted=DNS("example.com"))
    assert not outside(AlternativeName(D, "a.b"), excluded=NET)


def test_a_wildcard_is_kept_out_where_one_of_its_names_is() -> None:
    """Excluding one host excludes the wildcard that stands for it."""
    (wildcard,) = dns("*.example.com")
    assert outside(wildcard, excluded=DNS("secret.example.com"))
    assert not outside(wildcard, excluded=DNS("a.secret.example.com"))


UNTOLD = [
    (OTHER, AlternativeName(NameType.UPN, "a@b.example")),
    (OTHER, AlternativeName(NameType.OTHER, "1.2.3:0500")),
    (x509.RegisteredID(x509.ObjectIdentifier("1.2.3")), AlternativeName(NameType.REGISTERED_ID, "1.2.3")),
    (URI("example.com"), AlternativeName(U, "urn:x:y")),
    (URI("example.com"), AlternativeName(U, "no uri")),
    (TOP, AlternativeName(N, "no name")),
    (NET, AlternativeName(I, "no address")),
]


@pytest.mark.parametrize(("subtree", "name"), UNTOLD)
def test_what_cannot_be_told_is_kept_out(subtree: x509.GeneralName, name: AlternativeName) -> None:
    """Permitted or excluded: no certificate without certainty."""
    assert outside(name, permitted=subtree)
    assert outside(name, excluded=subtree)


def test_the_subject_and_the_mailboxes_in_it_count() -> None:
    """As a directory name and as mailboxes."""
    asked = (*subject(O="Other"), SubjectAttribute("1.2.840.113549.1.9.1", "a@Other.example"))
    constraints = x509.NameConstraints([TOP, MAIL("example.com")], None)
    found = constraint_mismatches([constraints], [], subject_to_name(asked))
    assert [mismatch.field for mismatch in found][1:] == ["a@other.example"]
    assert len(found) == 2
    assert constraint_mismatches([constraints], [], subject_to_name(subject(O="Example"))) == []


@pytest.mark.parametrize(
    ("common_name", "names", "end_entity", "found"),
    [
        ("Host.evil.example", (), True, ["host.evil.example"]),
        ("*.evil.example", (), True, ["*.evil.example"]),
        ("a.example.com", (), True, []),
        ("host.evil.example", dns("a.example.com"), True, []),
        ("host.evil.example", (), False, []),
        ("printer", (), True, []),
        ("Evil Example", (), True, []),
    ],
)
def test_a_common_name_that_is_the_host_s_counts(
    common_name: str, names: tuple[AlternativeName, ...], end_entity: bool, found: list[str]
) -> None:
    """Where an end entity has no DNS name, as OpenSSL has it."""
    constraints = x509.NameConstraints([DNS("example.com")], None)
    asked = subject_to_name(subject(CN=common_name))
    outside = constraint_mismatches([constraints], names, asked, end_entity=end_entity)
    assert [mismatch.field for mismatch in outside] == found


def test_an_empty_subject_and_no_constraints_keep_nothing_out() -> None:
    """An empty name is no directory name."""
    assert constraint_mismatches([x509.NameConstraints([TOP], None)], [], x509.Name([])) == []
    assert constraint_mismatches([], list(dns("a.b")), None) == []


def test_every_certificate_of_the_chain_must_allow_a_name() -> None:
    """What the first permits the second may exclude; a name that both refuse is told once."""
    chain = [x509.NameConstraints([DNS("example.com")], None), x509.NameConstraints(None, [DNS("b.example.com")])]
    names = list(dns("a.example.com", "b.example.com", "c.example.org"))
    found = constraint_mismatches(chain, names, None)
    assert [mismatch.field for mismatch in found] == ["b.example.com", "c.example.org"]
