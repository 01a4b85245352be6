"""Roots, subordinates, and their end."""

from dataclasses import replace
from functools import partial
from typing import NoReturn

import pytest
from cryptography import x509

from emca_daemon.ca.hierarchy import NewAuthority
from emca_daemon.ca.records import IssuerRecord, IssuerState, RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.lint import Linter
from emca_daemon.policy.tokens import ToBeSigned
from tests.support.ca_world import BY, ISSUING, ROOT, World, new_authority

NEXT = IssuerName("next")
ALGORITHMS = ["p-256", "p-384", "p-521", "ed25519", "ed448", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "rsa-2048"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_makes_a_root_and_a_sub(algorithm: str) -> None:
    """Root and sub-CA verify, whatever kind of key signs."""
    world = World().with_issuers(algorithm)
    sub, root = (x509.load_der_x509_certificate(der) for der in world.authorities.get(ISSUING).record.chain)
    sub.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert world.authorities.get(ROOT).self_signed
    assert not world.authorities.get(ISSUING).self_signed


def test_pss_is_a_choice() -> None:
    """An RSA issuer can sign with PSS."""
    world = World().with_issuers("rsa-2048", pss=True)
    sub = world.authorities.get(ISSUING).certificate
    assert sub.signature_algorithm_oid == x509.oid.SignatureAlgorithmOID.RSASSA_PSS
    sub.verify_directly_issued_by(world.authorities.get(ROOT).certificate)


def test_a_hierarchy_may_be_deep() -> None:
    """A CA under a CA under a CA, as far as the profiles' path lengths allow."""
    world = World()
    world.hierarchy.create_root(new_authority(ROOT, "root-ca"), BY)
    world.hierarchy.create_sub(new_authority(IssuerName("policy"), "policy-ca"), ROOT, BY)
    record = world.hierarchy.create_sub(new_authority(ISSUING, "issuing-ca"), IssuerName("policy"), BY)
    assert len(record.chain) == 3
    with pytest.raises(Refused):
        world.hierarchy.create_sub(new_authority(IssuerName("too-deep"), "issuing-ca"), ISSUING, BY)


def test_a_taken_name_is_refused_before_a_key_is_made() -> None:
    """Neither root nor sub-CA replaces another."""
    world = World().with_issuers()
    keys = dict(world.keys.keys)
    with pytest.raises(Refused) as refused:
        world.hierarchy.create_root(new_authority(ROOT, "root-ca"), BY)
    assert refused.value.reason is Reason.WRONG_STATE
    with pytest.raises(Refused) as refused:
        world.hierarchy.create_sub(new_authority(ISSUING, "issuing-ca"), ROOT, BY)
    assert refused.value.reason is Reason.WRONG_STATE
    assert world.keys.keys == keys


def test_an_existing_key_can_be_used() -> None:
    """Without an algorithm the key is taken as it is."""
    world = World()
    key = world.keys.generate(new_authority(ROOT, "root-ca").key, "p-384")
    world.hierarchy.create_root(new_authority(ROOT, "root-ca", ""), BY)
    assert world.authorities.get(ROOT).public_key == key.public_key()


def test_a_key_makes_one_root_where_the_profile_wants_that() -> None:
    """Two roots of one key and name would publish CRLs that contradict each other."""
    world = World().with_issuers()
    again = replace(new_authority(ROOT, "root-ca", ""), name=IssuerName("again"))
    with pytest.raises(Refused) as refused:
        world.hierarchy.create_root(again, BY)
    assert [mismatch.field for mismatch in refused.value.mismatches] == ["key.duplicates"]


def test_revoking_a_sub_lists_it_at_its_parent() -> None:
    """The parent's CRL has it; the state says so; it cannot be revoked twice."""
    world = World().with_issuers()
    record = world.hierarchy.revoke(ISSUING, RevocationReason.CA_COMPROMISE, BY)
    assert record.state is IssuerState.REVOKED
    assert world.crls.publish(ROOT, BY).entries == 1
    assert ("issuer.revoke", "success") in world.actions()
    with pytest.raises(Refused) as refused:
        world.hierarchy.revoke(ISSUING, RevocationReason.CA_COMPROMISE, BY)
    assert refused.value.reason is Reason.WRONG_STATE
    assert world.actions()[-1] == ("issuer.revoke", "refused")


def test_what_is_beneath_a_revoked_ca_can_be_revoked_too() -> None:
    """Its key may be known as well: the parent lists it though it signs no certificate any more."""
    world = World().with_issuers()
    world.hierarchy.revoke(ROOT, RevocationReason.CESSATION_OF_OPERATION, BY)
    world.hierarchy.revoke(ISSUING, RevocationReason.KEY_COMPROMISE, BY)
    assert world.crls.publish(ROOT, BY).entries == 2
    assert world.authorities.find(ISSUING).record.state is IssuerState.REVOKED


def test_revoking_a_root_ends_it() -> None:
    """A root is listed on its own CRL and signs no certificate any more."""
    world = World().with_issuers()
    world.hierarchy.revoke(ROOT, RevocationReason.KEY_COMPROMISE, BY)
    with pytest.raises(Refused) as refused:
        world.hierarchy.create_sub(new_authority(IssuerName("next"), "issuing-ca"), ROOT, BY)
    assert refused.value.reason is Reason.WRONG_STATE
    assert world.crls.publish(ROOT, BY).entries == 1


@pytest.mark.parametrize("root", [True, False])
def test_the_key_of_a_compromised_ca_makes_no_other(root: bool) -> None:
    """Neither a root nor a sub-CA, though it is there."""
    world = World().with_issuers()
    gone = ROOT if root else ISSUING
    world.hierarchy.create_root(new_authority(IssuerName("other"), "root-ca"), BY)
    world.hierarchy.revoke(gone, RevocationReason.KEY_COMPROMISE, BY)
    new = replace(new_authority(NEXT, "root-ca", ""), key=new_authority(gone, "").key)
    with pytest.raises(Refused, match="compromised"):
        world.hierarchy.create_root(new, BY)
    with pytest.raises(Refused, match="compromised"):
        world.hierarchy.create_sub(replace(new, profile=ProfileName("issuing-ca")), IssuerName("other"), BY)


@pytest.mark.parametrize("name", ["", "a/b", "a\nb", "../a", "-a", "a" * 64, "\x1b[31m"])
def test_a_name_unfit_for_addresses_is_refused_before_a_key_is_made(name: str) -> None:
    """It would stand in the addresses of CRLs and on terminals."""
    world = World()
    with pytest.raises(Refused) as refused:
        world.hierarchy.create_root(replace(new_authority(ROOT, "root-ca"), name=IssuerName(name)), BY)
    assert refused.value.reason is Reason.MALFORMED
    assert not world.keys.keys


def test_nobody_makes_no_root() -> None:
    """Where roots wait for a person, who has no name is none; no issuer comes of it."""
    profiles = World().profiles
    profiles[ProfileName("root-ca")] = replace(profiles[ProfileName("root-ca")], approval="manual")
    world = World(profiles)
    with pytest.raises(Refused) as refused:
        world.hierarchy.create_root(new_authority(ROOT, "root-ca"), replace(BY, identity=""))
    assert refused.value.reason is Reason.INTERNAL
    assert world.authorities.known() == ()


def test_nobody_makes_no_sub_either() -> None:
    """The same beneath a root."""
    world = World().with_issuers()
    with pytest.raises(Refused) as refused:
        world.hierarchy.create_sub(new_authority(NEXT, "issuing-ca"), ROOT, replace(BY, identity=""))
    assert refused.value.reason is Reason.INTERNAL
    assert new_authority(NEXT, "").key not in world.keys.keys


def create_beneath_root(world: World, new: NewAuthority, requester: Requester) -> IssuerRecord:
    """A sub-CA of the root."""
    return world.hierarchy.create_sub(new, ROOT, requester)


@pytest.mark.parametrize(
    ("profile", "algorithm", "reason"),
    [
        ("root-ca", "p-521", Reason.KEY_REFUSED),
        ("issuing-ca", "p-521", Reason.KEY_REFUSED),
        ("tls-server", "p-256", Reason.PROFILE_REFUSED),
        ("nobody", "p-256", Reason.NOT_FOUND),
    ],
)
def test_policy_decides_before_a_key_is_made(profile: str, algorithm: str, reason: Reason) -> None:
    """Of a root and of a sub-CA; the refusal is in the audit chain, no key is left behind."""
    profiles = World().profiles
    for name in (ProfileName("root-ca"), ProfileName("issuing-ca")):
        profiles[name] = replace(profiles[name], key=replace(profiles[name].key, algorithms=("p-256",)))
    world = World(profiles).with_issuers()
    keys = dict(world.keys.keys)
    new = new_authority(NEXT, profile, algorithm)
    create = world.hierarchy.create_root if profile == "root-ca" else partial(create_beneath_root, world)
    with pytest.raises(Refused) as refused:
        create(new, BY)
    assert refused.value.reason is reason
    assert world.keys.keys == keys
    assert world.actions()[-1] == ("issuer.create", "refused")


def test_linters_decide_before_a_key_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they find in a specimen they would find in the certificate."""
    world = World().with_issuers()
    keys = dict(world.keys.keys)

    def find(_linter: Linter, _to_be_signed: ToBeSigned) -> NoReturn:
        raise Refused(Reason.PROFILE_REFUSED, "the linters found something")

    monkeypatch.setattr(Linter, "pass_", find)
    with pytest.raises(Refused, match="linters"):
        world.hierarchy.create_root(new_authority(NEXT, "root-ca"), BY)
    with pytest.raises(Refused, match="linters"):
        create_beneath_root(world, new_authority(NEXT, "issuing-ca"), BY)
    assert world.keys.keys == keys


def test_a_parent_that_cannot_sign_costs_no_key() -> None:
    """Its token is out of reach, it is revoked, or it allows no CA beneath it."""
    world = World().with_issuers()
    keys = dict(world.keys.keys)
    parent_key = world.keys.keys.pop(world.authorities.get(ROOT).record.key)
    with pytest.raises(Refused):
        world.hierarchy.create_sub(new_authority(NEXT, "issuing-ca"), ROOT, BY)
    world.keys.keys[world.authorities.get(ROOT).record.key] = parent_key
    with pytest.raises(Refused):
        world.hierarchy.create_sub(new_authority(NEXT, "issuing-ca"), ISSUING, BY)
    world.hierarchy.revoke(ROOT, RevocationReason.SUPERSEDED, BY)
    with pytest.raises(Refused):
        world.hierarchy.create_sub(new_authority(NEXT, "issuing-ca"), ROOT, BY)
    assert world.keys.keys == keys
