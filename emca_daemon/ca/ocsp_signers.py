"""Delegated OCSP signers (RFC 6960 4.2.2.2): their certificates, issued and renewed by the CA itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificateIssuerPublicKeyTypes,
)

from emca_daemon.ca.authorities import Authorities, Authority, signing_key_of
from emca_daemon.ca.enrollment import Enrollment, Issued
from emca_daemon.ca.ports import Keys, ReadingStore
from emca_daemon.ca.records import CertificateRecord
from emca_daemon.ca.signer_certificates import is_past_half, newest_of, serves, signer_subject
from emca_daemon.ca.signer_keys import asking_with, key_of, usable_key
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.policy.keys import key_facts

LOOK_AGAIN = timedelta(minutes=1)
"""How long a process works with a signer that it found; it may be revoked or replaced by another meanwhile."""


@dataclass(frozen=True, slots=True)
class OcspSigner:
    """Who signs an issuer's answers now.

    `certificate` is the delegated signer's, None where the issuer's own key signs; `pss` as for the issuer's RSA key.
    `not_after` is until when that is known: another process may revoke or replace it, and then this one is to look.
    """

    issuer: IssuerName
    issuer_certificate: x509.Certificate
    certificate: x509.Certificate | None
    public_key: CertificateIssuerPublicKeyTypes
    key: KeyName
    pss: bool
    not_after: datetime


class OcspSigners:
    """Finds each issuer's OCSP signer, and has a new certificate issued when half of the old one's life is over."""

    def __init__(
        self,
        *,
        store: ReadingStore,
        authorities: Authorities,
        enrollment: Enrollment,
        keys: Keys,
        clock: Clock,
    ) -> None:
        self._store = store
        self._authorities = authorities
        self._enrollment = enrollment
        self._keys = keys
        self._clock = clock
        self._current: dict[IssuerName, OcspSigner] = {}
        self._seen: dict[IssuerName, CertificateRecord] = {}

    def version(self) -> int:
        """Changes whenever an issuer does."""
        return self._authorities.version()

    def all(self) -> Sequence[OcspSigner]:
        """The signer of every issuer."""
        return [self._find(authority) for authority in self._authorities.known()]

    def key(self, signer: OcspSigner) -> CertificateIssuerPrivateKeyTypes:
        """The signer's private key; raises Refused(UNAVAILABLE)."""
        return self._keys.get(signer.key)

    def renew(self, requester: Requester) -> list[Issued]:
        """Issue a certificate for every signer that lacks one or is past half of its life.

        Raises the first Refused, once every issuer had its turn: one that cannot does not keep back another.
        """
        issued = []
        refused: Refused | None = None
        for authority in self._authorities.known():
            profile = authority.publication.ocsp_profile
            if profile is None or not self._authorities.may_sign(authority):
                continue
            try:
                issued += self._renew(authority, profile, requester)
            except Refused as refusal:
                refused = refused or refusal
        if refused is not None:
            raise refused
        return issued

    def _renew(self, authority: Authority, profile: ProfileName, requester: Requester) -> list[Issued]:
        name, key = usable_key(self._keys, self._store, key_name(authority), _algorithm(authority))
        newest = self._seen_or_newest(authority, profile)
        if serves(newest, key, self._clock()):
            return []
        issued = self._issue(authority, profile, key, asking_with(requester, key_name(authority), name))
        self._current.pop(authority.name, None)
        self._seen.pop(authority.name, None)
        return [issued]

    def _seen_or_newest(self, authority: Authority, profile: ProfileName) -> CertificateRecord | None:
        """What was found last stays the newest until it is revoked or due: a search reads all of an issuer's rows."""
        seen = self._seen.get(authority.name)
        if seen is not None and not is_past_half(seen, self._clock()):
            with self._store.reading() as tx:
                status = tx.certificates.status(authority.name, seen.intent.serial)
            if status is not None and status.revocation is None:
                return seen
        newest = newest_of(self._store, authority.name, profile)
        if newest is not None:
            self._seen[authority.name] = newest
        return newest

    def _find(self, authority: Authority) -> OcspSigner:
        now = self._clock()
        known = self._current.get(authority.name)
        if known and known.issuer_certificate == authority.certificate and now < known.not_after:
            return known
        signer = self._load(authority, now)
        self._current[authority.name] = signer
        return signer

    def _load(self, authority: Authority, now: datetime) -> OcspSigner:
        """Without a look at the key itself: a token that is down makes answers fail, not signers unknown."""
        profile = authority.publication.ocsp_profile
        record = newest_of(self._store, authority.name, profile) if profile is not None else None
        if record is not None and record.der is not None:
            return _delegated(authority, record, record.der, now + LOOK_AGAIN)
        return OcspSigner(
            issuer=authority.name,
            issuer_certificate=authority.certificate,
            certificate=None,
            public_key=authority.public_key,
            key=authority.record.key,
            pss=authority.record.pss,
            not_after=now + LOOK_AGAIN,
        )

    def _issue(
        self,
        authority: Authority,
        profile: ProfileName,
        key: CertificateIssuerPublicKeyTypes,
        requester: Requester,
    ) -> Issued:
        subject = signer_subject(authority, f"OCSP {authority.name}")
        facts = RequestFacts(requester, subject, (), key_facts(key))
        outcome = self._enrollment.enroll(facts, profile, issuer=authority.name, approver=requester.identity)
        if not isinstance(outcome, Issued):
            raise Refused(Reason.INTERNAL, "an OCSP signer was asked to wait for a person")
        return outcome


def key_name(authority: Authority) -> KeyName:
    """Where the OCSP signer's first key lives: where the settings say, else beside the issuer's own key."""
    signer = authority.record.key.partition(":")[0]
    return authority.publication.ocsp_key or KeyName(f"{signer}:ocsp-{authority.name}")


def _algorithm(authority: Authority) -> str:
    """Clients that know RSA alone can read what an RSA issuer's signer says, too (RFC 6960 4.4.7.2)."""
    return "rsa-2048" if isinstance(authority.public_key, rsa.RSAPublicKey) else "p-256"


def _delegated(authority: Authority, record: CertificateRecord, der: bytes, until: datetime) -> OcspSigner:
    certificate = x509.load_der_x509_certificate(der)
    return OcspSigner(
        issuer=authority.name,
        issuer_certificate=authority.certificate,
        certificate=certificate,
        public_key=signing_key_of(certificate),
        key=key_of(record.intent, key_name(authority)),
        pss=False,
        not_after=min(until, record.intent.not_after),
    )
