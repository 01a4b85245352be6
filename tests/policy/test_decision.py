"""Tests of emca_daemon.policy.decision."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.decision import decide
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.policy.issuers import IssuerLimits
from emca_daemon.policy.loading import load_profiles
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.tokens import Approved, AwaitsApproval, CertificateKind
from tests.support.policy_world import (
    NOW,
    PROFILES,
    WHO,
    a_key,
    approved,
    ca_certificate,
    dns,
    facts,
    fields,
    issuer,
    mismatches,
    profile,
    subject,
)

SERVER = profile()
GOOD = facts(dns("a.example", "b.example"), subject(CN="b.example", O="dropped"))
ROOT: dict[str, object] = {
    "kind": "root",
    "subject": {"attributes": [{"type": "commonName", "use": "required"}]},
    "key_usage": {"bits": ["key-cert-sign", "crl-sign"]},
}


def test_a_request_that_fits_is_approved_whole() -> None:
    """Everything but serial number, issuer's name and signature."""
    approval = approved(GOOD, SERVER)
    assert (approval.profile, approval.kind, approval.issuer) == ("test", CertificateKind.END_ENTITY, "test-ca")
    assert approval.subject.rfc4514_string() == "CN=b.example"
    assert approval.names == GOOD.names
    assert (approval.public_key, approval.key_fingerprint) == (a_key().public_key, a_key().fingerprint)
    assert approval.not_before == NOW - timedelta(minutes=5)
    assert approval.not_after == approval.not_before + timedelta(days=90, seconds=-1)
    assert (approval.lint, approval.requester, approval.approver) == ("pkix", WHO, "")


def test_names_asked_for_twice_are_written_once() -> None:
    """In the order of the first mention."""
    names = dns("b.example", "a.example", "b.example")
    assert approved(facts(names), SERVER).names == dns("b.example", "a.example")


def test_a_root_is_its_own_issuer() -> None:
    """It names none, and both key identifiers are its own."""
    approval = decide(facts(asked=subject(CN="Root")), profile(ROOT), None, NOW)
    assert isinstance(approval, Approved)
    assert approval.issuer is None
    values = [extension.value for extension in approval.extensions]
    (own,) = [value for value in values if isinstance(value, x509.SubjectKeyIdentifier)]
    (authority,) = [value for value in values if isinstance(value, x509.AuthorityKeyIdentifier)]
    assert own.digest == authority.key_identifier


def test_a_manual_profile_waits_for_a_person() -> None:
    """What is wrong is told at once all the same; with the person's name it is approved."""
    manual = profile(approval="manual")
    waiting = decide(GOOD, manual, issuer(), NOW)
    assert waiting == AwaitsApproval(manual.name, "b.example, dns:a.example, dns:b.example")
    assert fields(facts(), manual) != []
    approval = decide(GOOD, manual, issuer(), NOW, approver="alice")
    assert isinstance(approval, Approved)
    assert approval.approver == "alice"


BAD = replace(
    facts((*dns("a..b"), AlternativeName(NameType.EMAIL, "a@b.example")), subject(CN="c.example")),
    request_signature="sha1WithRSAEncryption",
    not_after=NOW + timedelta(days=1),
    key=replace(a_key(), weaknesses=("the key is weak",)),
)


def test_everything_wrong_is_told_at_once_and_in_order() -> None:
    """Requester, names, subject, key, validity, issuer, rules of one's own."""
    rules = profile(
        requesters={"protocols": ["est"]},
        rules=[{"expression": "size(dns) > 5", "message": "too few"}],
    )
    by = issuer(ca_certificate(basic=x509.BasicConstraints(ca=False, path_length=None)))
    assert fields(BAD, rules, by) == [
        "requesters.protocols",
        "a..b",
        "a@b.example",
        "subject.commonName",
        "key.weaknesses",
        "key.request_signatures",
        "validity.requested",
        "issuer",
        "rules[0]",
    ]


FIRST = [
    (GOOD, {"requesters": {"groups": ["x"]}}, Reason.NOT_PERMITTED),
    (BAD, {}, Reason.NAME_REFUSED),
    (replace(BAD, names=GOOD.names, subject=()), {}, Reason.KEY_REFUSED),
    (replace(GOOD, request_signature="md5"), {}, Reason.ALGORITHM_REFUSED),
    (replace(GOOD, not_after=NOW), {}, Reason.PROFILE_REFUSED),
]


