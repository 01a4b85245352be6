"""Delegated OCSP signers."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from emca_daemon.ca.authorities import Publication
from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.ocsp_signers import OcspSigner, OcspSigners, key_name
from emca_daemon.ca.records import RevocationReason
from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName, SerialNumber
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.policy.keys import key_facts
from emca_daemon.policy.profile_extensions import NameConstraintsRules
from emca_daemon.policy.subtrees import Subtree
from emca_daemon.store.certificates import CertificateRows
from tests.support.ca_world import BY, ISSUING, ROOT, World


def signer(world: World) -> OcspSigner:
    """The issuing CA's signer."""
    return next(one for one in world.ocsp_signers.all() if one.issuer == ISSUING)


def another_process(world: World) -> OcspSigners:
    """What another process over the same store has."""
    return OcspSigners(
        store=world.store,
        authorities=world.authorities,
        enrollment=world.enrollment,
        keys=world.keys,
        clock=world.clock,
    )


def test_a_signer_is_issued_directly_by_its_issuer() -> None:
    """EKU OCSPSigning alone, no-check, signed by the CA whose answers it signs; one a renewal."""
    world = World().with_issuers()
    assert signer(world).certificate is None
    assert len(world.ocsp_signers.renew(BY)) == 2
    certificate = signer(world).certificate
    assert certificate
    certificate.verify_directly_issued_by(world.authorities.get(ISSUING).certificate)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert world.ocsp_signers.key(signer(world)).public_key() == certificate.public_key()
    assert world.ocsp_signers.renew(BY) == []


@pytest.mark.parametrize(("algorithm", "kind"), [("rsa-2048", "rsa"), ("p-384", "ec"), ("ed25519", "ec")])
def test_its_key_is_of_a_kind_that_clients_of_its_issuer_know(algorithm: str, kind: str) -> None:
    """RSA under an RSA issuer, a curve under any other."""
    world = World().with_issuers(algorithm)
    world.ocsp_signers.renew(BY)
    assert [key_facts(one.public_key).algorithm for one in world.ocsp_signers.all()] == [kind, kind]


def test_a_signer_of_a_constrained_issuer_lies_within_its_names() -> None:
    """Beside the issuer, for a permitted subtree of directory names that holds the one holds the other."""
    world = World()
    subtree = Subtree(x509.DirectoryName(x509.Name.from_rfc4514_string("O=Test")))
    for name in ("root-ca", "issuing-ca"):
        profile = ProfileName(name)
        constraints = NameConstraintsRules(permitted=(subtree,)) if name == "root-ca" else NameConstraintsRules()
        world.profiles[profile] = replace(world.profiles[profile], name_constraints=constraints)
    world.with_issuers()
    for issued in world.ocsp_signers.renew(BY):
        subject = x509.load_der_x509_certificate(issued.der).subject.rfc4514_string()
        assert subject in ("CN=OCSP root,O=Test", "CN=OCSP issuing,O=Test")
    assert all(signer.certificate is not None for signer in world.ocsp_signers.all())


def test_it_is_renewed_at_half_of_its_life() -> None:
    """A newer certificate takes over, before the old one ends."""
    world = World().with_issuers()
    world.ocsp_signers.renew(BY)
    first = signer(world).certificate
    assert first
    life = first.not_valid_after_utc - first.not_valid_before_utc
    world.clock.now = first.not_valid_before_utc + life * 0.6
    assert len(world.ocsp_signers.renew(BY)) == 2
    second = signer(world).certificate
    assert second
    assert second.not_valid_after_utc > first.not_valid_after_utc


def test_without_a_profile_the_issuer_signs_itself() -> None:
    """No delegation: the CA's own key."""
    world = World(publication=Publication()).with_issuers()
    assert world.ocsp_signers.renew(BY) == []
    assert signer(world).certificate is None
    assert signer(world).key == world.authorities.get(ISSUING).record.key


def test_a_revoked_issuer_gets_no_new_signer() -> None:
    """What there is goes on; nothing new is issued."""
    world = World().with_issuers()
    world.hierarchy.revoke(ISSUING, RevocationReason.SUPERSEDED, BY)
    assert [issued.record.intent.issuer for issued in world.ocsp_signers.renew(BY)] == ["root"]
    assert signer(world).certificate is None


def test_a_token_that_is_down_is_not_taken_for_a_missing_key() -> None:
    """Unavailable is passed on, no second key is made, and the signers stay known."""
    world = World().with_issuers()
    world.ocsp_signers.renew(BY)
    keys = dict(world.keys.keys)
    world.keys.down = True
    assert signer(world).certificate is not None
    for attempt in (lambda: world.ocsp_signers.renew(BY), lambda: world.ocsp_signers.key(signer(world))):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.reason is Reason.UNAVAILABLE
    assert world.keys.keys == keys


