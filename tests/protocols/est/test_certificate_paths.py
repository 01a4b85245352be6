"""Paths to foreign authorities."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.certificate_paths import is_listed, trusted_path
from tests.support.makers import NOW, Maker

NO_USAGE = x509.KeyUsage(False, False, False, False, False, False, False, False, False)


def sent(*makers: Maker) -> list[bytes]:
    """What a client sends after its own certificate."""
    return [maker.certificate.public_bytes(Encoding.DER) for maker in makers]


ROOT = Maker("root")
MIDDLE = Maker("middle", ROOT)


def test_an_anchor_that_issued_it_is_enough() -> None:
    """Be the anchor a root or not."""
    device = MIDDLE.device()
    assert trusted_path(device, (), [MIDDLE.certificate], NOW) == (device, MIDDLE.certificate)


def test_what_the_client_sends_leads_to_an_anchor() -> None:
    """In any order, with things in between that belong nowhere."""
    device = MIDDLE.device()
    chain = [b"\x30\x00", *sent(Maker("other"), MIDDLE)]
    assert trusted_path(device, chain, [ROOT.certificate], NOW) == (device, MIDDLE.certificate, ROOT.certificate)


@pytest.mark.parametrize(
    "middle",
    [
        Maker("middle", ROOT, usage=NO_USAGE),
        Maker("middle", ROOT, usage=None),
        Maker("middle", ROOT, end=NOW - timedelta(days=1)),
        Maker("middle", ROOT, critical=x509.NameConstraints([x509.DNSName("a.example")], None)),
        Maker("middle", ROOT, critical=x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")),
    ],
    ids=["usage", "no usage", "expired", "name constraints", "unknown"],
)
def test_a_ca_that_may_not_is_no_way(middle: Maker) -> None:
    """By usage, time, or a critical extension that is not understood."""
    with pytest.raises(Refused) as refused:
        trusted_path(middle.device(), sent(middle), [ROOT.certificate], NOW)
    assert refused.value.reason is Reason.NOT_AUTHENTICATED


def test_path_lengths_are_kept() -> None:
    """A root that allows no CA below it."""
    root = Maker("short root", length=0)
    middle = Maker("middle", root)
    assert trusted_path(root.device(), (), [root.certificate], NOW)
    with pytest.raises(Refused):
        trusted_path(middle.device(), sent(middle), [root.certificate], NOW)


def test_a_forged_issuer_is_none() -> None:
    """The name is right, the signature is not; what the client sends is no anchor."""
    forger = Maker("root")
    for device in (forger.device(), ROOT.device(critical=x509.OCSPNoCheck())):
        with pytest.raises(Refused):
            trusted_path(device, sent(forger), [ROOT.certificate], NOW)


def test_revoked_certificates_are_listed() -> None:
    """At any place of the path, by a CRL that their issuer signed."""
    device = MIDDLE.device()
    path = (device, MIDDLE.certificate, ROOT.certificate)
    assert is_listed(path, [MIDDLE.revoking(device)])
    assert is_listed(path, [ROOT.revoking(MIDDLE.certificate)])
    assert not is_listed(path, [MIDDLE.revoking(), ROOT.revoking(device)])
    assert not is_listed(path, [MIDDLE.revoking(device, signer=ROOT)])
