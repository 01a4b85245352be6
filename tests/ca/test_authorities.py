"""Our issuers, ready to be used."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.hashes import SHA256

from emca_daemon.ca.authorities import Authorities, Publication, signing_key_of
from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.records import RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, IssuerName, NameType, ProfileName
from emca_daemon.policy.profile_extensions import AuthorityRules, NameConstraintsRules
from emca_daemon.policy.subtrees import Subtree
from tests.support.ca_world import BY, ISSUING, ROOT, START, World, new_authority, server_request


def test_issuers_are_known_by_name_with_their_addresses() -> None:
    """Certificate, chain, key and the addresses that go into certificates."""
    publication = Publication(crl_urls=("http://ca.test/x.crl",), ocsp_urls=("http://ca.test/ocsp",))
    world = World(publication=publication).with_issuers()
    authority = world.authorities.get(ISSUING)
    assert authority.facts.crl_urls == ("http://ca.test/x.crl",)
    assert {known.name for known in world.authorities.known()} == {ROOT, ISSUING}
    assert authority.chain_for_leaf(b"leaf") == (b"leaf", authority.record.chain[0])
    identifier = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert authority.key_identifier == identifier.digest


def test_an_issuers_alternative_names_are_written_where_the_profile_wants_them() -> None:
    """In every certificate of such a profile, and in no other (RFC 5280 4.2.1.7)."""
    name = AlternativeName(NameType.EMAIL, "ca@example.com")
    world = World(publication=Publication(alternative_names=(name,))).with_issuers()
    server = ProfileName("tls-server")
    world.profiles[server] = replace(world.profiles[server], authority=AuthorityRules(alternative_names=True))
    for profile, count in (("tls-server-internal", 0), ("tls-server", 1)):
        issued = world.enrollment.enroll(server_request("a.example.com"), ProfileName(profile), issuer=ISSUING)
        assert isinstance(issued, Issued)
        found = [e.value for e in x509.load_der_x509_certificate(issued.der).extensions]
        assert found.count(x509.IssuerAlternativeName([x509.RFC822Name("ca@example.com")])) == count


def test_another_process_sees_changes() -> None:
    """A second reader of the same store notices new and revoked issuers."""
    world = World().with_issuers()
    elsewhere = Authorities(world.store, lambda _: Publication())
    assert elsewhere.get(ISSUING).name == ISSUING
    version = elsewhere.version()
    world.hierarchy.create_sub(new_authority(IssuerName("second"), "issuing-ca"), ROOT, BY)
    assert elsewhere.version() != version
    assert elsewhere.get(IssuerName("second"))
    world.hierarchy.revoke(ISSUING, RevocationReason.SUPERSEDED, BY)
    with pytest.raises(Refused) as refused:
        elsewhere.get(ISSUING)
    assert refused.value.reason is Reason.WRONG_STATE


def test_a_key_that_only_agrees_signs_nothing() -> None:
    """X25519 in a CA certificate is refused."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "agreement")])
    certificate = (
        x509.CertificateBuilder(name, name, x25519.X25519PrivateKey.generate().public_key(), 1)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=1))
        .sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
    )
    with pytest.raises(Refused) as refused:
        signing_key_of(certificate)
    assert refused.value.reason is Reason.KEY_REFUSED


def test_what_is_beneath_a_revoked_ca_signs_nothing_either() -> None:
    """Its chain is broken: no certificate of it would be of use."""
    world = World().with_issuers()
    world.hierarchy.revoke(ROOT, RevocationReason.KEY_COMPROMISE, BY)
    with pytest.raises(Refused) as refused:
        world.authorities.get(ISSUING)
    assert refused.value.reason is Reason.WRONG_STATE
    assert "beneath `root`" in refused.value.detail
    assert not any(world.authorities.may_sign(known) for known in world.authorities.known())
    assert world.ocsp_signers.renew(BY) == []


def test_a_ca_without_a_key_identifier_gets_the_keys_own() -> None:
    """As RFC 5280 4.2.1.2 computes it."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "plain")])
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), 1)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=1))
        .sign(private, SHA256())
    )
    known = World().with_issuers().authorities.get(ROOT)
    plain = replace(known, chain=(certificate,), public_key=private.public_key())
    expected = x509.SubjectKeyIdentifier.from_public_key(private.public_key()).digest
    assert plain.key_identifier == expected != known.key_identifier


def test_name_constraints_of_the_chain_bind_an_issuer_without_any() -> None:
    """A policy CA's bind the CAs beneath it, at issuance."""
    profiles = World().profiles
    policy = ProfileName("policy-ca")
    subtree = Subtree(x509.DNSName("example.test"))
    profiles[policy] = replace(profiles[policy], name_constraints=NameConstraintsRules(permitted=(subtree,)))
    world = World(profiles)
    world.hierarchy.create_root(new_authority(ROOT, "root-ca"), BY)
    world.hierarchy.create_sub(new_authority(IssuerName("policy"), "policy-ca"), ROOT, BY)
    world.hierarchy.create_sub(new_authority(ISSUING, "issuing-ca"), IssuerName("policy"), BY)
    server = ProfileName("tls-server")
    assert world.authorities.get(ISSUING).facts.constraints_above
    world.enrollment.enroll(server_request("a.example.test"), server, issuer=ISSUING)
    with pytest.raises(Refused) as refused:
        world.enrollment.enroll(server_request("a.example.org"), server, issuer=ISSUING)
    assert refused.value.reason is Reason.NAME_REFUSED