@pytest.mark.parametrize(("request_facts", "more", "reason"), FIRST)
def test_the_first_mismatch_gives_the_reason(
    request_facts: RequestFacts, more: dict[str, object], reason: Reason
) -> None:
    """And the detail the count."""
    with pytest.raises(Refused) as caught:
        decide(request_facts, profile(None, **more), issuer(), NOW)
    refused = caught.value
    assert refused.reason is reason is refused.mismatches[0].reason
    count = len(refused.mismatches)
    assert refused.detail.startswith("one thing" if count == 1 else f"{count} things")


def test_the_issuer_s_name_constraints_are_honoured() -> None:
    """For the names, and for the subject where it is right otherwise."""
    constraints = x509.NameConstraints([x509.DNSName("b.example")], None)
    assert fields(GOOD, SERVER, issuer(ca_certificate(constraints))) == ["a.example"]
    top = x509.DirectoryName(x509.Name.from_rfc4514_string("O=Example"))
    by = issuer(ca_certificate(x509.NameConstraints([top], None)))
    assert fields(GOOD, SERVER, by) == ["CN=b.example"]


def test_name_constraints_above_the_issuer_are_honoured() -> None:
    """Whether or not its own certificate has any."""
    above = (x509.NameConstraints([x509.DNSName("a.example")], None),)
    assert fields(GOOD, SERVER, replace(issuer(), constraints_above=above)) == ["b.example"]
    both = replace(
        issuer(ca_certificate(x509.NameConstraints([x509.DNSName("b.example")], None))), constraints_above=above
    )
    assert fields(GOOD, SERVER, both) == ["a.example", "b.example"]


def test_an_issuer_is_missing_or_too_much() -> None:
    """A root has none, all others have one."""
    with pytest.raises(Refused) as caught:
        decide(GOOD, SERVER, None, NOW)
    assert [mismatch.field for mismatch in caught.value.mismatches] == ["issuer"]
    assert fields(facts(asked=subject(CN="Root")), profile(ROOT)) == ["issuer"]


def test_a_manual_request_without_names_has_a_summary() -> None:
    """A subject alone will do."""
    rules = profile({"approval": "manual", "subject": {"attributes": [{"type": "commonName"}]}})
    waiting = decide(facts(asked=subject(CN="Bob")), rules, issuer(), NOW)
    assert waiting == AwaitsApproval(rules.name, "Bob")


TEXTS = [
    *(
        "a.example",
        "b.example",
        "*.a.example",
        "x.secret.example",
        "*.secret.example",
        "*.example",
        "a..b",
        "A.example",
    ),
    *("192.0.2.1", "::1", "a@b.example", "localhost", "example.com", "deep.er.example.com"),
]
NAMES = st.builds(
    AlternativeName, st.sampled_from([NameType.DNS, NameType.DNS, NameType.IP, NameType.EMAIL]), st.sampled_from(TEXTS)
)
PATTERNS = st.lists(st.sampled_from(["*", ".example", "a.example", ".secret.example", "example.com"]), max_size=3)
VALIDITIES = st.fixed_dictionaries(
    {
        "duration": st.sampled_from(["1d", "90d", "9y"]),
        "backdate": st.sampled_from(["0s", "1h"]),
        "requested": st.sampled_from(["refuse", "ignore", "allow"]),
        "beyond_issuer": st.sampled_from(["shorten", "refuse"]),
    }
)


@st.composite
def rules(draw: st.DrawFn) -> Profile:
    """A profile with names, validity and usages of some kind."""
    dns_rules = {"permitted": draw(PATTERNS), "excluded": draw(PATTERNS), "wildcards": draw(st.booleans())}
    names: dict[str, object] = {"dns": dns_rules, "maximum": draw(st.integers(min_value=0, max_value=6))}
    if draw(st.booleans()):
        names["ip"] = {}
    bits = draw(st.lists(st.sampled_from(["digital-signature", "key-encipherment", "key-agreement"]), max_size=3))
    purposes = draw(st.lists(st.sampled_from(["server-auth", "client-auth"]), max_size=2, unique=True))
    return profile(
        names=names,
        validity=draw(VALIDITIES),
        key_usage={"bits": bits},
        extended_key_usage={"purposes": purposes},
        authority={"ocsp": draw(st.booleans()), "crl": draw(st.booleans())},
    )


TIMES = st.none() | st.integers(min_value=-5, max_value=4000).map(lambda days: NOW + timedelta(days=days, hours=-1))
SUBJECTS = st.sampled_from([subject(), subject(CN="a.example"), subject(CN="192.0.2.1"), subject(O="Example")])
REQUESTS = st.builds(
    lambda names, asked, start, end: replace(facts(tuple(names), asked), not_before=start, not_after=end),
    st.lists(NAMES, min_size=1, max_size=5),
    SUBJECTS,
    TIMES,
    TIMES,
)


