"""Tests of emca_daemon.policy.issuers."""

from datetime import timedelta

import pytest
from cryptography import x509

from emca_daemon.policy.issuers import IssuerLimits, issuer_mismatches, not_after_of, path_length, path_length_of
from emca_daemon.policy.usages import key_usage
from tests.support.policy_world import NOW, ca_certificate, private_key, profile

DAY = timedelta(days=1)
SUB: dict[str, object] = {"kind": "sub-ca", "key_usage": {"bits": ["key-cert-sign", "crl-sign"]}}
SIGNS = key_usage(("key-cert-sign",), "ec")
SIGNS_NOT = key_usage(("digital-signature",), "ec")
assert SIGNS is not None
assert SIGNS_NOT is not None


def basic(length: int | None, *, ca: bool = True) -> x509.BasicConstraints:
    """Basic constraints."""
    return x509.BasicConstraints(ca=ca, path_length=length)


GOOD = [ca_certificate(), ca_certificate(SIGNS), ca_certificate(x509.OCSPNoCheck())]
BAD = [
    ca_certificate(SIGNS_NOT),
    ca_certificate(basic=None),
    ca_certificate(basic=basic(None, ca=False)),
    ca_certificate(not_after=NOW - DAY),
    ca_certificate(not_before=NOW + DAY),
]


@pytest.mark.parametrize("certificate", GOOD)
def test_a_ca_that_may_sign_may_issue(certificate: x509.Certificate) -> None:
    """With the right key usage or none."""
    assert issuer_mismatches(profile(), IssuerLimits.of(certificate), NOW) == []


@pytest.mark.parametrize("certificate", BAD)
def test_a_certificate_that_cannot_issue_is_told(certificate: x509.Certificate) -> None:
    """No CA, not allowed to sign, expired, or not valid yet."""
    assert [m.field for m in issuer_mismatches(profile(), IssuerLimits.of(certificate), NOW)] == ["issuer"]


def test_a_root_has_no_issuer_and_all_others_have_one() -> None:
    """Either way round it is refused."""
    root = profile({"kind": "root", "key_usage": {"bits": ["key-cert-sign", "crl-sign"]}})
    assert issuer_mismatches(root, None, NOW) == []
    assert len(issuer_mismatches(root, IssuerLimits.of(ca_certificate()), NOW)) == 1
    assert len(issuer_mismatches(profile(), None, NOW)) == 1


PATHS = [
    (None, None, [], None),
    (None, 3, [], 3),
    (0, None, ["basic_constraints"], -1),
    (2, None, [], 1),
    (2, 1, [], 1),
    (2, 2, ["basic_constraints.path_length"], 2),
    (1, 0, [], 0),
]


@pytest.mark.parametrize(("issuer_s", "own", "fields", "written"), PATHS)
def test_a_path_length_gets_shorter(
    issuer_s: int | None, own: int | None, fields: list[str], written: int | None
) -> None:
    """A CA's is below its issuer's, and given where the profile gives none."""
    limits = IssuerLimits.of(ca_certificate(basic=basic(issuer_s)))
    sub = profile(SUB, basic_constraints={} if own is None else {"path_length": own})
    assert [m.field for m in issuer_mismatches(sub, limits, NOW)] == fields
    assert path_length(sub, limits) == written


def link(length: int | None, *, self_issued: bool = False) -> x509.Certificate:
    """A CA's certificate in the middle of a chain."""
    return ca_certificate(basic=basic(length), issued_by=None if self_issued else "Above")


CHAINS = [
    ([link(None), link(None), link(None, self_issued=True)], None),
    ([link(None), link(None), link(2, self_issued=True)], 0),
    ([link(None), link(1), link(5, self_issued=True)], 0),
    ([link(3), link(None), link(9, self_issued=True)], 3),
    ([link(None), link(None, self_issued=True), link(2)], 1),
    ([link(None), link(0), link(None)], -1),
    ([ca_certificate(basic=None)], None),
]


@pytest.mark.parametrize(("chain", "beneath"), CHAINS)
def test_the_shortest_path_of_the_chain_counts(chain: list[x509.Certificate], beneath: int | None) -> None:
    """From the certificate that states it down to the issuer; self-issued ones do not count (RFC 5280 6.1.4)."""
    assert path_length_of(chain) == beneath


def test_a_path_length_above_the_issuer_binds_it() -> None:
    """Though its own certificate states none, or more."""
    for own in (None, 7):
        limits = IssuerLimits.of(ca_certificate(basic=basic(own)), 0)
        assert [m.field for m in issuer_mismatches(profile(SUB), limits, NOW)] == ["basic_constraints"]
        assert path_length(profile(SUB), IssuerLimits.of(ca_certificate(basic=basic(own)), 2)) == 1


def test_the_first_end_of_the_chain_counts() -> None:
    """Wherever in the chain it is; it goes before the issuer's own."""
    ends = [NOW + timedelta(days=days) for days in (300, 200, 400)]
    chain = [ca_certificate(not_after=end) for end in ends]
    assert not_after_of(chain) == not_after_of(chain[::-1]) == ends[1]
    assert not_after_of(chain[:1]) == ends[0]
    limits = IssuerLimits.of(chain[0], chain_not_after=ends[1])
    assert issuer_mismatches(profile(), limits, ends[1]) == []
    assert [m.field for m in issuer_mismatches(profile(), limits, ends[0])] == ["issuer"]


def test_path_length_does_not_matter_to_an_end_entity() -> None:
    """It counts CAs."""
    assert issuer_mismatches(profile(), IssuerLimits.of(ca_certificate(basic=basic(0))), NOW) == []


def test_the_key_identifier_is_the_issuer_s_own() -> None:
    """From its certificate, else made from its key (RFC 5280 4.2.1.1)."""
    stated = x509.SubjectKeyIdentifier(b"identifier")
    assert IssuerLimits.of(ca_certificate(stated)).key_identifier.key_identifier == b"identifier"
    made = x509.SubjectKeyIdentifier.from_public_key(private_key(99).public_key())
    assert IssuerLimits.of(ca_certificate()).key_identifier.key_identifier == made.digest
