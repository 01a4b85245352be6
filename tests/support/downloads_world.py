"""A store with one issuer, its chain and its CRL, for tests of downloads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.asn1.crl import CrlEntry, encode_tbs_crl
from emca_daemon.ca.ports import Reading
from emca_daemon.ca.records import IssuedCrl, IssuerRecord, IssuerState
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName
from tests.support.ocsp_world import make_certificate

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
ISSUER = IssuerName("demo issuing")
ROOT_KEY, KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
ROOT_CERTIFICATE = make_certificate("Demo Root CA", ROOT_KEY, start=NOW - timedelta(days=60))
CERTIFICATE = make_certificate("Demo Issuing CA", KEY, ("Demo Root CA", ROOT_KEY))
CHAIN = tuple(certificate.public_bytes(Encoding.DER) for certificate in (CERTIFICATE, ROOT_CERTIFICATE))
RECORD = IssuerRecord(
    ISSUER,
    KeyName("software:demo"),
    "CN=Demo Issuing CA",
    ProfileName("sub-ca"),
    IssuerState.ACTIVE,
    CHAIN,
    NOW - timedelta(days=30),
)


def make_crl(number: int, this_update: datetime = NOW) -> IssuedCrl:
    """A CRL with one entry, good for four days."""
    algorithm = der.sequence(der.oid("1.2.840.10045.4.3.2"))
    next_update = this_update + timedelta(days=4)
    tbs = encode_tbs_crl(
        CERTIFICATE.subject.public_bytes(),
        algorithm,
        this_update,
        next_update,
        [CrlEntry(4711, this_update, 1)],
        number=number,
        authority_key_identifier=b"key identifier",
    )
    encoded = der.assemble(tbs, algorithm, KEY.sign(tbs, ec.ECDSA(hashes.SHA256())))
    return IssuedCrl(ISSUER, number, this_update, next_update, 1, encoded, 1)


class Issuers:
    """The one issuer, or another state of it."""

    def __init__(self) -> None:
        self.record = RECORD

    def get(self, name: IssuerName) -> IssuerRecord | None:
        """As the store answers."""
        return self.record if name == ISSUER else None


class Crls:
    """The one CRL, if there is one."""

    def __init__(self) -> None:
        self.crl: IssuedCrl | None = make_crl(7)

    def latest(self, issuer: IssuerName) -> IssuedCrl | None:
        """As the store answers."""
        return self.crl if issuer == ISSUER else None


class DownloadsStore:
    """A store that can be switched off."""

    def __init__(self) -> None:
        self.issuers = Issuers()
        self.crls = Crls()
        self.available = True

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A transaction in which only issuers and CRLs can be read."""
        if not self.available:
            raise Refused(Reason.UNAVAILABLE, "the database is away")
        yield cast(Reading, self)

    def wait_for_certificate(self) -> None:
        """Take the issuer's certificate away, as if its CSR were out."""
        self.issuers.record = replace(RECORD, state=IssuerState.WAITING, chain=())
