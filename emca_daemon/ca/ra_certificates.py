"""Registration authority certificates: RSA keys and certificates made, renewed and rolled over by the CA itself.

A protocol whose clients encrypt to the server (SCEP) needs an RSA key, whatever key the CA has. Each renewal makes a
new key, so that the old one goes on decrypting until its certificate ends. A certificate's record names its key: it
was asked for by the application that is the key's label.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificateIssuerPublicKeyTypes,
)

from emca_daemon.ca.authorities import Authorities
from emca_daemon.ca.enrollment import Enrollment, Issued
from emca_daemon.ca.ports import Keys, ReadingStore
from emca_daemon.ca.records import CertificateQuery, CertificateRecord
from emca_daemon.ca.signer_certificates import is_past_half, signer_subject
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.policy.keys import key_facts
from emca_daemon.randomness import RandomBytes

LOOK_AGAIN = timedelta(minutes=1)
"""How long a process works with what it read; another may have renewed meanwhile."""


@dataclass(frozen=True, slots=True)
class RaCertificate:
    """A certificate of ours and where its key is."""

    certificate: x509.Certificate
    key: KeyName


@dataclass(frozen=True, slots=True)
class RaPlan:
    """What a registration authority consists of: `profiles` by purpose (`ra` alone, or `sign` and `encrypt`).

    Messages are encrypted to the last, whose keys are made to decrypt. `name` goes into the certificates' common name
    and the keys' labels, `signer` keeps the keys. `former` are issuers that came before this one: what they certified
    goes on decrypting until its end.
    """

    name: str
    issuer: IssuerName
    profiles: tuple[tuple[str, ProfileName], ...]
    signer: str
    algorithm: str = "rsa-2048"
    former: tuple[IssuerName, ...] = ()


class RaCertificates:
    """The registration authority of one endpoint."""

    def __init__(
        self,
        plan: RaPlan,
        *,
        store: ReadingStore,
        authorities: Authorities,
        enrollment: Enrollment,
        keys: Keys,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._plan = plan
        self._store = store
        self._authorities = authorities
        self._enrollment = enrollment
        self._keys = keys
        self._clock = clock
        self._random = random
        self._known: dict[str, tuple[RaCertificate, ...]] = {}
        self._former: tuple[RaCertificate, ...] = ()
        self._until: datetime | None = None
        self._unused: dict[str, str] = {}

    def current(self) -> tuple[RaCertificate, ...]:
        """The newest certificate of each purpose, in the plan's order; raises Refused(UNAVAILABLE) before there is."""
        known = self._look_up()
        if not all(known[purpose] for purpose, _ in self._plan.profiles):
            raise Refused(Reason.UNAVAILABLE, "the registration authority has no certificate yet", retry_after=2)
        return tuple(known[purpose][0] for purpose, _ in self._plan.profiles)

    def every(self, *, fresh: bool = False) -> tuple[RaCertificate, ...]:
        """Every certificate that has not ended, for messages to an older one; `fresh` asks the store again."""
        known = self._look_up(fresh=fresh)
        return (*self._former, *(one for purpose, _ in self._plan.profiles for one in known[purpose]))

    def private_key(self, one: RaCertificate) -> CertificateIssuerPrivateKeyTypes:
        """Its key; raises Refused(UNAVAILABLE)."""
        return self._keys.get(one.key)

    def renew(self, requester: Requester) -> list[Issued]:
        """Make a key and a certificate for each purpose that has none or is past half of its life; raises Refused."""
        issued = []
        for purpose, profile in self._plan.profiles:
            newest = next(iter(self._records(self._plan.issuer, purpose, profile)), None)
            if newest is None or is_past_half(newest, self._clock()):
                issued.append(self._issue(purpose, profile, requester))
        if issued:
            self._until = None
        return issued

    def _issue(self, purpose: str, profile: ProfileName, requester: Requester) -> Issued:
        authority = self._authorities.get(self._plan.issuer)
        label, public_key = self._fresh_key(purpose)
        subject = signer_subject(authority, f"SCEP RA {self._plan.name}")
        asking = replace(requester, application=label)
        facts = RequestFacts(asking, subject, (), key_facts(public_key))
        outcome = self._enrollment.enroll(facts, profile, issuer=self._plan.issuer, approver=requester.identity)
        if not isinstance(outcome, Issued):
            raise Refused(Reason.INTERNAL, "a registration authority was asked to wait for a person")
        del self._unused[purpose]
        return outcome

    def _fresh_key(self, purpose: str) -> tuple[str, CertificateIssuerPublicKeyTypes]:
        """Label and public half of a key that has no certificate yet.

        That is the one whose certificate was refused before, if any: where policy goes on refusing, no keys pile up.
        """
        label = self._unused.get(purpose)
        if label is not None:
            try:
                return label, self._keys.get(self._key_name(label)).public_key()
            except Refused as refusal:
                if refusal.reason is not Reason.NOT_FOUND:
                    raise
        label = f"{self._prefix(purpose)}{self._clock():%Y%m%d}-{self._random(3).hex()}"
        decrypts = purpose == self._plan.profiles[-1][0]
        made = self._keys.generate(self._key_name(label), self._plan.algorithm, decrypts=decrypts)
        public_key = made.public_key()
        self._unused[purpose] = label
        return label, public_key

    def _key_name(self, label: str) -> KeyName:
        return KeyName(f"{self._plan.signer}:{label}")

    def _look_up(self, *, fresh: bool = False) -> dict[str, tuple[RaCertificate, ...]]:
        now = self._clock()
        if fresh or self._until is None or now >= self._until:
            self._known = {
                purpose: tuple(self._held(record) for record in self._records(self._plan.issuer, purpose, profile))
                for purpose, profile in self._plan.profiles
            }
            self._former = tuple(
                self._held(record)
                for issuer in self._plan.former
                for purpose, profile in self._plan.profiles
                for record in self._records(issuer, purpose, profile)
            )
            complete = all(self._known.values())
            self._until = now + LOOK_AGAIN if complete else None
        return self._known

    def _records(self, issuer: IssuerName, purpose: str, profile: ProfileName) -> Sequence[CertificateRecord]:
        query = CertificateQuery(issuer=issuer, profile=profile, status="valid", limit=1000)
        with self._store.reading() as tx:
            found = tx.certificates.search(query)
        # Another endpoint's name may begin like this one's with a purpose behind it.
        label = re.compile(re.escape(self._prefix(purpose)) + "[0-9]{8}-[0-9a-f]{6}")
        return [record for record in found if label.fullmatch(record.intent.application)]

    def _held(self, record: CertificateRecord) -> RaCertificate:
        certificate = x509.load_der_x509_certificate(record.der or b"")
        return RaCertificate(certificate, self._key_name(record.intent.application))

    def _prefix(self, purpose: str) -> str:
        return f"scep-{self._plan.name}-{purpose}-"
