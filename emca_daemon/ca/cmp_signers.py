"""Who signs CMP answers, and keys made for clients: certificates issued and renewed by the CA itself (RFC 9483 1.4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
)

from emca_daemon.asn1.cmp import directory_name
from emca_daemon.asn1.values import Algorithm, algorithm
from emca_daemon.ca.authorities import Authorities, Authority, signing_key_of
from emca_daemon.ca.enrollment import Enrollment, Issued
from emca_daemon.ca.ports import Keys, ReadingStore
from emca_daemon.ca.signatures import algorithm_identifier
from emca_daemon.ca.signer_certificates import newest_of, serves, signer_subject
from emca_daemon.ca.signer_keys import asking_with, key_of, usable_key
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.policy.keys import key_facts

_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CmpSigner:
    """Who signs now; `chain` is DER, the signer first and without the root, `root` the trust anchor's DER.

    `sender` is its subject as a GeneralName, `algorithm` that of its signatures: every message has both.
    """

    certificate: x509.Certificate
    sender: bytes
    algorithm: Algorithm
    key_identifier: bytes
    key: KeyName
    chain: tuple[bytes, ...]
    root: bytes
    look_again: datetime


class CmpSigners:
    """The signer in one role of one issuer; a new certificate is issued when half of the old one's life is over."""

    def __init__(
        self,
        *,
        issuer: IssuerName,
        profile: ProfileName,
        key: KeyName | None,
        store: ReadingStore,
        authorities: Authorities,
        enrollment: Enrollment,
        keys: Keys,
        clock: Clock,
        algorithm: str = "p-256",
        role: str = "cmp",
    ) -> None:
        """`key` is where its key is made; None: the role and the issuer's name, beside the issuer's own key."""
        self._issuer = issuer
        self._profile = profile
        self._key_name = key
        self._store = store
        self._authorities = authorities
        self._enrollment = enrollment
        self._keys = keys
        self._clock = clock
        self._algorithm = algorithm
        self._role = role
        self._current: CmpSigner | None = None

    def current(self) -> CmpSigner:
        """Who signs now, looked for once a minute; raises Refused(UNAVAILABLE) before the first was issued."""
        if self._current is None or self._clock() >= self._current.look_again:
            self._current = self._load(self._authorities.get(self._issuer))
        return self._current

    def private_key(self, signer: CmpSigner) -> CertificateIssuerPrivateKeyTypes:
        """Its key; raises Refused(UNAVAILABLE)."""
        return self._keys.get(signer.key)

    def renew(self, requester: Requester) -> Issued | None:
        """Issue a certificate if there is none or half of its life is over; raises Refused."""
        try:
            authority = self._authorities.get(self._issuer)
        except Refused as refusal:
            if refusal.reason is Reason.UNAVAILABLE:
                raise
            return None  # without an issuer that can sign there is nothing to renew
        newest = newest_of(self._store, authority.name, self._profile)
        name, key = usable_key(self._keys, self._store, self._name(authority), self._algorithm)
        if serves(newest, key, self._clock()):
            return None
        subject = signer_subject(authority, f"{self._role.upper()} {authority.name}")
        facts = RequestFacts(asking_with(requester, self._name(authority), name), subject, (), key_facts(key))
        outcome = self._enrollment.enroll(facts, self._profile, issuer=authority.name, approver=requester.identity)
        if not isinstance(outcome, Issued):
            raise Refused(Reason.INTERNAL, "a signer of CMP was asked to wait for a person")
        self._current = None
        return outcome

    def _load(self, authority: Authority) -> CmpSigner:
        record = newest_of(self._store, authority.name, self._profile)
        if record is None or record.der is None:
            raise Refused(Reason.UNAVAILABLE, f"the signer `{self._role}` has no certificate yet", retry_after=2)
        certificate = x509.load_der_x509_certificate(record.der)
        intent = record.intent
        return CmpSigner(
            certificate=certificate,
            sender=directory_name(certificate.subject),
            algorithm=algorithm(algorithm_identifier(signing_key_of(certificate))),
            key_identifier=certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest,
            key=key_of(intent, self._name(authority)),
            chain=authority.chain_for_leaf(record.der),
            root=authority.record.chain[-1],
            # Another process may have issued the next one; that it is revoked is noticed within the minute.
            look_again=min(intent.not_after, self._clock() + _A_MINUTE),
        )

    def _name(self, authority: Authority) -> KeyName:
        signer = authority.record.key.partition(":")[0]
        return self._key_name or KeyName(f"{signer}:{self._role}-{authority.name}")
