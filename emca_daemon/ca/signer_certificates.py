"""The certificates of the CA's own signers: the newest of a kind, and when it is time for the next."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from emca_daemon.ca.ports import ReadingStore
from emca_daemon.ca.records import CertificateQuery, CertificateRecord
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.policy.keys import key_fingerprint


def newest_of(store: ReadingStore, issuer: IssuerName, profile: ProfileName) -> CertificateRecord | None:
    """The valid certificate that the issuer issued last under a profile."""
    query = CertificateQuery(issuer=issuer, profile=profile, status="valid", limit=1)
    with store.reading() as tx:
        return next(iter(tx.certificates.search(query)), None)


def is_past_half(record: CertificateRecord, now: datetime) -> bool:
    """Whether half of its life is over, which is when a signer gets its next certificate."""
    intent = record.intent
    return now >= intent.not_before + (intent.not_after - intent.not_before) / 2


def serves(record: CertificateRecord | None, key: CertificateIssuerPublicKeyTypes, now: datetime) -> bool:
    """Whether no other certificate is needed yet for that key."""
    return (
        record is not None and not is_past_half(record, now) and record.intent.key_fingerprint == key_fingerprint(key)
    )