def test_a_certificate_for_a_key_that_is_gone_is_replaced() -> None:
    """A new key gets a certificate of its own at once."""
    world = World().with_issuers()
    world.ocsp_signers.renew(BY)
    world.keys.keys.pop(key_name(world.authorities.get(ISSUING)))
    world.clock.advance(seconds=1)
    (issued,) = world.ocsp_signers.renew(BY)
    assert issued.record.intent.issuer == ISSUING
    assert signer(world).public_key == world.ocsp_signers.key(signer(world)).public_key()


def test_the_key_lives_where_the_settings_say_or_beside_the_issuers() -> None:
    """`ocsp-NAME` in the issuer's own signer, unless told otherwise."""
    world = World().with_issuers()
    assert key_name(world.authorities.get(ISSUING)) == "memory:ocsp-issuing"
    world = World(publication=Publication(ocsp_key=KeyName("token:o"))).with_issuers()
    assert key_name(world.authorities.get(ISSUING)) == "token:o"
    assert world.ocsp_signers.version() == world.authorities.version()


def test_a_signer_that_is_revoked_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as anybody looks, and nobody searches through all certificates while nothing has happened."""
    world = World().with_issuers()
    (first, _) = (issued.record.intent for issued in world.ocsp_signers.renew(BY))
    assert world.ocsp_signers.renew(BY) == []
    with monkeypatch.context() as patched:
        patched.setattr(CertificateRows, "search", None)
        assert world.ocsp_signers.renew(BY) == []
    world.revoking.revoke(first.issuer, first.serial, RevocationReason.SUPERSEDED, BY)
    (issued,) = world.ocsp_signers.renew(BY)
    assert issued.record.intent.issuer == first.issuer
    assert world.ocsp_signers.renew(BY) == []


def test_a_compromised_key_is_replaced_with_its_certificate() -> None:
    """The next one has another name, and is found by it again."""
    world = World().with_issuers()
    (_, first) = (issued.record.intent for issued in world.ocsp_signers.renew(BY))
    for name in ("memory:ocsp-issuing-2", "memory:ocsp-issuing-3"):
        serial = SerialNumber((signer(world).certificate or world.authorities.get(ROOT).certificate).serial_number)
        world.revoking.revoke(ISSUING, serial, RevocationReason.KEY_COMPROMISE, BY, key_proved=True)
        world.clock.advance(minutes=1)
        (issued,) = world.ocsp_signers.renew(BY)
        assert issued.record.intent.key_fingerprint != first.key_fingerprint
        assert signer(world).key == name
        assert world.ocsp_signers.key(signer(world)).public_key() == signer(world).public_key
    assert world.ocsp_signers.renew(BY) == []


def test_a_revoked_signer_is_used_no_more_by_other_processes() -> None:
    """Within a minute, whoever else had found it: its successor signs, or the issuer itself until there is one."""
    world = World().with_issuers()
    world.ocsp_signers.renew(BY)
    elsewhere = another_process(world)
    found = next(one for one in elsewhere.all() if one.issuer == ISSUING)
    assert found.certificate
    serial = SerialNumber(found.certificate.serial_number)
    world.revoking.revoke(ISSUING, serial, RevocationReason.SUPERSEDED, BY)
    world.clock.advance(minutes=1)
    assert next(one for one in elsewhere.all() if one.issuer == ISSUING).certificate is None
    world.ocsp_signers.renew(BY)
    world.clock.advance(minutes=1)
    successor = next(one for one in elsewhere.all() if one.issuer == ISSUING).certificate
    assert successor
    assert successor != found.certificate


def test_one_issuer_out_of_reach_does_not_keep_back_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is told once every issuer had its turn."""
    world = World().with_issuers()
    issue = world.enrollment.enroll

    def enroll(facts: RequestFacts, profile: ProfileName, *, issuer: IssuerName, approver: str) -> Issued | Pending:
        if issuer == ROOT:
            raise Refused(Reason.UNAVAILABLE, "the root's token is in the safe")
        return issue(facts, profile, issuer=issuer, approver=approver)

    monkeypatch.setattr(world.enrollment, "enroll", enroll)
    with pytest.raises(Refused, match="in the safe"):
        world.ocsp_signers.renew(BY)
    assert signer(world).certificate is not None


def test_a_profile_that_waits_for_a_person_is_no_profile_for_a_signer() -> None:
    """Where nobody renews it, nobody has approved it: the issuer goes on answering itself."""
    profiles = World().profiles
    profiles[ProfileName("ocsp-signer")] = replace(profiles[ProfileName("ocsp-signer")], approval="manual")
    world = World(profiles).with_issuers()
    with pytest.raises(Refused) as refused:
        world.ocsp_signers.renew(replace(BY, identity=""))
    assert refused.value.reason is Reason.INTERNAL
    assert signer(world).certificate is None
