"""A second root over the CA in memory, and the certificates by which the two roots vouch for one another."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.ca.authorities import Authority
from emca_daemon.ca.ports import Keys
from emca_daemon.names import IssuerName
from tests.support.ca_world import BY, ROOT, START, World, new_authority

NEW_ROOT, NEW_ISSUING = IssuerName("root-2"), IssuerName("issuing-2")


def roll_over(world: World) -> tuple[x509.Certificate, x509.Certificate]:
    """Make the CAs that follow; OldWithNew and NewWithOld."""
    world.hierarchy.create_root(new_authority(NEW_ROOT, "root-ca"), BY)
    world.hierarchy.create_sub(new_authority(NEW_ISSUING, "issuing-ca"), NEW_ROOT, BY)
    old, new = world.authorities.get(ROOT), world.authorities.get(NEW_ROOT)
    return certified(world.keys, old, new, START), certified(world.keys, new, old, START)


def certified(
    keys: Keys,
    subject: Authority,
    issuer: Authority,
    start: datetime,
    *,
    key: CertificateIssuerPrivateKeyTypes | None = None,
) -> x509.Certificate:
    """The subject's key and name certified by the issuer for nine days; `key` signs in its place."""
    builder = x509.CertificateBuilder(
        issuer.certificate.subject, subject.certificate.subject, subject.public_key, x509.random_serial_number()
    )
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=9))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key or keys.get(issuer.record.key), hashes.SHA256())