@given(REQUESTS, rules(), NAMES, st.integers(min_value=0, max_value=5))
def test_adding_a_name_never_turns_a_refusal_into_an_approval(
    request_facts: RequestFacts, one: Profile, name: AlternativeName, at: int
) -> None:
    """Unless a name was what was missing: the one that the common name repeats."""
    before = [m for m in mismatches(request_facts, one) if m.field != "subject.commonName"]
    names = (*request_facts.names[:at], name, *request_facts.names[at:])
    after = mismatches(replace(request_facts, names=names), one)
    assert {m.field for m in before} <= {m.field for m in after}


@given(REQUESTS, rules(), st.randoms(use_true_random=False))
def test_the_order_of_names_never_matters_for_refusal(
    request_facts: RequestFacts, one: Profile, random: object
) -> None:
    """The same mismatches, in another order at most."""
    names = list(request_facts.names)
    random.shuffle(names)  # type: ignore[attr-defined]
    shuffled = replace(request_facts, names=tuple(names))
    assert set(mismatches(request_facts, one)) == set(mismatches(shuffled, one))


@given(REQUESTS, rules(), NAMES)
def test_a_name_refused_alone_is_refused_in_any_company(
    request_facts: RequestFacts, one: Profile, name: AlternativeName
) -> None:
    """No name makes another one permitted."""
    alone = fields(replace(request_facts, names=(name,), subject=()), one)
    together = fields(replace(request_facts, names=(*request_facts.names, name), subject=()), one)
    assert name.value not in alone or name.value in together


CA_LIMITS = IssuerLimits.of(issuer().certificate)


@given(REQUESTS, rules())
def test_what_is_approved_never_exceeds_the_profile(request_facts: RequestFacts, one: Profile) -> None:
    """Validity, names, usages and addresses stay within profile, request and issuer."""
    try:
        approval = decide(request_facts, one, issuer(), NOW)
    except Refused:
        return
    assert isinstance(approval, Approved)
    length = approval.not_after - approval.not_before + timedelta(seconds=1)
    assert timedelta(0) < length <= one.validity.longest
    assert CA_LIMITS.not_before <= approval.not_before < approval.not_after <= CA_LIMITS.not_after
    assert set(approval.names) <= set(request_facts.names)
    assert all(one.names.by_type[name.type].problem(name.value) is None for name in approval.names)
    assert len(approval.names) <= one.names.maximum
    _assert_extensions_within(approval, one)


def _assert_extensions_within(approval: Approved, one: Profile) -> None:
    found = x509.Extensions(list(approval.extensions))
    classes = {type(extension.value) for extension in found}
    wanted = {purpose.oid for purpose in one.extended_key_usage.purposes}
    if x509.ExtendedKeyUsage in classes:
        assert {oid.dotted_string for oid in found.get_extension_for_class(x509.ExtendedKeyUsage).value} <= wanted
    if x509.KeyUsage in classes:
        usage = found.get_extension_for_class(x509.KeyUsage).value
        assert not usage.digital_signature or "digital-signature" in one.key_usage.bits
        assert not usage.key_agreement or "key-agreement" in one.key_usage.bits
        assert not usage.key_cert_sign
        assert not usage.key_encipherment
    assert not found.get_extension_for_class(x509.BasicConstraints).value.ca
    assert one.authority.crl or x509.CRLDistributionPoints not in classes
    names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    assert len(list(names)) == len(approval.names)


def test_the_profiles_that_come_along_issue_a_hierarchy() -> None:
    """Root, issuing CA, and the end entities beneath it, each as its file says."""
    profiles = load_profiles(PROFILES)[0]
    cli = replace(WHO, protocol="cli")
    by = issuer(ca_certificate(x509.SubjectKeyIdentifier(b"ca")))
    named = replace(facts(asked=subject(CN="Name")), requester=cli)
    server = replace(facts(dns("a.example")), requester=cli)
    for name, request_facts, above in [
        ("root-ca", named, None),
        ("issuing-ca", named, by),
        ("ocsp-signer", named, by),
        ("tsa", named, by),
        ("tls-client", named, by),
        ("tls-server", server, by),
        ("tls-server-public", server, by),
        ("tls-server-internal", replace(server, names=dns("localhost")), by),
    ]:
        approval = decide(request_facts, profiles[name], above, NOW)  # type: ignore[index]
        assert isinstance(approval, Approved)
        assert approval.profile == name
