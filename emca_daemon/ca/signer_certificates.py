"""The certificates of the CA's own signers: their names, the newest of a kind, and when it is time for the next."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.asn1.names import name_to_subject
from emca_daemon.ca.authorities import Authority
from emca_daemon.ca.ports import ReadingStore
from emca_daemon.ca.records import CertificateQuery, CertificateRecord
from emca_daemon.names import IssuerName, ProfileName, Subject, SubjectAttribute
from emca_daemon.policy.constraints import constraints_in
from emca_daemon.policy.keys import key_fingerprint


def signer_subject(authority: Authority, common_name: str) -> Subject:
    """What a signer of a CA's is called; beneath name constraints beside the CA itself, for it lies within them."""
    own = SubjectAttribute(COMMON_NAME, common_name[:64])
    if not (authority.facts.constraints_above or constraints_in([authority.certificate])):
        return (own,)
    beside = (attribute for attribute in name_to_subject(authority.certificate.subject) if attribute.oid != COMMON_NAME)
    return (*beside, own)


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
