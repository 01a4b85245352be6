"""Paths from a device's certificate to a vendor's root."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.protocols.cmp.vendor_paths import VendorPaths
from tests.support.ca_world import START
from tests.support.certificates import key_usage
from tests.support.cmp_messages import name

KEYS = {who: ec.generate_private_key(ec.SECP256R1()) for who in ("root", "middle", "device")}


def certificate(
    who: str,
    issuer: str,
    *,
    ca: bool = True,
    length: int | None = None,
    usage: str | None = "key_cert_sign",
    days: int = 30,
) -> x509.Certificate:
    """A certificate of one for another's key."""
    builder = x509.CertificateBuilder(
        issuer_name=name(f"CN={issuer}"),
        subject_name=name(f"CN={who}"),
        public_key=KEYS[who].public_key(),
        serial_number=7,
        not_valid_before=START - timedelta(days=1),
        not_valid_after=START + timedelta(days=days),
    )
    builder = builder.add_extension(x509.BasicConstraints(ca, length), critical=True)
    if usage is not None:
        builder = builder.add_extension(key_usage(usage), critical=True)
    return builder.sign(KEYS[issuer], hashes.SHA256())


ROOT = certificate("root", "root")
MIDDLE = certificate("middle", "root")
DEVICE = certificate("device", "middle", ca=False, usage="digital_signature")
PATHS = VendorPaths([ROOT])


def test_a_path_over_what_came_along() -> None:
    """In any order; without the certificate between there is none."""
    assert PATHS.leads_to_root(DEVICE, [DEVICE, MIDDLE], START)
    assert PATHS.leads_to_root(certificate("device", "root", ca=False), [], START)
    assert not PATHS.leads_to_root(DEVICE, [DEVICE], START)


def test_roots_that_come_along_are_nothing() -> None:
    """A self-signed certificate in the message is never trusted."""
    assert not VendorPaths([]).leads_to_root(DEVICE, [MIDDLE, ROOT], START)


@pytest.mark.parametrize(
    "middle",
    [
        certificate("middle", "root", ca=False),
        certificate("middle", "root", usage="digital_signature"),
        certificate("middle", "root", usage=None),
        certificate("middle", "root", days=0),
        certificate("middle", "middle"),
    ],
)
def test_what_is_no_authority_leads_nowhere(middle: x509.Certificate) -> None:
    """No CA, no right to sign certificates, too old, or signed by somebody else."""
    assert not PATHS.leads_to_root(DEVICE, [middle], START + timedelta(hours=1))


def test_the_length_of_paths_is_kept() -> None:
    """PathLenConstraint of the root."""
    short = VendorPaths([certificate("root", "root", length=0)])
    assert not short.leads_to_root(DEVICE, [MIDDLE], START)
    assert short.leads_to_root(certificate("device", "root", ca=False), [], START)


def test_a_wrong_signature_leads_nowhere() -> None:
    """An issuer of the right name with another key."""
    KEYS["other"] = ec.generate_private_key(ec.SECP256R1())
    forged = x509.CertificateBuilder(
        issuer_name=name("CN=root"),
        subject_name=name("CN=device"),
        public_key=KEYS["device"].public_key(),
        serial_number=9,
        not_valid_before=START - timedelta(days=1),
        not_valid_after=START + timedelta(days=1),
    ).sign(KEYS["other"], hashes.SHA256())
    assert not PATHS.leads_to_root(forged, [], START)


def test_the_search_is_bounded() -> None:
    """Loops of certificates that sign one another end."""
    loop = [certificate("middle", "device"), certificate("device", "middle")] * 10
    assert not PATHS.leads_to_root(DEVICE, loop, START)
