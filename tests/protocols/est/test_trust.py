"""Which client certificates are trusted."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.protocols.est.trust import CertificateTrust
from emca_daemon.protocols.http import Peer
from emca_daemon.settings.est import EstCertificateSettings
from tests.support.ca_world import ISSUING
from tests.support.est_world import DEVICE, EstWorld
from tests.support.makers import NOW, Maker

MAKER = Maker("manufacturer")
RA = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.28")])
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])

ODD = [
    ("1.3.6.1.5.5.7.1.24", bytes.fromhex("3003020107")),
    ("2.5.29.17", bytes.fromhex("3006a30430023000")),
]


def peer(certificate: x509.Certificate, *chain: Maker) -> Peer:
    """A client that shows it."""
    encoded = certificate.public_bytes(Encoding.DER)
    return Peer(
        "192.0.2.9", certificate=encoded, chain=tuple(one.certificate.public_bytes(Encoding.DER) for one in chain)
    )


def trust(world: EstWorld, lists: tuple[x509.CertificateRevocationList, ...] = (), **given: object) -> CertificateTrust:
    """A label's trust, with one manufacturer."""
    chosen = EstCertificateSettings(**given)  # type: ignore[arg-type]
    return CertificateTrust(chosen, DEVICE, ISSUING, world.store, authorities=[MAKER.certificate], lists=lambda: lists)


def refusal(judge: CertificateTrust, shown: Peer, *, renewing: bool = False) -> str:
    """Why it is not trusted."""
    with pytest.raises(Refused) as refused:
        judge.judge(shown, NOW, renewing=renewing)
    assert refused.value.reason is Reason.NOT_AUTHENTICATED
    return refused.value.detail


def test_a_manufacturers_certificate_enrolls() -> None:
    """And renews nothing; one that holds id-kp-cmcRA is an agent's."""
    world = EstWorld()
    device = MAKER.device()
    assert not trust(world).judge(peer(device), NOW, renewing=False).agent
    assert "none of ours" in refusal(trust(world), peer(device), renewing=True)
    assert trust(world).judge(peer(MAKER.device(critical=RA)), NOW, renewing=False).agent


def test_others_are_refused() -> None:
    """No certificate, one that cannot be read, a stranger's, one for servers, a revoked one, one that is not valid."""
    world = EstWorld()
    device = MAKER.device()
    assert "no certificate" in refusal(trust(world), Peer("192.0.2.9"))
    assert "cannot be read" in refusal(trust(world), Peer("192.0.2.9", certificate=b"\x30\x00"))
    of_no_version = peer(device).certificate
    assert of_no_version is not None
    of_no_version = of_no_version.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x06", 1)
    assert "cannot be read" in refusal(trust(world), Peer("192.0.2.9", certificate=of_no_version))
    assert "nobody" in refusal(trust(world), peer(Maker("stranger").device()))
    assert "not for TLS clients" in refusal(trust(world), peer(MAKER.device(critical=SERVER)))
    assert "revoked" in refusal(trust(world, (MAKER.revoking(device),)), peer(device))
    trust(world, (MAKER.revoking(device),), revoked="accept").judge(peer(device), NOW, renewing=False)


@pytest.mark.parametrize(("oid", "value"), ODD)
def test_extensions_that_the_library_cannot_read_are_no_bug(oid: str, value: bytes) -> None:
    """A feature of TLS that nobody knows, an X.400 address."""
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)
    assert "cannot be read" in refusal(trust(EstWorld()), peer(MAKER.device(critical=odd)))


@pytest.mark.parametrize("name", [b"manufacturer", b"device"])
def test_names_that_the_library_cannot_read_are_no_bug(name: bytes) -> None:
    """Of the issuer or of the subject, in the certificate; what came with it is overlooked then."""
    device = MAKER.device().public_bytes(Encoding.DER)
    odd = device.replace(name, b"\x80" + name[1:])
    assert "cannot be read" in refusal(trust(EstWorld()), Peer("192.0.2.9", certificate=odd))
    chain = (odd, MAKER.certificate.public_bytes(Encoding.DER))
    trust(EstWorld()).judge(Peer("192.0.2.9", certificate=device, chain=chain), NOW, renewing=False)


@pytest.mark.parametrize("expired", ["refuse", "accept"])
def test_certificates_without_an_end_are_valid(expired: str) -> None:
    """IDevIDs that end with time itself (IEEE 802.1AR 8.7), whatever grace there is for others."""
    forever = MAKER.certify(MAKER.name, MAKER.key, end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert trust(EstWorld(), expired=expired).judge(peer(forever), NOW, renewing=False).certificate == forever


def test_ours_are_those_of_the_label() -> None:
    """Profiles that may be renewed are named, or it is the label's own."""
    world = EstWorld()
    _, device = world.device()
    _, signer = world.device("x", ProfileName("tls-client"))
    shown = Peer("192.0.2.9", certificate=device)
    other = Peer("192.0.2.9", certificate=signer)
    assert trust(world).judge(shown, NOW, renewing=True).record is not None
    assert "not for this label" in refusal(trust(world), other, renewing=True)
    assert "not for this label" in refusal(trust(world, own="no"), shown, renewing=True)
    elsewhere = trust(world, issuers=(IssuerName("other"),))
    assert "not for this label" in refusal(elsewhere, shown, renewing=True)
    both = trust(world, renewable=(DEVICE, ProfileName("tls-client")))
    assert both.judge(other, NOW, renewing=True).record is not None
