"""Issuers are found by name and key together, and their signers renewed in time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.ocsp.index import SignerIndex
from emca_daemon.protocols.ocsp.requests import HASH_SIZES, CertificateId, decode_request
from tests.support.ocsp_world import ISSUER, NOW, OTHER, OcspWorld, certificate_id, make_certificate, request


@pytest.fixture
def world() -> OcspWorld:
    """Two issuers."""
    return OcspWorld()


def asked(world: OcspWorld, hash_name: str = "sha1", *, other: bool = False) -> CertificateId:
    """A CertID as it is read."""
    return decode_request(request(world.certificate_id(5, hash_name, other=other)), 1).certificates[0]


@pytest.mark.parametrize("hash_name", HASH_SIZES)
def test_issuers_are_found_by_every_hash(world: OcspWorld, hash_name: str) -> None:
    """Both issuers are known by all four algorithms, and read from the CA once."""
    index = SignerIndex(world.signers)
    assert index.find(asked(world, hash_name), NOW).issuer == ISSUER
    assert index.find(asked(world, hash_name, other=True), NOW).issuer == OTHER
    assert world.signers.loads == 1


@pytest.mark.parametrize("part", ["issuer_name_hash", "issuer_key_hash"])
def test_name_and_key_must_both_match(world: OcspWorld, part: str) -> None:
    """The name of one issuer with the key of another is nobody."""
    index = SignerIndex(world.signers)
    mixed = replace(asked(world), **{part: getattr(asked(world, other=True), part)})
    with pytest.raises(Refused) as caught:
        index.find(mixed, NOW)
    assert caught.value.reason is Reason.NOT_FOUND


def test_unknown_issuers_do_not_cause_reading_again(world: OcspWorld) -> None:
    """What is not found is looked for again only after an issuer has changed."""
    index = SignerIndex(world.signers)
    stranger = make_certificate("Stranger", ec.generate_private_key(ec.SECP256R1()))
    unknown = decode_request(request(certificate_id(stranger, 5)), 1).certificates[0]
    for _ in range(3):
        with pytest.raises(Refused):
            index.find(unknown, NOW)
    assert world.signers.loads == 1
    world.signers.signers.append(replace(world.direct(), issuer_certificate=stranger))
    world.signers.number += 1
    assert index.find(unknown, NOW).issuer == OTHER


def test_a_successor_is_looked_for_in_time(world: OcspWorld) -> None:
    """Once the signer says so, at most every ten seconds."""
    index = SignerIndex(world.signers)
    first = index.find(asked(world), NOW)
    late = world.delegated().not_after
    assert index.find(asked(world), late) == first
    assert index.find(asked(world), late + timedelta(seconds=9)) == first
    assert world.signers.loads == 2
    new_key = ec.generate_private_key(ec.SECP256R1())
    certificate = make_certificate("OCSP new", new_key, ("Demo Issuing CA", world.issuer_key))
    world.signers.signers[0] = replace(world.delegated(), certificate=certificate, public_key=new_key.public_key())
    assert index.find(asked(world), late + timedelta(seconds=10)).key_hash != first.key_hash


def test_a_known_signer_goes_on_while_nobody_can_be_asked(world: OcspWorld) -> None:
    """With the database away the old signer is used until its certificate ends, and not a second longer."""
    index = SignerIndex(world.signers)
    first = index.find(asked(world), NOW)
    world.signers.available = False
    assert index.find(asked(world), world.delegated().not_after) == first
    with pytest.raises(Refused) as caught:
        index.find(asked(world), world.signer_certificate.not_valid_after_utc)
    assert caught.value.reason is Reason.UNAVAILABLE


def test_other_refusals_come_through(world: OcspWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signer that cannot be used at all is not hidden behind the old one."""
    index = SignerIndex(world.signers)
    index.find(asked(world), NOW)

    def fail() -> int:
        raise Refused(Reason.INTERNAL, "broken")

    monkeypatch.setattr(world.signers, "version", fail)
    with pytest.raises(Refused, match="broken"):
        index.find(asked(world), world.delegated().not_after)


def test_an_issuer_that_left_is_not_found(world: OcspWorld) -> None:
    """When the next look finds no signer for it any more."""
    index = SignerIndex(world.signers)
    index.find(asked(world), NOW)
    world.signers.signers.pop(0)
    with pytest.raises(Refused) as caught:
        index.find(asked(world), world.delegated().not_after)
    assert caught.value.reason is Reason.NOT_FOUND


def test_a_signer_that_is_not_valid_yet_does_not_sign(world: OcspWorld) -> None:
    """The certificate's validity bounds its answers at both ends."""
    index = SignerIndex(world.signers)
    with pytest.raises(Refused) as caught:
        index.find(asked(world), NOW - timedelta(days=31))
    assert caught.value.reason is Reason.UNAVAILABLE
