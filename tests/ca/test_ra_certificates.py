"""Tests of emca_daemon.ca.ra_certificates."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from emca_daemon.ca.ra_certificates import RaCertificates, RaPlan
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.policy.facts import Requester
from emca_daemon.randomness import system_random
from tests.support.ca_world import BY as OPERATOR
from tests.support.ca_world import ISSUING, ROOT, World, new_authority

BY = Requester("daemon", "daemon", "local", "daemon", "req-0")
NEXT = IssuerName("next")
PLAN = RaPlan("site", ISSUING, (("ra", ProfileName("scep-ra")),), "memory")


def authority(world: World, plan: RaPlan = PLAN) -> RaCertificates:
    """The registration authority of a plan."""
    return RaCertificates(
        plan,
        store=world.store,
        authorities=world.authorities,
        enrollment=world.enrollment,
        keys=world.keys,
        clock=world.clock,
        random=system_random,
    )


def test_it_makes_its_own_key_and_certificate() -> None:
    """Once, and finds them again; until then it is not there yet."""
    world = World().with_issuers()
    ra = authority(world)
    with pytest.raises(Refused) as caught:
        ra.current()
    assert caught.value.reason is Reason.UNAVAILABLE
    assert len(ra.renew(BY)) == 1
    assert ra.renew(BY) == []
    (one,) = ra.current()
    key = ra.private_key(one)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.public_key() == one.certificate.public_key()
    assert authority(world).current() == (one,)
    assert world.keys.decrypting == {one.key}


def test_each_has_its_own() -> None:
    """Two endpoints of one issuer do not find each other's."""
    world = World().with_issuers()
    every = [authority(world, replace(PLAN, name=name)) for name in ("site", "site-two", "site-ra")]
    for one in every:
        one.renew(BY)
    assert len({one.current() for one in every}) == 3
    assert [len(one.every(fresh=True)) for one in every] == [1, 1, 1]


def test_what_a_former_issuer_certified_goes_on_decrypting() -> None:
    """Clients know nothing yet of the issuer that follows, whose certificate is the current one."""
    world = World().with_issuers()
    before = authority(world)
    before.renew(BY)
    world.hierarchy.create_sub(new_authority(NEXT, "issuing-ca"), ROOT, OPERATOR)
    after = authority(world, replace(PLAN, issuer=NEXT, former=(ISSUING,)))
    after.renew(BY)
    (old,), (new,) = before.current(), after.current()
    assert old.certificate.issuer != new.certificate.issuer
    assert after.every() == (old, new)
    assert after.private_key(old).public_key() == old.certificate.public_key()
    assert authority(world, replace(PLAN, issuer=NEXT)).every() == (new,)


def test_a_renewal_has_a_new_key_and_the_old_one_stays_until_its_end() -> None:
    """At half of its life."""
    world = World().with_issuers()
    ra = authority(world)
    ra.renew(BY)
    (old,) = ra.current()
    world.clock.advance(days=183)
    ra.renew(BY)
    (new,) = ra.current()
    assert new.key != old.key
    assert ra.every() == (new, old)
    world.clock.advance(days=183)
    assert ra.every() == (new,)


def test_two_purposes_have_two_certificates() -> None:
    """In the plan's order."""
    world = World().with_issuers()
    profiles = (("sign", ProfileName("scep-ra-signing")), ("encrypt", ProfileName("scep-ra-encryption")))
    ra = authority(world, replace(PLAN, profiles=profiles))
    ra.renew(BY)
    signing, encryption = ra.current()
    usage = [one.certificate.extensions.get_extension_for_class(x509.KeyUsage).value for one in (signing, encryption)]
    assert [(one.digital_signature, one.key_encipherment) for one in usage] == [(True, False), (False, True)]
    assert world.keys.decrypting == {encryption.key}


def test_an_issuer_that_is_not_there_is_a_refusal() -> None:
    """Before a key is made."""
    world = World()
    with pytest.raises(Refused) as caught:
        authority(world).renew(BY)
    assert caught.value.reason is Reason.NOT_FOUND
    assert world.keys.keys == {}


def test_a_profile_that_waits_for_a_person_is_no_profile_for_it() -> None:
    """Where nobody renews it, nobody has approved it: there is no certificate."""
    profiles = World().profiles
    profiles[ProfileName("scep-ra")] = replace(profiles[ProfileName("scep-ra")], approval="manual")
    world = World(profiles).with_issuers()
    ra = authority(world)
    with pytest.raises(Refused) as caught:
        ra.renew(replace(BY, identity=""))
    assert caught.value.reason is Reason.INTERNAL
    assert ra.every(fresh=True) == ()


def test_a_refused_certificate_leaves_one_key_that_the_next_attempt_takes() -> None:
    """However often policy refuses; where the key is gone meanwhile, another is made."""
    world = World().with_issuers()
    ra = authority(world, replace(PLAN, profiles=(("ra", ProfileName("tls-server")),)))
    before = len(world.keys.keys)
    for _ in range(3):
        with pytest.raises(Refused):
            ra.renew(BY)
    assert len(world.keys.keys) == before + 1
    name = list(world.keys.keys)[-1]
    world.keys.down = True
    with pytest.raises(Refused) as caught:
        ra.renew(BY)
    assert caught.value.reason is Reason.UNAVAILABLE
    world.keys.down = False
    world.profiles[ProfileName("tls-server")] = replace(
        world.profiles[ProfileName("scep-ra")], name=ProfileName("tls-server")
    )
    assert len(ra.renew(BY)) == 1
    assert ra.current()[0].key == name


def test_a_key_that_is_gone_is_made_anew() -> None:
    """An operator may have removed what had no certificate."""
    world = World().with_issuers()
    ra = authority(world, replace(PLAN, profiles=(("ra", ProfileName("tls-server")),)))
    for _ in range(2):
        with pytest.raises(Refused):
            ra.renew(BY)
        name = list(world.keys.keys)[-1]
        del world.keys.keys[name]
    with pytest.raises(Refused):
        ra.renew(BY)
    assert list(world.keys.keys)[-1] != name
