"""Certificate authorities from outside."""

from dataclasses import replace
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.records import IssuerState, RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.policy.keys import key_fingerprint
from tests.support.ca_world import BY, World, new_authority, server_request
from tests.support.outside import Outside, common_name

EXTERNAL = IssuerName("external")


def waiting(world: World) -> x509.CertificateSigningRequest:
    """The request of a CA that waits for its certificate."""
    record = world.external.request(new_authority(EXTERNAL, "issuing-ca"), BY)
    assert record.state is IssuerState.WAITING
    return x509.load_der_x509_csr(record.csr or b"")


def test_a_request_goes_out_and_the_certificate_comes_in() -> None:
    """After that the CA issues, with the chain to the outside root; its own end is ours to declare."""
    world, outside = World(), Outside()
    csr = waiting(world)
    assert csr.is_signature_valid
    key = csr.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    with pytest.raises(Refused) as refused:
        world.authorities.get(EXTERNAL)
    assert refused.value.reason is Reason.NOT_FOUND
    world.external.bring_in(EXTERNAL, [outside.certificate, outside.sign(csr.subject, key)], BY)
    outcome = world.enrollment.enroll(server_request("a.example.test"), ProfileName("tls-server"), issuer=EXTERNAL)
    assert isinstance(outcome, Issued)
    assert len(outcome.chain) == 2
    world.hierarchy.revoke(EXTERNAL, RevocationReason.CESSATION_OF_OPERATION, BY)
    with pytest.raises(Refused):
        world.external.bring_in(EXTERNAL, [outside.sign(csr.subject, key)], BY)


def test_the_key_of_a_compromised_ca_from_outside_is_blocked() -> None:
    """Though no certificate of ours is revoked for it."""
    world, outside = World(), Outside()
    csr = waiting(world)
    key = csr.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    world.external.bring_in(EXTERNAL, [outside.certificate, outside.sign(csr.subject, key)], BY)
    world.hierarchy.revoke(EXTERNAL, RevocationReason.KEY_COMPROMISE, BY)
    with world.store.reading() as tx:
        assert tx.certificates.key_uses(key_fingerprint(key), "").blocked


