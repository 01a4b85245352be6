"""Paths to foreign authorities."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.asn1.values import encoded, sequence_parts
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


def test_a_ca_certificate_that_was_renewed_counts() -> None:
    """Beside the one that has expired, be they anchors or what the client sends."""
    old = Maker("maker", ROOT, end=NOW - timedelta(days=1))
    new = ROOT.certify(old.name, old.key, ca=True)
    device = old.device()
    assert trusted_path(device, (), [old.certificate, new], NOW) == (device, new)
    chain = [*sent(old), new.public_bytes(Encoding.DER)]
    assert trusted_path(device, chain, [ROOT.certificate], NOW) == (device, new, ROOT.certificate)
    with pytest.raises(Refused):
        trusted_path(device, (), [old.certificate], NOW)


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


def negative(signed: bytes, serial: int, maker: Maker) -> bytes:
    """The same with a minus before the serial number, signed again."""
    number = serial.to_bytes((serial.bit_length() + 8) // 8, "big")
    whole = sequence_parts(signed, "signed")
    changed = encoded(whole[0]).replace(number, bytes((number[0] | 0x80,)) + number[1:])
    return der.assemble(changed, encoded(whole[1]), maker.key.sign(changed, ec.ECDSA(hashes.SHA256())))


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_negative_serial_numbers_are_looked_up_too() -> None:
    """RFC 5280 4.1.2.2: not as they should be, to be handled gracefully."""
    device = MIDDLE.device()
    listed = MIDDLE.revoking(device).public_bytes(Encoding.DER)
    odd = x509.load_der_x509_certificate(negative(device.public_bytes(Encoding.DER), device.serial_number, MIDDLE))
    crl = x509.load_der_x509_crl(negative(listed, device.serial_number, MIDDLE))
    path = trusted_path(odd, (), [MIDDLE.certificate], NOW)
    assert odd.serial_number < 0
    assert is_listed(path, [crl])
    assert not is_listed(path, [MIDDLE.revoking(device)])
