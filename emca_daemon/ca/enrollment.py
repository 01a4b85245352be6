"""Enrollment: from the facts of a request to a certificate, a refusal, or a request that waits for a person."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from emca_daemon.ca.audit import event_by, refusal_by
from emca_daemon.ca.authorities import Authorities, Authority
from emca_daemon.ca.cycle import Companion, IssuanceCycle, NoCompanion, Signatory
from emca_daemon.ca.pending import waiting_request
from emca_daemon.ca.ports import Store, Writing
from emca_daemon.ca.records import CertificateRecord, Intent, KeyUses, PendingRequest, RequestState
from emca_daemon.clock import Clock
from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.policy.decision import decide
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.policy.key_rules import key_mismatches
from emca_daemon.policy.profile import KeyRules, Profile
from emca_daemon.policy.tokens import AwaitsApproval
from emca_daemon.randomness import RandomBytes


@dataclass(frozen=True, slots=True)
class Issued:
    """The outcome of an enrollment; `chain` is DER, the leaf first, without the root."""

    record: CertificateRecord
    chain: tuple[bytes, ...]

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.chain[0]


class Enrollment:
    """The one way to a certificate, the same for every protocol."""

    def __init__(
        self,
        *,
        store: Store,
        authorities: Authorities,
        cycle: IssuanceCycle,
        profiles: Mapping[ProfileName, Profile],
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._store = store
        self._authorities = authorities
        self._cycle = cycle
        self._profiles = profiles
        self._clock = clock
        self._random = random

    def profile(self, name: ProfileName) -> Profile:
        """A profile by name; raises Refused(NOT_FOUND)."""
        try:
            return self._profiles[name]
        except KeyError:
            raise Refused(Reason.NOT_FOUND, f"there is no profile `{name}`") from None

    def chain_of(self, record: CertificateRecord) -> tuple[bytes, ...]:
        """The chain to present with a certificate issued earlier, as `Issued.chain`."""
        for authority in self._authorities.known():
            if authority.name == record.intent.issuer and record.der is not None:
                return authority.chain_for_leaf(record.der)
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "no issuer here has this certificate")

    def issuers(self) -> tuple[Authority, ...]:
        """Every issuer that has a certificate."""
        return self._authorities.known()

    def enroll(
        self,
        facts: RequestFacts,
        profile_name: ProfileName,
        *,
        issuer: IssuerName | None = None,
        approver: str = "",
        reference: str = "",
        once: bool = False,
        companion: Companion | None = None,
    ) -> Issued | Pending:
        """Decide, and issue what is approved.

        `issuer` overrides the profile's; `approver` names the person who approved a waiting request; `reference` is
        what the protocol finds a waiting request by, and `once` lets the newest that waits by it stand for this one,
        also where both came at the same moment. Raises Refused with every mismatch; each refusal is audited.
        """
        try:
            profile = self.profile(profile_name)
            authority, facts = self._look_up(facts, profile, issuer)
            decision = decide(facts, profile, authority.facts, self._clock(), approver=approver)
            if isinstance(decision, AwaitsApproval):
                return self._wait(facts, decision, authority.name, reference, companion or NoCompanion(), once=once)
            signatory = signatory_of(authority)
            linted = self._cycle.prepare(decision, signatory)
        except Refused as refusal:
            self._note_refusal(facts, profile_name, refusal)
            raise
        guarded = _Guarded(companion or NoCompanion(), authority, self._authorities, profile.key, facts)
        record = self._cycle.carry_out(linted, signatory, guarded)
        return Issued(record, authority.chain_for_leaf(record.der or b""))

    def rehearse(
        self, facts: RequestFacts, profile_name: ProfileName, *, issuer: IssuerName | None = None, approver: str = ""
    ) -> None:
        """Decide and lint as `enroll` would, issuing nothing: for a key that is yet to be made (a specimen's facts).

        Raises Refused with every mismatch; each refusal is audited.
        """
        try:
            profile = self.profile(profile_name)
            authority, facts = self._look_up(facts, profile, issuer)
            decision = decide(facts, profile, authority.facts, self._clock(), approver=approver)
            if not isinstance(decision, AwaitsApproval):
                self._cycle.prepare(decision, signatory_of(authority))
        except Refused as refusal:
            self._note_refusal(facts, profile_name, refusal)
            raise

    def _look_up(
        self, facts: RequestFacts, profile: Profile, issuer: IssuerName | None
    ) -> tuple[Authority, RequestFacts]:
        chosen = issuer or profile.issuer
        if chosen is None:
            raise Refused(Reason.PROFILE_REFUSED, f"the profile `{profile.name}` names no issuer")
        with self._store.reading() as tx:
            authority = self._authorities.get(chosen, tx)
            uses = tx.certificates.key_uses(facts.key.fingerprint, facts.requester.identity)
        return authority, with_uses(facts, uses)

    def _wait(
        self,
        facts: RequestFacts,
        decision: AwaitsApproval,
        issuer: IssuerName,
        reference: str,
        companion: Companion,
        *,
        once: bool,
    ) -> Pending:
        now = self._clock()
        request = waiting_request(facts, decision, issuer, reference, now, self._random)
        details = {"profile": decision.profile, "summary": decision.summary}
        try:
            with self._store.writing() as tx:
                companion.waiting(tx, request)
                tx.audit.append(event_by(facts.requester, now, "certificate.request", request.id, "pending", **details))
                if once:  # whoever appends to the audit chain is alone from there on, in every database
                    _check_none_waits(tx, request)
                tx.pending.add(request)
        except _AlreadyWaits as earlier:
            return Pending(earlier.request_id)
        return Pending(request.id)

    def _note_refusal(self, facts: RequestFacts, profile: ProfileName, refusal: Refused) -> None:
        subject = " ".join(map(str, facts.names)) or ", ".join(a.value for a in facts.subject)
        with self._store.writing() as tx:
            tx.audit.append(
                refusal_by(
                    facts.requester,
                    self._clock(),
                    "certificate.request",
                    subject[:4096],
                    refusal,
                    profile=profile,
                )
            )


class _AlreadyWaits(Refused):
    """A request like this one waits already; what was written for this one is undone."""

    def __init__(self, request_id: str) -> None:
        super().__init__(Reason.WRONG_STATE, f"the request {request_id} waits already")
        self.request_id = request_id


def with_uses(facts: RequestFacts, uses: KeyUses) -> RequestFacts:
    """The facts, with what the store knows of the key."""
    return replace(
        facts,
        key_certified_before=uses.certificates,
        key_certified_for_others=uses.of_others,
        key_blocked=uses.blocked,
    )


def _check_none_waits(tx: Writing, request: PendingRequest) -> None:
    earlier = tx.pending.find(request.protocol, request.reference)
    if earlier is not None and earlier.state is RequestState.WAITING:
        raise _AlreadyWaits(earlier.id)


def signatory_of(authority: Authority) -> Signatory:
    """The issuer as the one who signs."""
    return Signatory(
        name=authority.name,
        subject=authority.certificate.subject,
        public_key=authority.public_key,
        key=authority.record.key,
        pss=authority.record.pss,
    )


class _Guarded:
    """Asks once more, in the intent's own transaction, what could have changed since the decision.

    The issuer could have been revoked, and another request at the same moment could have the same key.
    """

    def __init__(
        self, companion: Companion, authority: Authority, authorities: Authorities, rules: KeyRules, facts: RequestFacts
    ) -> None:
        self._companion = companion
        self._authority = authority
        self._authorities = authorities
        self._rules = rules
        self._facts = facts
        self.issued = companion.issued
        self.waiting = companion.waiting
        self.abandoned = companion.abandoned

    def intended(self, tx: Writing, intent: Intent) -> None:
        if self._authorities.get(self._authority.name, tx).record != self._authority.record:
            raise Refused(Reason.UNAVAILABLE, "the issuer was changed meanwhile; try again", retry_after=1)
        if self._rules.duplicates != "allow":
            self._check_key(tx.certificates.key_rivals(intent))
        self._companion.intended(tx, intent)

    def _check_key(self, rivals: KeyUses) -> None:
        mismatches = key_mismatches(self._rules, with_uses(self._facts, rivals))
        if mismatches:
            raise Refused(mismatches[0].reason, "the key was certified meanwhile", tuple(mismatches))