def test_a_certificate_for_another_name_or_key_is_refused() -> None:
    """The answer must fit the request."""
    world, outside = World(), Outside()
    csr = waiting(world)
    key = csr.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    with pytest.raises(Refused) as refused:
        world.external.bring_in(
            EXTERNAL, [outside.sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Else")]), key)], BY
        )
    assert refused.value.reason is Reason.NAME_REFUSED
    with pytest.raises(Refused) as refused:
        world.external.bring_in(EXTERNAL, [outside.certificate], BY)
    assert refused.value.reason is Reason.KEY_REFUSED
    with pytest.raises(Refused) as refused:
        world.external.bring_in(IssuerName("nobody"), [outside.certificate], BY)
    assert refused.value.reason is Reason.NOT_FOUND
    assert world.actions()[-3:] == [("issuer.import", "refused")] * 3


def test_a_path_length_at_the_top_binds_the_whole_chain() -> None:
    """A CA from outside that states none has a root that allows one CA beneath: it makes none itself."""
    world, outside = World(), Outside()
    csr = waiting(world)
    key = csr.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    root = outside.sign(outside.name, outside.key.public_key(), path_length=1)
    world.external.bring_in(EXTERNAL, [root, outside.sign(csr.subject, key)], BY)
    with pytest.raises(Refused) as refused:
        world.hierarchy.create_sub(new_authority(IssuerName("policy"), "policy-ca"), EXTERNAL, BY)
    assert [m.field for m in refused.value.mismatches] == ["basic_constraints"]


def test_no_certificate_outlives_one_above_its_issuer() -> None:
    """The root of a CA from outside ends first: that end counts as its own would, and then it issues no more."""
    world, outside, server = World(), Outside(), ProfileName("tls-server")
    csr = waiting(world)
    key = csr.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    root = outside.sign(outside.name, outside.key.public_key(), days=60)
    world.external.bring_in(EXTERNAL, [root, outside.sign(csr.subject, key)], BY)

    def refused_fields() -> list[str]:
        with pytest.raises(Refused) as refused:
            world.enrollment.enroll(server_request("a.example.test"), server, issuer=EXTERNAL)
        return [mismatch.field for mismatch in refused.value.mismatches]

    outcome = world.enrollment.enroll(server_request("a.example.test"), server, issuer=EXTERNAL)
    assert isinstance(outcome, Issued)
    assert x509.load_der_x509_certificate(outcome.der).not_valid_after_utc == root.not_valid_after_utc
    world.clock.advance(days=60)
    assert refused_fields() == ["validity.duration", "issuer"]
    world.clock.advance(days=-60)
    profile = world.profiles[server]
    world.profiles[server] = replace(profile, validity=replace(profile.validity, beyond_issuer="refuse"))
    assert refused_fields() == ["validity.beyond_issuer"]


def test_a_whole_ca_comes_from_pkcs12() -> None:
    """Key and certificate are taken over; the CA, nobody's child here, issues and revokes."""
    world, outside = World().with_issuers(), Outside()
    data = pkcs12.serialize_key_and_certificates(
        b"ca", outside.key, outside.certificate, None, BestAvailableEncryption(b"secret")
    )
    record = world.external.bring_in_pkcs12(new_authority(EXTERNAL, "root-ca", ""), data, b"secret", BY)
    assert record.parent is None
    outcome = world.enrollment.enroll(server_request("a.example.test"), ProfileName("tls-server"), issuer=EXTERNAL)
    assert isinstance(outcome, Issued)
    x509.load_der_x509_certificate(outcome.der).verify_directly_issued_by(outside.certificate)
    with world.store.reading() as tx:
        adopted = tx.certificates.find_by_fingerprint(outside.certificate.fingerprint(SHA256()))
    assert adopted


def test_a_ca_from_outside_beneath_one_of_ours_is_its_child() -> None:
    """Known to the parent, which lists it once it is revoked; the parent's chain is added where the file lacks it."""
    world, outside = World(), Outside()
    key = ec.generate_private_key(ec.SECP256R1())
    sub, root = IssuerName("sub"), IssuerName("outside-root")
    certificate = outside.sign(common_name("Sub"), key.public_key())
    for name, own_key, own in ((root, outside.key, outside.certificate), (sub, key, certificate)):
        data = pkcs12.serialize_key_and_certificates(b"ca", own_key, own, None, BestAvailableEncryption(b"secret"))
        record = world.external.bring_in_pkcs12(new_authority(name, "root-ca", ""), data, b"secret", BY)
    assert (record.parent, len(record.chain)) == (root, 2)
    world.hierarchy.revoke(sub, RevocationReason.CA_COMPROMISE, BY)
    assert world.crls.publish(root, BY).entries == 1


def test_a_root_from_outside_for_a_waiting_ca_can_be_revoked() -> None:
    """It lists itself, as roots do."""
    world = World()
    csr = waiting(world)
    key = world.keys.keys[KeyName(f"memory:{EXTERNAL}")]
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    own = Outside()
    own.key, own.name = key, csr.subject
    world.external.bring_in(EXTERNAL, [own.sign_request(csr)], BY)
    world.hierarchy.revoke(EXTERNAL, RevocationReason.CESSATION_OF_OPERATION, BY)
    assert world.crls.publish(EXTERNAL, BY).entries == 1


def test_a_ca_is_here_only_once() -> None:
    """Under a second name its CRLs would contradict those of the first; no key is left behind."""
    world, outside = World(), Outside()
    locked = BestAvailableEncryption(b"secret")
    data = pkcs12.serialize_key_and_certificates(b"ca", outside.key, outside.certificate, None, locked)
    world.external.bring_in_pkcs12(new_authority(EXTERNAL, "root-ca", ""), data, b"secret", BY)
    again = new_authority(IssuerName("again"), "root-ca", "")
    with pytest.raises(Refused, match=EXTERNAL) as refused:
        world.external.bring_in_pkcs12(again, data, b"secret", BY)
    assert refused.value.reason is Reason.WRONG_STATE
    assert list(world.keys.keys) == [KeyName(f"memory:{EXTERNAL}")]


def test_pkcs12_files_that_cannot_be_used_are_refused() -> None:
    """Wrong passphrase, garbage, no key, a key that no CA can have, a certificate that is no CA's."""
    world, outside = World(), Outside()
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    leaf = outside.sign(outside.name, leaf_key.public_key(), ca=False)
    locked = BestAvailableEncryption(b"secret")
    cases = {
        Reason.MALFORMED: [
            (b"garbage", b"secret"),
            (pkcs12.serialize_key_and_certificates(b"a", outside.key, outside.certificate, None, locked), b"wrong"),
            (pkcs12.serialize_key_and_certificates(b"a", None, outside.certificate, None, locked), b"secret"),
            (pkcs12.serialize_key_and_certificates(b"a", leaf_key, leaf, None, locked), b"secret"),
        ],
    }
    for reason, files in cases.items():
        for data, passphrase in files:
            with pytest.raises(Refused) as refused:
                world.external.bring_in_pkcs12(new_authority(EXTERNAL, "root-ca", ""), data, passphrase, BY)
            assert refused.value.reason is reason
    assert world.keys.keys == {}


def test_a_dsa_key_is_no_issuers() -> None:
    """Neither one that is here already nor one from a PKCS #12 file; no issuer comes of it."""
    world, outside = World(), Outside()
    key = dsa.generate_private_key(1024)
    new = new_authority(EXTERNAL, "root-ca", "")
    world.keys.keys[new.key] = cast(ec.EllipticCurvePrivateKey, key)
    with pytest.raises(Refused) as refused:
        world.external.request(new, BY)
    assert refused.value.reason is Reason.KEY_REFUSED
    locked = BestAvailableEncryption(b"secret")
    certificate = outside.sign(outside.name, cast(ec.EllipticCurvePublicKey, key.public_key()))
    data = pkcs12.serialize_key_and_certificates(b"ca", key, certificate, None, locked)
    with pytest.raises(Refused) as refused:
        world.external.bring_in_pkcs12(new, data, b"secret", BY)
    assert refused.value.reason is Reason.KEY_REFUSED
    assert world.authorities.known() == ()


def test_a_request_is_refused_before_a_key_is_made() -> None:
    """For an unknown profile, one that makes no CA, and a key that the profile does not certify; each is audited."""
    world = World()
    for profile, algorithm in (("nobody", "p-256"), ("tls-server", "p-256"), ("issuing-ca", "rsa-1024")):
        with pytest.raises(Refused):
            world.external.request(new_authority(EXTERNAL, profile, algorithm), BY)
        assert world.actions()[-1] == ("issuer.request", "refused")
    assert world.keys.keys == {}
    with pytest.raises(Refused):
        world.external.bring_in_pkcs12(new_authority(EXTERNAL, "nobody"), b"", None, BY)
    assert world.actions()[-1] == ("issuer.import", "refused")
