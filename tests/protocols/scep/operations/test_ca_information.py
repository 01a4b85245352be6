"""Tests of emca_daemon.protocols.scep.operations.ca_information."""

from emca_daemon.asn1.cms_signed import public_key_of, read_certificate, read_signed_data, verify_signer
from emca_daemon.ca.hierarchy import NewAuthority
from emca_daemon.names import IssuerName
from emca_daemon.settings.scep import ScepLegacySettings, ScepRenewalSettings
from tests.support.ca_world import BY, ROOT, new_authority
from tests.support.scep_world import ScepWorld, settings

NEXT = IssuerName("next")


def lines(world: ScepWorld) -> list[str]:
    """GetCACaps, line by line."""
    response = world.ask("operation=GetCACaps")
    assert response.header("content-type") == "text/plain"
    assert response.body.endswith(b"\n")
    return response.body.decode().split("\n")[:-1]


def test_capabilities_are_what_policy_allows() -> None:
    """A keyword a line, none empty; SHA-384 for strongSwan's sake."""
    assert lines(ScepWorld()) == [
        *("AES", "POSTPKIOperation", "Renewal", "SHA-256", "SHA-384", "SHA-512", "SCEPStandard"),
    ]
    legacy = ScepLegacySettings(sha1=True, triple_des=True)
    every = settings(legacy=legacy, next_issuer=NEXT, renewal=ScepRenewalSettings(enabled=False))
    found = lines(ScepWorld(every))
    assert {"DES3", "SHA-1", "GetNextCACert"} <= set(found)
    assert "Renewal" not in found


def test_the_ra_comes_first_and_the_chain_follows() -> None:
    """One RA certificate or two, then the issuer and the root."""
    for ra, count in (("one", 1), ("two", 2)):
        world = ScepWorld(settings(ra=ra))
        response = world.ask("operation=GetCACert")
        assert response.header("content-type") == "application/x-x509-ca-ra-cert"
        found = [read_certificate(der) for der in read_signed_data(response.body).certificates]
        assert found[:count] == [one.certificate for one in world.ra.current()]
        assert found[count:] == list(world.endpoint.authority.chain)


def test_a_ca_that_answers_itself_goes_alone_unless_told_otherwise() -> None:
    """Apple misses the RA in a bundle."""
    alone = ScepWorld(settings(ra="none"), algorithm="rsa-2048").ask("operation=GetCACert")
    assert alone.header("content-type") == "application/x-x509-ca-cert"
    bundled = ScepWorld(settings(ra="none", include_root=True), algorithm="rsa-2048").ask("operation=GetCACert")
    assert len(read_signed_data(bundled.body).certificates) == 2


def test_the_next_ca_is_vouched_for_by_this_one() -> None:
    """A bundle inside a signed message; before there is a next one, 404."""
    world = ScepWorld(settings(next_issuer=NEXT))
    assert world.ask("operation=GetNextCACert").status == 404
    following: NewAuthority = new_authority(NEXT, "issuing-ca")
    world.hierarchy.create_sub(following, ROOT, BY)
    response = world.ask("operation=GetNextCACert")
    assert response.header("content-type") == "application/x-x509-next-ca-cert"
    signed = read_signed_data(response.body)
    signer = signed.signers[0]
    verify_signer(signed, signer, public_key_of(signed.certificate_of(signer)), {"sha256"})
    chain = read_signed_data(signed.content or b"").certificates
    assert set(chain) == set(world.authorities.get(NEXT).record.chain)
